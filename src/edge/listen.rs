//! Listeners and what a connection says before its first request: the PROXY header and TLS.

pub mod connection;
pub mod listener;
pub mod proxy_protocol;
pub mod threads;
