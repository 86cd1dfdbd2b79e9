//! `[server.limits]`.

use serde::{Deserialize, Serialize};

use super::{Size, Time};

/// Bounds on what one viewer may use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Limits {
    /// For a TLS handshake.
    pub handshake_timeout: Time,
    /// For the PROXY header.
    pub proxy_header_timeout: Time,
    /// For the head of a request.
    pub head_timeout: Time,
    /// For the next request of a connection.
    pub idle_timeout: Time,
    /// For the next part of a request body.
    pub body_timeout: Time,
    /// For the viewer to read anything of a response.
    pub write_timeout: Time,
    /// For the next byte of a WebSocket.
    pub websocket_idle_timeout: Time,
    /// Bytes of the head of a request.
    pub max_head_size: Size,
    /// Connections of viewers.
    pub connections_per_worker: u64,
    /// Requests that origins respond to at a time.
    pub origin_connections_per_worker: u64,
    /// The same for one connection of a viewer.
    pub origin_connections_per_viewer: u64,
    /// HTTP/2 streams that a viewer may reset before they are processed.
    pub early_resets: u64,
    /// HTTP/2 streams at a time.
    pub streams_per_connection: u64,
    /// HTTP/2 frames that carry nothing.
    pub idle_frames_per_second: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake_timeout: Time::new("10s"),
            proxy_header_timeout: Time::new("5s"),
            head_timeout: Time::new("30s"),
            idle_timeout: Time::new("30s"),
            body_timeout: Time::new("60s"),
            write_timeout: Time::new("60s"),
            websocket_idle_timeout: Time::new("10m"),
            max_head_size: Size::new("128KiB"),
            connections_per_worker: 16_384,
            origin_connections_per_worker: 4_096,
            origin_connections_per_viewer: 64,
            early_resets: 20,
            streams_per_connection: 128,
            idle_frames_per_second: 2_000,
        }
    }
}
