//! What the search for a mistake must never do: prove one where there is nothing to prove.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use frontgate::config;
use frontgate::distribution::Distributions;
use frontgate::epoch::EpochSeconds;
use frontgate::explain::{Budget, ExplainedVerdict, Explanation, OwnedRequest};

use crate::support::configs;
use crate::support::{Raw, canned, cloudfront_base64, sign_raw};

const HOST: &str = "d111111abcdef8.cloudfront.net";
const NOW: u64 = 1_900_000_000;
const END: u64 = 1_990_000_000;

/// Ten thousand random signatures. Of those on a curve there are few: each costs a verification for every candidate.
const RANDOM_RSA: u64 = 9_900;
const RANDOM_ECDSA: u64 = 100;

/// What is spent on a signature on a curve here: a proof there is a verification, of which none can be false by chance.
const FEW: Budget<'static> = Budget { candidates: 60, is_out_of_time: &|| false };

/// Bytes that look random and are the same in each run (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_le_bytes()[0]).collect()
    }

    fn word(&mut self) -> String {
        format!("{:x}", self.next() >> 40)
    }

    /// A URL with nothing, something or much that invites guesses.
    fn url(&mut self) -> String {
        let path = format!("https://{HOST}/{}/{}", self.word(), self.word());
        match self.next() % 4 {
            0 => path,
            1 => format!("{path}%20a.mp4?size={}", self.word()),
            2 => format!("{path}/?b={}&a={}&utm_source=x", self.word(), self.word()),
            _ => format!("{path}/..//index.html?t=a+b"),
        }
    }

    /// Bytes in the form of an RSA signature: any number, one below every modulus, or an encoding that was never signed.
    fn rsa_shaped(&mut self) -> Vec<u8> {
        let mut bytes = self.bytes(256);
        match self.next() % 3 {
            0 => {}
            1 => bytes[0] = 0,
            _ => {
                bytes[..220].fill(0xff);
                bytes[..2].copy_from_slice(&[0, 1]);
                let sha1 = [0, 0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 14, 3, 2, 26, 5, 0, 4, 20];
                bytes[220..236].copy_from_slice(&sha1);
            }
        }
        bytes
    }

    /// Two random numbers in DER.
    fn der_shaped(&mut self) -> Vec<u8> {
        let mut number = || {
            let mut bytes = self.bytes(32);
            bytes[0] = bytes[0] & 0x3f | 1;
            bytes
        };
        let (r, s) = (number(), number());
        [&[0x30, 68, 2, 32][..], &r, &[2, 32], &s].concat()
    }
}

fn distributions() -> Arc<Distributions> {
    let text = configs::main("http://127.0.0.1:9000");
    config::parse(Path::new("config.toml"), &text).expect("a configuration").distributions
}

fn link(url: &str, key: &str, signature: &[u8], more: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    let signature = cloudfront_base64(signature);
    format!("{url}{separator}Expires={END}&Signature={signature}&Key-Pair-Id={}{more}", configs::id(key))
}

fn explained(link: &str, distributions: &Distributions) -> Explanation {
    let (inquiry, _) = OwnedRequest::of_url(link, EpochSeconds(NOW)).expect("a URL");
    let effort = if link.contains(configs::id("ecdsa")) { &FEW } else { &Budget::WITHOUT_CLOCK };
    inquiry.explain(distributions, effort)
}

/// Links with a false proof.
fn falsely_proven(links: &[String]) -> Vec<String> {
    let distributions = distributions();
    let judge = |links: &[String]| -> Vec<String> {
        let proofs = links.iter().filter_map(|link| {
            let explanation = explained(link, &distributions);
            assert!(matches!(explanation.verdict, ExplainedVerdict::Deny(_)), "{link} opens");
            let proven = explanation.causes().into_iter().find(|cause| cause.proven)?;
            Some(format!("{}: {link}", proven.mistake.as_str()))
        });
        proofs.collect()
    };
    thread::scope(|scope| {
        let workers: Vec<_> =
            links.chunks(links.len().div_ceil(2)).map(|links| scope.spawn(move || judge(links))).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a thread")).collect()
    })
}

/// Links with random signatures, for URLs that invite guesses.
fn random_links(key: &str, count: u64, shape: fn(&mut Random) -> Vec<u8>) -> Vec<String> {
    let mut random = Random(6);
    let announced = ["", "&Hash-Algorithm=SHA256"];
    let link = |number| {
        let more = announced[usize::from(number % 2 == 1)];
        link(&random.url(), key, &shape(&mut random), more)
    };
    (0..count).map(link).collect()
}

#[test]
fn random_signatures_of_rsa_prove_nothing() {
    let found = falsely_proven(&random_links("rsa", RANDOM_RSA, Random::rsa_shaped));
    assert!(found.is_empty(), "{} false proofs, such as {}", found.len(), found[0]);
}

