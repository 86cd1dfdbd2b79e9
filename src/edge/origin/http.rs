//! HTTP/1.1 origins, over TLS or not: a pool of connections that belongs to one thread, and one exchange over one of them.

mod certificate_text;
mod client;
mod connect;
mod exchange;
mod idle;
mod pooled_connection;
mod resolve;
pub(super) mod stream;
mod tls;
mod watched_head;

pub use client::HttpOrigin;
pub use idle::{MAX_IDLE, keep_idle};
pub use stream::OriginStream;
