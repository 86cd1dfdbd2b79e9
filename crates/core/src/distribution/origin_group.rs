//! Two origins of which the second helps out: cloudfront 9.5.

use http::Method;

use super::origin::OriginId;

/// A primary origin, who is asked first by each request, and a secondary one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginGroup {
    /// Its name; behaviors name it as they name an origin.
    pub id: OriginId,
    /// Asked first.
    pub primary: OriginId,
    /// Asked where the first one fails.
    pub secondary: OriginId,
    /// Statuses of the primary that count as failures; one that can't be reached, or is too slow, fails always.
    pub failover_on: Vec<u16>,
}

impl OriginGroup {
    /// Whether a request with that method may be asked again elsewhere (`[DOC D23:high_availability_origin_failover]`).
    #[must_use]
    pub fn covers(method: &Method) -> bool {
        matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
    }
}

/// The statuses that a group may fail over on (cloudfront 9.5).
pub const FAILOVER_STATUSES: [u16; 8] = [400, 403, 404, 416, 500, 502, 503, 504];
/// Those that say that the origin, not the request, is at fault: what a group without a list fails over on.
pub const DEFAULT_FAILOVER_STATUSES: [u16; 4] = [500, 502, 503, 504];
