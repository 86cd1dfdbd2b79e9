//! The checks of a private request, in CloudFront's order, each read on its own.

use std::net::IpAddr;

use crate::access::credentials::CredentialSource;
use crate::access::deny_reason::DenyReason;
use crate::access::policy::{Condition, SourceIp};
use crate::access::signature_cache::{SignatureCache, SignatureClaim};
use crate::access::{UnverifiedPolicy, VerifiedPolicy, key_pair_id};
use crate::explain::Budget;
use crate::explain::Check;
use crate::explain::Context;
use crate::explain::Outcome;
use crate::explain::Searched;
use crate::explain::checks::suppress::settle;
use crate::explain::forensics;
use crate::explain::forensics::findings::Findings;
use crate::explain::mistakes::duplicate;
use crate::explain::mistakes::fixes::usual_fix;
use crate::explain::mistakes::key_names;
use crate::explain::mistakes::missing;
use crate::explain::mistakes::mistake::{Diagnosis, Mistake};
use crate::explain::mistakes::policy_faults;
use crate::explain::mistakes::time_values::misunderstood_end;
use crate::explain::request::parsed_request::ParsedRequest;

pub(in crate::explain) mod check;
pub(in crate::explain) mod hints;
pub(in crate::explain) mod key_hints;
pub(in crate::explain) mod partial;
pub(in crate::explain) mod suppress;

/// Text that was not understood may hold what seems to be missing.
fn unprove_absence(checks: &mut [Check]) {
    let rests_on_absence = |cause: &&mut Diagnosis| {
        matches!(cause.mistake, Mistake::NotSent | Mistake::HashNotAnnounced | Mistake::QueryMissing)
    };
    let causes = checks.iter_mut().flat_map(|check| &mut check.causes);
    causes.filter(rests_on_absence).for_each(|cause| cause.proven = false);
}

impl ParsedRequest<'_, '_> {
    /// Every check, and how the search for what was signed ended.
    pub(in crate::explain) fn checks(
        &self,
        context: &Context<'_>,
        budget: &Budget<'_>,
    ) -> (Vec<Check>, Searched) {
        let (signature, searched) = self.signature(context, budget);
        let mut checks = vec![
            self.key_pair_id(context),
            self.key(),
            self.signature_encoding(context),
            self.policy(context),
            signature,
            self.resource(),
            self.expiry(),
            self.not_before(),
            self.ip(),
        ];
        if let Some(failed) = checks.iter_mut().find(|check| check.outcome == Outcome::Fail) {
            failed.causes.extend(duplicate::cause(self));
        }
        settle(&mut checks);
        if !context.surroundings.ignored.is_empty() {
            unprove_absence(&mut checks);
        }
        (checks, searched)
    }

    fn key_pair_id(&self, context: &Context<'_>) -> Check {
        let check = Check::new("key-pair-id", "the id of a public key: letters and digits");
        match key_pair_id(self.sent, self.route) {
            Ok(id) => check.pass(format!("{id} in the {}", self.place())),
            Err(reason) => {
                let hint = key_hints::key_pair_id(self.request, self.sent, self.distributions);
                let causes = match key_names::cause(self) {
                    Some(cause) => vec![cause],
                    None => missing::causes(self, context),
                };
                check.fail(&reason, hint).caused_by(causes)
            }
        }
    }

    fn key(&self) -> Check {
        let trusted: Vec<&str> = self.route.trusted_keys().into_iter().map(|key| key.id().as_str()).collect();
        let check =
            Check::new("key", format!("one of the keys that this path trusts: {}", trusted.join(", ")));
        match &self.key {
            None => check.skip("no usable key id"),
            Some(Ok(key)) => check.pass(format!("{} ({})", key.id(), key.kind())),
            Some(Err(reason)) => {
                check.fail(reason, key_hints::unknown_key(self.sent, self.distributions)).caused_by(
                    key_names::cause(self).or_else(|| missing::unset(self.sent)).into_iter().collect(),
                )
            }
        }
    }

