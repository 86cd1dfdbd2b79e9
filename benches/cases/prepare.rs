//! Makes what a case needs before it is measured, does it, and checks what comes of it: so that no case measures another
//! way through the code than its name says.

use std::error::Error;
use std::hint::black_box;
use std::sync::{Arc, OnceLock};

use frontgate::access::deny_reason::DenyReason;
use frontgate::access::resource::Resource;
use frontgate::access::signature_cache::SignatureCache;
use frontgate::access::{Admission, authorize};
use frontgate::distribution::base::BaseUrl;
use frontgate::distribution::behavior::{CacheBehavior, Restriction};
use frontgate::distribution::key::{HashAlgorithm, KeyGroup, KeyTolerance, PublicKey, PublicKeyId};
use frontgate::distribution::pattern::PathPattern;
use frontgate::distribution::{Distribution, Distributions, UnknownHost};
use frontgate::redact::redacted;
use frontgate::sign::{PrivateKey, Terms, signed_url, signing_values};
use frontgate::viewer::{Base, Host, Scheme, SignedUrl, Target, ViewerRequest};
use http::Method;

use super::{Asked, CANNED, Case, END, KeyChoice, SEGMENT, SentIn, Signed, Work};

/// Does a case's work once.
pub(crate) type Prepared = Box<dyn Fn()>;
pub(crate) type Fallible<T> = Result<T, Box<dyn Error>>;

pub(super) const KEY_PAIR_ID: &str = "K2JCJMDEHXQW5F";
const BASE: Base<'static> = Base { scheme: "https", authority: "media.example.com" };
const VIDEOS: &str = "https://media.example.com/videos/*";
/// The variable that names a file with an RSA private key, PEM.
const KEY_FILE: &str = "FRONTGATE_BENCH_KEY";
const MEMO_BYTES: u64 = 1 << 20;

impl Case {
    /// A case that is ready to be measured.
    pub(crate) fn prepare(&self) -> Fallible<Prepared> {
        match self.work {
            Work::Decide(asked) => asked.prepare(),
            Work::Verify(key, hash) => verification(key, hash),
            Work::MatchResource => matching_resource(),
            Work::MatchPath => matching_path(),
            Work::Redact => redaction(),
            Work::Endure(sent) => sent.prepare(),
        }
        .map_err(|error| format!("{}: {error}", self.name).into())
    }
}

impl Asked {
    fn prepare(self) -> Fallible<Prepared> {
        let key = KeyChoice::Rsa.private()?;
        let values = self.signing_values(&key)?;
        let (target, cookies) = match self.sent_in {
            SentIn::Nothing => (self.target.to_owned(), None),
            SentIn::Query => (signed_url(self.target, &values), None),
            SentIn::Cookies => (self.target.to_owned(), Some(cookies(&values))),
        };
        let all = self.distributions(&key)?;
        let memo = SignatureCache::new(if self.remembered { MEMO_BYTES } else { 0 });
        let decision = move || self.decision(&target, cookies.as_deref(), &all, &memo);
        // The first one fills the memo.
        decision()?;
        expect(self.decision, decision()?)?;
        Ok(Box::new(move || {
            let _ = black_box(decision());
        }))
    }

    /// What the proxy does for each request, but for the transport; the decision's name.
    fn decision(
        &self,
        target: &str,
        cookies: Option<&str>,
        all: &Distributions,
        memo: &SignatureCache,
    ) -> Fallible<&'static str> {
        let (scheme, host) = self.asked_at();
        let request = ViewerRequest {
            method: &Method::GET,
            scheme,
            host: Host::parse(host)?,
            target: Target::parse(black_box(target)).ok_or("no path")?,
            cookies: cookies.map(str::as_bytes).into_iter().collect(),
            address: [203, 0, 113, 9].into(),
            country: None,
            is_preflight: false,
            now: self.now,
        };
        let route = all.route(&request).ok_or("unknown host")?;
        Ok(name(&black_box(authorize(&request, &route, memo))))
    }

    /// Several bases are tried only where the host is none of the distribution's own.
    fn asked_at(&self) -> (Scheme, &'static str) {
        if self.bases == 1 { (Scheme::Https, "media.example.com") } else { (Scheme::Http, "localhost:8080") }
    }

    fn signing_values(&self, key: &PrivateKey) -> Fallible<Vec<(&'static str, String)>> {
        let (target, resource) = match self.signed {
            Signed::Target(target) => (target, None),
            Signed::Videos => (self.target, Some(VIDEOS)),
        };
        let url = format!("{BASE}{target}");
        let terms = Terms::new(&url, END, None, None, resource);
        Ok(signing_values(&url, &terms, key, self.key_pair_id, HashAlgorithm::Sha1)?)
    }

    /// One distribution, private but for `/public/*`. The base that links are signed for comes last.
    fn distributions(&self, key: &PrivateKey) -> Fallible<Distributions> {
        let group = KeyGroup { id: "signers".to_owned(), keys: vec![Arc::new(public(key)?)] };
        let mut one = Distribution::private("E1", "media.example.com", Arc::new(group));
        one.behaviors = vec![CacheBehavior {
            path_pattern: Some("/public/*".parse()?),
            restriction: Restriction::Open,
            ..one.default_behavior.clone()
        }];
        // The request's own host is a base, too.
        let others = (2..self.bases).map(|number| format!("https://media{number}.example.com"));
        let named = others.chain((self.bases > 1).then(|| BASE.to_string()));
        one.public_base_urls = named.map(|base| BaseUrl::parse(&base)).collect::<Result<_, _>>()?;
        Ok(Distributions {
            list: vec![Arc::new(one)],
            unknown_host: UnknownHost::Only,
            ..Distributions::default()
        })
    }
}

