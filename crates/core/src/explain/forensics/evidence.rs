//! What was sent, as it may have been meant: every reading of policy and signature, and every key that is known.

use super::candidate::{Candidate, CandidateResource, Message, Url};
use super::policy_style::PolicyStyle;
use super::policy_text::PolicyText;
use super::signing_key::{Named, SigningKey, known_keys};
use crate::distribution::key::{HashAlgorithm, KeyKind, PublicKey};
use crate::explain::mistakes::decodings::{Decoding, all_decodings};
use crate::explain::mistakes::key_names;
use crate::explain::mistakes::mistake::Mistake;
use crate::explain::request::parsed_request::ParsedRequest;
use crate::viewer::Base;

/// What was sent as it may have been meant.
pub(in crate::explain) struct Evidence<'e> {
    pub(in crate::explain) keys: Vec<&'e PublicKey>,
    /// The key of the id that was sent, where the path trusts it.
    pub(in crate::explain) key: Option<&'e PublicKey>,
    pub(in crate::explain) id: Option<String>,
    pub(in crate::explain) announced: Option<HashAlgorithm>,
    pub(in crate::explain) policy: Option<Decoding>,
    /// What the policy's text is taken for: the one that was sent, or that a canned signature stands for.
    pub(in crate::explain) text: PolicyText,
    pub(in crate::explain) time: String,
    /// As it was sent, signing parameters included.
    pub(in crate::explain) query: Option<&'e str>,
}

impl<'e> Evidence<'e> {
    pub(in crate::explain) fn of(parsed: &ParsedRequest<'_, 'e>) -> Option<Self> {
        // Blanks and quotes around an id are one mistake: the key is the one that was meant.
        let key = parsed.named_key().or_else(|| key_names::meant(parsed));
        let (key, id, announced) = (key, parsed.raw_key_pair_id(), parsed.announced_hash());
        let keys = known_keys(parsed, key);
        let query = parsed.request.target.query;
        if let Some(value) = parsed.sent.policy.as_deref() {
            let all = all_decodings(value);
            // One that can't be read is a policy all the same, and maybe one that was sent as it is.
            // A reading that shows no policy shows no mistake either.
            let first = all.first().filter(|reading| reading.undone.is_empty()).cloned();
            let raw = || Decoding { bytes: value.to_vec(), undone: Vec::new() };
            let (policy, text) = policy_as_meant(all).unwrap_or_else(|| {
                let policy = first.unwrap_or_else(raw);
                let text = PolicyText::custom(&policy.bytes);
                (policy, text)
            });
            let time = text.time().to_owned();
            return Some(Self { keys, key, id, announced, policy: Some(policy), text, time, query });
        }
        let expires = parsed.sent.expires.as_deref()?;
        let time = String::from_utf8_lossy(expires).into_owned();
        Some(Self { keys, key, id, announced, policy: None, text: PolicyText::canned(), time, query })
    }

    pub(in crate::explain) fn named(&self) -> Named<'_> {
        Named { key: self.key, id: self.id.as_deref(), hash: self.announced }
    }

    pub(in crate::explain) fn is_custom(&self) -> bool {
        self.policy.is_some()
    }

    pub(in crate::explain) fn other_time(&self) -> Mistake {
        if self.is_custom() { Mistake::PolicyNotTheSignedOne } else { Mistake::ExpiresDiffers }
    }

    /// The request as it was sent, for each base that it may have been signed for.
    pub(in crate::explain) fn starts(&self, parsed: &ParsedRequest<'_, '_>) -> Vec<Candidate> {
        let candidate = |resource| Candidate {
            resource,
            time: self.time.as_str().into(),
            spelling: PolicyStyle::default(),
            message: Message::Policy,
        };
        if self.is_custom() {
            return vec![candidate(CandidateResource::Text(self.text.resource().into()))];
        }
        let on = |base: &str, query| {
            candidate(CandidateResource::Url(Url::of(base, parsed.request.target.path, query)))
        };
        let request = parsed.request;
        let mut bases: Vec<String> = parsed.tried.bases().iter().map(Base::to_string).collect();
        if bases.is_empty() {
            bases.push(format!("{}://{}", request.scheme, request.host));
        }
        bases.iter().map(|base| on(base, parsed.tried.query())).collect()
    }

    /// Each reading of the signature that some key may have made, the surest first.
    pub(in crate::explain) fn makers(&self, all: &[Decoding]) -> Vec<(Decoding, SigningKey<'e>)> {
        let mut opened = Vec::new();
        let mut to_verify = Vec::new();
        for reading in all.iter().flat_map(|reading| self.variants(reading.clone())) {
            let signer_key = SigningKey::among(&self.keys, &reading.bytes);
            if !matches!(signer_key, SigningKey::Unknown { .. }) {
                opened.push((reading, signer_key));
            } else if signer_key.may_fit() && p256::ecdsa::Signature::from_der(&reading.bytes).is_ok() {
                to_verify.push((reading, signer_key));
            }
        }
        opened.extend(to_verify);
        opened
    }

    /// The reading itself, without what may follow a signature, and with r and s written as DER.
    fn variants(&self, reading: Decoding) -> Vec<Decoding> {
        let bytes = &reading.bytes;
        let mut lengths: Vec<usize> = self.keys.iter().filter_map(|key| rsa_length(key)).collect();
        // A DER signature says its own length.
        lengths.extend(
            bytes
                .first()
                .zip(bytes.get(1))
                .filter(|(tag, _)| **tag == 0x30)
                .map(|(_, len)| 2 + usize::from(*len)),
        );
        lengths.sort_unstable();
        lengths.dedup();
        let with = |bytes: Vec<u8>, mistake| Decoding {
            bytes,
            undone: reading.undone.iter().copied().chain([mistake]).collect(),
        };
        let cut = lengths
            .into_iter()
            .filter(|length| *length < bytes.len())
            .map(|length| with(bytes[..length].to_vec(), Mistake::TrailingBytes));
        let raw = p256::ecdsa::Signature::from_slice(bytes).ok();
        let der = raw.map(|raw| with(raw.to_der().as_bytes().to_vec(), Mistake::EcdsaRaw));
        let others: Vec<Decoding> = cut.chain(der).collect();
        std::iter::once(reading).chain(others).collect()
    }
}

/// The reading of a policy that is JSON, and its text: CloudFront's own where it is any JSON, another one where it is a policy.
/// Other JSON than a policy's shows no mistake of the encoding: frameworks write cookies of JSON, too.
pub(in crate::explain) fn policy_as_meant(all: Vec<Decoding>) -> Option<(Decoding, PolicyText)> {
    let mut read = all.into_iter().map(|reading| (PolicyText::custom(&reading.bytes), reading));
    let is_meant = |(text, reading): &(PolicyText, Decoding)| {
        text.is_understood() && reading.undone.is_empty() || text.has_statement()
    };
    read.find(is_meant).map(|(text, reading)| (reading, text))
}

pub(in crate::explain) fn rsa_length(key: &PublicKey) -> Option<usize> {
    match key.kind() {
        KeyKind::Rsa { bits } => Some(bits.div_ceil(8)),
        KeyKind::EcdsaP256 => None,
    }
}
