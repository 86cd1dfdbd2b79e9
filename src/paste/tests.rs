//! Random texts of a grammar of the accepted forms: each must be judged as the plain URL with the same cookies.

use std::io::Cursor;
use std::sync::Arc;

use super::{Kept, PasteReader};

use crate::access::signature_cache::SignatureCache;
use crate::access::{Decided, Decision, decide};
use crate::distribution::key::{HashAlgorithm, KeyGroup, KeyTolerance, PublicKey, PublicKeyId};
use crate::distribution::{Distribution, Distributions, UnknownHost};
use crate::epoch::EpochSeconds;
use crate::explain::OwnedRequest;
use crate::sign::{PrivateKey, Terms, signed_url, signing_values};

mod grammar;

const AT: EpochSeconds = EpochSeconds(1_790_000_000);
const HOST: &str = "media.example.com";
const ID: &str = "K2JCJMDEHXQW5F";

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap_or(0)
    }

    fn pick<'t, T: ?Sized>(&mut self, of: &[&'t T]) -> &'t T {
        of[self.below(of.len())]
    }
}

/// A request as it is sent.
struct Case {
    url: String,
    /// `name=value` of each cookie.
    cookies: Vec<String>,
}

impl Case {
    fn random(random: &mut Random, keys: &[PrivateKey; 2]) -> Self {
        let scheme = random.pick(&["https", "https", "https", "http"]);
        let path = random.pick(&[
            "/dir/a.jpg",
            "/a%20b.mp4",
            "/it's.mp4",
            "/x/(1)/seg-0.ts",
            "/v/%E6%97%A5.m3u8?b=1&c=%26",
            "/v?w=1&q=75",
            "/a,b;c=1/x~y.mp4",
            "/public/../dir/x",
            "/%2F/x",
            "/a+b/@2x.png?x=a+b",
            "/dir/",
            "/!$*/x.js?a[]=1",
        ]);
        let url = format!("{scheme}://{HOST}{path}");
        let end = random.pick(&["1790003600", "1790003600", "1789999999", "9999999999"]);
        let signed = match random.below(6) {
            0 => format!("https://{HOST}/other/x"),
            1 => url.replace(HOST, "other.example.com"),
            _ => url.clone(),
        };
        let end = EpochSeconds(end.parse().unwrap());
        let key = &keys[usize::from(random.below(8) == 0)];
        let is_wild = random.below(2) == 0;
        let terms = match is_wild {
            true => {
                let resource =
                    random.pick(&["https://media.example.com/*", "http*://*/dir/*", "https://a.com/*"]);
                Terms::Custom { policy: policy(resource, end).into_bytes(), expires: None }
            }
            false => Terms::Canned { expires: end },
        };
        let values = signing_values(&signed, &terms, key, ID, HashAlgorithm::Sha1).unwrap();
        if random.below(2) == 0 {
            let signed = signed_url(&signed, &values);
            let query = signed.rsplit_once("Expires=").map(|(_, rest)| format!("Expires={rest}"));
            let query =
                query.or_else(|| signed.rsplit_once("Policy=").map(|(_, rest)| format!("Policy={rest}")));
            let separator = if url.contains('?') { '&' } else { '?' };
            return Self { url: format!("{url}{separator}{}", query.unwrap()), cookies: Vec::new() };
        }
        let query = signed_url("https://x/", &values);
        let (_, query) = query.split_once('?').unwrap();
        let mut cookies: Vec<String> = query.split('&').map(|pair| format!("CloudFront-{pair}")).collect();
        if random.below(6) == 0 {
            cookies.remove(random.below(cookies.len()));
        }
        Self { url, cookies }
    }

    fn header(&self) -> String {
        self.cookies.join("; ")
    }

    fn target(&self) -> &str {
        self.url.split_once(HOST).map_or("", |(_, target)| target)
    }

    fn is_https(&self) -> bool {
        self.url.starts_with("https:")
    }
}

fn policy(resource: &str, end: EpochSeconds) -> String {
    format!(
        r#"{{"Statement":[{{"Resource":"{resource}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{}}}}}}}]}}"#,
        end.0
    )
}

/// The decision alone: the search for causes would take most of the time.
fn verdict(inquiry: &OwnedRequest, distributions: &Distributions, memo: &SignatureCache) -> String {
    let name = match decide(inquiry.received(), distributions, |_| None, memo) {
        Decided::Routed { decision: Decision::Allow(_), .. } => "allow",
        Decided::Routed { decision: Decision::Deny(reason), .. } => reason.name(),
        Decided::Routed { decision: Decision::Reject(rejection), .. }
        | Decided::Unrouted { rejection, .. } => rejection.name(),
    };
    name.to_owned()
}

