//! The conformance table in this process: each row by the decision itself, by the verifier and by `explain`. The tests of the
//! package at the root send the same rows over sockets, signed by Python.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use frontgate_core::access::credentials::without_signing_parameters;
use frontgate_core::access::signature_cache::SignatureCache;
use frontgate_core::access::{Arrival, Decided, Decision, Framing, Received, decide};
use frontgate_core::distribution::behavior::{
    AllowedMethods, CacheBehavior, Restriction, ViewerProtocolPolicy,
};
use frontgate_core::distribution::key::{HashAlgorithm, KeyGroup, KeyTolerance, PublicKey, PublicKeyId};
use frontgate_core::distribution::{BaseUrl, Distribution, Distributions, UnknownHost};
use frontgate_core::epoch::EpochSeconds;
use frontgate_core::explain::{Budget, Context, ExplainedVerdict, Surroundings, Unknown, explain_with};
use frontgate_core::sign::PrivateKey;
use frontgate_core::viewer::Scheme;
use frontgate_core::{Verdict, Verifier};
use http::request;
use rand::rngs::SysRng;
use rsa::pkcs1v15::Pkcs1v15Sign;
use sha1::{Digest, Sha1};
use sha2::Sha256;

#[path = "../../../tests/conformance/table.rs"]
mod table;

use table::{Case, KEYS};

static SITES: LazyLock<HashMap<&str, Arc<Distributions>>> =
    LazyLock::new(|| HashMap::from([("main", Arc::new(main_site())), ("two", Arc::new(two_sites()))]));

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn private_key(name: &str) -> PrivateKey {
    let file = root().join(format!("crates/core/tests/keys/{name}.pkcs8.base64"));
    // Without the lines around it: the repository holds no PEM of a private key, not even a test's.
    let base64 = std::fs::read_to_string(&file).expect("a test key");
    let pem = ["BEGIN", "END"].map(|word| format!("-----{word} PRIVATE KEY-----\n")).join(&base64);
    PrivateKey::from_pem(&pem).expect("a test key")
}

fn group(id: &str, members: &[&str]) -> Arc<KeyGroup> {
    let key = |name: &&str| {
        let id = KEYS.iter().find(|(known, _)| known == name).expect("a key's name").1;
        let pem = private_key(name).public_pem().expect("a public key");
        let tolerance = KeyTolerance { allow_short: *name == "rsa1024" };
        Arc::new(PublicKey::from_pem(PublicKeyId::new(id), &pem, tolerance).expect("a public key"))
    };
    Arc::new(KeyGroup { id: id.to_owned(), keys: members.iter().map(key).collect() })
}

fn bases(urls: &[&str]) -> Vec<BaseUrl> {
    urls.iter().map(|url| BaseUrl::parse(url).expect("a base")).collect()
}

/// One distribution: everything private, with behaviors for the exceptions. `tests/support/configs.rs` has the same as TOML.
fn main_site() -> Distributions {
    let one = group("one", &["rsa", "ecdsa"]);
    let two = group("two", &["rsa2", "ecdsa2"]);
    let short = group("short", &["rsa1024"]);
    let mut site =
        Distribution::private("EDFDVBD6EXAMPLE", "d111111abcdef8.cloudfront.net", Arc::clone(&one));
    site.aliases = vec!["media.example.com".to_owned(), "*.cdn.example.com".to_owned()];
    site.public_base_urls = bases(&["https://d111111abcdef8.cloudfront.net", "https://media.example.com"]);
    site.default_root_object = Some("index.html".to_owned());
    let signed = |groups: &[&Arc<KeyGroup>]| {
        Restriction::Signed(groups.iter().map(|group| Arc::clone(group)).collect())
    };
    let behavior = |pattern: &str, restriction: Restriction| CacheBehavior {
        path_pattern: Some(pattern.parse().expect("a pattern")),
        restriction,
        ..site.default_behavior.clone()
    };
    let protocol = |pattern: &str, viewer_protocol_policy| CacheBehavior {
        viewer_protocol_policy,
        ..behavior(pattern, signed(&[&one]))
    };
    site.behaviors = vec![
        behavior("/public/*", Restriction::Open),
        behavior("/other/*", signed(&[&two])),
        behavior("/both/*", signed(&[&one, &two])),
        behavior("/short/*", signed(&[&short])),
        CacheBehavior { allowed_methods: AllowedMethods::GetHead, ..behavior("/get/*", signed(&[&one])) },
        protocol("/https/*", ViewerProtocolPolicy::HttpsOnly),
        protocol("/redirect/*", ViewerProtocolPolicy::RedirectToHttps),
        behavior("/open-dir/*", Restriction::Open),
    ];
    Distributions { list: vec![Arc::new(site)], unknown_host: UnknownHost::Only, ..Distributions::default() }
}

