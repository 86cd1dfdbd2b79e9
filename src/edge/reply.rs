//! CloudFront's own answers: the error XML, the HTML pages, the redirects. Semantics 7 and 8.2.

use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderValue, LOCATION, SERVER};
use http::{Response, StatusCode};

use super::headers::X_CACHE;
use super::identity::RequestIdentity;
use crate::access::deny::DenyReason;
use crate::access::gate::Barrier;
use crate::body::{self, Body};
use crate::origin::OriginError;

/// Why Frontgate answered by itself, as the log and the test-mode header name it.
#[derive(Clone, Debug)]
pub struct Cause {
    /// One of contract 4's names, or `origin-error`.
    pub name: &'static str,
    /// The compared values.
    pub detail: String,
    /// `x-edge-detailed-result-type` of the access log.
    pub detailed: &'static str,
}

impl Cause {
    /// Of a name, for which the log's type is looked up: signature failures are `Error` (semantics 9.7, `[UNKNOWN]`).
    #[must_use]
    pub fn new(name: &'static str, detail: impl ToString) -> Self {
        let detailed = match name {
            "redirect-to-https" => "Redirect",
            "method-not-allowed" => "InvalidRequestMethod",
            "bad-request" | "too-large" => "InvalidRequest",
            "geo-blocked" => "ClientGeoBlocked",
            _ => "Error",
        };
        Self { name, detail: detail.to_string(), detailed }
    }
}

/// An answer of the edge's own.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    kind: Kind,
    /// Why.
    pub cause: Cause,
}

#[derive(Debug)]
enum Kind {
    Xml(String),
    Page {
        reason: &'static str,
    },
    Redirect {
        location: String,
    },
    /// A sentence for whoever wrote a test, not for viewers.
    Sentence(String),
}

impl Reply {
    /// A signature denial: 403 with one of five XML bodies.
    #[must_use]
    pub fn denied(reason: &DenyReason) -> Self {
        let cause = Cause::new(reason.name(), reason);
        Self { status: StatusCode::FORBIDDEN, kind: Kind::Xml(reason.answer().xml()), cause }
    }

    fn page(status: StatusCode, reason: &'static str, name: &'static str, detail: impl ToString) -> Self {
        Self { status, kind: Kind::Page { reason }, cause: Cause::new(name, detail) }
    }

    /// What stands before the credentials: one of CloudFront's pages, or a redirect.
    #[must_use]
    pub fn barred(barrier: &Barrier) -> Self {
        let status = StatusCode::from_u16(barrier.status()).unwrap_or(StatusCode::FORBIDDEN);
        let cause = Cause::new(barrier.name(), barrier);
        let kind = match barrier {
            Barrier::RedirectToHttps { location, .. } => Kind::Redirect { location: location.clone() },
            Barrier::MethodNotAllowed { .. } => Kind::Page { reason: METHOD_NOT_ALLOWED },
            Barrier::GeoBlocked { .. } => Kind::Page { reason: GEO_BLOCKED },
            Barrier::UrlTooLong { .. }
            | Barrier::HeadTooLong { .. }
            | Barrier::Host(_)
            | Barrier::Target
            | Barrier::ClimbsOut
            | Barrier::UnknownHost { .. }
            | Barrier::HttpsRequired
            | Barrier::UnexpectedBody => Kind::Page { reason: BAD_REQUEST },
        };
        Self { status, kind, cause }
    }

    /// A request that the origin could not be asked for.
    #[must_use]
    pub fn bad_request(detail: impl ToString) -> Self {
        Self::page(StatusCode::BAD_REQUEST, BAD_REQUEST, "bad-request", detail)
    }

    /// An origin that gave no answer: 504 for one that is too slow, else 502.
    #[must_use]
    pub fn origin_failed(error: &OriginError) -> Self {
        let (status, reason) = match error {
            OriginError::ConnectTimeout | OriginError::ResponseTimeout => {
                (StatusCode::GATEWAY_TIMEOUT, ORIGIN_CONNECT)
            }
            OriginError::Connect(_) => (StatusCode::BAD_GATEWAY, ORIGIN_CONNECT),
            OriginError::Tls(_) | OriginError::Certificate(_) => (StatusCode::BAD_GATEWAY, ORIGIN_TLS),
            OriginError::NoCredentials => (StatusCode::BAD_GATEWAY, ORIGIN_WRONG),
            OriginError::Signing(_) => return Self::bad_request(error),
            OriginError::Closed(_) => (StatusCode::BAD_GATEWAY, ORIGIN_CLOSED),
            OriginError::Garbage(_)
            | OriginError::Exchange(_)
            | OriginError::Upgrade
            | OriginError::HeadTooLarge { .. } => (StatusCode::BAD_GATEWAY, ORIGIN_WRONG),
            OriginError::ViewerBody => return Self::bad_request(error),
        };
        let mut reply = Self::page(status, reason, ORIGIN_ERROR, error);
        reply.cause.detailed = error.logged_as();
        reply
    }

