//! Responses of Frontgate's own, and what a behavior's policies make of every response.

pub mod local_response;
pub mod outcome;
pub mod response_headers;
