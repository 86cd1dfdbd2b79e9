//! The verifier: parts of a request of the `http` crate, the time and the viewer's address in, a verdict out.
//!
//! Nothing here reads a clock or a socket. The checks and their order are those of the proxy: [`decide`].

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::request;

use crate::access::signature_cache::SignatureCache;
use crate::access::{Arrival, Decided, Decision, Framing, Received, decide};
use crate::distribution::Distributions;
use crate::epoch::EpochSeconds;
use crate::explain::{ExplainedVerdict, Explanation, explain};
use crate::viewer::{Country, Scheme};

mod builder;
mod verdict;

pub use builder::{InvalidVerifier, VerifierBuilder};
pub use verdict::{Allowed, Denied, Verdict};

/// Decides on requests as CloudFront does. A clone is cheap, and shares the cache of verified signatures.
///
/// ```
/// use frontgate_core::sign::{HashAlgorithm, PrivateKey, Terms, signed_url, signing_values};
/// use frontgate_core::{EpochSeconds, Verdict, Verifier};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = PrivateKey::generate_ecdsa()?;
/// let verifier = Verifier::builder()
///     .key("K1", key.public_pem()?)
///     .base_url("https://media.example.com")
///     .public("/public/*")
///     .build()?;
///
/// let url = "https://media.example.com/a.mp4";
/// let terms = Terms::Canned { expires: EpochSeconds(2_000_000_000) };
/// let link = signed_url(url, &signing_values(url, &terms, &key, "K1", HashAlgorithm::Sha1)?);
/// let request = http::Request::get(link).header("host", "media.example.com").body(())?;
/// let (parts, ()) = request.into_parts();
///
/// let address: std::net::IpAddr = "203.0.113.9".parse()?;
/// assert!(verifier.verify(&parts, EpochSeconds(1_999_999_999), address).is_allowed());
///
/// match verifier.verify(&parts, EpochSeconds(2_000_000_000), address) {
///     Verdict::Allowed(_) => return Err("it has expired".into()),
///     Verdict::Denied(denied) => assert_eq!((denied.reason(), denied.status().as_u16()), ("expired", 403)),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Verifier {
    distributions: Arc<Distributions>,
    verified: Arc<SignatureCache>,
    scheme: Scheme,
    countries: Option<Arc<Countries>>,
}

/// Tells an address's country, where it is known.
type Countries = dyn Fn(IpAddr) -> Option<Country> + Send + Sync;

impl Verifier {
    /// One for distributions as a configuration has them, with a memo of the usual size. Nobody is refused for his country
    /// before [`Verifier::with_countries`] tells them.
    #[doc(hidden)]
    #[must_use]
    pub fn new(distributions: Arc<Distributions>) -> Self {
        let verified = Arc::new(SignatureCache::new(SignatureCache::DEFAULT_MAX_SIZE));
        Self { distributions, verified, scheme: Scheme::Http, countries: None }
    }

    /// Sets the scheme of the viewers' connections: `https` behind a load balancer that terminates TLS. The default is `http`.
    /// The scheme in a request's target or in `:scheme` is not used, since the viewer writes it.
    #[must_use]
    pub fn with_scheme(self, scheme: Scheme) -> Self {
        Self { scheme, ..self }
    }

    /// Sets the maximum size of the cache of verified signatures, in bytes, and empties it; 0 turns it off. The default is 64 MiB.
    #[must_use]
    pub fn with_memo_size(self, bytes: u64) -> Self {
        Self { verified: Arc::new(SignatureCache::new(bytes)), ..self }
    }

    /// Sets the function that looks up the country of an address, for distributions with a geo restriction. A viewer of an
    /// unknown country is allowed, as by CloudFront. The function is called only where the distribution has a restriction.
    #[must_use]
    pub fn with_countries(self, country: impl Fn(IpAddr) -> Option<Country> + Send + Sync + 'static) -> Self {
        Self { countries: Some(Arc::new(country)), ..self }
    }

    /// What is verified against.
    #[doc(hidden)]
    #[must_use]
    pub fn distributions(&self) -> &Arc<Distributions> {
        &self.distributions
    }

    /// Decides on a request of a viewer at an address, at a time in whole seconds (a [`SystemTime`](std::time::SystemTime) is
    /// rounded down). Without an address, a policy with an `IpAddress` condition is denied, except `0.0.0.0/0`.
    ///
    /// `Content-Length` and `Transfer-Encoding` show whether the request has a body. The order of checks is that of
    /// CloudFront's developer guide where it is documented; `docs/choices.md` lists the rest.
    #[must_use]
    pub fn verify(
        &self,
        request: &request::Parts,
        now: impl Into<EpochSeconds>,
        address: impl Into<Option<IpAddr>>,
    ) -> Verdict {
        let (now, address) = (now.into(), address.into());
        let (first, second) = judged_as(address);
        match (self.decided(request, now, first, address), second) {
            (Verdict::Allowed(_), Some(second)) => self.decided(request, now, second, address),
            (judgement, _) => judgement,
        }
    }

