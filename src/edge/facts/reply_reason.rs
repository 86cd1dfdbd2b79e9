//! Why Frontgate responds in the origin's place, as the log, the counts and the test-mode header name it.

/// Why Frontgate answered by itself, as the log and the test-mode header name it.
#[derive(Clone, Debug)]
pub struct ReplyReason {
    /// One of the names of reference 4, or `origin-error`.
    pub name: &'static str,
    /// The compared values.
    pub detail: String,
    /// `x-edge-detailed-result-type` of the access log.
    pub detailed: &'static str,
}

impl ReplyReason {
    /// Of a name, for which the log's type is looked up: signature failures are `Error` (cloudfront 9.7, `[UNKNOWN]`).
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

/// An origin that gave no answer, as the log and the metrics name it.
pub const ORIGIN_ERROR: &str = "origin-error";
