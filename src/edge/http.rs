//! The protocols that viewers speak: HTTP/1.1 and HTTP/2, each from a connection to requests.

pub mod connected;
pub mod frame_meter;
pub mod head_scan;
pub mod http1;
pub mod http2;
pub mod http2_streams;
pub mod keep_alive;
pub mod tunnel;
pub mod viewer_body;
pub mod write_coalescing;
