//! What is measured, as a table: both benchmarks run these cases. What each needs is made in `prepare`.

use frontgate::distribution::key::HashAlgorithm;
use frontgate::epoch::EpochSeconds;

mod hostile;
mod prepare;

use hostile::Hostile;
pub(crate) use prepare::Fallible;

/// One thing to measure.
pub(crate) struct Case {
    /// Its name in the record of counts and in criterion's reports.
    pub(crate) name: &'static str,
    work: Work,
}

/// What a case does each time.
enum Work {
    Decide(Asked),
    Verify(KeyChoice, HashAlgorithm),
    MatchResource,
    MatchPath,
    Redact,
    Endure(Hostile),
}

#[derive(Clone, Copy)]
enum KeyChoice {
    Rsa,
    Ecdsa,
}

/// A request, what the proxy knows of it, and the decision that is expected.
#[derive(Clone, Copy)]
struct Asked {
    target: &'static str,
    sent_in: SentIn,
    signed: Signed,
    key_pair_id: &'static str,
    bases: usize,
    remembered: bool,
    now: EpochSeconds,
    decision: &'static str,
}

/// Where the signing values are.
#[derive(Clone, Copy)]
enum SentIn {
    Nothing,
    Query,
    Cookies,
}

/// What the signature is for.
#[derive(Clone, Copy)]
enum Signed {
    /// One target, by a canned policy.
    Target(&'static str),
    /// Everything below `/videos/`, by a custom policy.
    Videos,
}

const SEGMENT: &str = "/videos/2026/launch/segment-0042.ts?quality=high";
const OTHER_SEGMENT: &str = "/videos/2026/launch/segment-0043.ts?quality=high";
const END: EpochSeconds = EpochSeconds(2_000_000_000);

/// A link to one URL, which was seen before. The other requests are named by how they differ.
const CANNED: Asked = Asked {
    target: SEGMENT,
    sent_in: SentIn::Query,
    signed: Signed::Target(SEGMENT),
    key_pair_id: prepare::KEY_PAIR_ID,
    bases: 1,
    remembered: true,
    now: EpochSeconds(END.0 - 60),
    decision: "remembered",
};
const WILDCARD: Asked = Asked { signed: Signed::Videos, ..CANNED };
const COLD: Asked = Asked { remembered: false, decision: "signed", ..CANNED };
const FORGED: Asked = Asked { signed: Signed::Target(OTHER_SEGMENT), decision: "signature-mismatch", ..COLD };
const UNSIGNED: Asked = Asked { sent_in: SentIn::Nothing, ..CANNED };

/// Nothing is verified here: the work is the same on every machine, so that its instructions can be compared.
pub(crate) const WITHOUT_CRYPTOGRAPHY: [Case; 21] = [
    decide("public", Asked { target: "/public/app.js?v=3", decision: "public", ..UNSIGNED }),
    decide("remembered-wildcard", WILDCARD),
    decide("remembered-wildcard-cookies", Asked { sent_in: SentIn::Cookies, ..WILDCARD }),
    decide("remembered-wildcard-8-bases", Asked { bases: 8, ..WILDCARD }),
    decide("remembered-canned", CANNED),
    decide("remembered-canned-8-bases", Asked { bases: 8, ..CANNED }),
    decide("denied-expired", Asked { now: END, decision: "expired", ..WILDCARD }),
    decide("denied-other-path", Asked { target: "/other.ts", decision: "resource-mismatch", ..WILDCARD }),
    decide("denied-unsigned", Asked { decision: "missing-key-pair-id", ..UNSIGNED }),
    decide("denied-unknown-key", Asked { key_pair_id: "KOTHER", decision: "unknown-key", ..COLD }),
    Case { name: "match-resource", work: Work::MatchResource },
    Case { name: "match-path", work: Work::MatchPath },
    Case { name: "redact", work: Work::Redact },
    endure("hostile-too-many-readings", Hostile::TooManyReadings),
    endure("hostile-readings", Hostile::Readings),
    endure("hostile-patterns", Hostile::Patterns),
    endure("hostile-query", Hostile::Query),
    endure("hostile-cookies", Hostile::Cookies),
    endure("hostile-policy-values", Hostile::PolicyValues),
    endure("hostile-policy-escapes", Hostile::PolicyEscapes),
    endure("hostile-log", Hostile::Log),
];

/// aws-lc chooses the instructions of these by the processor: they are timed, not counted.
pub(crate) const WITH_CRYPTOGRAPHY: [Case; 9] = [
    verify("verify-rsa-sha1", KeyChoice::Rsa, HashAlgorithm::Sha1),
    verify("verify-rsa-sha256", KeyChoice::Rsa, HashAlgorithm::Sha256),
    verify("verify-ecdsa-sha1", KeyChoice::Ecdsa, HashAlgorithm::Sha1),
    verify("verify-ecdsa-sha256", KeyChoice::Ecdsa, HashAlgorithm::Sha256),
    decide("cold-canned", COLD),
    decide("cold-canned-8-bases", Asked { bases: 8, ..COLD }),
    decide("cold-wildcard", Asked { signed: Signed::Videos, ..COLD }),
    decide("denied-forged", FORGED),
    decide("denied-forged-8-bases", Asked { bases: 8, ..FORGED }),
];

const fn decide(name: &'static str, asked: Asked) -> Case {
    Case { name, work: Work::Decide(asked) }
}

const fn endure(name: &'static str, sent: Hostile) -> Case {
    Case { name, work: Work::Endure(sent) }
}

const fn verify(name: &'static str, key: KeyChoice, hash: HashAlgorithm) -> Case {
    Case { name, work: Work::Verify(key, hash) }
}