    fn signature_encoding(&self, context: &Context<'_>) -> Check {
        let check =
            Check::new("signature-encoding", "CloudFront's base64: `-` for `+`, `~` for `/`, `_` for `=`");
        match &self.signature {
            Ok(bytes) => check.pass(format!("{} bytes", bytes.len())),
            Err(reason) => check
                .fail(reason, hints::encoding(self.sent.signature.as_deref()))
                .caused_by(missing::causes(self, context)),
        }
    }

    fn policy(&self, context: &Context<'_>) -> Check {
        let check = Check::new(
            "policy",
            "`Expires` (canned policy) or `Policy` (custom policy: one statement with DateLessThan)",
        );
        match &self.claimed {
            Ok(UnverifiedPolicy::Canned { expires, .. }) => {
                check.pass(format!("a canned policy, Expires {expires}"))
            }
            Ok(UnverifiedPolicy::Custom { .. }) => {
                let ignored = if self.sent.expires.is_some() { "; Expires beside it is ignored" } else { "" };
                check.pass(format!("a custom policy{ignored}"))
            }
            Err(reason) => {
                let mut causes: Vec<Diagnosis> = missing::unset(self.sent).into_iter().collect();
                if let (true, DenyReason::MalformedPolicy(fault)) = (causes.is_empty(), reason) {
                    causes = policy_faults::causes(fault, self);
                }
                if causes.is_empty() {
                    causes = missing::causes(self, context);
                }
                check.fail(reason, hints::policy(reason, self.sent)).caused_by(causes)
            }
        }
    }

    fn signature(&self, context: &Context<'_>, budget: &Budget<'_>) -> (Check, Searched) {
        let check = self.verification();
        if check.outcome == Outcome::Pass {
            return (check, Searched::NotNeeded);
        }
        let Findings { hint, mut causes, searched } = forensics::examine(self, context, budget);
        causes.extend(check.causes.iter().cloned());
        let hint = check.hint.clone().or(hint.filter(|_| check.outcome == Outcome::Fail));
        (Check { hint, ..check }.caused_by(causes), searched)
    }

    /// The check itself, without what is found out about a failure.
    fn verification(&self) -> Check {
        let check = Check::new("signature", "a signature of that key over what was sent");
        let (Some(Ok(key)), Ok(signature), Ok(claimed)) = (&self.key, &self.signature, &self.claimed) else {
            return check.skip("needs a trusted key, a readable signature and a policy");
        };
        let check = match claimed {
            UnverifiedPolicy::Canned { .. } => check.expecting(format!(
                "a signature of {} over the canned policy for {}",
                key.id(),
                self.tried.texts().join(" or ")
            )),
            UnverifiedPolicy::Custom { .. } => {
                check.expecting(format!("a signature of {} over the policy that was sent", key.id()))
            }
        };
        let hash = match &self.hash {
            Ok(hash) => *hash,
            Err(reason) => {
                let hint = hints::hash_algorithm(self.sent);
                let fix = hint.clone().unwrap_or_else(|| reason.to_string());
                let cause = Diagnosis::proven(Mistake::HashAnnouncedWrongly, fix);
                return check.fail(reason, hint).caused_by(vec![cause]);
            }
        };
        let claim = SignatureClaim { key, hash, signature };
        match VerifiedPolicy::verify(claimed.clone(), &claim, &self.tried, &SignatureCache::new(0)) {
            Ok(_) => check.pass(format!("a good signature, {} with {}", key.kind(), hash.as_parameter())),
            Err(reason) => check.fail(&reason, hints::no_name(self)),
        }
    }

