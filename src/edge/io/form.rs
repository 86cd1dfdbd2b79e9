//! What a form brings that a browser posts: bounded in size and in time.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::edge::io::body::BoxError;

/// Names and values in their order.
#[derive(Clone, Default)]
pub(in crate::edge) struct Form(Vec<(String, String)>);

impl Form {
    /// Of a query or a body.
    pub(in crate::edge) fn parse(text: &[u8]) -> Self {
        let fields = form_urlencoded::parse(text).take(MAX_FIELDS);
        Self(fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// Of a request's query.
    pub(in crate::edge) fn of_query(query: Option<&str>) -> Self {
        Self::parse(query.unwrap_or_default().as_bytes())
    }

    /// A field without the white space around it; empty where it isn't there.
    pub(in crate::edge) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// The same with another value for a field.
    pub(in crate::edge) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A field that is short where it is right, and that the page shows again: what is longer was meant for another one, and
    /// may be a secret.
    pub(in crate::edge) fn short(&self, name: &str) -> &str {
        match self.get(name) {
            text if text.len() <= MAX_SHORT => text,
            _ => "…",
        }
    }

    /// Reads what was posted.
    ///
    /// # Errors
    /// A status and a sentence for whoever sent it.
    pub(in crate::edge) async fn read<B>(
        headers: &HeaderMap,
        body: B,
        limit: usize,
    ) -> Result<Self, (StatusCode, &'static str)>
    where
        B: http_body::Body,
        B::Error: Into<BoxError>,
    {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let expected = "expected a form (application/x-www-form-urlencoded)\n";
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, expected));
        }
        let body = Limited::new(body, limit).collect();
        match tokio::time::timeout(BODY_TIMEOUT, body).await {
            Ok(Ok(body)) => Ok(Self::parse(&body.to_bytes())),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                Err((StatusCode::PAYLOAD_TOO_LARGE, "the form is too large\n"))
            }
            Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, "the form could not be read\n")),
            Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "the form took too long\n")),
        }
    }
}

/// Bytes: room for a URL of 100 kB, of which a browser encodes a few characters.
pub(in crate::edge) const MAX_BODY: usize = 128 << 10;
/// Bytes of a time or an address, with room for a slip.
const MAX_SHORT: usize = 64;
/// No form has as many.
const MAX_FIELDS: usize = 32;
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
