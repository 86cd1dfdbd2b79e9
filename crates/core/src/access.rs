//! May this request pass? `decide` holds the whole order of checks, [`authorize`] that of the credentials as CloudFront
//! checks them (cloudfront 7.3).
//!
//! Pure: bytes, time, address and keys in, a decision out.

use std::sync::Arc;

use crate::distribution::Route;
use crate::distribution::key::{HashAlgorithm, PublicKey, PublicKeyId};
use crate::viewer::ViewerRequest;
use crate::viewer::readings::Readings;

pub mod cache_result;
mod conditions;
pub mod credentials;
pub mod decide;
pub mod deny_reason;
pub mod encoding;
pub mod excerpt;
pub mod framing;
mod json;
pub mod policy;
pub mod prechecks;
pub mod request;
pub mod resource;
pub mod response;
pub mod signature_cache;
pub mod signed_message;
pub mod strip;
pub mod warning;

use credentials::Credentials;
pub use decide::{Decided, Decision, decide};
use deny_reason::{DenyReason, Signed};
use encoding::Decoded;
pub use framing::Framing;
use policy::Condition;
pub use request::{Arrival, Received};
use signature_cache::{MemoKey, Messages, SignatureCache, SignatureClaim};
pub use signed_message::{CandidateUrls, UnverifiedPolicy, policy_text};

/// Why a request may pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission<'d> {
    /// Nothing restricts the path.
    Public,
    /// A trusted key signed for it.
    Signed {
        /// The key.
        key_pair_id: &'d PublicKeyId,
        /// Whether the signature was remembered.
        remembered: bool,
    },
}

/// Checks the credentials of a request whose route is known. The first check that fails decides.
///
/// # Errors
/// The reason of the denial.
pub fn authorize<'d, 'r>(
    request: &ViewerRequest<'r>,
    route: &Route<'d, 'r>,
    verified: &SignatureCache,
) -> Result<Admission<'d>, DenyReason> {
    if !route.is_private() || is_exempt(request, route) {
        return Ok(Admission::Public);
    }
    judge(request, route, verified)
}

/// A preflight, which browsers send without cookies, where every private behavior of the path lets it pass (cloudfront 8.1,
/// `[UNKNOWN]`; by default it is judged as any request).
fn is_exempt(request: &ViewerRequest<'_>, route: &Route<'_, '_>) -> bool {
    request.is_preflight
        && route.private.iter().all(|behavior| behavior.switches.preflight_without_credentials)
}

fn judge<'d, 'r>(
    request: &ViewerRequest<'r>,
    route: &Route<'d, 'r>,
    verified: &SignatureCache,
) -> Result<Admission<'d>, DenyReason> {
    let sent = Credentials::extract(request);
    let key = trusted_key(key_pair_id(&sent, route)?, route)?;
    let signature = signature(&sent)?;
    let text = policy_text(&sent)?;
    let claimed = UnverifiedPolicy::read(&sent, text.as_deref())?;
    let hash = hash_algorithm(&sent)?;
    let tried = CandidateUrls::of(request, route);
    let claim = SignatureClaim { key, hash, signature: &signature };
    let signed = VerifiedPolicy::verify(claimed, &claim, &tried, verified)?;
    signed.check_resource(&tried, &route.readings)?;
    signed.condition().check_expiry(request.now)?;
    signed.condition().check_not_before(request.now)?;
    signed.condition().check_ip(request.address)?;
    Ok(Admission::Signed { key_pair_id: key.id(), remembered: signed.remembered })
}

/// The key's id, if there is a usable one.
///
/// An id with other characters than letters and digits counts as missing: a PEM in its place was answered `MissingKey`
/// (cloudfront 7.1, `[UNKNOWN; one report]`); but one that is configured is taken.
///
/// # Errors
/// [`DenyReason::MissingKeyPairId`].
pub fn key_pair_id<'c>(sent: &'c Credentials<'_>, route: &Route<'_, '_>) -> Result<&'c str, DenyReason> {
    let missing = |found: Option<&[u8]>| DenyReason::MissingKeyPairId {
        sent_in: sent.source,
        found: found.map(|id| excerpt(id, 64)),
    };
    let Some(id) = sent.key_pair_id.as_deref() else { return Err(missing(None)) };
    match std::str::from_utf8(id) {
        Ok(text) if PublicKeyId::is_well_formed(text) || is_trusted(text, route) => Ok(text),
        Ok(_) | Err(_) => Err(missing(Some(id))),
    }
}

