//! Where one mistake explains what looks like another, the other isn't named.

use crate::explain::Check;
use crate::explain::mistakes::mistake::{Diagnosis, Mistake};

/// Leaves out what follows from another cause.
pub(in crate::explain) fn settle(checks: &mut [Check]) {
    named_wrongly(checks);
    let has = |checks: &[Check], mistake| {
        checks.iter().flat_map(|check| &check.causes).any(|cause| cause.mistake == mistake)
    };
    // What was sent as credentials never was any.
    if has(checks, Mistake::UrlShadowsCookies) {
        retain(checks, |cause| cause.mistake == Mistake::UrlShadowsCookies);
    }
    // The parameter under the wrong name is what was added to the query.
    if has(checks, Mistake::NameCase) {
        retain(checks, |cause| cause.mistake != Mistake::QueryAdded);
    }
    // What is left of a text is another text.
    if has(checks, Mistake::Truncated) {
        retain(checks, |cause| cause.mistake != Mistake::PolicyNotTheSignedOne);
    }
    if has(checks, Mistake::HashAnnouncedWrongly) {
        retain(checks, |cause| cause.mistake != Mistake::HashNotAnnounced);
    }
    // What an HTML editor made of the separators changes every name behind them.
    if has(checks, Mistake::HtmlEscaped) {
        retain(checks, |cause| !matches!(cause.mistake, Mistake::NotSent | Mistake::QueryAdded));
    }
}

fn retain(checks: &mut [Check], keeps: impl Fn(&Diagnosis) -> bool) {
    checks.iter_mut().for_each(|check| check.causes.retain(&keeps));
}

/// What stands in place of an id explains by itself that the key which made the signature is another one.
fn named_wrongly(checks: &mut [Check]) {
    let is_other = |cause: &Diagnosis| cause.mistake == Mistake::OtherKey;
    let Some(other) = checks.iter().flat_map(|check| &check.causes).find(|cause| is_other(cause)).cloned()
    else {
        return;
    };
    let mut causes = checks.iter_mut().flat_map(|check| &mut check.causes);
    let is_no_key = |cause: &&mut Diagnosis| {
        matches!(
            cause.mistake,
            Mistake::KeyIdIsAccessKey
                | Mistake::KeyIdIsKeyGroup
                | Mistake::KeyIdIsPem
                | Mistake::KeyIdIsName
                | Mistake::FrameworkEncryptedCookie
        )
    };
    if let Some(cause) = causes.find(is_no_key) {
        cause.signed_by = other.signed_by;
        retain(checks, |cause| !is_other(cause));
    }
}
