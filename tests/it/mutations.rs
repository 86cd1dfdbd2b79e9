//! Valid credentials of every kind, each changed in a hundred thousand ways: what is allowed must say what was signed,
//! and a second verifier, written here on other libraries, must agree on every single one.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use frontgate::access::signature_cache::SignatureCache;
use frontgate::access::{Decided, Decision, Framing, Received, decide};
use frontgate::distribution::Distributions;
use frontgate::epoch::EpochSeconds;
use frontgate::viewer::{Host, Scheme, Target};
use http::Method;

use crate::second_verifier::{SecondVerifier, Sent, Signed};
use crate::support::configs;
use crate::support::{Raw, canned, cloudfront_base64, public_key, sign_raw};

/// For each of the sixteen kinds: `FRONTGATE_MUTATIONS`, of which script/test sets more, and script/soak most.
fn mutations() -> usize {
    std::env::var("FRONTGATE_MUTATIONS").map_or(20_000, |text| text.parse().expect("a number"))
}

const HOST: &str = "d111111abcdef8.cloudfront.net";
const PATH: &str = "/videos/a%20b.mp4";
const QUERY: &str = "b=1&a=%2F&flag";
const END: &str = "1990000000";
const NOW: u64 = 1_900_000_000;
const VIEWER: &str = "203.0.113.9";

#[derive(Clone, Copy, Debug)]
struct Kind {
    key: &'static str,
    hash: &'static str,
    custom: bool,
    cookies: bool,
}

fn kinds() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for key in ["rsa", "ecdsa"] {
        for hash in ["SHA1", "SHA256"] {
            for custom in [false, true] {
                kinds.extend([false, true].map(|cookies| Kind { key, hash, custom, cookies }));
            }
        }
    }
    kinds
}

impl Kind {
    fn message(self) -> String {
        let url = format!("https://{HOST}{PATH}?{QUERY}");
        if !self.custom {
            return canned(&url, END);
        }
        format!(
            r#"{{"Statement":[{{"Resource":"{url}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{END}}},"DateGreaterThan":{{"AWS:EpochTime":1800000000}},"IpAddress":{{"AWS:SourceIp":"203.0.113.0/24"}}}}}}]}}"#
        )
    }

    /// Target and cookies as a signer would give them out.
    fn sent(self, signature: &[u8]) -> Sent {
        let mut values = vec![match self.custom {
            true => ("Policy", cloudfront_base64(self.message().as_bytes())),
            false => ("Expires", END.to_owned()),
        }];
        values.push(("Signature", cloudfront_base64(signature)));
        values.push(("Key-Pair-Id", configs::id(self.key).to_owned()));
        if self.hash == "SHA256" {
            values.push(("Hash-Algorithm", "SHA256".to_owned()));
        }
        let pairs = |prefix: &str, separator: &str| {
            let pairs: Vec<String> =
                values.iter().map(|(name, value)| format!("{prefix}{name}={value}")).collect();
            pairs.join(separator)
        };
        if self.cookies {
            Sent { target: format!("{PATH}?{QUERY}"), cookies: pairs("CloudFront-", "; ") }
        } else {
            Sent { target: format!("{PATH}?{QUERY}&{}", pairs("", "&")), cookies: String::new() }
        }
    }
}

/// A small generator with a fixed seed, so that a failure can be seen again.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("small")
    }
}

/// Changes that keep a request a request: no spaces, no control bytes, the path still begins with `/`.
fn mutated(original: &Sent, number: usize, random: &mut Random) -> Sent {
    let mut sent = original.clone();
    let in_cookies = !sent.cookies.is_empty() && !number.is_multiple_of(4);
    let text = if in_cookies { &mut sent.cookies } else { &mut sent.target };
    let mut bytes = std::mem::take(text).into_bytes();
    // Each place in turn comes first, then any; the first byte of a target stays its slash.
    let first = usize::from(!in_cookies);
    let at = if number < 4 * bytes.len() {
        first + number % (bytes.len() - first)
    } else {
        first + random.below(bytes.len() - first)
    };
    let byte = BYTES[random.below(BYTES.len())];
    match random.below(10) {
        0..=3 => bytes[at] = byte,
        4 => bytes[at] ^= 0x20,
        5 => bytes.insert(at, byte),
        6 => {
            bytes.remove(at);
        }
        7 => bytes.swap(at, first.max(at.saturating_sub(1))),
        8 => bytes.truncate(at.max(1)),
        _ => {
            let end = (at + 1 + random.below(12)).min(bytes.len());
            let copy = bytes[at..end].to_vec();
            let to = first + random.below(bytes.len() - first);
            bytes.splice(to..to, copy);
        }
    }
    bytes.retain(|byte| (0x21..0x7f).contains(byte) || (in_cookies && *byte == b' '));
    *text = String::from_utf8(bytes).expect("ASCII");
    sent
}

