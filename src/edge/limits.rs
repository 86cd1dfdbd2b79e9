//! How many connections and requests a thread takes at once.

pub mod capacity;
pub mod connections;
pub mod request_slots;