fn is_trusted(id: &str, route: &Route<'_, '_>) -> bool {
    route.private.iter().any(|behavior| behavior.restriction.key(id).is_some())
}

/// The key of that id, which every private behavior of the path must trust (reference 3).
///
/// # Errors
/// [`DenyReason::UnknownKey`].
pub fn trusted_key<'d>(id: &str, route: &Route<'d, '_>) -> Result<&'d Arc<PublicKey>, DenyReason> {
    route.key(id).ok_or_else(|| DenyReason::UnknownKey {
        key_pair_id: excerpt(id.as_bytes(), 64),
        trusted: route.trusted_keys().into_iter().map(|key| key.id().clone()).collect(),
    })
}

/// The signature's bytes.
///
/// # Errors
/// [`DenyReason::MissingSignature`] also for an empty one, [`DenyReason::MalformedSignature`].
pub fn signature(sent: &Credentials<'_>) -> Result<Decoded, DenyReason> {
    match sent.signature.as_deref() {
        None | Some([]) => Err(DenyReason::MissingSignature),
        Some(text) => encoding::decode(text).map_err(DenyReason::MalformedSignature),
    }
}

/// The hash that the signature is said to use; SHA-1 where nothing is said.
///
/// # Errors
/// [`DenyReason::UnknownHashAlgorithm`], also for an empty value.
pub fn hash_algorithm(sent: &Credentials<'_>) -> Result<HashAlgorithm, DenyReason> {
    let Some(value) = sent.hash_algorithm.as_deref() else { return Ok(HashAlgorithm::default()) };
    let known = std::str::from_utf8(value).ok().and_then(HashAlgorithm::from_parameter);
    known.ok_or_else(|| DenyReason::UnknownHashAlgorithm { found: excerpt(value, 64) })
}

/// A policy whose signature was found good: only [`VerifiedPolicy::verify`] makes one.
#[derive(Debug)]
pub struct VerifiedPolicy<'a> {
    claimed: UnverifiedPolicy<'a>,
    remembered: bool,
}

impl<'a> VerifiedPolicy<'a> {
    /// # Errors
    /// [`DenyReason::SignatureMismatch`] when none of the possible messages carries the signature.
    pub fn verify(
        claimed: UnverifiedPolicy<'a>,
        claim: &SignatureClaim<'_>,
        tried: &CandidateUrls<'_>,
        verified: &SignatureCache,
    ) -> Result<Self, DenyReason> {
        let messages = Messages {
            count: claimed.message_count(tried),
            write: |place, to: &mut MemoKey| {
                claimed.write_message(tried, place, |piece| to.extend_from_slice(piece));
            },
        };
        match verified.first_fitting(claim, &messages) {
            Some(fit) => Ok(Self { claimed, remembered: fit.remembered }),
            None => Err(DenyReason::SignatureMismatch {
                key_pair_id: claim.key.id().clone(),
                hash: claim.hash,
                signed: match &claimed {
                    UnverifiedPolicy::Canned { .. } => Signed::Urls(tried.texts()),
                    UnverifiedPolicy::Custom { .. } => Signed::Policy,
                },
            }),
        }
    }

    fn condition(&self) -> &Condition {
        self.claimed.condition()
    }

    fn check_resource(&self, tried: &CandidateUrls<'_>, readings: &Readings) -> Result<(), DenyReason> {
        self.claimed.check_resource(tried, readings)
    }
}

/// The beginning of a value that a stranger chose, for a message.
fn excerpt(value: &[u8], max: usize) -> String {
    excerpt::excerpt(&String::from_utf8_lossy(value), max)
}
