//! Listeners, proxies in front, threads.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use rustls::ServerConfig;

use super::{Limits, ReloadOn};

/// `[server]`.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Plain HTTP listeners.
    pub listen: Vec<SocketAddr>,
    /// Whether every connection to them begins with a PROXY header.
    pub proxy_protocol: bool,
    /// TLS listeners.
    pub https: Vec<HttpsListener>,
    /// Whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, and whose PROXY headers.
    pub trusted_proxies: Vec<IpNet>,
    /// What a viewer may cost.
    pub limits: Limits,
    /// Threads; 0 is one for each core.
    pub workers: usize,
    /// How long requests in flight may go on after the end was asked for.
    pub shutdown_grace: Duration,
    /// What makes the files be read again.
    pub reload: ReloadOn,
    /// The port of every redirect to HTTPS; none for that of the HTTPS listener, where the viewer named a port.
    pub redirect_port: Option<u16>,
}

/// What a connection does before its first request, depending on its listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenerKind {
    /// Whether it begins with a PROXY header.
    pub proxy_protocol: bool,
    /// Which of the TLS listeners it is, by its place in the configuration; none where plain HTTP is spoken.
    pub tls: Option<usize>,
}

impl ListenerKind {
    /// Plain HTTP.
    pub const PLAIN: Self = Self { proxy_protocol: false, tls: None };
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 8080))],
            proxy_protocol: false,
            https: Vec::new(),
            trusted_proxies: Vec::new(),
            limits: Limits::default(),
            workers: 0,
            shutdown_grace: Duration::from_secs(30),
            reload: ReloadOn::default(),
            redirect_port: None,
        }
    }
}

impl ServerSettings {
    /// Every address to listen on, with what connections do there; `plain` replaces the file's plain HTTP listeners.
    #[must_use]
    pub fn listeners(&self, plain: &[SocketAddr]) -> Vec<(SocketAddr, ListenerKind)> {
        let plain = if plain.is_empty() { &self.listen } else { plain };
        let kind = ListenerKind { proxy_protocol: self.proxy_protocol, tls: None };
        let mut listeners: Vec<_> = plain.iter().map(|&address| (address, kind)).collect();
        for (number, https) in self.https.iter().enumerate() {
            let kind = ListenerKind { proxy_protocol: https.proxy_protocol, tls: Some(number) };
            listeners.extend(https.listen.iter().map(|&address| (address, kind)));
        }
        listeners
    }
}

/// One `[[server.https]]`.
#[derive(Clone, Debug)]
pub struct HttpsListener {
    /// Its addresses.
    pub listen: Vec<SocketAddr>,
    /// Whether every connection begins with a PROXY header, before TLS.
    pub proxy_protocol: bool,
    /// What it presents.
    pub tls: Arc<ServerConfig>,
    /// The certificates among that, for messages and metrics.
    pub certificates: Vec<PresentedCertificate>,
}

/// A certificate as metrics name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentedCertificate {
    /// Its file, as the configuration names it.
    pub file: String,
    /// Until when it is good, in epoch seconds.
    pub not_after: i64,
}
