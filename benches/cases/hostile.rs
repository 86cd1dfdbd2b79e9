//! What a remote client can send to make a decision expensive before any signature is verified: the worst of each kind that
//! is known, against the most behaviors that CloudFront allows. `docs/security.md` has the table.

use std::hint::black_box;
use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine};
use frontgate::access::signature_cache::SignatureCache;
use frontgate::access::{Decided, Decision, Framing, Received, decide};
use frontgate::distribution::behavior::{CacheBehavior, Restriction};
use frontgate::distribution::{Distribution, Distributions, UnknownHost};
use frontgate::redact::redacted;
use frontgate::viewer::{Host, Scheme, Target};
use http::Method;

use super::prepare::{KEY_PAIR_ID, Prepared, expect, group};
use super::{END, Fallible};

/// What is sent.
#[derive(Clone, Copy)]
pub(super) enum Hostile {
    /// A path of 8 KiB with more readings than are looked at.
    TooManyReadings,
    /// A path with 32 readings of together 64 KiB.
    Readings,
    /// A path of 8 KiB with 8 readings, which nearly fit every pattern in many places.
    Patterns,
    /// A query of 8 KiB in parameters that are nearly signing ones.
    Query,
    /// Cookies of 30 KiB that are nearly signing ones.
    Cookies,
    /// A policy of 22 KiB in many values.
    PolicyValues,
    /// A policy of 22 KiB in escapes.
    PolicyEscapes,
    /// A URL of 8 KiB that is written to a log, and may name secrets in every part.
    Log,
}

/// The longest URL, and 30 KiB of cookies: CloudFront's quotas.
const URL: usize = 8_192;
const COOKIES: usize = 30_000;
const POLICY: usize = 22_000;

/// The path that took 180 ms before its readings were bounded.
const MANY: &str = "//b/.%3b%5c%3b%5c%25/\\%2e%2f%2eb/c;/%5c../%5c/./..%2f/%2f\\//b/./%3b/;%2f%2ea\\.a;;/%3b\\/.;/...\\%25%2f\
                    %25/../b/%2f/../.%2fa./\\a//%2e./b;\\//%2f..\\\\b.a/.%3b/%2f..";

impl Hostile {
    pub(super) fn prepare(self) -> Fallible<Prepared> {
        if let Self::Log = self {
            let url = filled("/x?", "%253dpolicy%253b!&s", "", URL);
            return Ok(Box::new(move || drop(black_box(redacted(black_box(&url))))));
        }
        let (target, cookies) = self.request();
        let all = self.distributions()?;
        let memo = SignatureCache::new(0);
        let decision = move || decided(&target, cookies.as_deref(), &all, &memo);
        expect(self.decision(), decision())?;
        Ok(Box::new(move || {
            let _ = black_box(decision());
        }))
    }

    fn decision(self) -> &'static str {
        match self {
            Self::TooManyReadings => "bad-request",
            Self::Readings | Self::Patterns | Self::Query | Self::Cookies | Self::Log => {
                "missing-key-pair-id"
            }
            Self::PolicyValues | Self::PolicyEscapes => "malformed-policy",
        }
    }

    /// The target and the cookies.
    fn request(self) -> (String, Option<String>) {
        match self {
            Self::TooManyReadings => (filled(MANY, ".c", "", URL), None),
            Self::Readings => (filled("/", ".c", "/a\\b;c//d/./e%C3", 2_028), None),
            Self::Patterns => (filled("/", "p7/p1", "/a;b//c\\d", URL - 64), None),
            Self::Query => (filled("/x?", "Expire=1&Policy&", "", URL), None),
            Self::Cookies => ("/x".to_owned(), Some(filled("", "CloudFront-Policies=1; ", "", COOKIES))),
            Self::PolicyValues => (policy_url(), Some(with_policy(&filled("[", "0,", "0]", POLICY)))),
            Self::PolicyEscapes => {
                (policy_url(), Some(with_policy(&filled("[\"", "\\u0041", "\"]", POLICY))))
            }
            Self::Log => unreachable!("no request"),
        }
    }

    /// One distribution with 75 private behaviors and a private default.
    fn distributions(self) -> Fallible<Distributions> {
        let mut one = Distribution::private("E1", "media.example.com", Arc::new(group()?));
        let patterns = (0..75).map(|number| match self {
            Self::Patterns => format!("*/p{number}/*"),
            Self::TooManyReadings
            | Self::Readings
            | Self::Query
            | Self::Cookies
            | Self::PolicyValues
            | Self::PolicyEscapes
            | Self::Log => format!("*.c{number}"),
        });
        for pattern in patterns {
            let Restriction::Signed(groups) = one.default_behavior.restriction.clone() else { continue };
            one.behaviors.push(CacheBehavior {
                path_pattern: Some(pattern.parse()?),
                restriction: Restriction::Signed(groups),
                ..one.default_behavior.clone()
            });
        }
        Ok(Distributions {
            list: vec![Arc::new(one)],
            unknown_host: UnknownHost::Only,
            ..Distributions::default()
        })
    }
}

/// A text of at most a length: a beginning, as much of something as fits, and an end.
fn filled(begin: &str, unit: &str, end: &str, length: usize) -> String {
    let times = (length - begin.len() - end.len()) / unit.len();
    format!("{begin}{}{end}", unit.repeat(times))
}

fn policy_url() -> String {
    "/videos/a.ts".to_owned()
}

/// Cookies with a known key's id, since a remote client knows that from any link.
fn with_policy(policy: &str) -> String {
    let policy = BASE64_STANDARD.encode(policy).replace('+', "-").replace('=', "_").replace('/', "~");
    format!("CloudFront-Policy={policy}; CloudFront-Signature=AAAA; CloudFront-Key-Pair-Id={KEY_PAIR_ID}")
}

/// All that is done with a request before its signature is verified.
fn decided(target: &str, cookies: Option<&str>, all: &Distributions, memo: &SignatureCache) -> &'static str {
    let received = Received {
        framing: Framing::default(),
        method: &Method::GET,
        scheme: Scheme::Https,
        host: Host::parse("media.example.com"),
        target: Target::parse(black_box(target)),
        cookies: cookies.map(str::as_bytes).into_iter().collect(),
        address: [203, 0, 113, 9].into(),
        country: None,
        is_preflight: false,
        now: END,
    };
    match black_box(decide(received, all, |_| None, memo)) {
        Decided::Routed { decision: Decision::Allow(_), .. } => "allowed",
        Decided::Routed { decision: Decision::Deny(reason), .. } => reason.name(),
        Decided::Routed { decision: Decision::Reject(rejection), .. }
        | Decided::Unrouted { rejection, .. } => rejection.name(),
    }
}