    /// A test-mode header that can't be read (contract 5): 400 with one sentence.
    #[must_use]
    pub fn bad_test_header(sentence: String) -> Self {
        let cause = Cause::new("bad-request", &sentence);
        Self { status: StatusCode::BAD_REQUEST, kind: Kind::Sentence(sentence), cause }
    }

    /// Whether it sends the viewer elsewhere.
    #[must_use]
    pub fn is_redirect(&self) -> bool {
        matches!(self.kind, Kind::Redirect { .. })
    }

    /// The status that the viewer gets.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The response, its headers in CloudFront's order (semantics 7.2). It says `Connection: close` where the viewer's
    /// connection ends with it, and nothing of it where that is unknown to the protocol.
    #[must_use]
    pub fn into_response(
        self,
        identity: &RequestIdentity,
        date: HeaderValue,
        closes: Option<bool>,
    ) -> Response<Body> {
        let mut location = None;
        let (content_type, text, x_cache) = match self.kind {
            Kind::Xml(xml) => ("text/xml", xml, "Error from cloudfront"),
            Kind::Page { reason } => {
                ("text/html", page(self.status, reason, identity.cf_id()), "Error from cloudfront")
            }
            Kind::Redirect { location: to } => {
                location = Some(to);
                ("text/html", redirect_body(self.status), "Redirect from cloudfront")
            }
            Kind::Sentence(sentence) => {
                ("text/plain; charset=utf-8", format!("{sentence}\n"), "Error from cloudfront")
            }
        };
        let mut response = Response::new(body::empty());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(SERVER, HeaderValue::from_static("CloudFront"));
        headers.insert(DATE, date);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
        if let Some(closes) = closes {
            headers.insert(CONNECTION, HeaderValue::from_static(if closes { "close" } else { "keep-alive" }));
        }
        if let Some(location) = location.and_then(|location| HeaderValue::from_maybe_shared(location).ok()) {
            headers.insert(LOCATION, location);
        }
        headers.insert(X_CACHE, HeaderValue::from_static(x_cache));
        identity.stamp(headers);
        *response.body_mut() = body::full(text);
        response
    }
}

/// LF line ends, no line end at the end; its length with a reason and an id of 56 characters is observed.
fn page(status: StatusCode, reason: &str, id: &str) -> String {
    format!(
        r#"<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN" "http://www.w3.org/TR/html4/loose.dtd">
<HTML><HEAD><META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=iso-8859-1">
<TITLE>ERROR: The request could not be satisfied</TITLE>
</HEAD><BODY>
<H1>{} ERROR</H1>
<H2>The request could not be satisfied.</H2>
<HR noshade size="1px">
{reason}
We can't connect to the server for this app or website at this time. There might be too much traffic or a configuration error. Try again later, or contact the app or website owner.
<BR clear="all">
If you provide content to customers through CloudFront, you can find steps to troubleshoot and help prevent this error by reviewing the CloudFront documentation.
<BR clear="all">
<HR noshade size="1px">
<PRE>
Generated by cloudfront (CloudFront)
Request ID: {id}
</PRE>
<ADDRESS>
</ADDRESS>
</BODY></HTML>"#,
        status.as_u16()
    )
}

/// CRLF line ends, one at the end: 167 bytes for a 301, as observed (semantics 8.2).
fn redirect_body(status: StatusCode) -> String {
    let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    [
        "<html>",
        &format!("<head><title>{title}</title></head>"),
        "<body>",
        &format!("<center><h1>{title}</h1></center>"),
        "<hr><center>CloudFront</center>",
        "</body>",
        "</html>",
        "",
    ]
    .join("\r\n")
}

/// An origin that gave no answer, as the log and the metrics name it.
pub const ORIGIN_ERROR: &str = "origin-error";
const BAD_REQUEST: &str = "Bad request.";
const METHOD_NOT_ALLOWED: &str = "This distribution is not configured to allow the HTTP request method that was used for this request. The distribution supports only cachable requests.";
const GEO_BLOCKED: &str =
    "The Amazon CloudFront distribution is configured to block access from your country.";
const ORIGIN_CONNECT: &str = "CloudFront attempted to establish a connection with the origin, but either the attempt failed or the origin closed the connection.";
/// Observed with 502; that it is the one for TLS is `[ASSUMED]` (semantics 7.4).
const ORIGIN_TLS: &str = "CloudFront wasn't able to connect to the origin.";
const ORIGIN_CLOSED: &str = "The origin closed the connection.";
const ORIGIN_WRONG: &str =
    "CloudFront couldn't connect to the origin or the origin returned an incorrect response.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_the_lengths_that_were_observed() {
        let id = "x".repeat(56);
        assert_eq!(page(StatusCode::FORBIDDEN, "Request blocked.", &id).len(), 919);
        assert_eq!(redirect_body(StatusCode::MOVED_PERMANENTLY).len(), 167);
    }
}
