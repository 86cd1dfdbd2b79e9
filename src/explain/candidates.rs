//! What a signature that doesn't fit was made over instead: likely texts, verified one by one. A hit is a proof.

use std::collections::HashSet;

use super::checks::Examined;
use super::diff::diff;
use crate::access::ClaimedPolicy;
use crate::access::policy;
use crate::access::verified::SignatureClaim;
use crate::distribution::key::{HashAlgorithm, PublicKey};
use crate::viewer::{Base, Scheme, SignedUrl};

/// Says what the signature was made over or by, if that is found.
pub(super) fn search(
    examined: &Examined<'_, '_>,
    claim: &SignatureClaim<'_>,
    claimed: &ClaimedPolicy<'_>,
) -> Option<String> {
    if examined.tried.is_empty() {
        let host = examined.request.host.name();
        return Some(format!(
            "{host} is no name of the distribution: add it to `aliases`, or what links are signed for to `public-base-urls`"
        ));
    }
    let messages = claimed.messages(&examined.tried);
    let signers = signers(examined, claim);
    for (key, hash) in &signers {
        if messages.iter().any(|message| key.verifies(*hash, message, claim.signature)) {
            return Some(other_signer(claim, key, *hash));
        }
    }
    let signed = match claimed {
        ClaimedPolicy::Canned { expires, .. } => other_url(examined, claim, &signers, expires),
        ClaimedPolicy::Custom { bytes, .. } => other_text(claim, &signers, bytes),
    };
    signed.or_else(|| wrong_length(claim)).or_else(|| {
        Some(format!(
            "no usual mistake makes this signature (another scheme, host, port, query, encoding, hash or known key). Left \
             are: path, expiry or policy changed after signing, a damaged signature, a private key that doesn't belong to \
             the public key of {}",
            claim.key.id()
        ))
    })
}

/// The key that was named comes first, then every other one that the configuration knows; each with both hashes.
fn signers<'e>(
    examined: &'e Examined<'_, '_>,
    claim: &SignatureClaim<'e>,
) -> Vec<(&'e PublicKey, HashAlgorithm)> {
    let behaviors = examined.distributions.list.iter().flat_map(|one| one.all_behaviors());
    let mut keys: Vec<&PublicKey> = vec![claim.key];
    for key in behaviors.flat_map(|behavior| behavior.restriction.keys()) {
        if !keys.iter().any(|known| known.identity() == key.identity()) {
            keys.push(key);
        }
    }
    let other = match claim.hash {
        HashAlgorithm::Sha1 => HashAlgorithm::Sha256,
        HashAlgorithm::Sha256 => HashAlgorithm::Sha1,
    };
    [claim.hash, other].into_iter().flat_map(|hash| keys.iter().map(move |key| (*key, hash))).collect()
}

fn other_signer(claim: &SignatureClaim<'_>, key: &PublicKey, hash: HashAlgorithm) -> String {
    let mut faults = Vec::new();
    if key.identity() != claim.key.identity() {
        faults.push(format!("key {} made it, but Key-Pair-Id is {}", key.id(), claim.key.id()));
    }
    if hash != claim.hash {
        faults.push(match hash {
            HashAlgorithm::Sha256 => "it was made with SHA-256: send Hash-Algorithm=SHA256 too".to_owned(),
            HashAlgorithm::Sha1 => "it was made with SHA-1, but Hash-Algorithm=SHA256 was sent".to_owned(),
        });
    }
    format!("proven: {}", faults.join("; "))
}

/// A canned signature over another URL.
fn other_url(
    examined: &Examined<'_, '_>,
    claim: &SignatureClaim<'_>,
    signers: &[(&PublicKey, HashAlgorithm)],
    expires: &str,
) -> Option<String> {
    let requested = examined.tried.urls().next()?;
    for url in url_candidates(examined, MAX_VERIFICATIONS / signers.len().max(1)) {
        let message = policy::canned_for(&url, expires);
        let fits =
            |(key, hash): &&(&PublicKey, HashAlgorithm)| key.verifies(*hash, &message, claim.signature);
        let Some((key, hash)) = signers.iter().find(fits) else { continue };
        let also = if (*key).identity() == claim.key.identity() && *hash == claim.hash {
            String::new()
        } else {
            format!("\n{}", other_signer(claim, key, *hash))
        };
        let base = nearest_base(examined, &url).unwrap_or(requested.base);
        let shown = SignedUrl { base, ..requested }.to_string();
        return Some(format!("proven: {}\n{}{also}", what_differs(&url, &shown), diff(&url, &shown)));
    }
    None
}

