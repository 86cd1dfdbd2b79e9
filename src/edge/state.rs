//! What all threads share.

pub mod shared;
pub mod snapshot;
