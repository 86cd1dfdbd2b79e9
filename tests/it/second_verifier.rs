//! A second verifier of signed URLs and cookies, on the `rsa` and `p256` crates: written apart from the product, for
//! exact Resources only, so that neither can hide the other's mistake.

use base64::prelude::{BASE64_STANDARD, Engine};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::pkcs8::DecodePublicKey;
use serde_json::Value;
use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::support::canned;

/// A request's target and `Cookie` field.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) target: String,
    pub(crate) cookies: String,
}

/// What a request claims, after every encoding is undone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    key_pair_id: String,
    sha256: bool,
    signature: Vec<u8>,
    message: Vec<u8>,
}

enum Key {
    Rsa(Box<rsa::PublicKey>),
    P256(p256::ecdsa::VerifyingKey),
}

pub(crate) struct SecondVerifier {
    keys: Vec<(&'static str, Key)>,
    host: &'static str,
}

impl SecondVerifier {
    pub(crate) fn new(keys: &[(&'static str, String)], host: &'static str) -> Self {
        let read = |file: &str| {
            let pem = std::fs::read_to_string(file).expect("a key");
            match rsa::PublicKey::from_public_key_pem(&pem) {
                Ok(key) => Key::Rsa(Box::new(key)),
                Err(_) => Key::P256(p256::ecdsa::VerifyingKey::from_public_key_pem(&pem).expect("a key")),
            }
        };
        Self { keys: keys.iter().map(|(id, file)| (*id, read(file))).collect(), host }
    }

    pub(crate) fn accepts(&self, sent: &Sent) -> bool {
        self.read_with_url(sent)
            .is_some_and(|(signed, url)| self.verifies(&signed) && policy_is_for(&signed.message, &url))
    }

    /// Undoes every encoding; none where something is missing or unreadable.
    pub(crate) fn read(&self, sent: &Sent) -> Option<Signed> {
        self.read_with_url(sent).map(|(signed, _)| signed)
    }

    fn read_with_url(&self, sent: &Sent) -> Option<(Signed, String)> {
        let (path, query) = match sent.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (sent.target.as_str(), None),
        };
        let segments: Vec<(&str, &str)> = query
            .into_iter()
            .flat_map(|query| query.split('&'))
            .map(|s| s.split_once('=').unwrap_or((s, "")))
            .collect();
        let in_url = segments.iter().any(|(name, _)| NAMES.contains(name));
        let pairs: Vec<(String, &str)> = if in_url {
            segments.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
        } else {
            let pairs = sent.cookies.split(';').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            pairs
                .filter_map(|(name, value)| {
                    Some((name.trim().strip_prefix("CloudFront-")?.to_owned(), value.trim()))
                })
                .collect()
        };
        let value = |wanted: &str| {
            let (_, raw) = pairs.iter().find(|(name, _)| name == wanted)?;
            unescape(raw)
        };
        let kept = |query: &str| {
            let segments = query.split('&');
            let own = segments.filter(|s| {
                let name = s.split('=').next().unwrap_or("");
                !NAMES.contains(&name) && name != "Hash-Algorithm"
            });
            own.collect::<Vec<_>>().join("&")
        };
        let left = query.map(kept).filter(|left| !left.is_empty());
        let url =
            format!("https://{}{path}{}", self.host, left.map(|left| format!("?{left}")).unwrap_or_default());
        let key_pair_id = String::from_utf8(value("Key-Pair-Id")?).ok()?;
        let signature = decode(&value("Signature")?)?;
        let sha256 = match value("Hash-Algorithm").as_deref() {
            None | Some(b"SHA1") => false,
            Some(b"SHA256") => true,
            Some(_) => return None,
        };
        let message = match value("Policy") {
            Some(policy) => decode(&policy)?,
            None => canned(&url, &String::from_utf8(value("Expires")?).ok()?).into_bytes(),
        };
        Some((Signed { key_pair_id, sha256, signature, message }, url))
    }

    fn verifies(&self, signed: &Signed) -> bool {
        let Some((_, key)) = self.keys.iter().find(|(id, _)| *id == signed.key_pair_id) else { return false };
        let (sha1, sha256) = (Sha1::digest(&signed.message), Sha256::digest(&signed.message));
        match (key, signed.sha256) {
            (Key::Rsa(key), false) => {
                key.verify(rsa::Pkcs1v15Sign::new::<Sha1>(), &sha1, &signed.signature).is_ok()
            }
            (Key::Rsa(key), true) => {
                key.verify(rsa::Pkcs1v15Sign::new::<Sha256>(), &sha256, &signed.signature).is_ok()
            }
            (Key::P256(key), is_sha256) => {
                let digest: &[u8] = if is_sha256 { &sha256 } else { &sha1 };
                let signature = p256::ecdsa::DerSignature::try_from(signed.signature.as_slice());
                signature.is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok())
            }
        }
    }
}

const NAMES: [&str; 4] = ["Expires", "Policy", "Signature", "Key-Pair-Id"];

/// Only the policies of these tests are known: times and addresses hold, and the one wildcard is `?`, the query's
/// delimiter, which CloudFront's grammar also lets stand for any other character (cloudfront 2.2). Where it stands for `;` or
/// `#`, some origins read the path without what follows, and that reading doesn't fit the Resource (reference 3).
fn policy_is_for(message: &[u8], url: &str) -> bool {
    let Ok(policy) = serde_json::from_slice::<Value>(message) else { return false };
    let resource = policy["Statement"][0]["Resource"].as_str().unwrap_or("");
    resource.len() == url.len()
        && resource.bytes().zip(url.bytes()).all(|(a, b)| a == b || (a == b'?' && !matches!(b, b';' | b'#')))
        && policy["Statement"][0]["Condition"]["DateLessThan"]["AWS:EpochTime"].as_u64()
            == Some(1_990_000_000)
}

fn unescape(raw: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = raw.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = (byte == b'%' && after.len() >= 2).then(|| &after[..2]).and_then(|hex| {
            hex.iter()
                .all(u8::is_ascii_hexdigit)
                .then(|| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok())?
        });
        match hex {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    Some(bytes)
}

/// CloudFront's base64 by way of the standard one, which is taken, too; the padding may be missing.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if text.is_empty() {
        return None;
    }
    let text: String = text
        .iter()
        .map(|byte| match byte {
            b'-' => '+',
            b'~' => '/',
            b'_' => '=',
            other => char::from(*other),
        })
        .collect();
    let bare = text.trim_end_matches('=');
    let given = text.len() - bare.len();
    let needed = (4 - bare.len() % 4) % 4;
    // All of the padding or none of it; what lies between isn't base64.
    if given > needed {
        return None;
    }
    BASE64_STANDARD.decode(format!("{bare}{}", "=".repeat(needed))).ok()
}
