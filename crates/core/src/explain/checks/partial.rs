//! What can be judged of a request of which not everything is known: nobody gave a key, or a log holds no signatures.

use crate::access::credentials::Credentials;
use crate::access::deny_reason::DenyReason;
use crate::access::encoding::Decoded;
use crate::access::{CandidateUrls, UnverifiedPolicy, hash_algorithm, key_pair_id, signature, trusted_key};
use crate::distribution::Route;
use crate::explain::Check;
use crate::explain::ExplainedVerdict;
use crate::explain::Outcome;
use crate::explain::Unknown;
use crate::explain::mistakes::mistake::{Diagnosis, Mistake};
use crate::viewer::ViewerRequest;

/// Denied where what is known is enough for it; else nobody can say.
pub(in crate::explain) fn verdict(
    request: &ViewerRequest<'_>,
    route: &Route<'_, '_>,
    sent: &Credentials<'_>,
    text: &Result<Option<Decoded>, DenyReason>,
    unknown: Unknown,
) -> ExplainedVerdict {
    if unknown.cookies {
        return ExplainedVerdict::Undecided;
    }
    match judge(request, route, sent, text, unknown) {
        Ok(()) => ExplainedVerdict::Undecided,
        Err(reason) => ExplainedVerdict::Deny(reason),
    }
}

/// The order of `access::authorize`, without what can't be checked.
fn judge(
    request: &ViewerRequest<'_>,
    route: &Route<'_, '_>,
    sent: &Credentials<'_>,
    text: &Result<Option<Decoded>, DenyReason>,
    unknown: Unknown,
) -> Result<(), DenyReason> {
    let id = key_pair_id(sent, route)?;
    if !unknown.keys {
        trusted_key(id, route)?;
    }
    if !unknown.signature {
        signature(sent)?;
    }
    if unknown.policy {
        return hash_algorithm(sent).map(drop);
    }
    let text = text.as_ref().map_err(Clone::clone)?;
    let claimed = UnverifiedPolicy::read(sent, text.as_deref())?;
    hash_algorithm(sent)?;
    claimed.check_resource(&CandidateUrls::of(request, route), &route.readings)?;
    let condition = claimed.condition();
    condition.check_expiry(request.now)?;
    condition.check_not_before(request.now)?;
    condition.check_ip(request.address)
}

/// The checks, with those skipped that failed for want of what isn't known.
pub(in crate::explain) fn without_unknown(mut checks: Vec<Check>, unknown: Unknown) -> Vec<Check> {
    for check in &mut checks {
        let why = match check.name {
            _ if unknown.cookies => "whether cookies were sent isn't known",
            "key" if unknown.keys => "no public key is known, so it is unknown whether this path trusts it",
            "signature" if unknown.signature => "the signature was cut out",
            "signature" if unknown.policy => "the policy was cut out",
            "signature" if unknown.keys => "needs the public key",
            "signature-encoding" if unknown.signature => "the signature was cut out",
            "policy" | "resource" | "expiry" | "not-before" | "ip" if unknown.policy => {
                "the policy was cut out"
            }
            _ => continue,
        };
        if check.outcome != Outcome::Pass {
            check.outcome = Outcome::Skipped;
            check.found = why.to_owned();
            // What values show by themselves needs no key.
            let needs_a_key = |cause: &Diagnosis| cause.mistake == Mistake::UnknownKeyMadeIt;
            let is_for_keys_alone = unknown == Unknown { keys: true, ..Unknown::default() };
            check.causes.retain(|cause| is_for_keys_alone && !needs_a_key(cause));
            // What a key's id looks like is a hint all the same.
            if check.name != "key" {
                check.hint = None;
            }
        }
    }
    checks
}
