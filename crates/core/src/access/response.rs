//! What CloudFront answers in an origin's place: the error XML, the HTML pages, the redirects. Cloudfront 7 and 8.2.

use http::StatusCode;
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, SERVER,
};

use super::cache_result::CacheResult;
use super::deny_reason::{AccessError, DenyReason};
use super::prechecks::Rejection;

/// One of CloudFront's own answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorResponse {
    status: StatusCode,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Xml(AccessError),
    Page { reason: &'static str },
    Redirect { location: String },
}

impl ErrorResponse {
    /// A signature denial: 403 with one of five XML bodies.
    #[must_use]
    pub fn denied(reason: &DenyReason) -> Self {
        Self { status: StatusCode::FORBIDDEN, kind: Kind::Xml(reason.answer()) }
    }

    /// What stands before the credentials: one of CloudFront's pages, or a redirect.
    #[must_use]
    pub fn rejected(rejection: &Rejection) -> Self {
        let status = StatusCode::from_u16(rejection.status()).unwrap_or(StatusCode::FORBIDDEN);
        let kind = match rejection {
            Rejection::RedirectToHttps { location, .. } => Kind::Redirect { location: location.clone() },
            Rejection::MethodNotAllowed { .. } => Kind::Page { reason: METHOD_NOT_ALLOWED },
            Rejection::GeoBlocked { .. } => Kind::Page { reason: GEO_BLOCKED },
            Rejection::UrlTooLong { .. }
            | Rejection::HeadTooLong { .. }
            | Rejection::Host(_)
            | Rejection::Target
            | Rejection::ClimbsOut
            | Rejection::TooManyReadings
            | Rejection::UnknownHost { .. }
            | Rejection::HttpsRequired
            | Rejection::UnexpectedBody
            | Rejection::PreflightBody => Kind::Page { reason: BAD_REQUEST },
        };
        Self { status, kind }
    }

    /// CloudFront's page with one sentence of its own.
    #[must_use]
    pub fn page(status: StatusCode, reason: &'static str) -> Self {
        Self { status, kind: Kind::Page { reason } }
    }

    /// The status that the viewer gets.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The error that the XML names; none of a page or a redirect.
    #[must_use]
    pub fn error(&self) -> Option<AccessError> {
        match self.kind {
            Kind::Xml(error) => Some(error),
            Kind::Page { .. } | Kind::Redirect { .. } => None,
        }
    }

    /// Where a redirect sends the viewer.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        match &self.kind {
            Kind::Redirect { location } => Some(location),
            Kind::Xml(_) | Kind::Page { .. } => None,
        }
    }

    /// What the headers say of it.
    #[must_use]
    pub fn head(&self) -> ErrorResponseHead<'_> {
        let (content_type, result) = match self.kind {
            Kind::Xml(_) => ("text/xml", CacheResult::Error),
            Kind::Page { .. } => ("text/html", CacheResult::Error),
            Kind::Redirect { .. } => ("text/html", CacheResult::Redirect),
        };
        ErrorResponseHead { content_type, result, location: self.location() }
    }

    /// The body, byte for byte; a page shows the request's id.
    #[must_use]
    pub fn body(&self, request_id: &str) -> String {
        match self.kind {
            Kind::Xml(error) => error.xml(),
            Kind::Page { reason } => page(self.status, reason, request_id),
            Kind::Redirect { .. } => redirect_body(self.status),
        }
    }
}

/// The headers of an answer that depend on what it is.
#[derive(Clone, Copy, Debug)]
pub struct ErrorResponseHead<'a> {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// For `X-Cache`.
    pub result: CacheResult,
    /// `Location`, of a redirect.
    pub location: Option<&'a str>,
}

impl ErrorResponseHead<'_> {
    /// Writes them in CloudFront's order (cloudfront 7.2), with the body's length, the date, and `Connection` where it is to be
    /// there. What marks the request comes after them.
    pub fn write(&self, headers: &mut HeaderMap, length: usize, date: HeaderValue, closes: Option<bool>) {
        headers.insert(SERVER, HeaderValue::from_static("CloudFront"));
        headers.insert(DATE, date);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        if let Some(closes) = closes {
            headers.insert(CONNECTION, HeaderValue::from_static(if closes { "close" } else { "keep-alive" }));
        }
        let location = self.location.and_then(|location| HeaderValue::from_bytes(location.as_bytes()).ok());
        if let Some(location) = location {
            headers.insert(LOCATION, location);
        }
        headers.insert(X_CACHE, HeaderValue::from_static(self.result.x_cache()));
    }
}

/// `X-Cache`.
pub const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
/// On responses that tell it: why the request was denied, by the names of reference 4.
pub const X_FRONTGATE_REASON: HeaderName = HeaderName::from_static("x-frontgate-reason");

/// The response header that names what is allowed and isn't meant ([`super::warning::Warning::name`]), separated by commas.
pub const X_FRONTGATE_WARNING: HeaderName = HeaderName::from_static("x-frontgate-warning");

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

/// CRLF line ends, one at the end: 167 bytes for a 301, as observed (cloudfront 8.2).
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

/// The page's sentence for what can't be answered otherwise.
pub const BAD_REQUEST: &str = "Bad request.";
const METHOD_NOT_ALLOWED: &str = "This distribution is not configured to allow the HTTP request method that was used for this request. The distribution supports only cachable requests.";
const GEO_BLOCKED: &str =
    "The Amazon CloudFront distribution is configured to block access from your country.";

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
