//! The bases that links are signed for.

use std::fmt;

use crate::viewer::{Base, Host, Scheme};

/// `scheme://host[:port]`, without the scheme's own port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: Scheme,
    authority: String,
    /// Bytes of the authority before the port.
    name_len: usize,
}

impl BaseUrl {
    /// Reads a base as the configuration has it; a `/` at the end and the scheme's own port are dropped.
    ///
    /// # Errors
    /// [`InvalidBaseUrl`] for another scheme, no host, or anything after it.
    pub fn parse(text: &str) -> Result<Self, InvalidBaseUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidBaseUrl::NoScheme)?;
        let scheme = Scheme::parse(scheme).ok_or(InvalidBaseUrl::NoScheme)?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#']) {
            return Err(InvalidBaseUrl::MoreThanHost);
        }
        let host = Host::parse(authority).map_err(|_| InvalidBaseUrl::Host)?;
        Ok(Self { scheme, authority: host.in_url(scheme).to_owned(), name_len: host.name().len() })
    }

    /// As it begins a signed URL.
    #[must_use]
    pub fn base(&self) -> Base<'_> {
        Base { scheme: self.scheme.as_str(), authority: &self.authority }
    }

    /// Its host without the port.
    #[must_use]
    pub fn host_name(&self) -> &str {
        &self.authority[..self.name_len]
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.base().fmt(f)
    }
}

/// Why a public base URL can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBaseUrl {
    /// Not `http://` or `https://`.
    #[error("expected `http://` or `https://` and a host")]
    NoScheme,
    /// A host that is none.
    #[error("the part after `://` is not a host with an optional port")]
    Host,
    /// A path, a query or a fragment.
    #[error(
        "only scheme, host and port belong in a base: links keep the path and query that they were sent with"
    )]
    MoreThanHost,
}

/// The most public bases of one distribution (configuration: `public-base-urls`): each costs a forged link one verification more.
pub const MAX_PUBLIC_BASE_URLS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_scheme_host_and_port_alone() {
        for (text, expected) in [
            ("https://d1.cloudfront.net", Ok("https://d1.cloudfront.net")),
            ("HTTPS://d1.cloudfront.net:443/", Ok("https://d1.cloudfront.net")),
            ("http://localhost:8080", Ok("http://localhost:8080")),
            ("https://a/b", Err(InvalidBaseUrl::MoreThanHost)),
            ("a.example.com", Err(InvalidBaseUrl::NoScheme)),
            ("ftp://a", Err(InvalidBaseUrl::NoScheme)),
            ("https://", Err(InvalidBaseUrl::Host)),
        ] {
            let found = BaseUrl::parse(text);
            assert_eq!(found.map(|base| base.to_string()), expected.map(str::to_owned), "{text}");
        }
    }
}