#[test]
fn ten_thousand_texts_are_judged_as_the_plain_url_with_the_same_cookies() {
    let keys = [PrivateKey::generate_ecdsa().unwrap(), PrivateKey::generate_ecdsa().unwrap()];
    let id = PublicKeyId::new(ID);
    let key = PublicKey::from_pem(id, &keys[0].public_pem().unwrap(), KeyTolerance::default()).unwrap();
    let group = Arc::new(KeyGroup { id: "main".into(), keys: vec![Arc::new(key)] });
    let list = vec![Arc::new(Distribution::private("E1", HOST, group))];
    let distributions = Distributions { list, unknown_host: UnknownHost::Only, ..Distributions::default() };
    let memo = SignatureCache::new(64 << 20);
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut counts: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    // Signing takes most of the time, so that each request is written in many forms.
    let cases: Vec<(Case, String)> = (0..500)
        .map(|_| {
            let case = Case::random(&mut random, &keys);
            let (mut plain, _) = OwnedRequest::of_url(&case.url, AT).unwrap();
            plain.cookies = vec![case.header().into_bytes()];
            let expected = verdict(&plain, &distributions, &memo);
            (case, expected)
        })
        .collect();
    for number in 0..10_000 {
        let (case, expected) = &cases[random.below(cases.len())];
        let text = match case.cookies.is_empty() && random.below(2) == 0 {
            true => grammar::of_url(case, &mut random),
            false => grammar::of_both(case, &mut random),
        };
        let mut kept = Kept::default();
        let mut reader = PasteReader::new(None);
        assert!(reader.read("x", Cursor::new(text.clone().into_bytes()), &mut kept).is_continue());
        assert!(reader.finish(&mut kept).is_continue());
        assert_eq!(
            (kept.links.len(), kept.problems.len()),
            (1, 0),
            "{number}: {text}\n{:?} {:?}",
            kept.links,
            kept.problems
        );
        let (inquiry, _) = kept.links[0].inquiry(AT).unwrap();
        assert_eq!(
            verdict(&inquiry, &distributions, &memo),
            *expected,
            "{number}: {text}\n{}{}",
            inquiry.authority,
            inquiry.target
        );
        *counts.entry(expected.clone()).or_default() += 1;
    }
    // Neither all allowed nor all denied for one reason.
    assert!(counts.len() >= 4 && counts.values().all(|count| *count < 7_000), "{counts:?}");
}

#[test]
fn no_key_and_no_signature_is_left_in_what_was_not_understood() {
    let key = PrivateKey::generate_ecdsa().unwrap().to_pem().unwrap();
    let text = format!("https://{HOST}/x\nmy key is\n{key}\nSig: {}", "aB3-".repeat(40));
    let mut kept = Kept::default();
    let mut reader = PasteReader::new(None);
    assert!(reader.read("x", Cursor::new(text.into_bytes()), &mut kept).is_continue());
    assert!(reader.finish(&mut kept).is_continue());
    let ignored = kept.links[0].surroundings.ignored.join(" ");
    assert!(ignored.contains("my key is") && !ignored.contains("aB3-"), "{ignored}");
    let secret = key.lines().filter(|line| !line.contains("---"));
    assert!(secret.clone().count() > 0);
    for line in secret.filter(|line| line.len() > 30) {
        assert!(!ignored.contains(line), "{line}");
    }
}

#[test]
fn a_request_that_curl_traces_and_sends_is_one() {
    let trace = "* Connected to media.example.com (192.0.2.1) port 443\n* [HTTP/2] [1] OPENED stream for https://media.example.com/x\n\
        * [HTTP/2] [1] [:method: GET]\n* [HTTP/2] [1] [:scheme: https]\n* [HTTP/2] [1] [:authority: media.example.com]\n\
        * [HTTP/2] [1] [:path: /x]\n> GET /x HTTP/2\n> Host: media.example.com\n> Cookie: c=1\n> \n< HTTP/2 403 \n";
    let mut kept = Kept::default();
    let mut reader = PasteReader::new(None);
    assert!(reader.read("x", Cursor::new(trace), &mut kept).is_continue());
    assert!(reader.finish(&mut kept).is_continue());
    assert_eq!(kept.links.len(), 1, "{:?}", kept.links);
    assert_eq!(
        (kept.links[0].url.as_str(), kept.links[0].cookies.join("; ").as_str()),
        ("https://media.example.com/x", "c=1")
    );
}

fn read(text: &str) -> Kept {
    let mut kept = Kept::default();
    let mut reader = PasteReader::new(None);
    assert!(reader.read("x", Cursor::new(text.to_owned().into_bytes()), &mut kept).is_continue());
    assert!(reader.finish(&mut kept).is_continue());
    kept
}

#[test]
fn cookies_in_a_variable_keep_the_link_before_them_from_having_none() {
    let text = "URL=https://media.example.com/x\nCOOKIE='CloudFront-Policy=p; CloudFront-Signature=s'\n\
        curl -H \"Cookie: $COOKIE\" \"$URL\"";
    let links = read(text).links;
    assert_eq!(links[0].url, "https://media.example.com/x");
    assert!(links[0].has_credentials() || !links[0].surroundings.ignored.is_empty(), "{links:?}");
}

#[test]
fn cookies_without_a_url_are_never_passed_over() {
    let text = "headers = { 'Cookie': 'CloudFront-Policy=+; CloudFront-Signature=s' }\nconn.request(\"GET\", \"/x\", '', headers)";
    let kept = read(text);
    assert_eq!((kept.links.len(), kept.problems.len()), (0, 1));
}

#[test]
fn what_stands_around_a_link_is_no_part_of_it() {
    let signed = "https://a.com/x?Expires=1&Signature=s&Key-Pair-Id=K";
    for text in [format!("why does {signed}?"), format!("_{signed}_"), format!("__{signed}__")] {
        assert_eq!(read(&text).links[0].url, signed, "{text:?}");
    }
    for text in ["\u{feff}\u{a0}https://a.com/x?a=1\u{200b}", "\u{200e}https://a.com/x?a=1 \u{2060}"] {
        assert_eq!(read(text).links[0].url, "https://a.com/x?a=1", "{text:?}");
    }
}