/// The base that was tried which shares most with the URL that was signed, so that the diff is short.
fn nearest_base<'e>(examined: &'e Examined<'_, '_>, signed: &str) -> Option<Base<'e>> {
    let shared =
        |base: &&Base<'_>| base.to_string().bytes().zip(signed.bytes()).take_while(|(a, b)| a == b).count();
    examined.tried.bases().iter().max_by_key(shared).copied()
}

fn what_differs(signed: &str, requested: &str) -> &'static str {
    let split = |url: &str| {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let (authority, target) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (path, query) =
            target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        (scheme.to_owned(), authority.to_owned(), path.to_owned(), query.map(str::to_owned))
    };
    let (a, b) = (split(signed), split(requested));
    if signed.contains('*') {
        "the link was signed for a wildcard, which a canned policy doesn't have: use a custom policy"
    } else if a.2 != b.2 {
        "the path was signed in another form than it was requested: sign it percent-encoded, as it is sent"
    } else if a.3 != b.3 {
        "the query was changed after signing: every parameter has to be there when the link is signed"
    } else if a.1 != b.1 {
        "the link was signed for another host than it was opened under: sign the one that viewers open, or name the \
         other in public-base-urls"
    } else {
        "the link was signed for the other scheme: sign the one that viewers open, or name the other in \
         public-base-urls"
    }
}

/// Wildcards, then each base × each form of the query × each form of the path, without the ones that were tried.
fn url_candidates(examined: &Examined<'_, '_>, most: usize) -> Vec<String> {
    let tried: HashSet<String> = examined.tried.texts().into_iter().collect();
    let target = examined.request.target;
    let (bases, queries, paths) = (bases(examined), queries(target.query), paths(target.path));
    let mut urls = vec!["*".to_owned()];
    for base in &bases {
        let folders = target.path.match_indices('/').map(|(at, _)| &target.path[..=at]).take(MAX_FOLDERS);
        urls.extend(folders.map(|folder| format!("{base}{folder}*")));
    }
    for path in &paths {
        for query in &queries {
            for base in &bases {
                let query = query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
                urls.push(format!("{base}{path}{query}"));
            }
        }
    }
    let mut seen = tried;
    urls.retain(|url| seen.insert(url.clone()));
    urls.truncate(most);
    urls
}

/// Every name that the distributions have and the host that was sent, with both schemes; the tried ones first.
fn bases(examined: &Examined<'_, '_>) -> Vec<String> {
    let mut bases: Vec<String> = examined.tried.bases().iter().map(Base::to_string).collect();
    let host = examined.request.host;
    let mut authorities = vec![host.to_string(), host.name().to_owned()];
    let port = host.port().map(|port| format!(":{port}")).unwrap_or_default();
    authorities.extend(["localhost", "127.0.0.1"].map(|local| format!("{local}{port}")));
    for one in &examined.distributions.list {
        authorities.extend(one.public_base_urls.iter().map(|base| base.base().authority.to_owned()));
        authorities.push(one.domain_name.clone());
        authorities.extend(one.aliases.iter().filter(|alias| !alias.starts_with('*')).cloned());
    }
    for authority in authorities {
        for scheme in [Scheme::Https, Scheme::Http] {
            let base = format!("{scheme}://{authority}");
            if !bases.contains(&base) {
                bases.push(base);
            }
        }
    }
    bases
}

