//! What the viewer shows for itself: signing parameters of the URL, or signing cookies.

use std::borrow::Cow;

use super::encoding::percent_decoded;
use crate::viewer::ViewerRequest;
use crate::viewer::query::{parameter_name, pieces, retained, segments};

/// Where credentials came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialSource {
    /// A signed URL.
    Query,
    /// Signed cookies.
    Cookies,
}

/// Signing values, percent-decoded once, not yet judged. Of duplicates the first counts (cloudfront 3.3, 4, `[ASSUMED]`).
#[derive(Clone, Default)]
pub struct Credentials<'a> {
    /// Where they came from; none where nothing was sent.
    pub source: Option<CredentialSource>,
    /// `Key-Pair-Id`.
    pub key_pair_id: Option<Cow<'a, [u8]>>,
    /// `Signature`.
    pub signature: Option<Cow<'a, [u8]>>,
    /// `Policy`, of a custom policy.
    pub policy: Option<Cow<'a, [u8]>>,
    /// `Expires`, of a canned policy; ignored beside a policy (cloudfront 3.3, `[INFER, strong]`).
    pub expires: Option<Cow<'a, [u8]>>,
    /// `Hash-Algorithm`.
    pub hash_algorithm: Option<Cow<'a, [u8]>>,
}

impl<'a> Credentials<'a> {
    /// Takes the URL's where it has any signing parameter (cloudfront 3.4), else the cookies'.
    #[must_use]
    pub fn extract(request: &ViewerRequest<'a>) -> Self {
        let mut found = Self::default();
        for segment in request.target.query.into_iter().flat_map(segments) {
            let name = parameter_name(segment);
            let value = segment.as_bytes().get(name.len() + 1..).unwrap_or_default();
            found.take(name.as_bytes(), value);
        }
        if found.makes_a_signed_url() {
            found.source = Some(CredentialSource::Query);
            return found;
        }
        let mut found = Self::default();
        for (name, value) in request.cookies.iter().flat_map(|field| cookies(field)) {
            if let Some(name) = name.strip_prefix(COOKIE_PREFIX) {
                found.take(name, value);
            }
        }
        if found.has_any() {
            found.source = Some(CredentialSource::Cookies);
        }
        found
    }

    fn take(&mut self, name: &[u8], value: &'a [u8]) {
        let slot = match name {
            b"Expires" => &mut self.expires,
            b"Policy" => &mut self.policy,
            b"Signature" => &mut self.signature,
            b"Key-Pair-Id" => &mut self.key_pair_id,
            b"Hash-Algorithm" => &mut self.hash_algorithm,
            _ => return,
        };
        slot.get_or_insert_with(|| percent_decoded(value));
    }

    /// Any one of four parameters is enough. `Hash-Algorithm` alone isn't (cloudfront 3.4, `[ASSUMED]`); names are
    /// compared raw, with their case.
    fn makes_a_signed_url(&self) -> bool {
        let slots = [&self.key_pair_id, &self.signature, &self.policy, &self.expires];
        slots.iter().any(|slot| slot.is_some())
    }

    fn has_any(&self) -> bool {
        let slots = [&self.key_pair_id, &self.signature, &self.policy, &self.expires, &self.hash_algorithm];
        slots.iter().any(|slot| slot.is_some())
    }
}

/// The query without its signing parameters, byte for byte otherwise; none where nothing is left.
///
/// Cloudfront 1.3, `[ASSUMED]` for the details: split at `&`, drop what has a signing name, join again; empty segments
/// and repeated names stay, and where nothing remains there is no `?`.
#[must_use]
pub fn without_signing_parameters(query: &str) -> Option<Cow<'_, str>> {
    retained(query, |name| !SIGNING_PARAMETERS.contains(&name))
}

/// The one `Cookie` value that goes to the origin for all the fields that were sent, of the cookies whose names are kept;
/// none where nothing is left.
///
/// CloudFront sorts cookies by name (cloudfront 9.2, `[DOC D23:Cookies]`); those of one name keep their order.
#[must_use]
pub fn forwarded_cookies<'f>(
    fields: impl Iterator<Item = &'f [u8]>,
    keeps: impl Fn(&[u8]) -> bool,
) -> Option<Vec<u8>> {
    let pairs = fields.flat_map(|field| field.split(|&byte| byte == b';')).map(<[u8]>::trim_ascii);
    let mut pairs: Vec<&[u8]> = pairs.filter(|pair| !pair.is_empty() && keeps(cookie_pair(pair).0)).collect();
    pairs.sort_by_key(|pair| cookie_pair(pair).0);
    (!pairs.is_empty()).then(|| pairs.join(&b"; "[..]))
}

