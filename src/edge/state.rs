//! What all threads share.

pub mod dev_signer;
pub mod shared;
