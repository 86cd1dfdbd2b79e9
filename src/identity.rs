//! What marks a request on its way: `X-Amz-Cf-Id`, `Via`, `X-Amz-Cf-Pop`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue, VIA};
use rand::rngs::{SmallRng, SysRng};
use rand::{Rng, SeedableRng};

/// One thread's source of ids. Seeded from the system once: an id tells requests apart and is no secret.
#[derive(Debug)]
pub struct RequestIds(SmallRng);

impl Default for RequestIds {
    fn default() -> Self {
        // Without randomness the ids would repeat after a restart: unhelpful, but nothing depends on them.
        Self(SmallRng::try_from_rng(&mut SysRng).unwrap_or_else(|_| SmallRng::seed_from_u64(0)))
    }
}

impl RequestIds {
    /// A fresh id: 54 characters of base64url and `==` (cloudfront 7.2, `[OBS]`).
    #[must_use]
    pub fn next_id(&mut self) -> HeaderValue {
        let (mut bytes, mut text) = ([0; 40], [0; 56]);
        self.0.fill_bytes(&mut bytes);
        // 40 bytes are 56 characters, always; and a header may hold any of them.
        let _ = URL_SAFE.encode_slice(bytes, &mut text);
        let id = HeaderValue::from_maybe_shared(Bytes::from_owner(text));
        let mut id = id.unwrap_or(HeaderValue::from_static(""));
        // No secret, but never the same twice: HTTP/2's table of headers would push out for it what does come again.
        id.set_sensitive(true);
        id
    }
}

/// The marks of one request; the origin gets the same id as the viewer.
#[derive(Clone, Debug)]
pub struct RequestIdentity {
    id: HeaderValue,
    via: HeaderValue,
}

impl RequestIdentity {
    /// Of an id and the edge's `Via`.
    #[must_use]
    pub fn new(id: HeaderValue, via: HeaderValue) -> Self {
        Self { id, via }
    }

    /// `X-Amz-Cf-Id`.
    #[must_use]
    pub fn cf_id(&self) -> &str {
        self.id.to_str().unwrap_or_default()
    }

    /// `Via` as this edge writes it.
    #[must_use]
    pub fn via(&self) -> &HeaderValue {
        &self.via
    }

    /// Puts all three on a response, replacing what an origin sent under these names.
    pub fn stamp(&self, headers: &mut HeaderMap) {
        headers.insert(VIA, self.via.clone());
        headers.insert(X_AMZ_CF_POP, HeaderValue::from_static(POP));
        headers.insert(X_AMZ_CF_ID, self.id_value());
    }

    /// The id as a header's value.
    #[must_use]
    pub fn id_value(&self) -> HeaderValue {
        self.id.clone()
    }
}

/// `1.1 <32 hex digits>.cloudfront.net (CloudFront)`, once for a running edge.
#[must_use]
pub fn via() -> HeaderValue {
    let mut bytes = [0; 16];
    RequestIds::default().0.fill_bytes(&mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("1.1 {hex}.cloudfront.net (CloudFront)");
    // Leaked, since an edge lives as long as its process: copies of a static value share no reference count, which
    // all cores would write to on every request.
    HeaderValue::from_static(text.leak())
}

/// `X-Amz-Cf-Id`.
pub const X_AMZ_CF_ID: HeaderName = HeaderName::from_static("x-amz-cf-id");
/// `X-Amz-Cf-Pop`.
pub const X_AMZ_CF_POP: HeaderName = HeaderName::from_static("x-amz-cf-pop");
/// A location that no airport has, in CloudFront's format.
pub const POP: &str = "LOC50-P1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_the_form_that_was_observed() {
        let mut ids = RequestIds::default();
        let id = RequestIdentity::new(ids.next_id(), via());
        assert_eq!(id.cf_id().len(), 56);
        assert!(id.cf_id().ends_with("==") && !id.cf_id()[..54].contains('='));
        assert_ne!(id.id_value(), ids.next_id());
        assert_ne!(ids.next_id(), RequestIds::default().next_id());
        assert_eq!(id.via().len(), "1.1 .cloudfront.net (CloudFront)".len() + 32);
    }
}