/// Two distributions, selected by host.
fn two_sites() -> Distributions {
    let site = |name: &str, members: &[&str]| {
        let mut site = Distribution::private(name, &format!("{name}.example.com"), group(name, members));
        site.public_base_urls = bases(&[&format!("https://{name}.example.com")]);
        site.default_behavior.allowed_methods = AllowedMethods::GetHead;
        Arc::new(site)
    };
    let list = vec![site("one", &["rsa", "ecdsa"]), site("two", &["rsa2", "ecdsa2"])];
    Distributions { list, unknown_host: UnknownHost::Refuse, ..Distributions::default() }
}

/// What a signature is made of: key, hash, scheme, message.
type Job = (String, String, Option<String>, Vec<u8>);

fn job(case: &Case) -> Job {
    (case.key.clone(), case.hash.clone(), case.scheme.clone(), case.signed())
}

/// The signatures of the rows; rows that sign the same bytes share one. Two threads make them.
fn signatures(cases: &[Case]) -> HashMap<Job, Vec<u8>> {
    let mut jobs: Vec<Job> = cases.iter().map(job).collect();
    jobs.sort();
    jobs.dedup();
    let keys: HashMap<&str, PrivateKey> =
        ["rsa", "rsa2", "rsa1024", "ecdsa", "ecdsa2"].map(|name| (name, private_key(name))).into();
    let halves = jobs.split_at(jobs.len() / 2);
    let sign = |jobs: &[Job]| -> HashMap<Job, Vec<u8>> {
        jobs.iter().map(|job| (job.clone(), signature(&keys[job.0.as_str()], job))).collect()
    };
    std::thread::scope(|scope| {
        let first = scope.spawn(|| sign(halves.0));
        let mut all = sign(halves.1);
        all.extend(first.join().expect("a thread"));
        all
    })
}

fn signature(key: &PrivateKey, (name, hash, scheme, message): &Job) -> Vec<u8> {
    let hash = match hash.as_str() {
        "SHA1" => HashAlgorithm::Sha1,
        "SHA256" => HashAlgorithm::Sha256,
        other => panic!("no hash {other}"),
    };
    match (scheme.as_deref(), key) {
        (None, PrivateKey::Ecdsa(_)) => key.sign(hash, message).expect("a signature"),
        (None, PrivateKey::Rsa(key)) => pkcs1(key, hash, message),
        (Some("pss"), PrivateKey::Rsa(key)) => pss(key, hash, message),
        (Some("ecdsa-raw"), PrivateKey::Ecdsa(_)) => {
            let der = key.sign(hash, message).expect("a signature");
            let signature = p256::ecdsa::Signature::from_der(&der).expect("DER");
            signature.to_bytes().to_vec()
        }
        (Some(other), _) => panic!("no scheme {other} with {name}"),
    }
}

/// As `PrivateKey::sign`, in half of its time: without the blinding that keeps a secret key secret.
fn pkcs1(key: &rsa::PrivateKey, hash: HashAlgorithm, message: &[u8]) -> Vec<u8> {
    let made = match hash {
        HashAlgorithm::Sha1 => key.sign(Pkcs1v15Sign::new::<Sha1>(), &Sha1::digest(message)),
        HashAlgorithm::Sha256 | _ => key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message)),
    };
    made.expect("a signature")
}

/// RSA with the padding that CloudFront doesn't verify.
fn pss(key: &rsa::PrivateKey, hash: HashAlgorithm, message: &[u8]) -> Vec<u8> {
    let made = match hash {
        HashAlgorithm::Sha1 => {
            key.sign_with_rng(&mut SysRng, rsa::Pss::<Sha1>::new(), &Sha1::digest(message))
        }
        HashAlgorithm::Sha256 | _ => {
            key.sign_with_rng(&mut SysRng, rsa::Pss::<Sha256>::new(), &Sha256::digest(message))
        }
    };
    made.expect("a signature")
}

/// The rows with their requests as the proxy has them once hyper has read them.
static ROWS: LazyLock<Vec<(Case, request::Parts)>> = LazyLock::new(|| {
    let cases = table::cases(&root().join("tests/conformance"));
    let signatures = signatures(&cases);
    let row = |case: Case| {
        let parts = parts(&case, &signatures[&job(&case)]);
        (case, parts)
    };
    cases.into_iter().map(row).collect()
});

