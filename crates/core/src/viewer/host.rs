//! The host that a request names.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::scheme::Scheme;

/// A host with its port, as the viewer sent it, known to be well formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host<'a> {
    sent: &'a str,
    name_len: usize,
    port: Option<u16>,
}

impl<'a> Host<'a> {
    /// Reads `host[:port]`.
    ///
    /// # Errors
    /// [`InvalidHost::Malformed`] for anything that isn't a name or an address with an optional port.
    pub fn parse(sent: &'a str) -> Result<Self, InvalidHost> {
        let name_len = match sent.strip_prefix('[') {
            Some(rest) => rest.find(']').ok_or(InvalidHost::Malformed)? + 2,
            None => sent.find(':').unwrap_or(sent.len()),
        };
        let (name, rest) = sent.split_at(name_len);
        let port = match rest.strip_prefix(':') {
            None if rest.is_empty() => None,
            Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().map_err(|_| InvalidHost::Malformed)?)
            }
            None | Some(_) => return Err(InvalidHost::Malformed),
        };
        let well_formed = match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => !name.is_empty() && name.bytes().all(is_name_byte),
        };
        if well_formed { Ok(Self { sent, name_len, port }) } else { Err(InvalidHost::Malformed) }
    }

    /// The one host of a request: its Host field, which a target in absolute form must agree with.
    ///
    /// # Errors
    /// [`InvalidHost`] for no Host or several, a malformed one, or one that disagrees with the target.
    pub fn of_request(
        authority: Option<&'a str>,
        mut fields: impl Iterator<Item = &'a [u8]>,
        scheme: Scheme,
    ) -> Result<Self, InvalidHost> {
        let field = fields.next().ok_or(InvalidHost::Missing)?;
        if fields.next().is_some() {
            return Err(InvalidHost::Several);
        }
        let field = Self::parse(std::str::from_utf8(field).map_err(|_| InvalidHost::Malformed)?)?;
        let Some(authority) = authority else { return Ok(field) };
        let own = Self::parse(authority)?;
        if own.agrees_with(&field, scheme) { Ok(own) } else { Err(InvalidHost::Disagrees) }
    }

    fn agrees_with(&self, other: &Self, scheme: Scheme) -> bool {
        let port = |host: &Self| host.port.unwrap_or(scheme.default_port());
        self.name().eq_ignore_ascii_case(other.name()) && port(self) == port(other)
    }

    /// Name or address without the port; an IPv6 address with its brackets.
    #[must_use]
    pub fn name(&self) -> &'a str {
        &self.sent[..self.name_len]
    }

    /// The port where one was sent.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// `host[:port]` as it stands in a URL of that scheme: as sent, without the scheme's own port.
    #[must_use]
    pub fn in_url(&self, scheme: Scheme) -> &'a str {
        if self.port == Some(scheme.default_port()) { self.name() } else { self.sent }
    }

    /// Whether it can only mean this machine or a bare address: `localhost`, `*.localhost`, IPv4, `[IPv6]`.
    #[must_use]
    pub fn is_local_or_address(&self) -> bool {
        let name = self.name();
        let end = |length: usize| name.len().checked_sub(length).and_then(|at| name.get(at..));
        name.eq_ignore_ascii_case("localhost")
            || end(".localhost".len()).is_some_and(|end| end.eq_ignore_ascii_case(".localhost"))
            || name.starts_with('[')
            || name.parse::<Ipv4Addr>().is_ok()
    }
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sent)
    }
}

/// Why a request's host can't be told. Each is answered 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHost {
    /// No Host field.
    #[error("the request has no Host header")]
    Missing,
    /// More than one, which a proxy and an origin may read differently.
    #[error("the request has several Host headers")]
    Several,
    /// Not `host[:port]`.
    #[error("the request's host is not a name or an address with an optional port")]
    Malformed,
    /// A target in absolute form that names another host.
    #[error("the request's target names another host than its Host header")]
    Disagrees,
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_with_and_without_a_port() {
        for (sent, name, port) in [
            ("example.com", "example.com", None),
            ("example.com:8080", "example.com", Some(8080)),
            ("127.0.0.1:1", "127.0.0.1", Some(1)),
            ("[::1]:8080", "[::1]", Some(8080)),
            ("[::1]", "[::1]", None),
        ] {
            let host = Host::parse(sent).unwrap();
            assert_eq!((host.name(), host.port()), (name, port), "{sent}");
        }
        for sent in [
            "", ":80", "a:", "a:b", "a:99999", "a b", "user@a", "a/b", "a?b", "[::1", "[a]", "[::1]x", "a,b",
            "é",
        ] {
            assert_eq!(Host::parse(sent), Err(InvalidHost::Malformed), "{sent}");
        }
    }

    #[test]
    fn a_request_has_exactly_one_host() {
        let of = |authority: Option<&'static str>, fields: &[&'static str]| {
            Host::of_request(authority, fields.iter().map(|field| field.as_bytes()), Scheme::Http)
                .map(|host| host.name().to_owned())
        };
        assert_eq!(of(None, &["a"]), Ok("a".to_owned()));
        assert_eq!(of(None, &[]), Err(InvalidHost::Missing));
        assert_eq!(of(Some("a"), &[]), Err(InvalidHost::Missing));
        assert_eq!(of(None, &["a", "a"]), Err(InvalidHost::Several));
        assert_eq!(of(Some("A"), &["a"]), Ok("A".to_owned()));
        assert_eq!(of(Some("a:80"), &["a"]), Ok("a".to_owned()));
        assert_eq!(of(Some("a:81"), &["a"]), Err(InvalidHost::Disagrees));
        assert_eq!(of(Some("b"), &["a"]), Err(InvalidHost::Disagrees));
    }

    #[test]
    fn only_local_names_and_addresses_are_local() {
        for (sent, local) in [
            ("localhost:8080", true),
            ("App.LOCALHOST", true),
            ("10.0.0.1", true),
            ("[::1]:1", true),
            ("localhost.example.com", false),
            ("notlocalhost", false),
            ("10.0.0.1.example.com", false),
        ] {
            assert_eq!(Host::parse(sent).unwrap().is_local_or_address(), local, "{sent}");
        }
    }
}
