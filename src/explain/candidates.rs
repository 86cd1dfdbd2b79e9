//! What a signature that doesn't fit was made over instead: likely texts, verified one by one. A hit is a proof.

use super::cause::{Cause, Mistake};
use super::checks::Examined;
use super::diff::diff;
use super::maker::{self, Fit, Maker};
use super::url_space::{decoded, url_candidates};
use crate::access::ClaimedPolicy;
use crate::access::policy;
use crate::access::verified::SignatureClaim;
use crate::distribution::key::{KeyKind, PublicKey};
use crate::viewer::{Base, SignedUrl};

/// What was found, in one hint and by name.
pub(super) struct Found {
    pub(super) hint: String,
    pub(super) causes: Vec<Cause>,
}

impl Found {
    fn proven(what: &str, mut causes: Vec<Cause>, maker: Vec<Cause>) -> Self {
        let also: Vec<&str> = maker.iter().map(|cause| cause.fix.as_str()).collect();
        let hint = match (what.is_empty(), also.is_empty()) {
            (true, _) => format!("proven: {}", also.join("; ")),
            (false, true) => format!("proven: {what}"),
            (false, false) => format!("proven: {what}\nproven: {}", also.join("; ")),
        };
        causes.extend(maker);
        Self { hint, causes }
    }
}

/// Says what the signature was made over or by, as far as that is found.
pub(super) fn search(
    examined: &Examined<'_, '_>,
    claim: &SignatureClaim<'_>,
    claimed: &ClaimedPolicy<'_>,
) -> Found {
    if examined.tried.is_empty() {
        let host = examined.request.host.name();
        let hint = format!(
            "{host} is no name of the distribution: add it to `aliases`, or what links are signed for to `public-base-urls`"
        );
        return Found { hint, causes: Vec::new() };
    }
    let maker = Maker::of(examined, claim);
    let mut messages = claimed.messages(&examined.tried).into_iter();
    if let Some(fit) = messages.find_map(|message| maker.fit(&message, claim.signature)) {
        return Found::proven("", Vec::new(), fit.causes(claim));
    }
    let other = match claimed {
        ClaimedPolicy::Canned { expires, .. } => other_url(examined, claim, &maker, expires),
        ClaimedPolicy::Custom { bytes, .. } => other_text(claim, &maker, bytes),
    };
    other.or_else(|| raw_ecdsa(examined, claim, claimed)).unwrap_or_else(|| match &maker {
        Maker::Known { key, hash, .. } => something_else(Fit { key, hash: *hash }, claim),
        Maker::Padding { key, mistake } => padding(key, *mistake, claim),
        Maker::Unknown { .. } => nobody(claim),
    })
}

/// The key made it, but over nothing that was tried.
fn something_else(fit: Fit<'_>, claim: &SignatureClaim<'_>) -> Found {
    Found::proven(
        &format!(
            "{} made this signature with {}, over something else than was sent; no usual mistake (another scheme, host, \
             port, query or encoding) explains it. Left are: path, expiry or policy changed after signing",
            fit.key.id(),
            fit.hash.name()
        ),
        Vec::new(),
        fit.causes(claim),
    )
}

fn padding(key: &PublicKey, mistake: Mistake, claim: &SignatureClaim<'_>) -> Found {
    let fix = if mistake == Mistake::PssPadding {
        "the signature is RSASSA-PSS: sign with PKCS#1 v1.5 (RSASSA_PKCS1_V1_5)"
    } else {
        "a bare digest was signed, without the name of its hash: sign the policy itself, not its digest"
    };
    let other = maker::other_key(key, claim).into_iter().collect();
    Found::proven(fix, vec![Cause::proven(mistake, fix)], other)
}

/// r and s side by side, which verify once they are written as DER.
fn raw_ecdsa(
    examined: &Examined<'_, '_>,
    claim: &SignatureClaim<'_>,
    claimed: &ClaimedPolicy<'_>,
) -> Option<Found> {
    let der = p256::ecdsa::Signature::from_slice(claim.signature).ok()?.to_der();
    let fits = |message: &Vec<u8>| claim.key.verifies(claim.hash, message, der.as_bytes());
    claimed.messages(&examined.tried).iter().any(fits).then(|| {
        let cause = Cause::proven(Mistake::EcdsaRaw, RAW_ECDSA);
        Found { hint: format!("proven: {RAW_ECDSA}"), causes: vec![cause] }
    })
}

