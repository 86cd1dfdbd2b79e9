//! The names by which an edge says why it refused.

/// The names of the reference (section 4), those of credentials first, and `origin-error`, which is no refusal.
pub const REASONS: [&str; 19] = [
    "missing-key-pair-id",
    "unknown-key",
    "missing-signature",
    "malformed-signature",
    "malformed-policy",
    "unknown-hash-algorithm",
    "signature-mismatch",
    "resource-mismatch",
    "expired",
    "not-yet-valid",
    "ip-mismatch",
    "unknown-host",
    "method-not-allowed",
    "https-required",
    "redirect-to-https",
    "geo-blocked",
    "bad-request",
    "too-large",
    ORIGIN_ERROR,
];

/// The edge let the request through, but had no answer from the origin: no refusal.
pub(super) const ORIGIN_ERROR: &str = "origin-error";

/// A sentence about a name that no refusal has.
pub(super) fn check(reason: &str) -> Result<(), String> {
    let refusals = &REASONS[..REASONS.len() - 1];
    if refusals.contains(&reason) {
        return Ok(());
    }
    let nearest = refusals.iter().max_by(|a, b| likeness(a, reason).total_cmp(&likeness(b, reason)));
    let nearest = nearest.copied().unwrap_or_default();
    Err(format!(
        "no refusal has the reason {reason:?}; did you mean {nearest:?}? All: {}",
        refusals.join(", ")
    ))
}

fn likeness(a: &str, b: &str) -> f64 {
    strsim::jaro_winkler(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_that_is_none_is_told_the_nearest() {
        assert_eq!(check("expired"), Ok(()));
        for (wrong, right) in
            [("expierd", "expired"), ("not_yet_valid", "not-yet-valid"), ("ip", "ip-mismatch")]
        {
            assert!(check(wrong).unwrap_err().contains(&format!("did you mean {right:?}")), "{wrong}");
        }
        assert!(check("origin-error").is_err());
    }
}
