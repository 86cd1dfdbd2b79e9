//! Responses of Frontgate's own, and what a behavior's policies make of every response.

pub mod reply;
pub mod response_headers;