    /// Decides as [`Verifier::verify`], and lists every check with what was expected and found, and the mistake where it is
    /// found. The search for it may take a second of processor time. Without an address, the explanation shows `0.0.0.0` or
    /// `255.255.255.255`.
    #[must_use]
    pub fn explain(
        &self,
        request: &request::Parts,
        now: impl Into<EpochSeconds>,
        address: impl Into<Option<IpAddr>>,
    ) -> Explanation {
        let (now, address) = (now.into(), address.into());
        let explained = |viewer| {
            let received = Received { country: self.country(address), ..self.received(request, now, viewer) };
            explain(received, &self.distributions)
        };
        let (first, second) = judged_as(address);
        let explanation = explained(first);
        match second {
            Some(second) if explanation.verdict == ExplainedVerdict::Allow => explained(second),
            Some(_) | None => explanation,
        }
    }

    /// Decides as if the viewer were at one address; the one that is known, if any, has the country.
    fn decided(
        &self,
        parts: &request::Parts,
        now: EpochSeconds,
        viewer: IpAddr,
        known: Option<IpAddr>,
    ) -> Verdict {
        let received = self.received(parts, now, viewer);
        match decide(received, &self.distributions, |_| self.country(known), &self.verified) {
            Decided::Unrouted { rejection, .. }
            | Decided::Routed { decision: Decision::Reject(rejection), .. } => {
                Verdict::Denied(Denied::rejected(&rejection))
            }
            Decided::Routed { decision: Decision::Deny(reason), .. } => {
                Verdict::Denied(Denied::by(&reason, known))
            }
            Decided::Routed { decision: Decision::Allow(admission), route, .. } => {
                Verdict::Allowed(Allowed::of(&admission, &route))
            }
        }
    }

    fn received<'p>(&self, parts: &'p request::Parts, now: EpochSeconds, address: IpAddr) -> Received<'p> {
        Received::of(parts, Framing::of(parts), Arrival { scheme: self.scheme, address, now })
    }

    fn country(&self, address: Option<IpAddr>) -> Option<Country> {
        self.countries.as_ref().zip(address).and_then(|(country, address)| country(address))
    }
}

