//! The viewer's address, and the same as a header's value: written once for a connection, not once for each request.

use std::net::IpAddr;

use http::HeaderValue;

/// An address, IPv4 where it can be, with its text.
#[derive(Clone, Debug)]
pub struct ViewerAddress {
    address: IpAddr,
    field: HeaderValue,
}

impl ViewerAddress {
    /// Of a connection's peer, or of a test's `X-Frontgate-Viewer-Ip`.
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
