//! Every check in order, each with what was expected and what was found, and the verdict that `access` gives.
//!
//! Pure, like the decision: it walks the same steps but stops at none, and never decides anything by itself.

use std::net::IpAddr;

use crate::access::credentials::Credentials;
use crate::access::signature_cache::SignatureCache;
use crate::access::warning::Warning;
use crate::access::{Decided, Received, decide, policy_text};
use crate::distribution::{Distributions, Route};
use crate::epoch::EpochSeconds;
use crate::viewer::ViewerRequest;

mod checks;
mod forensics;
mod mistakes;
#[doc(hidden)]
pub mod report;
mod request;
mod verdict;

pub use checks::check::{Check, Outcome};
#[doc(hidden)]
pub use forensics::budget::{Budget, MAX_CANDIDATES, Searched};
pub use mistakes::mistake::Diagnosis;
#[doc(hidden)]
pub use mistakes::mistake::Mistake;
#[doc(hidden)]
pub use request::context::Context;
pub use request::owned_request::InvalidRequest;
#[doc(hidden)]
pub use request::owned_request::OwnedRequest;
#[doc(hidden)]
pub use request::surroundings::{MAX_KNOWN_PATHS, Surroundings, UnsentCookie, UnsentReason};
#[doc(hidden)]
pub use request::unknown::Unknown;
#[doc(hidden)]
pub use verdict::ExplainedVerdict;

use checks::partial;
use request::parsed_request::ParsedRequest;

/// The decision on a request, with every check: what [`Verifier::explain`](crate::Verifier::explain) returns.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// The verdict.
    #[doc(hidden)]
    pub verdict: ExplainedVerdict,
    /// The time of the judgement.
    pub at: EpochSeconds,
    /// The viewer's address.
    pub viewer_ip: IpAddr,
    /// The distribution that answers.
    pub distribution: Option<String>,
    /// The pattern of the behavior that counts.
    pub behavior: Option<String>,
    /// Whether the path needs credentials.
    pub is_private: bool,
    /// The key id that was sent.
    pub key_pair_id: Option<String>,
    /// The policy's text that was sent, or the one that a canned signature stands for.
    pub policy: Option<String>,
    /// The checks, in CloudFront's order.
    pub checks: Vec<Check>,
    /// Whether what was signed was searched for to the end.
    #[doc(hidden)]
    pub searched: Searched,
    /// Parts of the input that were not understood ([`Surroundings::ignored`]).
    #[doc(hidden)]
    pub ignored: Vec<String>,
    /// What is allowed and isn't meant, whatever the verdict.
    #[doc(hidden)]
    pub warnings: Vec<Warning>,
}

/// Explains a request of which nothing else is known.
#[doc(hidden)]
#[must_use]
pub fn explain(received: Received<'_>, distributions: &Distributions) -> Explanation {
    explain_with(received, distributions, &Context::default(), &Budget::WITHOUT_CLOCK)
}

/// Explains a request: the verdict is that of [`decide`], and the checks of the credentials are listed all.
#[doc(hidden)]
#[must_use]
pub fn explain_with(
    received: Received<'_>,
    distributions: &Distributions,
    context: &Context<'_>,
    budget: &Budget<'_>,
) -> Explanation {
    let (at, viewer_ip) = (received.now, received.address);
    let (request, route, verdict) = match decide(received, distributions, |_| None, &SignatureCache::new(0)) {
        Decided::Routed { request, route, decision } => (request, Some(route), decision.into()),
        Decided::Unrouted { request: Some(request), rejection } => {
            // What is too large has a behavior all the same, which is shown.
            let route = distributions.route(&request);
            (request, route, ExplainedVerdict::Rejected(rejection))
        }
        Decided::Unrouted { request: None, rejection } => {
            return Explanation::with(ExplainedVerdict::Rejected(rejection), at, viewer_ip);
        }
    };
    let mut explanation = Explanation::with(verdict, at, viewer_ip);
    explanation.ignored.clone_from(&context.surroundings.ignored);
    if let Some(route) = route {
        explanation.checked(&request, &route, distributions, context, budget);
    }
    explanation
}

