//! The request that is explained, and what is known beside it.

pub(in crate::explain) mod context;
pub(in crate::explain) mod owned_request;
pub(in crate::explain) mod parsed_request;
pub(in crate::explain) mod percent_encoding;
pub(in crate::explain) mod surroundings;
pub(in crate::explain) mod unknown;
pub(in crate::explain) mod unset_word;
