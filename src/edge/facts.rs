//! What is known of a connection's peer.

pub mod events;
pub mod header_fields;
pub mod peer;
pub mod protocol;
pub mod reply_reason;
