//! Bodies and sockets, and limits on how long they may stand still.

pub mod body;
pub mod form;
pub mod head_lines;
pub mod idle_timeout;
pub mod small_writes;
pub mod socket;
pub mod write_timeout;