/// Whether a cookie of that name is a signing one. Whether CloudFront forwards these is unknown (cloudfront 4);
/// they are kept back where the path is private, `[ASSUMED]`, unless its behavior says otherwise.
#[must_use]
pub fn is_signing_cookie(name: &[u8]) -> bool {
    let name = name.strip_prefix(COOKIE_PREFIX);
    name.is_some_and(|name| SIGNING_PARAMETERS.iter().any(|signing| signing.as_bytes() == name))
}

fn cookies(field: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    pieces(field, b';').map(|piece| cookie_pair(&field[piece]))
}

fn cookie_pair(segment: &[u8]) -> (&[u8], &[u8]) {
    match segment.iter().position(|&byte| byte == b'=') {
        Some(at) => (segment[..at].trim_ascii(), segment[at + 1..].trim_ascii()),
        None => (segment.trim_ascii(), b""),
    }
}

/// The names that CloudFront keeps for itself; the first four make a URL a signed one.
pub const SIGNING_PARAMETERS: [&str; 5] = ["Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"];

/// Signing cookies are named like the parameters, after this.
pub const COOKIE_PREFIX: &[u8] = b"CloudFront-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_signing_parameters_leave_the_query() {
        for (query, left) in [
            ("a=1&Expires=2&b=3", Some("a=1&b=3")),
            ("Expires=2&Signature=x&Key-Pair-Id=K", None),
            ("b=1&a=2&a=2&Policy=x", Some("b=1&a=2&a=2")),
            ("flag&Policy=x&", Some("flag&")),
            ("a=1&&b=2&Signature=x", Some("a=1&&b=2")),
            ("expires=1&Policy", Some("expires=1")),
            ("%45xpires=1", Some("%45xpires=1")),
            ("Hash-Algorithm=SHA256&x=y", Some("x=y")),
            ("Expiress=1", Some("Expiress=1")),
            ("Policy=x&a=1&b=2&Signature=y", Some("a=1&b=2")),
            ("a=1&Policy=x&b=2&c=3&Signature=y&d=4", Some("a=1&b=2&c=3&d=4")),
            ("&Policy=x", None),
            ("&&Policy=x", Some("&")),
            ("Policy=x&a&", Some("a&")),
            ("", None),
        ] {
            assert_eq!(without_signing_parameters(query).as_deref(), left, "{query}");
        }
    }

    #[test]
    fn cookies_are_sorted_by_name_and_the_signing_ones_stay_behind() {
        for (fields, is_private, forwarded) in [
            (vec!["a=1; CloudFront-Policy=x; b=2"], true, Some("a=1; b=2")),
            (vec!["a=1; CloudFront-Policy=x; b=2"], false, Some("CloudFront-Policy=x; a=1; b=2")),
            (vec!["CloudFront-Policy=x;CloudFront-Signature=y"], true, None),
            (vec!["b=2;c=3", "a=\"q=1\""], true, Some("a=\"q=1\"; b=2; c=3")),
            (vec!["b=2; a=1; b=1; ; flag"], true, Some("a=1; b=2; b=1; flag")),
            (vec!["cloudfront-policy=x"], true, Some("cloudfront-policy=x")),
            (vec!["CloudFront-Viewer=x"], true, Some("CloudFront-Viewer=x")),
            (vec![""], false, None),
        ] {
            let keeps = |name: &[u8]| !(is_private && is_signing_cookie(name));
            let found = forwarded_cookies(fields.iter().map(|field| field.as_bytes()), keeps);
            assert_eq!(found.as_deref(), forwarded.map(str::as_bytes), "{fields:?}");
        }
    }

    #[test]
    fn one_signing_parameter_makes_a_signed_url_but_a_hash_alone_does_not() {
        let source_of = |query: &'static str| {
            let request = ViewerRequest {
                method: &http::Method::GET,
                scheme: crate::viewer::Scheme::Https,
                host: crate::viewer::Host::parse("a.example.com").unwrap(),
                target: crate::viewer::Target { path: "/", query: Some(query) },
                cookies: vec![b"CloudFront-Policy=x"],
                address: [127, 0, 0, 1].into(),
                country: None,
                is_preflight: false,
                now: crate::epoch::EpochSeconds(0),
            };
            Credentials::extract(&request).source
        };
        for (query, signed) in [
            ("Expires", true),
            ("a=1&Key-Pair-Id=", true),
            ("Hash-Algorithm=SHA256", false),
            ("expires=1", false),
            ("a=Expires", false),
        ] {
            let expected = if signed { CredentialSource::Query } else { CredentialSource::Cookies };
            assert_eq!(source_of(query), Some(expected), "{query}");
        }
    }
}
