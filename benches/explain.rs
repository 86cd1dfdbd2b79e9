//! How long a denial takes to be explained: `cargo bench --bench explain`. Apart from the decision's benchmarks, whose instructions
//! are counted: what a program holds beside them moves how they are compiled.

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use frontgate::access::encoding::encode;
use frontgate::distribution::key::{HashAlgorithm, KeyGroup, KeyTolerance, PublicKey, PublicKeyId};
use frontgate::distribution::{Distribution, Distributions, UnknownHost};
use frontgate::epoch::EpochSeconds;
use frontgate::explain::{Budget, OwnedRequest};
use frontgate::sign::PrivateKey;

const URL: &str = "https://media.example.com/videos/2026/launch/segment-0042.ts?quality=high";
const END: u64 = 2_000_000_000;

/// A name, what was signed in place of the policy, and how many mistakes that are.
const CASES: [(&str, &str, usize); 3] = [
    (
        "explain-one-mistake",
        r#"{"Statement":[{"Resource":"https://media.example.com/videos/2026/launch/segment-0042.ts","Condition":{"DateLessThan":{"AWS:EpochTime":2000000000}}}]}"#,
        1,
    ),
    (
        "explain-three-mistakes",
        r#"{"Statement": [{"Resource": "http://media.example.com/videos/2026/launch/segment-0042.ts", "Condition": {"DateLessThan": {"AWS:EpochTime": 2000000000}}}]}"#,
        3,
    ),
    ("explain-nothing-found", "another text altogether", 0),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let private = PrivateKey::generate_rsa()?;
    let key = PublicKey::from_pem(PublicKeyId::new("K1"), &private.public_pem()?, KeyTolerance::default())?;
    let group = Arc::new(KeyGroup { id: "signers".to_owned(), keys: vec![Arc::new(key)] });
    let list = vec![Arc::new(Distribution::private("E1", "media.example.com", group))];
    let all = Distributions { list, unknown_host: UnknownHost::Only, ..Distributions::default() };
    for (name, signed, mistakes) in CASES {
        let signature = encode(&private.sign(HashAlgorithm::Sha1, signed.as_bytes())?);
        let link = format!("{URL}&Expires={END}&Signature={signature}&Key-Pair-Id=K1");
        let (inquiry, _) = OwnedRequest::of_url(&link, EpochSeconds(END - 60))?;
        let found = inquiry.explain(&all, &Budget::WITHOUT_CLOCK).causes().len();
        if found != mistakes {
            return Err(format!("{name}: {found} causes, expected {mistakes}").into());
        }
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| black_box(inquiry.explain(&all, &Budget::WITHOUT_CLOCK)));
        });
    }
    criterion.final_summary();
    Ok(())
}
