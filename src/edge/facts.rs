//! What is known of a connection's peer.

pub mod peer;
