//! Cross-origin resource sharing, as a response headers policy grants it.

use std::str::FromStr;

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderMap,
    HeaderName, HeaderValue, VARY,
};

use super::cors_request::CorsRequest;
use crate::viewer::Scheme;

/// What is granted, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// Whose scripts.
    pub allow_origins: AllowedOrigins,
    /// Whether they may send cookies; never together with a wildcard.
    pub allow_credentials: bool,
    /// `Access-Control-Allow-Methods`, on preflights.
    pub allow_methods: Option<HeaderValue>,
    /// `Access-Control-Allow-Headers`, on preflights.
    pub allow_headers: Option<HeaderValue>,
    /// Whether a preflight is granted whatever headers it requests, in place of `allow_headers`.
    pub echoes_headers: bool,
    /// `Access-Control-Expose-Headers`.
    pub expose_headers: Option<HeaderValue>,
    /// Whether the last one comes on preflights only, as the managed policies' page says of them (cloudfront 9.4).
    pub exposes_on_preflights_only: bool,
    /// `Access-Control-Max-Age`, on preflights.
    pub max_age: Option<HeaderValue>,
    /// Whether the origin's own header of a name gives way.
    pub overrides: bool,
}

/// Whose scripts may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// Everyone's.
    Any,
    /// Everyone's, each by its own name, so that credentials can be granted beside: for development alone.
    Echoed,
    /// Those of these origins.
    Listed(Vec<OriginPattern>),
}

impl Cors {
    /// Puts the headers on a response. A request without `Origin` is none across origins and gets nothing (AWS's API
    /// reference: "for CORS requests").
    ///
    /// What the guide leaves open, `[ASSUMED]`: where the answer depends on who asks, it says `Vary: Origin`, whoever
    /// asks; where the policy overrides, an origin that it doesn't list gets no grant of the origin server either; and
    /// credentials are granted only beside the policy's own `Access-Control-Allow-Origin`.
    pub fn apply(&self, headers: &mut HeaderMap, asked: &CorsRequest) {
        let CorsRequest { origin, is_preflight, requested_headers, .. } = asked;
        let (origin, is_preflight) = (origin.as_ref(), *is_preflight);
        if self.allow_origins != AllowedOrigins::Any {
            vary_by_origin(headers);
        }
        let Some(origin) = origin else { return };
        let Some(granted) = self.granted_to(origin) else {
            if self.overrides {
                headers.remove(ACCESS_CONTROL_ALLOW_ORIGIN);
                headers.remove(ACCESS_CONTROL_ALLOW_CREDENTIALS);
            }
            return;
        };
        let is_ours = self.set(headers, ACCESS_CONTROL_ALLOW_ORIGIN, Some(&granted));
        if self.allow_credentials && is_ours {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        } else if self.overrides {
            headers.remove(ACCESS_CONTROL_ALLOW_CREDENTIALS);
        }
        if is_preflight || !self.exposes_on_preflights_only {
            self.set(headers, ACCESS_CONTROL_EXPOSE_HEADERS, self.expose_headers.as_ref());
        }
        if is_preflight {
            self.set(headers, ACCESS_CONTROL_ALLOW_METHODS, self.allow_methods.as_ref());
            let requested = requested_headers.as_ref().filter(|_| self.echoes_headers);
            self.set(headers, ACCESS_CONTROL_ALLOW_HEADERS, requested.or(self.allow_headers.as_ref()));
            self.set(headers, ACCESS_CONTROL_MAX_AGE, self.max_age.as_ref());
        }
    }

    fn granted_to(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        match &self.allow_origins {
            AllowedOrigins::Any => Some(HeaderValue::from_static("*")),
            AllowedOrigins::Echoed => Some(origin.clone()),
            AllowedOrigins::Listed(patterns) => {
                let text = origin.to_str().ok()?;
                patterns.iter().any(|pattern| pattern.matches(text)).then(|| origin.clone())
            }
        }
    }

    /// Whether the header that is there now is the policy's.
    fn set(&self, headers: &mut HeaderMap, name: HeaderName, value: Option<&HeaderValue>) -> bool {
        let Some(value) = value else { return false };
        let replaces = self.overrides || !headers.contains_key(&name);
        if replaces {
            headers.insert(name, value.clone());
        }
        replaces
    }
}