/// No key that is known made it, as far as can be told.
fn nobody(claim: &SignatureClaim<'_>) -> Found {
    if let Some(cause) = wrong_length(claim) {
        return Found { hint: cause.fix.clone(), causes: vec![cause] };
    }
    let id = claim.key.id();
    match claim.key.kind() {
        KeyKind::Rsa { .. } => {
            let fix = format!(
                "no key that is known here made it: a damaged signature, or a private key that doesn't belong to the \
                 public key of {id}"
            );
            Found { hint: fix.clone(), causes: vec![Cause::likely(Mistake::UnknownKeyMadeIt, fix)] }
        }
        KeyKind::EcdsaP256 => {
            let hint = format!(
                "no usual mistake makes this signature (another scheme, host, port, query, encoding, hash or known key). \
                 Left are: path, expiry or policy changed after signing, a damaged signature, a private key that doesn't \
                 belong to the public key of {id}"
            );
            Found { hint, causes: Vec::new() }
        }
    }
}

/// A canned signature over another URL.
fn other_url(
    examined: &Examined<'_, '_>,
    claim: &SignatureClaim<'_>,
    maker: &Maker<'_>,
    expires: &str,
) -> Option<Found> {
    if !maker.may_fit() {
        return None;
    }
    let requested = examined.tried.urls().next()?;
    let most = MAX_VERIFICATIONS.checked_div(maker.cost()).unwrap_or(MAX_DIGESTS);
    for url in url_candidates(examined, most) {
        let message = policy::canned_for(&url, expires);
        let Some(fit) = maker.fit(&message, claim.signature) else { continue };
        let base = nearest_base(examined, &url).unwrap_or(requested.base);
        let shown = SignedUrl { base, ..requested }.to_string();
        let what = format!("{}\n{}", what_differs(&url, &shown), diff(&url, &shown));
        return Some(Found::proven(&what, url_causes(&url, &shown), fit.causes(claim)));
    }
    None
}

/// Each part of the URL that was signed in another form than it was requested.
fn url_causes(signed: &str, requested: &str) -> Vec<Cause> {
    let (a, b) = (UrlParts::of(signed), UrlParts::of(requested));
    let mut mistakes = Vec::new();
    if is_wildcard(&a, &b) {
        mistakes.push((Mistake::WildcardCanned, "use a custom policy, which has wildcards"));
    } else {
        if a.path != b.path {
            mistakes.push((Mistake::PathEncoding, "sign the path percent-encoded, as it is sent"));
        }
        match (a.query, b.query) {
            (signed, sent) if signed == sent => {}
            (Some(signed), Some(sent)) if signed == decoded(sent) => {
                mistakes.push((Mistake::QueryEncoding, "sign the query percent-encoded, as it is sent"));
            }
            _ => mistakes.push((Mistake::QueryAdded, "add every parameter before the link is signed")),
        }
        if a.host != b.host {
            mistakes.push((
                Mistake::Host,
                "sign the host that viewers open, or name the other in public-base-urls",
            ));
        }
        if a.port != b.port {
            mistakes.push((
                Mistake::Port,
                "sign the port that viewers open, or name the other in public-base-urls",
            ));
        }
        if a.scheme != b.scheme {
            mistakes.push((
                Mistake::Scheme,
                "sign the scheme that viewers open, or name the other in public-base-urls",
            ));
        }
    }
    mistakes.into_iter().map(|(mistake, fix)| Cause::proven(mistake, fix).over(signed, requested)).collect()
}

/// The base that was tried which shares most with the URL that was signed, so that the diff is short.
fn nearest_base<'e>(examined: &'e Examined<'_, '_>, signed: &str) -> Option<Base<'e>> {
    let shared =
        |base: &&Base<'_>| base.to_string().bytes().zip(signed.bytes()).take_while(|(a, b)| a == b).count();
    examined.tried.bases().iter().max_by_key(shared).copied()
}

