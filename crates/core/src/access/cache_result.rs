//! How a response came about, as `X-Cache` and the log's result types name it.

/// CloudFront's result type of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CacheResult {
    /// From the cache.
    Hit,
    /// From the cache, after the origin has confirmed it.
    RefreshHit,
    /// From the origin.
    Miss,
    /// An error, of the origin or of the edge itself, or the page in place of one.
    Error,
    /// The edge's redirect from HTTP to HTTPS.
    Redirect,
}

impl CacheResult {
    /// Of an origin's response, by its status.
    #[must_use]
    pub fn of_status(status: http::StatusCode) -> Self {
        if status.is_client_error() || status.is_server_error() { Self::Error } else { Self::Miss }
    }

    /// `X-Cache`.
    #[must_use]
    pub fn x_cache(self) -> &'static str {
        match self {
            Self::Hit => "Hit from cloudfront",
            Self::RefreshHit => "RefreshHit from cloudfront",
            Self::Miss => "Miss from cloudfront",
            Self::Error => "Error from cloudfront",
            Self::Redirect => "Redirect from cloudfront",
        }
    }

    /// `x-edge-result-type` and `x-edge-response-result-type` of the access log.
    #[must_use]
    pub const fn logged_as(self) -> &'static str {
        match self {
            Self::Hit => "Hit",
            Self::RefreshHit => "RefreshHit",
            Self::Miss => "Miss",
            Self::Error => "Error",
            Self::Redirect => "Redirect",
        }
    }

    /// The cache's metric in `Server-Timing`.
    #[must_use]
    pub fn server_timing(self) -> &'static str {
        match self {
            Self::Hit => "cdn-cache-hit",
            Self::RefreshHit => "cdn-cache-refresh",
            Self::Miss | Self::Error | Self::Redirect => "cdn-cache-miss",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_and_the_log_use_one_word() {
        use CacheResult::{Error, Hit, Miss, Redirect, RefreshHit};
        for result in [Hit, RefreshHit, Miss, Error, Redirect] {
            assert_eq!(result.x_cache(), format!("{} from cloudfront", result.logged_as()));
        }
    }
}