fn parts(case: &Case, signature: &[u8]) -> request::Parts {
    let mut request = http::Request::builder().method(case.method.as_str());
    request = request.uri(case.fill(&case.target, signature)).header("host", &case.host);
    for line in &case.headers {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("no header: {line:?}"));
        request = request.header(name, case.fill(value, signature));
    }
    request.body(()).unwrap_or_else(|error| panic!("{}: {error}", case.id)).into_parts().0
}

fn received<'p>(case: &Case, parts: &'p request::Parts) -> Received<'p> {
    let address = case.ip.parse().expect("an address");
    let arrival = Arrival { scheme: Scheme::Http, address, now: EpochSeconds(case.now) };
    Received::of(parts, Framing::of(parts), arrival)
}

/// Fails with all rows that aren't as they should be.
fn check(caller: impl Fn(&Case, &request::Parts) -> Result<(), String>) {
    let failures: Vec<String> = ROWS
        .iter()
        .filter_map(|(case, parts)| caller(case, parts).err().map(|failure| case.report(&failure)))
        .collect();
    assert!(ROWS.len() > 700, "only {} rows", ROWS.len());
    assert!(failures.is_empty(), "{} of {} rows:\n{}", failures.len(), ROWS.len(), failures.join("\n"));
}

fn expected<T: PartialEq + std::fmt::Debug>(what: &str, expected: T, found: T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("expected {what} {expected:?}, found {found:?}")) }
}

/// What the decision says, and what an origin is asked for where it allows.
fn decided(case: &Case, parts: &request::Parts) -> Result<(), String> {
    let verified = SignatureCache::new(0);
    let decided = decide(received(case, parts), &SITES[case.site.as_str()], |_| None, &verified);
    match decided {
        Decided::Unrouted { rejection, .. }
        | Decided::Routed { decision: Decision::Reject(rejection), .. } => {
            expected("the reason", case.expect.as_str(), rejection.name())?;
            expected("the status", case.status(), rejection.status())
        }
        Decided::Routed { decision: Decision::Deny(reason), .. } => {
            expected("the reason", case.expect.as_str(), reason.name())?;
            expected("the code", case.code(), Some(reason.answer().code()))
        }
        Decided::Routed { decision: Decision::Allow(_), request, route } => {
            expected("the decision", case.expect.as_str(), "allow")?;
            let query = match request.target.query {
                Some(query) if route.is_private() => without_signing_parameters(query),
                other => other.map(Into::into),
            };
            let query = query.map(|query| format!("?{query}")).unwrap_or_default();
            let asked = format!("{}{query}", route.origin_path);
            expected("the origin's target", case.origin_target.as_ref().unwrap_or(&asked), &asked)
        }
    }
}

/// What the verifier answers.
fn verified(case: &Case, parts: &request::Parts) -> Result<(), String> {
    let verifier = Verifier::new(Arc::clone(&SITES[case.site.as_str()]));
    let address: std::net::IpAddr = case.ip.parse().expect("an address");
    match verifier.verify(parts, EpochSeconds(case.now), address) {
        Verdict::Allowed(_) => expected("the verdict", case.expect.as_str(), "allow"),
        Verdict::Denied(denied) => {
            expected("the reason", case.expect.as_str(), denied.reason())?;
            expected("the status", case.status(), denied.status().as_u16())?;
            expected("the code", case.code(), denied.code())
        }
    }
}

/// What `explain` says, without the search for the mistake.
fn explained(case: &Case, parts: &request::Parts) -> Result<(), String> {
    let context = Context { fragment: None, unknown: Unknown::default(), surroundings: Surroundings::NONE };
    let none = Budget { candidates: 0, is_out_of_time: &|| true };
    let explanation = explain_with(received(case, parts), &SITES[case.site.as_str()], &context, &none);
    let found = match &explanation.verdict {
        ExplainedVerdict::Allow => "allow",
        ExplainedVerdict::Rejected(rejection) => rejection.name(),
        ExplainedVerdict::Deny(reason) => reason.name(),
        ExplainedVerdict::Undecided => "undecided",
    };
    expected("the verdict", case.expect.as_str(), found)
}

#[test]
fn every_row_is_decided_as_cloudfront_decides() {
    check(decided);
}

#[test]
fn the_verifier_gives_every_row_its_reason_status_and_code() {
    check(verified);
}

#[test]
fn explain_gives_every_row_the_same_verdict() {
    check(explained);
}