struct UrlParts<'u> {
    scheme: &'u str,
    host: &'u str,
    port: Option<&'u str>,
    path: &'u str,
    query: Option<&'u str>,
}

impl<'u> UrlParts<'u> {
    fn of(url: &'u str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let (authority, target) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (path, query) =
            target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            Some(_) | None => (authority, None),
        };
        Self { scheme, host, port, path, query }
    }
}

/// Whether a wildcard was signed, and not a path that happens to hold a `*`.
fn is_wildcard(signed: &UrlParts<'_>, requested: &UrlParts<'_>) -> bool {
    let is_everything = (signed.scheme, signed.host, signed.path) == ("", "*", "");
    is_everything || (signed.path.ends_with("/*") && signed.path != requested.path)
}

fn what_differs(signed: &str, requested: &str) -> &'static str {
    let (a, b) = (UrlParts::of(signed), UrlParts::of(requested));
    if is_wildcard(&a, &b) {
        "the link was signed for a wildcard, which a canned policy doesn't have: use a custom policy"
    } else if a.path != b.path {
        "the path was signed in another form than it was requested: sign it percent-encoded, as it is sent"
    } else if a.query != b.query {
        "the query was changed after signing: every parameter has to be there when the link is signed"
    } else if (a.host, a.port) != (b.host, b.port) {
        "the link was signed for another host than it was opened under: sign the one that viewers open, or name the \
         other in public-base-urls"
    } else {
        "the link was signed for the other scheme: sign the one that viewers open, or name the other in \
         public-base-urls"
    }
}

/// A custom policy that was signed in another spelling: without white space, or with a line end.
fn other_text(claim: &SignatureClaim<'_>, maker: &Maker<'_>, bytes: &[u8]) -> Option<Found> {
    use Mistake::{JsonNewline, JsonSpacing, SignedBase64};
    let compact = without_white_space(bytes);
    let with_newline = [bytes, b"\n"].concat();
    let kept = bytes.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |last| last + 1);
    let without_line_end = bytes[..kept].to_vec();
    let encoded = crate::access::encoding::encode(bytes).into_bytes();
    for (text, mistake, what) in [
        (with_newline, JsonNewline, "the policy was signed with a line end that wasn't sent"),
        (without_line_end, JsonNewline, "the policy was signed without the line end that was sent"),
        (compact, JsonSpacing, "the policy was signed without its white space: sign the bytes that are sent"),
        (encoded, SignedBase64, "the policy's base64 was signed instead of the policy"),
    ] {
        if let Some(fit) = maker.fit(&text, claim.signature) {
            let cause = Cause::proven(mistake, "sign exactly the bytes that are sent")
                .over(&String::from_utf8_lossy(&text), &String::from_utf8_lossy(bytes));
            return Some(Found::proven(what, vec![cause], fit.causes(claim)));
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

fn wrong_length(claim: &SignatureClaim<'_>) -> Option<Cause> {
    match claim.key.kind() {
        KeyKind::Rsa { bits } if claim.signature.len() * 8 != bits => Some(Cause::likely(
            Mistake::OtherModulus,
            format!(
                "a signature of {} has {} bytes, this one has {}: made by another key, or changed on the way",
                claim.key.id(),
                bits.div_ceil(8),
                claim.signature.len()
            ),
        )),
        KeyKind::EcdsaP256 if claim.signature.len() == 64 => {
            Some(Cause::likely(Mistake::EcdsaRaw, RAW_ECDSA))
        }
        KeyKind::Rsa { .. } | KeyKind::EcdsaP256 => None,
    }
}

/// In all, over keys and hashes, where each is a verification.
const MAX_VERIFICATIONS: usize = 20_000;
/// Where a candidate is only hashed.
const MAX_DIGESTS: usize = 100_000;
const RAW_ECDSA: &str = "64 bytes are a raw ECDSA signature; CloudFront takes ASN.1 DER";