impl KeyChoice {
    fn private(self) -> Fallible<PrivateKey> {
        Ok(match self {
            Self::Rsa => PrivateKey::from_pem(rsa_pem()?)?,
            Self::Ecdsa => PrivateKey::generate_ecdsa()?,
        })
    }
}

/// One key for all cases. Whoever starts many runs names a file with one, since making it takes a while under a tool that
/// counts.
fn rsa_pem() -> Fallible<&'static str> {
    static PEM: OnceLock<String> = OnceLock::new();
    if let Some(pem) = PEM.get() {
        return Ok(pem);
    }
    let pem = match std::env::var_os(KEY_FILE) {
        Some(file) => std::fs::read_to_string(file)?,
        None => PrivateKey::generate_rsa()?.to_pem()?,
    };
    Ok(PEM.get_or_init(|| pem))
}

/// The group of the one key.
pub(super) fn group() -> Fallible<KeyGroup> {
    Ok(KeyGroup { id: "signers".to_owned(), keys: vec![Arc::new(public(&KeyChoice::Rsa.private()?)?)] })
}

fn public(key: &PrivateKey) -> Fallible<PublicKey> {
    Ok(PublicKey::from_pem(PublicKeyId::new(KEY_PAIR_ID), &key.public_pem()?, KeyTolerance::default())?)
}

/// As a browser sends them, with a cookie of the application's own before them.
fn cookies(values: &[(&'static str, String)]) -> String {
    let signing = values.iter().map(|(name, value)| format!("; CloudFront-{name}={value}"));
    format!("session=5f2b7c1e9a{}", signing.collect::<String>())
}

fn verification(key: KeyChoice, hash: HashAlgorithm) -> Fallible<Prepared> {
    let key = key.private()?;
    let message = Terms::Canned { expires: END }.policy(&format!("{BASE}{SEGMENT}"));
    let signature = key.sign(hash, &message)?;
    let public = public(&key)?;
    let verifies = move || public.verifies(hash, black_box(&message), &signature);
    expect(true, verifies())?;
    Ok(Box::new(move || {
        black_box(verifies());
    }))
}

fn matching_resource() -> Fallible<Prepared> {
    let resource = Resource::new("http*://*.example.com/videos/*.ts?quality=*");
    let target = Target::parse(SEGMENT).ok_or("no path")?;
    let url = SignedUrl { base: BASE, path: target.path, query: target.query };
    let matches = move || resource.matches(black_box(&url));
    expect(true, matches())?;
    Ok(Box::new(move || {
        black_box(matches());
    }))
}

fn matching_path() -> Fallible<Prepared> {
    let pattern: PathPattern = "/videos/*/segment-????.ts".parse()?;
    let path = Target::parse(SEGMENT).ok_or("no path")?.path;
    let matches = move || pattern.matches(black_box(path));
    expect(true, matches())?;
    Ok(Box::new(move || {
        black_box(matches());
    }))
}

fn redaction() -> Fallible<Prepared> {
    let link = signed_url(SEGMENT, &CANNED.signing_values(&KeyChoice::Rsa.private()?)?);
    expect(false, redacted(&link).contains("Signature=") && redacted(&link).len() > link.len() / 2)?;
    Ok(Box::new(move || drop(black_box(redacted(black_box(&link))))))
}

pub(super) fn name(decision: &Result<Admission<'_>, DenyReason>) -> &'static str {
    match decision {
        Ok(Admission::Public) => "public",
        Ok(Admission::Signed { remembered: true, .. }) => "remembered",
        Ok(Admission::Signed { remembered: false, .. }) => "signed",
        Err(reason) => reason.name(),
    }
}

pub(super) fn expect<T: PartialEq + std::fmt::Debug>(expected: T, found: T) -> Fallible<()> {
    if found == expected { Ok(()) } else { Err(format!("expected {expected:?}, found {found:?}").into()) }
}