/// Takes back what was concluded from what isn't known.
fn leave_out(explanation: &mut Explanation, unknown: Unknown, verdict: impl FnOnce() -> ExplainedVerdict) {
    if matches!(explanation.verdict, ExplainedVerdict::Deny(_)) {
        explanation.verdict = verdict();
    }
    let checks = std::mem::take(&mut explanation.checks);
    explanation.checks = partial::without_unknown(checks, unknown);
    if unknown.policy {
        explanation.policy = None;
    }
}

impl Explanation {
    fn with(verdict: ExplainedVerdict, at: EpochSeconds, viewer_ip: IpAddr) -> Self {
        Self {
            verdict,
            at,
            viewer_ip: viewer_ip.to_canonical(),
            distribution: None,
            behavior: None,
            is_private: false,
            key_pair_id: None,
            policy: None,
            checks: Vec::new(),
            searched: Searched::default(),
            ignored: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// With the behavior, and on a private path with every check of the credentials.
    fn checked<'a>(
        &mut self,
        request: &ViewerRequest<'a>,
        route: &Route<'a, 'a>,
        distributions: &'a Distributions,
        context: &Context<'_>,
        budget: &Budget<'_>,
    ) {
        self.distribution = Some(route.distribution.id.clone());
        self.behavior = Some(route.behavior.pattern().to_owned());
        self.is_private = route.is_private();
        if !self.is_private {
            return;
        }
        let sent = Credentials::extract(request);
        let text = policy_text(&sent);
        let parsed = ParsedRequest::of(request, route, distributions, &sent, &text);
        self.key_pair_id = parsed.sent_key_pair_id();
        self.policy = parsed.policy_text();
        (self.checks, self.searched) = parsed.checks(context, budget);
        let unknown = context.unknown.beside(&sent);
        // What was cut out shows nothing.
        if !unknown.signature && !unknown.policy {
            self.warnings = Warning::of(&sent, &text);
        }
        if unknown.anything() {
            leave_out(self, unknown, || partial::verdict(request, route, &sent, &text, unknown));
        }
    }

    /// Whether the request may go to the origin.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.verdict == ExplainedVerdict::Allow
    }

    /// The reason of a denial, such as `expired` or `unknown-host`; none where the request is allowed.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        match &self.verdict {
            ExplainedVerdict::Allow | ExplainedVerdict::Undecided => None,
            ExplainedVerdict::Rejected(rejection) => Some(rejection.name()),
            ExplainedVerdict::Deny(reason) => Some(reason.name()),
        }
    }

    /// The mistakes that explain a denial, the proven ones first. Empty where the request is allowed, and where no name is
    /// known for the mistake.
    pub fn causes(&self) -> Vec<&Diagnosis> {
        let mut causes: Vec<&Diagnosis> = match self.verdict {
            ExplainedVerdict::Allow | ExplainedVerdict::Rejected(_) => Vec::new(),
            ExplainedVerdict::Undecided | ExplainedVerdict::Deny(_) => {
                self.checks.iter().flat_map(|check| &check.causes).collect()
            }
        };
        causes.sort_by_key(|cause| !cause.proven);
        // The values and the signature may both show one mistake.
        let mut named = Vec::new();
        causes.retain(|cause| {
            let is_new = !named.contains(&cause.mistake);
            named.push(cause.mistake);
            is_new
        });
        causes
    }

    /// The denial in one sentence, for a line of a log: the first cause, or else what the first failed check says. None where
    /// it is allowed.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        let causes = self.causes();
        match &self.verdict {
            ExplainedVerdict::Allow | ExplainedVerdict::Undecided => None,
            ExplainedVerdict::Rejected(rejection) => Some(rejection.to_string()),
            ExplainedVerdict::Deny(reason) => Some(match causes.first() {
                Some(cause) => {
                    let certainty = if cause.proven { "proven" } else { "likely" };
                    format!("{} ({certainty}): {}", cause.mistake.as_str(), cause.sentence())
                }
                None => reason.to_string(),
            }),
        }
    }
}