fn vary_by_origin(headers: &mut HeaderMap) {
    let lines = headers.get_all(VARY).iter().filter_map(|line| line.to_str().ok());
    let says = |field: &str| matches!(field.trim(), "*") || field.trim().eq_ignore_ascii_case("origin");
    if !lines.flat_map(|line| line.split(',')).any(says) {
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
}

/// `[scheme://]host[:port]`, whose host may begin with `*.` and whose port may be `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginPattern {
    scheme: Option<Scheme>,
    /// In lower case; without the `*` where all names below are meant.
    host: String,
    is_wildcard: bool,
    port: Port,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Port {
    Any,
    /// None: the scheme's own, which browsers leave out.
    Exactly(Option<u16>),
}

impl OriginPattern {
    /// Whether an `Origin` header's value fits. `null` fits nothing.
    #[must_use]
    pub fn matches(&self, origin: &str) -> bool {
        let Some((scheme, authority)) = origin.split_once("://") else { return false };
        let Some(scheme) = Scheme::parse(scheme) else { return false };
        let Some((host, port)) = split_port(authority) else { return false };
        let Ok(port) = port.map(str::parse::<u16>).transpose() else { return false };
        let host = host.to_ascii_lowercase();
        self.scheme.is_none_or(|expected| expected == scheme)
            && match &self.port {
                Port::Any => true,
                Port::Exactly(expected) => *expected == port,
            }
            && match self.is_wildcard {
                false => host == self.host,
                true => host.strip_suffix(&self.host).is_some_and(|below| !below.is_empty()),
            }
    }
}

impl FromStr for OriginPattern {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, authority) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(Scheme::parse(scheme).ok_or(InvalidOrigin)?), rest),
            None => (None, text),
        };
        let (host, port) = split_port(authority).ok_or(InvalidOrigin)?;
        let port = match port {
            None => Port::Exactly(None),
            Some("*") => Port::Any,
            Some(port) => Port::Exactly(Some(port.parse().map_err(|_| InvalidOrigin)?)),
        };
        let (bare, is_wildcard) = match host.strip_prefix('*') {
            Some(rest) if rest.starts_with('.') && rest.len() > 1 => (rest, true),
            Some(_) => return Err(InvalidOrigin),
            None => (host, false),
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte);
        if bare.is_empty() || !bare.bytes().all(is_name) {
            return Err(InvalidOrigin);
        }
        Ok(Self { scheme, host: bare.to_ascii_lowercase(), is_wildcard, port })
    }
}

/// No origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an origin such as \"https://app.example.com\", \"https://*.example.com\", \"http://localhost:3000\", or \"*\" for all"
)]
pub struct InvalidOrigin;

/// The host, in brackets if it is an IPv6 address, and what follows its colon.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if authority.starts_with('[') {
        let (host, rest) = authority.split_at(authority.find(']')? + 1);
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    Some(match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_fits_its_pattern() {
        for (pattern, origin, fits) in [
            ("https://app.example.com", "https://app.example.com", true),
            ("https://app.example.com", "HTTPS://APP.example.com", true),
            ("https://app.example.com", "http://app.example.com", false),
            ("https://app.example.com", "https://app.example.com:8443", false),
            ("https://app.example.com", "https://app.example.com.evil.net", false),
            ("https://app.example.com", "null", false),
            ("https://*.example.com", "https://a.example.com", true),
            ("https://*.example.com", "https://a.b.example.com", true),
            ("https://*.example.com", "https://example.com", false),
            ("https://*.example.com", "https://.example.com", false),
            ("https://*.example.com", "https://evilexample.com", false),
            ("*.example.com", "http://a.example.com", true),
            ("app.example.com", "https://app.example.com", true),
            ("http://localhost:3000", "http://localhost:3000", true),
            ("http://localhost:3000", "http://localhost", false),
            ("http://localhost:*", "http://localhost:5173", true),
            ("http://localhost:*", "http://localhost", true),
            ("http://[::1]:3000", "http://[::1]:3000", true),
            ("https://app.example.com", "https://user@app.example.com", false),
        ] {
            let parsed: OriginPattern = pattern.parse().unwrap();
            assert_eq!(parsed.matches(origin), fits, "{pattern} on {origin}");
        }
        for pattern in [
            "",
            "*",
            "*.",
            "https://",
            "https://*",
            "ftp://a.example.com",
            "https://a.*.example.com",
            "https://exa*mple.com",
            "https://example.*",
            "https://a.example.com/",
            "https://a.example.com:x",
            "https://a b",
            "https://[::1",
        ] {
            assert_eq!(pattern.parse::<OriginPattern>(), Err(InvalidOrigin), "{pattern}");
        }
    }
}
