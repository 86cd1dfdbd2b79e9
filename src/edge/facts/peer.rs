//! Who asks: what a connection tells of every request on it, and what of that holds for one request.

use std::net::{IpAddr, SocketAddr};

use http::HeaderValue;

use crate::viewer::Scheme;

/// A viewer's connection: written down once, not once for each request.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The viewer, or the proxy before us.
    pub address: ViewerAddress,
    /// Its port.
    pub port: u16,
    /// How it speaks to us.
    pub scheme: Scheme,
    /// What was agreed on; none over plain HTTP.
    pub tls: Option<TlsFacts>,
    /// Whether a PROXY header named it.
    pub has_proxy_header: bool,
}

impl Peer {
    /// One that speaks plain HTTP.
    #[must_use]
    pub fn plain(peer: SocketAddr) -> Self {
        Self {
            address: ViewerAddress::new(peer.ip()),
            port: peer.port(),
            scheme: Scheme::Http,
            tls: None,
            has_proxy_header: false,
        }
    }

    /// Whether a balancer brought it from another machine.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.has_proxy_header && !self.address.ip().is_loopback()
    }

    /// Whether it is a client on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        !self.has_proxy_header && self.address.ip().is_loopback()
    }

    /// The viewer of a request that nothing else is known of.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        Viewer {
            address: self.address.clone(),
            port: Some(self.port),
            scheme: self.scheme,
            tls: self.tls,
            forwarder: self.address.clone(),
        }
    }
}

/// The viewer of one request, which a trusted proxy or a test may have named instead of the connection's peer.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// Its address, by which the request is judged.
    pub address: ViewerAddress,
    /// Its port, where it is known.
    pub port: Option<u16>,
    /// How it speaks, as far as is known.
    pub scheme: Scheme,
    /// What was agreed on with it; none over plain HTTP, or where a proxy spoke TLS with it.
    pub tls: Option<TlsFacts>,
    /// Whom we have it from, which `X-Forwarded-For` is told: the viewer itself, or the proxy before us.
    pub forwarder: ViewerAddress,
}

/// What a TLS handshake agreed on, in the names that CloudFront's log has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsFacts {
    /// As in `TLSv1.3`.
    pub protocol: &'static str,
    /// As in `TLS_AES_128_GCM_SHA256`, `ECDHE-RSA-AES128-GCM-SHA256`.
    pub cipher: &'static str,
}

/// An address, IPv4 where it can be, with its text as a header's value.
#[derive(Clone, Debug)]
pub struct ViewerAddress {
    address: IpAddr,
    field: HeaderValue,
}

impl ViewerAddress {
    /// Of a connection's peer, of what a trusted proxy forwards, or of a test's `X-Frontgate-Viewer-Ip`.
    #[must_use]
    pub fn new(address: IpAddr) -> Self {
        let address = address.to_canonical();
        // An address has no character that a header may not hold.
        let field = HeaderValue::try_from(address.to_string()).unwrap_or(HeaderValue::from_static(""));
        Self { address, field }
    }

    /// The address.
    #[must_use]
    pub fn ip(&self) -> IpAddr {
        self.address
    }

    /// As `X-Forwarded-For` names it.
    #[must_use]
    pub fn field(&self) -> &HeaderValue {
        &self.field
    }
}
