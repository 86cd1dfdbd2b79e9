//! Frontgate: a reverse proxy that verifies signed URLs and signed cookies as Amazon CloudFront does.

pub mod access;
pub mod distribution;
pub mod epoch;
pub mod explain;
pub mod sign;
pub mod viewer;

#[cfg(feature = "proxy")]
pub mod body;
#[cfg(feature = "proxy")]
pub mod cli;
#[cfg(feature = "proxy")]
pub mod clock;
#[cfg(feature = "proxy")]
pub mod config;
#[cfg(feature = "proxy")]
pub mod edge;
#[cfg(feature = "proxy")]
pub mod origin;
