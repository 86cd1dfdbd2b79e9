//! Frontgate: a reverse proxy that verifies signed URLs and signed cookies as Amazon CloudFront does.

#[cfg(feature = "proxy")]
pub mod body;