#[test]
fn random_signatures_on_a_curve_prove_nothing() {
    let found = falsely_proven(&random_links("ecdsa", RANDOM_ECDSA, Random::der_shaped));
    assert!(found.is_empty(), "{} false proofs, such as {}", found.len(), found[0]);
}

/// The judge of this file would see a proof.
#[test]
fn a_proof_is_seen_to_be_one() {
    let url = format!("https://{HOST}/a.mp4");
    let signature = &sign_raw(&[Raw::new("rsa", "SHA1", canned(&url, &END.to_string()))])[0];
    let found = falsely_proven(&[link(&format!("{url}?utm_source=x"), "rsa", signature, "")]);
    assert!(found.len() == 1 && found[0].starts_with("query-added: "), "{found:?}");
}

/// They open under a known key, and the text is nothing that a search could come upon.
#[test]
fn signatures_of_unrelated_texts_prove_nothing() {
    let mut random = Random(7);
    let mut urls = Vec::new();
    let mut jobs = Vec::new();
    for number in 0..40 {
        let key = if number < 30 { "rsa" } else { "ecdsa" };
        urls.push(random.url());
        let text = match number % 3 {
            0 => canned(&format!("https://{}.example.org/{}", random.word(), random.word()), "1990000000"),
            1 => canned(&random.url(), "1234567890"),
            _ => random.word(),
        };
        jobs.push(Raw::new(key, "SHA1", text));
    }
    let signed = urls.iter().zip(&jobs).zip(sign_raw(&jobs));
    let links: Vec<_> = signed.map(|((url, job), signature)| link(url, &job.key, &signature, "")).collect();
    let found = falsely_proven(&links);
    assert!(found.is_empty(), "{} false proofs, such as {}", found.len(), found[0]);
}

#[test]
fn valid_links_open_and_have_no_cause() {
    let mut random = Random(8);
    let mut urls = Vec::new();
    let mut jobs = Vec::new();
    for number in 0..2_000 {
        let (key, hash) =
            [("rsa", "SHA1"), ("rsa", "SHA256"), ("ecdsa", "SHA1"), ("ecdsa", "SHA256")][number % 4];
        let url = random.url();
        jobs.push(Raw::new(key, hash, canned(&url, &END.to_string())));
        urls.push(url);
    }
    let distributions = distributions();
    for ((url, job), signature) in urls.iter().zip(&jobs).zip(sign_raw(&jobs)) {
        let more = if job.hash == "SHA256" { "&Hash-Algorithm=SHA256" } else { "" };
        let link = link(url, &job.key, &signature, more);
        let explanation = explained(&link, &distributions);
        assert_eq!(explanation.verdict, ExplainedVerdict::Allow, "{link}");
        assert!(explanation.causes().is_empty(), "{link}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 200, ..Default::default() })]

    /// Whatever is asked, a signature that a known key made starts the whole search: it ends, and nothing panics.
    #[test]
    fn nothing_that_is_asked_makes_the_search_stumble(
        target in "/[a-z%/.?&=;+#*'\\\\ é\u{10ffff}0-9A-F]{0,60}",
        expires in "[0-9a-z.+-]{0,24}",
        policy in proptest::option::of(".{0,80}"),
        is_json in proptest::prelude::any::<bool>(),
        host in "[a-z0-9.:\\[\\]-]{1,20}",
    ) {
        static SIGNATURE: std::sync::LazyLock<Vec<u8>> =
            std::sync::LazyLock::new(|| sign_raw(&[Raw::new("rsa", "SHA1", "nothing that is tried".to_owned())]).remove(0));
        static CONFIGURED: std::sync::LazyLock<Arc<Distributions>> = std::sync::LazyLock::new(distributions);
        let policy = policy.map(|text| match is_json {
            true => format!("{{\"Statement\":[{{\"Resource\":{text:?},\"Condition\":{{\"DateLessThan\":{{\"AWS:EpochTime\":{expires:?}}}}}}}]}}"),
            false => text,
        });
        let terms = match policy {
            Some(policy) => format!("Policy={}", cloudfront_base64(policy.as_bytes())),
            None => format!("Expires={expires}"),
        };
        let link = format!("https://{host}{target}&{terms}&Signature={}&Key-Pair-Id={}", cloudfront_base64(&SIGNATURE), configs::id("rsa"));
        if let Ok((inquiry, _)) = OwnedRequest::of_url(&link, EpochSeconds(NOW)) {
            let few = Budget { candidates: 3_000, is_out_of_time: &|| false };
            let explanation = inquiry.explain(&CONFIGURED, &few);
            proptest::prop_assert!(explanation.verdict != ExplainedVerdict::Allow || !explanation.is_private);
        }
    }
}