const BYTES: &[u8] = b"AZaz09-_~+/=%&?#;.*\"{}:,'$!";

fn judged(distributions: &Distributions, verified: &SignatureCache, sent: &Sent) -> bool {
    let method = Method::GET;
    let received = Received {
        framing: Framing::default(),
        method: &method,
        scheme: Scheme::Https,
        host: Host::parse(HOST),
        target: Target::parse(&sent.target),
        cookies: if sent.cookies.is_empty() { Vec::new() } else { vec![sent.cookies.as_bytes()] },
        address: VIEWER.parse::<IpAddr>().expect("an address"),
        country: None,
        is_preflight: false,
        now: EpochSeconds(NOW),
    };
    let decided = decide(received, distributions, |_| None, verified);
    matches!(decided, Decided::Routed { decision: Decision::Allow(_), .. })
}

fn distributions() -> Arc<Distributions> {
    let text = configs::private("http://127.0.0.1:9", "")
        .replace("path-pattern = \"/public/*\"", "path-pattern = \"/public-but-never-asked/*\"");
    frontgate::config::parse(Path::new("config.toml"), &text).expect("a configuration").distributions
}

fn run(kind: Kind, signature: &[u8], seed: u64) -> Result<usize, String> {
    let (distributions, verified) = (distributions(), SignatureCache::new(1 << 20));
    let second =
        SecondVerifier::new(&["rsa", "ecdsa"].map(|name| (configs::id(name), public_key(name))), HOST);
    let original = kind.sent(signature);
    let signed: Signed = second.read(&original).expect("what was signed is understood");
    assert!(judged(&distributions, &verified, &original) && second.accepts(&original), "{kind:?}");
    let mut random = Random(seed);
    let mut allowed = 0;
    for number in 0..mutations() {
        let sent = mutated(&original, number, &mut random);
        let ours = judged(&distributions, &verified, &sent);
        if ours != second.accepts(&sent) {
            return Err(format!("{kind:?}: we say {ours}, the second verifier doesn't: {sent:?}"));
        }
        if ours {
            allowed += 1;
            // A spelling that means the same: `_` left out, `%7E` for `~`, a repeated parameter, an unrelated cookie.
            if second.read(&sent).as_ref() != Some(&signed) {
                return Err(format!("{kind:?}: allowed, but it isn't what was signed: {sent:?}"));
            }
        }
    }
    Ok(allowed)
}

#[test]
fn nothing_that_was_changed_is_allowed_and_a_second_verifier_agrees() {
    let kinds = kinds();
    let raw = |kind: &Kind| Raw::new(kind.key, kind.hash, kind.message());
    let signatures = sign_raw(&kinds.iter().map(raw).collect::<Vec<_>>());
    let results: Vec<Result<usize, String>> = std::thread::scope(|scope| {
        let halves: Vec<_> = (0..2)
            .map(|half| {
                let (kinds, signatures) = (&kinds, &signatures);
                scope.spawn(move || {
                    let mine = (0..kinds.len()).filter(|place| place % 2 == half);
                    mine.map(|place| run(kinds[place], &signatures[place], 0x9e37 + place as u64))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        halves.into_iter().flat_map(|half| half.join().expect("a thread")).collect()
    });
    for result in &results {
        // Some spellings mean the same, but few do: else the mutations wouldn't touch what counts.
        let allowed = result.as_ref().unwrap_or_else(|failure| panic!("{failure}"));
        assert!(*allowed < mutations() / 10, "{allowed} of {} are allowed", mutations());
    }
    assert_eq!(results.len(), 16);
}
