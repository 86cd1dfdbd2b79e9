//! What marks a request on its way: `X-Amz-Cf-Id`, `Via`, `X-Amz-Cf-Pop`.

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use http::header::{HeaderMap, HeaderName, HeaderValue, VIA};

/// The marks of one request; the origin gets the same id as the viewer.
#[derive(Clone, Debug)]
pub struct RequestIdentity {
    cf_id: String,
    via: HeaderValue,
}

impl RequestIdentity {
    /// A fresh id: 54 characters of base64url and `==` (semantics 7.2, `[OBS]`).
    #[must_use]
    pub fn new(via: HeaderValue) -> Self {
        let mut bytes = [0; 40];
        // Without randomness the id would be all zeros: unhelpful, but nothing depends on it being secret.
        let _ = rand::fill(&mut bytes);
        Self { cf_id: URL_SAFE.encode(bytes), via }
    }

    /// `X-Amz-Cf-Id`.
    #[must_use]
    pub fn cf_id(&self) -> &str {
        &self.cf_id
    }

    /// `Via` as this edge writes it.
    #[must_use]
    pub fn via(&self) -> &HeaderValue {
        &self.via
    }

    /// Puts all three on a response, replacing what an origin sent under these names.
    pub fn stamp(&self, headers: &mut HeaderMap) {
        for name in [VIA, X_AMZ_CF_POP, X_AMZ_CF_ID] {
            headers.remove(name);
        }
        headers.insert(VIA, self.via.clone());
        headers.insert(X_AMZ_CF_POP, HeaderValue::from_static(POP));
        headers.insert(X_AMZ_CF_ID, self.id_value());
    }

    /// The id as a header's value.
    #[must_use]
    pub fn id_value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.cf_id).unwrap_or(HeaderValue::from_static(""))
    }
}

/// `1.1 <32 hex digits>.cloudfront.net (CloudFront)`, once for a running edge.
#[must_use]
pub fn via() -> HeaderValue {
    let mut bytes = [0; 16];
    let _ = rand::fill(&mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("1.1 {hex}.cloudfront.net (CloudFront)");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("1.1 cloudfront.net (CloudFront)"))
}

/// `X-Amz-Cf-Id`.
pub const X_AMZ_CF_ID: HeaderName = HeaderName::from_static("x-amz-cf-id");
/// `X-Amz-Cf-Pop`.
pub const X_AMZ_CF_POP: HeaderName = HeaderName::from_static("x-amz-cf-pop");
/// A location that no airport has, in CloudFront's format.
const POP: &str = "LOC50-P1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_the_form_that_was_observed() {
        let id = RequestIdentity::new(via());
        assert_eq!(id.cf_id().len(), 56);
        assert!(id.cf_id().ends_with("==") && !id.cf_id()[..54].contains('='));
        assert_ne!(id.cf_id(), RequestIdentity::new(via()).cf_id());
        assert_eq!(id.via().len(), "1.1 .cloudfront.net (CloudFront)".len() + 32);
    }
}
