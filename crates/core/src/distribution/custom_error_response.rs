//! Custom error responses: another page in place of an error. Cloudfront 8.4.

use std::time::Duration;

/// What becomes of one error status, an origin's or our own; that of a signature denial, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomErrorResponse {
    /// The status.
    pub error_code: u16,
    /// The page, and the status that the viewer gets with it; none where only the time of caching is set.
    pub page: Option<ErrorPage>,
    /// How long CloudFront keeps the error. Nothing is kept here, so it only is there to be checked.
    pub caching_min_ttl: Duration,
}

/// A page in place of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorPage {
    /// Begins with `/`; the behavior that it matches says which origin has it.
    pub path: String,
    /// What the viewer gets.
    pub response_code: u16,
}

/// The statuses that may have a page (cloudfront 8.4, `[DOC D23:GeneratingCustomErrorResponses]`).
pub const ERROR_CODES: [u16; 11] = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];
/// CloudFront's default (cloudfront 8.4, `[DOC D23]`).
pub const DEFAULT_CACHING_MIN_TTL: Duration = Duration::from_secs(10);

/// Whether a viewer may get a page with that status: one of the same, or 200.
#[must_use]
pub fn may_respond_with(status: u16) -> bool {
    status == 200 || ERROR_CODES.contains(&status)
}
