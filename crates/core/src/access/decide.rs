//! The decision on a request: the whole order of checks, in one function.
//!
//! Pure: the request, the distributions, and functions that look up a country and remember signatures go in; the decision
//! comes out, with what was found on the way. The proxy, the verifier, `explain` and the console all call [`decide`].

use std::net::IpAddr;

use super::deny_reason::DenyReason;
use super::prechecks::{self, Rejection};
use super::request::Received;
use super::signature_cache::SignatureCache;
use super::{Admission, authorize};
use crate::distribution::{Distributions, Route};
use crate::viewer::{Country, ViewerRequest};

/// The decision.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision<'d> {
    /// The request may go to the origin.
    Allow(Admission<'d>),
    /// It is rejected before its credentials count: one of CloudFront's pages, or a redirect.
    Reject(Rejection),
    /// Its credentials don't grant access: CloudFront's XML.
    Deny(DenyReason),
}

impl Decision<'_> {
    /// Whether the request may go to the origin.
    #[must_use]
    pub fn is_allow(&self) -> bool {
        matches!(self, Self::Allow(_))
    }
}

/// The decision on a request, with what it was found to be.
#[derive(Debug)]
pub enum Decided<'d: 'r, 'r> {
    /// No distribution was found for it.
    Unrouted {
        /// The request; none where its host or target can't be read.
        request: Option<ViewerRequest<'r>>,
        /// Why.
        rejection: Rejection,
    },
    /// The rules of its distribution and its behaviors decided.
    Routed {
        /// The request, with its country where that counted.
        request: ViewerRequest<'r>,
        /// Its distribution and behaviors.
        route: Route<'d, 'r>,
        /// What they decide.
        decision: Decision<'d>,
    },
}

/// Decides on a request. The first check that fails decides:
///
/// 1. the quotas for URL and head;
/// 2. the host and the target;
/// 3. the distribution;
/// 4. the viewer's country, which `country` looks up only where the distribution has a restriction;
/// 5. the path, the protocol, the method and the body, by the behaviors of the path;
/// 6. the credentials: key, signature's form, policy, hash, signature, resource, times, address.
#[must_use]
pub fn decide<'d: 'r, 'r>(
    received: Received<'r>,
    distributions: &'d Distributions,
    country: impl FnOnce(IpAddr) -> Option<Country>,
    verified: &SignatureCache,
) -> Decided<'d, 'r> {
    let framing = received.framing;
    let within_quotas = prechecks::check_quotas(framing);
    let mut request = match (received.read(), within_quotas) {
        (Ok(request), Ok(())) => request,
        (request, Err(rejection)) => return Decided::Unrouted { request: request.ok(), rejection },
        (Err(rejection), Ok(())) => return Decided::Unrouted { request: None, rejection },
    };
    let Some(route) = distributions.route(&request) else {
        let rejection = Rejection::UnknownHost { host: request.host.name().to_owned() };
        return Decided::Unrouted { request: Some(request), rejection };
    };
    if route.distribution.geo_restriction.is_some() && request.country.is_none() {
        request.country = country(request.address);
    }
    let decision = by_rules(&request, &route, framing.has_body, verified);
    Decided::Routed { request, route, decision }
}

fn by_rules<'d, 'r>(
    request: &ViewerRequest<'r>,
    route: &Route<'d, 'r>,
    has_body: bool,
    verified: &SignatureCache,
) -> Decision<'d> {
    if let Err(rejection) = prechecks::admit(request, route, has_body) {
        return Decision::Reject(rejection);
    }
    match authorize(request, route, verified) {
        // Without credentials on a private path it is a preflight, of which an origin gets its fields and no more.
        Ok(Admission::Public) if has_body && route.is_private() => Decision::Reject(Rejection::PreflightBody),
        Ok(admission) => Decision::Allow(admission),
        Err(reason) => Decision::Deny(reason),
    }
}
