//! What all threads share.

pub mod snapshot;