/// The addresses that a viewer is judged as. One whose address nobody knows: both ends of IPv4, since a range that has both is
/// the one of everyone.
fn judged_as(address: Option<IpAddr>) -> (IpAddr, Option<IpAddr>) {
    match address {
        Some(address) => (address, None),
        None => (Ipv4Addr::UNSPECIFIED.into(), Some(Ipv4Addr::BROADCAST.into())),
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.distributions.list.iter().map(|one| one.id.as_str()).collect();
        f.debug_struct("Verifier")
            .field("distributions", &ids)
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use http::{Request, Version};

    use super::*;
    use crate::access::prechecks::Rejection;
    use crate::distribution::key::HashAlgorithm;
    use crate::explain::Outcome;
    use crate::sign::{PrivateKey, Terms, signed_url, signing_values};

    const END: EpochSeconds = EpochSeconds(2_000_000_000);
    const BASE: &str = "https://media.example.com";

    fn verifier(key: &PrivateKey) -> Verifier {
        let builder = Verifier::builder().key("K1", key.public_pem().unwrap()).base_url(BASE);
        builder.public("/public/*").build().unwrap()
    }

    fn link(key: &PrivateKey, url: &str, terms: &Terms) -> String {
        signed_url(url, &signing_values(url, terms, key, "K1", HashAlgorithm::Sha1).unwrap())
    }

    fn for_range(key: &PrivateKey, range: &str) -> String {
        let url = format!("{BASE}/a");
        let terms = Terms::new(&url, END, None, Some(range.parse().unwrap()), None);
        link(key, &url, &terms)
    }

    fn parts(request: http::request::Builder) -> request::Parts {
        request.body(()).unwrap().into_parts().0
    }

    fn get(url: &str) -> request::Parts {
        let host = url.split('/').nth(2).unwrap().to_owned();
        parts(Request::get(url.split_once(&host).unwrap().1).header("host", host))
    }

    fn reason(judgement: Verdict) -> &'static str {
        judgement.into_result().map_or_else(|denied| denied.reason(), |_| "allowed")
    }

    #[test]
    fn a_link_opens_up_to_the_second_of_its_end() {
        let key = PrivateKey::generate_rsa().unwrap();
        let verifier = verifier(&key);
        let request = get(&link(&key, &format!("{BASE}/a?b=c"), &Terms::Canned { expires: END }));
        for _ in 0..2 {
            assert_eq!(reason(verifier.verify(&request, EpochSeconds(END.0 - 1), None)), "allowed");
            assert_eq!(reason(verifier.verify(&request, END, None)), "expired");
        }
        let moment = UNIX_EPOCH + Duration::from_millis(END.0 * 1000 - 1);
        let allowed = verifier.verify(&request, moment, None).into_result().unwrap();
        assert_eq!((allowed.key_pair_id(), allowed.is_private()), (Some("K1"), true));
        assert_eq!(verifier.verified.entries(), 1);
    }

    #[test]
    fn who_has_no_address_gets_only_what_is_for_everyone() {
        let key = PrivateKey::generate_ecdsa().unwrap();
        let verifier = verifier(&key);
        for (range, address, expected) in [
            ("203.0.113.0/24", Some("203.0.113.9"), "allowed"),
            ("203.0.113.0/24", Some("203.0.114.9"), "ip-mismatch"),
            ("203.0.113.0/24", None, "ip-mismatch"),
            ("0.0.0.0/0", None, "allowed"),
            ("0.0.0.0/1", None, "ip-mismatch"),
            ("128.0.0.0/1", None, "ip-mismatch"),
            ("0.0.0.0/32", None, "ip-mismatch"),
            ("255.255.255.255/32", None, "ip-mismatch"),
        ] {
            let request = get(&for_range(&key, range));
            let address: Option<IpAddr> = address.map(|address| address.parse().unwrap());
            assert_eq!(reason(verifier.verify(&request, EpochSeconds(1), address)), expected, "{range}");
            let explained = verifier.explain(&request, EpochSeconds(1), address);
            assert_eq!(explained.verdict == ExplainedVerdict::Allow, expected == "allowed", "{range}");
        }
        let denied = verifier.verify(&get(&for_range(&key, "10.0.0.0/8")), EpochSeconds(1), None);
        let detail = denied.into_result().unwrap_err().detail().to_owned();
        assert_eq!(detail, "the viewer's address is not known, the policy is for 10.0.0.0/8");
    }

    #[test]
    fn what_stands_before_the_credentials_is_judged_as_the_edge_does() {
        let key = PrivateKey::generate_ecdsa().unwrap();
        let verifier = verifier(&key);
        let host = |request: http::request::Builder| parts(request.header("host", "media.example.com"));
        for (request, expected, status) in [
            (host(Request::get("/public/a")), "allowed", 200),
            (host(Request::post("/public/a").header("content-length", "3")), "allowed", 200),
            (host(Request::get("/public/a").header("content-length", "3")), "bad-request", 403),
            (host(Request::get("/public/a").header("content-length", "0")), "allowed", 200),
            (host(Request::get("/private")), "missing-key-pair-id", 403),
            (host(Request::get("/public/../private")), "missing-key-pair-id", 403),
            (host(Request::get("/public/..%2fprivate")), "missing-key-pair-id", 403),
            (host(Request::builder().method("PURGE").uri("/public/a")), "method-not-allowed", 403),
            (host(Request::get("*")), "bad-request", 400),
            (host(Request::get(format!("/public/{}", "a".repeat(9000)))), "too-large", 413),
            (host(Request::get("/public/a").header("x", "a".repeat(40_000))), "too-large", 413),
            (parts(Request::get("/public/a")), "bad-request", 400),
            (host(Request::get("/public/a").header("host", "b")), "bad-request", 400),
            (host(Request::get("https://other.example.com/public/a")), "bad-request", 400),
            (parts(Request::get("https://b/public/a").version(Version::HTTP_2)), "allowed", 200),
        ] {
            let judged = verifier.verify(&request, EpochSeconds(1), None);
            let found = judged.clone().into_result().map_or_else(|denied| denied.status().as_u16(), |_| 200);
            assert_eq!((reason(judged), found), (expected, status), "{}", request.uri);
        }
    }

    #[test]
    fn a_link_fits_by_its_base_wherever_it_is_asked() {
        let key = PrivateKey::generate_ecdsa().unwrap();
        let builder = || Verifier::builder().key("K1", key.public_pem().unwrap());
        let canned = |url: &str| link(&key, url, &Terms::Canned { expires: END });
        let [plain, secure] =
            ["http", "https"].map(|scheme| canned(&format!("{scheme}://media.example.com/a")));
        let at = |host: &str, link: &str| get(&link.replacen("media.example.com", host, 1));
        let judged = |verifier: &Verifier, request| reason(verifier.verify(&request, EpochSeconds(1), None));
        let based = builder().base_url(BASE).base_url("http://localhost:3000").build().unwrap();
        for host in ["media.example.com", "localhost:8080", "127.0.0.1"] {
            assert_eq!(judged(&based, at(host, &secure)), "allowed", "{host}");
        }
        assert_eq!(judged(&based, at("other.example.com", &secure)), "allowed");
        assert_eq!(judged(&based, at("other.example.com", &plain)), "signature-mismatch");
        assert_eq!(judged(&based, at("media.example.com", &plain)), "allowed");
        let bare = builder().build().unwrap();
        let local = canned("https://localhost/a");
        assert_eq!(judged(&bare, get(&local)), "signature-mismatch");
        assert_eq!(judged(&bare.clone().with_scheme(Scheme::Https), get(&local)), "allowed");
        // The scheme that a request line claims is the viewer's own word.
        let absolute = parts(Request::get(&local).header("host", "localhost"));
        assert_eq!(judged(&bare, absolute), "signature-mismatch");
    }

    #[test]
    fn patterns_choose_keys_in_their_order() {
        let [one, two] = [(); 2].map(|()| PrivateKey::generate_ecdsa().unwrap());
        let builder = Verifier::builder().key("K1", one.public_pem().unwrap());
        let builder = builder.key("K2", two.public_pem().unwrap()).base_url(BASE);
        let verifier = builder.public("/team/logo").private("/team/*", ["K2"]).public_elsewhere().build();
        let verifier = verifier.unwrap();
        for (path, expected) in [("/", "allowed"), ("/team/logo", "allowed"), ("/team/a", "unknown-key")] {
            let request = get(&link(&one, &format!("{BASE}{path}"), &Terms::Canned { expires: END }));
            assert_eq!(reason(verifier.verify(&request, EpochSeconds(1), None)), expected, "{path}");
        }
    }

    #[test]
    fn only_private_paths_lose_what_was_for_the_edge() {
        let key = PrivateKey::generate_ecdsa().unwrap();
        let verifier = verifier(&key);
        for (path, left) in [("/a?b=1", "/a?b=1"), ("/public/a", "/public/a?Expires=2000000000")] {
            let signed = link(&key, &format!("{BASE}{path}"), &Terms::Canned { expires: END });
            let mut request = get(&signed);
            let allowed = verifier.verify(&request, EpochSeconds(1), None).into_result().unwrap();
            allowed.strip(&mut request);
            let found = request.uri.to_string();
            assert_eq!(found.split("&Signature").next(), Some(left));
        }
    }

    #[test]
    fn a_denial_says_what_cloudfront_says() {
        let key = PrivateKey::generate_ecdsa().unwrap();
        let verifier = verifier(&key);
        let denied = verifier.verify(&get(&format!("{BASE}/a?Key-Pair-Id=K9")), EpochSeconds(1), None);
        let denied = denied.into_result().unwrap_err();
        assert_eq!(
            (denied.reason(), denied.code(), denied.message()),
            ("unknown-key", Some("InvalidKey"), Some("Unknown Key"))
        );
        assert_eq!(denied.body("").len(), 106);
        assert_eq!(denied.to_string(), "unknown-key: key \"K9\" is not trusted here; trusted: K1");
        let explained = verifier.explain(&get(&format!("{BASE}/a?Key-Pair-Id=K9")), EpochSeconds(1), None);
        let failed = explained.checks.iter().find(|check| check.outcome == Outcome::Fail).unwrap();
        assert_eq!((failed.name, failed.found.contains("K9")), ("key", true), "{failed:?}");
        let unread = verifier.explain(&parts(Request::get("/a")), EpochSeconds(1), None);
        assert!(matches!(unread.verdict, ExplainedVerdict::Rejected(Rejection::Host(_))));
    }

    #[test]
    fn what_cannot_be_used_is_named_with_its_remedy() {
        let pem = PrivateKey::generate_ecdsa().unwrap().public_pem().unwrap();
        let builder = || Verifier::builder().key("K1", &pem);
        for (builder, named) in [
            (Verifier::builder(), ".key(ID, PEM)"),
            (builder().key("K1", &pem), "K1"),
            (builder().key("K 2", &pem), "K 2"),
            (builder().key("K2", "no key"), "K2"),
            (builder().base_url("media.example.com"), "http://"),
            (builder().public("/a b"), "/a b"),
            (builder().private("/a", ["K3"]), "K3"),
            (builder().private("/a", [""; 0]), "/a"),
            ((0..9).fold(builder(), |builder, _| builder.base_url(BASE)), "9 base URLs"),
        ] {
            let told = builder.build().map(|_| ()).unwrap_err().to_string();
            assert!(told.contains(named), "{told}");
        }
    }

    #[test]
    fn it_goes_wherever_requests_go() {
        fn goes<T: Send + Sync + Clone + 'static>() {}
        goes::<Verifier>();
        goes::<Verdict>();
    }
}
