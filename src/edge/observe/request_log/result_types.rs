//! How a request ended, in the words of CloudFront's log (cloudfront 9.7).

use super::line::{Ending, Line};
use crate::access::cache_result::CacheResult;

/// The three result types of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ResultTypes {
    /// `x-edge-result-type`: how the request ended as a whole.
    pub(super) result: &'static str,
    /// `x-edge-response-result-type`: what the response was when it began. The two differ where it broke off.
    pub(super) response: &'static str,
    /// `x-edge-detailed-result-type`.
    pub(super) detailed: &'static str,
}

impl ResultTypes {
    /// Of a line that is about to be written.
    pub(super) fn of(line: &Line) -> Self {
        let Some((response, detailed)) = response(line) else {
            return Self { result: ERROR, response: ERROR, detailed: "ClientHungUpRequest" };
        };
        match line.ending {
            Ending::Complete => Self { result: response, response, detailed },
            Ending::Broken(_) => Self { result: ERROR, response, detailed: "OriginReadError" },
            Ending::Aborted => Self { result: ERROR, response, detailed: "ClientCommError" },
        }
    }
}

/// None where there was no response.
fn response(line: &Line) -> Option<(&'static str, &'static str)> {
    let result = line.result?.logged_as();
    Some((result, line.cause.as_ref().map_or(result, |cause| cause.detailed)))
}

const ERROR: &str = CacheResult::Error.logged_as();
