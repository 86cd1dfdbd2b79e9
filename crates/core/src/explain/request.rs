//! The request that is explained, and what is known beside it.

pub(in crate::explain) mod owned_request;
pub(in crate::explain) mod parsed_request;
pub(in crate::explain) mod surroundings;