/// The query as it is, and with each choice of parameters left out: what was added after signing.
fn queries(query: Option<&str>) -> Vec<Option<String>> {
    let left = query.and_then(crate::access::credentials::without_signing_parameters);
    let segments: Vec<&str> = left.as_deref().map(|left| left.split('&').collect()).unwrap_or_default();
    let free = segments.len().min(MAX_FREE_PARAMETERS);
    let mut found = Vec::new();
    for dropped in 0u32..1 << free {
        // The last parameters are the likeliest to have been added, so they are dropped first.
        let kept: Vec<&str> = segments
            .iter()
            .rev()
            .enumerate()
            .filter(|(place, _)| *place >= free || dropped & (1 << place) == 0)
            .map(|(_, segment)| *segment)
            .collect();
        let kept: Vec<&str> = kept.into_iter().rev().collect();
        found.push((!kept.is_empty()).then(|| kept.join("&")));
    }
    if let Some(left) = left.as_deref() {
        found.push(Some(decoded(left)));
    }
    found
}

/// The path as it is, decoded, and with the characters that browsers encode and signers don't.
fn paths(path: &str) -> Vec<String> {
    let mut found = vec![path.to_owned()];
    let plus = path.replace("%20", "+");
    for form in
        [decoded(path), path.replace("%27", "'"), plus, path.replace('+', "%20"), path.replace('\'', "%27")]
    {
        if !found.contains(&form) {
            found.push(form);
        }
    }
    found
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A custom policy that was signed in another spelling: without white space, or with a line end.
fn other_text(
    claim: &SignatureClaim<'_>,
    signers: &[(&PublicKey, HashAlgorithm)],
    bytes: &[u8],
) -> Option<String> {
    let compact = without_white_space(bytes);
    let with_newline = [bytes, b"\n"].concat();
    let encoded = crate::access::encoding::encode(bytes).into_bytes();
    for (text, what) in [
        (compact, "the policy was signed without its white space: sign the bytes that are sent"),
        (bytes.trim_ascii().to_vec(), "the policy was signed without the white space around it"),
        (with_newline, "the policy was signed with a line end that wasn't sent"),
        (encoded, "the policy's base64 was signed instead of the policy"),
    ] {
        let fits = |(key, hash): &&(&PublicKey, HashAlgorithm)| key.verifies(*hash, &text, claim.signature);
        if let Some((key, hash)) = signers.iter().find(fits) {
            let same = (*key).identity() == claim.key.identity() && *hash == claim.hash;
            let also = if same { String::new() } else { format!("\n{}", other_signer(claim, key, *hash)) };
            return Some(format!("proven: {what}{also}"));
        }
    }
    None
}

fn without_white_space(json: &[u8]) -> Vec<u8> {
    let (mut quoted, mut escaped) = (false, false);
    json.iter()
        .copied()
        .filter(|&byte| {
            let keep = quoted || !byte.is_ascii_whitespace();
            match byte {
                b'"' if !escaped => quoted = !quoted,
                _ => {}
            }
            escaped = byte == b'\\' && !escaped;
            keep
        })
        .collect()
}

fn wrong_length(claim: &SignatureClaim<'_>) -> Option<String> {
    match claim.key.kind() {
        crate::distribution::key::KeyKind::Rsa { bits } if claim.signature.len() * 8 != bits => {
            Some(format!(
                "a signature of {} has {} bytes, this one has {}: made by another key, or changed on the way",
                claim.key.id(),
                bits.div_ceil(8),
                claim.signature.len()
            ))
        }
        crate::distribution::key::KeyKind::EcdsaP256 if claim.signature.len() == 64 => {
            Some("64 bytes are a raw ECDSA signature; CloudFront takes ASN.1 DER".to_owned())
        }
        crate::distribution::key::KeyKind::Rsa { .. } | crate::distribution::key::KeyKind::EcdsaP256 => None,
    }
}

/// Parameters of which every choice is tried.
const MAX_FREE_PARAMETERS: usize = 8;
/// Folders of the path that may have been signed with a wildcard.
const MAX_FOLDERS: usize = 16;
/// In all, over keys and hashes: at 20 µs for an RSA key, less than half a second.
const MAX_VERIFICATIONS: usize = 20_000;
