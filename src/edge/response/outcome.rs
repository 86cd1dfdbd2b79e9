//! What the steps of a request have found as its response, before anything of the viewer is in it.

use http::{Response, StatusCode};

use crate::access::cache_result::CacheResult;
use crate::edge::facts::reply_reason::ReplyReason;
use crate::edge::io::body::Body;

/// A response that is not yet one viewer's.
pub struct Outcome {
    /// As the origin sent it, without hop-by-hop headers.
    pub response: Response<Body>,
    /// How it came about; none for the pages of `dev`, which no cache and no origin has to do with.
    pub result: Option<CacheResult>,
    /// Why the edge would have responded itself, where an error page is shown instead.
    pub reason: Option<ReplyReason>,
}

impl Outcome {
    /// An origin's response.
    #[must_use]
    pub fn fetched(response: Response<Body>) -> Self {
        let result = Some(CacheResult::of_status(response.status()));
        Self { response, result, reason: None }
    }

    /// A page of `dev`.
    #[must_use]
    pub fn of_dev(response: Response<Body>) -> Self {
        Self { response, result: None, reason: None }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }
}