    fn resource(&self) -> Check {
        let check = Check::new("resource", format!("a Resource for {}", self.tried.texts().join(" or ")));
        match &self.claimed {
            Err(_) => check.skip("no policy"),
            Ok(UnverifiedPolicy::Canned { .. }) => {
                // Of a link that is good: another URL than the signed one has wildcards of its own.
                let is_signed = self.verification().outcome == Outcome::Pass;
                let hint = is_signed.then(|| hints::wildcards_in_canned(&self.tried)).flatten();
                Check { hint, ..check.skip("a canned policy is for the URL itself: see the signature") }
            }
            Ok(claimed @ UnverifiedPolicy::Custom { policy, .. }) => {
                let Some(resource) = &policy.resource else {
                    return check.pass("no Resource: every URL that trusts the key".to_owned());
                };
                match claimed.check_resource(&self.tried, &self.route.readings) {
                    Ok(()) => {
                        let ambiguous = hints::ambiguous(resource, &self.tried);
                        Check { hint: ambiguous, ..check.pass(resource.to_string()) }
                    }
                    Err(reason) => {
                        let (hint, differences) = hints::resource(resource, &self.tried, self.route);
                        let fix = hint
                            .clone()
                            .unwrap_or_else(|| usual_fix(Mistake::NotSignedByThisPolicy).to_owned());
                        let requested = self.tried.texts().into_iter().next().unwrap_or_default();
                        let of = |mistake, fix: &str| {
                            Diagnosis::proven(mistake, fix).over(resource.as_str(), &requested)
                        };
                        let mistake = match hints::is_for_other_local_host(resource, self) {
                            true => Mistake::Host,
                            false => Mistake::NotSignedByThisPolicy,
                        };
                        let mut causes = vec![of(mistake, &fix)];
                        // Of several differences none explains the mismatch alone.
                        let proven = differences.len() == 1;
                        let named = differences.iter().filter_map(|one| Some(of(one.mistake?, &one.what)));
                        let others = named.filter(|cause| cause.mistake != mistake);
                        causes.extend(others.map(|cause| Diagnosis { proven, ..cause }));
                        check.fail(&reason, hint).caused_by(causes)
                    }
                }
            }
        }
    }

    fn condition(&self) -> Option<&Condition> {
        self.claimed.as_ref().ok().map(UnverifiedPolicy::condition)
    }

    fn expiry(&self) -> Check {
        let now = self.request.now;
        let Some(condition) = self.condition() else {
            return Check::new("expiry", "a time before DateLessThan").skip("no policy");
        };
        let end = condition.date_less_than;
        let check = Check::new("expiry", format!("a time before {end} ({})", end.0));
        match condition.check_expiry(now) {
            Ok(()) => check.pass(format!("{now}, {} before the end", hints::span(end.since(now)))),
            Err(reason) => {
                let hint = hints::expired(now, end);
                let mut causes = vec![Mistake::Expired.proven()];
                if let Some((Some(mistake), meant)) = misunderstood_end(now, end) {
                    causes.push(Diagnosis::likely(mistake, meant));
                }
                check.fail(&reason, Some(hint)).caused_by(causes)
            }
        }
    }

    fn not_before(&self) -> Check {
        let now = self.request.now;
        let check = Check::new("not-before", "a time after DateGreaterThan");
        let Some(begin) = self.condition().and_then(|condition| condition.date_greater_than) else {
            return check.skip("no DateGreaterThan");
        };
        let check = check.expecting(format!("a time after {begin} ({})", begin.0));
        match self.condition().map_or(Ok(()), |condition| condition.check_not_before(now)) {
            Ok(()) => check.pass(now.to_string()),
            Err(reason) => {
                let hint = hints::too_early(now, begin);
                let cause = Mistake::NotYetValid.proven();
                check.fail(&reason, Some(hint)).caused_by(vec![cause])
            }
        }
    }

    fn ip(&self) -> Check {
        let viewer = self.request.address;
        let check = Check::new("ip", "an address in IpAddress");
        let Some(allowed) = self.condition().and_then(|condition| condition.ip_address.as_ref()) else {
            return check.skip("no IpAddress");
        };
        let check = check.expecting(format!("an address in {allowed}"));
        match self.condition().map_or(Ok(()), |condition| condition.check_ip(viewer)) {
            Ok(()) => check.pass(viewer.to_canonical().to_string()),
            Err(reason) => {
                let cause = match viewer.to_canonical() {
                    _ if matches!(allowed, SourceIp::V6(_)) => Mistake::MalformedRange.proven(),
                    IpAddr::V6(_) => Mistake::Ipv6Viewer.proven(),
                    IpAddr::V4(_) => Mistake::OutsideRange.proven(),
                };
                check.fail(&reason, hints::address(viewer, allowed)).caused_by(vec![cause])
            }
        }
    }

    fn place(&self) -> &'static str {
        match self.sent.source {
            Some(CredentialSource::Query) => "query",
            Some(CredentialSource::Cookies) | None => "cookies",
        }
    }
}
