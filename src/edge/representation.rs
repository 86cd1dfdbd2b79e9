//! Conditional requests and ranges: a representation as the response to a request, for folders, the demo site and, later, stored
//! responses.

mod conditional;
pub(in crate::edge) mod media_type;
mod metadata;
mod range;
mod respond;

pub(in crate::edge) use metadata::Representation;
pub(in crate::edge) use respond::{Content, refusal, without_reading};
