//! The cache of verified policies: it never changes a verdict, garbage evicts nothing, and it stays within its size.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use frontgate::access::signature_cache::SignatureCache;
use frontgate::access::{Admission, Decided, Decision, Framing, Received, decide};
use frontgate::distribution::Distributions;
use frontgate::epoch::EpochSeconds;
use frontgate::viewer::{Host, Scheme, Target};
use http::Method;
use proptest::prelude::*;

use crate::support::configs;
use crate::support::{Raw, canned, cloudfront_base64, public_key, sign_raw};

const HOST: &str = "d111111abcdef8.cloudfront.net";

fn load(text: &str) -> Arc<Distributions> {
    frontgate::config::parse(Path::new("config.toml"), text).expect("a configuration").distributions
}

/// Configurations that a reload may change into: other keys under the same ids, fewer keys, other bases.
fn configurations() -> Vec<Arc<Distributions>> {
    let base = configs::main("http://127.0.0.1:9");
    let (rsa, rsa2) = (public_key("rsa"), public_key("rsa2"));
    let swapped = base.replace(&rsa, "SWAP").replace(&rsa2, &rsa).replace("SWAP", &rsa2);
    let gone = base.replace(
        &format!("public-keys = [\"{}\", \"{}\"]", configs::id("rsa"), configs::id("ecdsa")),
        &format!("public-keys = [\"{}\"]", configs::id("ecdsa")),
    );
    let rebased = base.replace("\"https://d111111abcdef8.cloudfront.net\", ", "");
    [&base, &swapped, &gone, &rebased].map(|text| load(text)).to_vec()
}

/// Links by foreign signers, good and bad.
fn links() -> Vec<String> {
    let mut raws = Vec::new();
    let mut targets = Vec::new();
    for path in ["/a.mp4", "/b.mp4", "/other/c.mp4", "/both/d.mp4"] {
        for (key, base) in [("rsa", "https"), ("rsa", "http"), ("ecdsa", "https"), ("rsa2", "https")] {
            for end in ["1900000000", "1990000000"] {
                raws.push(Raw::new(key, "SHA1", canned(&format!("{base}://{HOST}{path}"), end)));
                targets.push((path, format!("Expires={end}"), key));
            }
            let policy = format!(
                r#"{{"Statement":[{{"Resource":"{base}*://{HOST}/*","Condition":{{"DateLessThan":{{"AWS:EpochTime":1950000000}},"IpAddress":{{"AWS:SourceIp":"203.0.113.0/24"}}}}}}]}}"#
            );
            targets.push((path, format!("Policy={}", cloudfront_base64(policy.as_bytes())), key));
            raws.push(Raw::new(key, "SHA1", policy));
        }
    }
    let signatures = sign_raw(&raws);
    let links = targets.iter().zip(&signatures).map(|((path, policy, key), signature)| {
        format!("{path}?{policy}&Signature={}&Key-Pair-Id={}", cloudfront_base64(signature), configs::id(key))
    });
    links.collect()
}

fn judge<'d>(
    distributions: &'d Distributions,
    verified: &SignatureCache,
    target: &str,
    cookies: &[u8],
    address: IpAddr,
    now: u64,
) -> Decision<'d> {
    let method = Method::GET;
    let received = Received {
        framing: Framing::default(),
        method: &method,
        scheme: Scheme::Http,
        host: Host::parse(HOST),
        target: Target::parse(target),
        cookies: vec![cookies],
        address,
        country: None,
        is_preflight: false,
        now: EpochSeconds(now),
    };
    let Decided::Routed { decision, .. } = decide(received, distributions, |_| None, verified) else {
        panic!("no distribution for {target}");
    };
    match decision {
        // Whether it was remembered may differ: the verdict may not.
        Decision::Allow(Admission::Signed { key_pair_id, .. }) => {
            Decision::Allow(Admission::Signed { key_pair_id, remembered: false })
        }
        other @ (Decision::Allow(_) | Decision::Reject(_) | Decision::Deny(_)) => other,
    }
}

#[test]
fn with_the_cache_and_without_every_verdict_is_the_same_also_while_keys_change() {
    let (links, configurations) = (links(), configurations());
    // So small that entries are evicted in the middle.
    let verified = SignatureCache::new(16 << 10);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(20_000));
    let requests = (0..links.len(), 0..configurations.len(), 0usize..6, any::<u8>(), prop::bool::ANY);
    runner
        .run(&requests, |(link, configuration, time, tamper, inside)| {
            let now =
                [1_899_999_999, 1_900_000_000, 1_949_999_999, 1_950_000_000, 1_989_999_999, 1_990_000_000]
                    [time];
            let address: IpAddr = if inside { [203, 0, 113, 9].into() } else { [198, 51, 100, 1].into() };
            let mut target = links[link].clone();
            if tamper % 3 == 0 {
                let at = target.find("Signature=").expect("a signature") + 10 + usize::from(tamper);
                let other = if target.as_bytes()[at % target.len()] == b'A' { "B" } else { "A" };
                let at = at.min(target.len() - 1);
                target.replace_range(at..=at, other);
            }
            let one = &configurations[configuration];
            let with = judge(one, &verified, &target, b"", address, now);
            let without = judge(one, &SignatureCache::new(0), &target, b"", address, now);
            prop_assert_eq!(with, without, "{}", target);
            Ok(())
        })
        .unwrap();
    assert!(verified.hits() > 1_000, "{} hits", verified.hits());
}

#[test]
fn garbage_evicts_nothing_and_a_known_link_is_remembered() {
    let (links, distributions) = (links(), load(&configs::main("http://127.0.0.1:9")));
    let verified = SignatureCache::new(1 << 20);
    let address: IpAddr = [203, 0, 113, 9].into();
    let good: Vec<&String> = links
        .iter()
        .filter(|link| {
            matches!(judge(&distributions, &verified, link, b"", address, 1_800_000_000), Decision::Allow(_))
        })
        .collect();
    let entries = verified.entries();
    assert!(entries > 10 && entries as usize <= good.len(), "{entries} entries for {} links", good.len());
    for number in 0..20_000 {
        let forged = good[number % good.len()].replace("Signature=", &format!("x={number}&Signature="));
        judge(&distributions, &verified, &forged, b"", address, 1_800_000_000);
    }
    // A parameter spoils a canned link only: a wildcard policy stays good, and known.
    assert_eq!(verified.entries(), entries);
    let (hits, misses) = (verified.hits(), verified.misses());
    for link in &good {
        assert!(matches!(
            judge(&distributions, &verified, link, b"", address, 1_800_000_000),
            Decision::Allow(_)
        ));
    }
    assert_eq!((verified.hits() - hits, verified.misses()), (good.len() as u64, misses));
}
