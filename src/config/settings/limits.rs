//! What one viewer may cost, so that it costs the others nothing.

use std::time::Duration;

/// Bounds on viewers' connections. Times are for standing still, never for a whole download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections that one worker serves at a time; more wait in the system's queue.
    pub connections: usize,
    /// Requests that origins answer at a time for one worker, each with a connection or a file; more wait.
    pub origin_connections: usize,
    /// The same for one viewer's connection.
    pub origin_connections_per_viewer: usize,
    /// For a TLS handshake, whole.
    pub handshake: Duration,
    /// For the PROXY protocol's header, whole.
    pub proxy_header: Duration,
    /// For a request's head, whole.
    pub head: Duration,
    /// For the next request on a connection.
    pub idle: Duration,
    /// For the next part of a request's body.
    pub body: Duration,
    /// For a viewer to take anything of what waits for it.
    pub write: Duration,
    /// For the next byte of a WebSocket, in either direction.
    pub tunnel: Duration,
    /// Streams of one HTTP/2 connection at a time.
    pub streams: u32,
    /// Streams that a viewer may reset before they are begun on, until the connection ends (CVE-2023-44487).
    pub resets: usize,
    /// Frames of HTTP/2 in a second that cost a turn and carry nothing, beyond those that requests and responses account for.
    pub idle_frames: u32,
    /// Bytes of a request's head that are read at all; CloudFront's quota of 32,768 is counted within it.
    pub head_size: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            origin_connections: 4_096,
            origin_connections_per_viewer: 64,
            handshake: Duration::from_secs(10),
            proxy_header: Duration::from_secs(5),
            head: Duration::from_secs(30),
            idle: Duration::from_secs(30),
            body: Duration::from_secs(60),
            write: Duration::from_secs(60),
            tunnel: Duration::from_secs(600),
            streams: 128,
            resets: 20,
            idle_frames: 2_000,
            head_size: 128 << 10,
        }
    }
}
