//! The request to the origin: its target, its header fields, and the second origin of a group.

pub mod cloudfront_headers;
pub mod forward;
pub mod headers;
pub mod thread_snapshot;
pub mod websocket;
