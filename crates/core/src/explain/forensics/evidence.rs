//! What was sent, as it may have been meant: every reading of policy and signature, and every key that is known.

use super::cause::Mistake;
use super::draft::{Draft, Message, Resource, Url};
use super::examined::Examined;
use super::key_names;
use super::maker::{Maker, Named, known_keys};
use super::policy_text::PolicyText;
use super::reading::{Reading, readings};
use super::spelling::Spelling;
use crate::distribution::key::{HashAlgorithm, KeyKind, PublicKey};
use crate::viewer::Base;

/// What was sent as it may have been meant.
pub(super) struct Evidence<'e> {
    pub(super) keys: Vec<&'e PublicKey>,
    /// The key of the id that was sent, where the path trusts it.
    pub(super) key: Option<&'e PublicKey>,
    pub(super) id: Option<String>,
    pub(super) announced: Option<HashAlgorithm>,
    pub(super) policy: Option<Reading>,
    /// What the policy's text is taken for: the one that was sent, or that a canned signature stands for.
    pub(super) text: PolicyText,
    pub(super) time: String,
    /// As it was sent, signing parameters included.
    pub(super) query: Option<&'e str>,
}

impl<'e> Evidence<'e> {
    pub(super) fn of(examined: &Examined<'_, 'e>) -> Option<Self> {
        // Blanks and quotes around an id are one mistake: the key is the one that was meant.
        let key = examined.named_key().or_else(|| key_names::meant(examined));
        let (key, id, announced) = (key, examined.raw_key_pair_id(), examined.announced_hash());
        let keys = known_keys(examined, key);
        let query = examined.request.target.query;
        if let Some(value) = examined.sent.policy.as_deref() {
            let all = readings(value);
            // One that can't be read is a policy all the same, and maybe one that was sent as it is.
            // A reading that shows no policy shows no mistake either.
            let first = all.first().filter(|reading| reading.undone.is_empty()).cloned();
            let raw = || Reading { bytes: value.to_vec(), undone: Vec::new() };
            let (policy, text) = policy_as_meant(all).unwrap_or_else(|| {
                let policy = first.unwrap_or_else(raw);
                let text = PolicyText::custom(&policy.bytes);
                (policy, text)
            });
            let time = text.time().to_owned();
            return Some(Self { keys, key, id, announced, policy: Some(policy), text, time, query });
        }
        let expires = examined.sent.expires.as_deref()?;
        let time = String::from_utf8_lossy(expires).into_owned();
        Some(Self { keys, key, id, announced, policy: None, text: PolicyText::canned(), time, query })
    }

    pub(super) fn named(&self) -> Named<'_> {
        Named { key: self.key, id: self.id.as_deref(), hash: self.announced }
    }

    pub(super) fn is_custom(&self) -> bool {
        self.policy.is_some()
    }

    pub(super) fn other_time(&self) -> Mistake {
        if self.is_custom() { Mistake::PolicyNotTheSignedOne } else { Mistake::ExpiresDiffers }
    }

    /// The request as it was sent, for each base that it may have been signed for.
    pub(super) fn starts(&self, examined: &Examined<'_, '_>) -> Vec<Draft> {
        let draft = |resource| Draft {
            resource,
            time: self.time.as_str().into(),
            spelling: Spelling::default(),
            message: Message::Policy,
        };
        if self.is_custom() {
            return vec![draft(Resource::Text(self.text.resource().into()))];
        }
        let on = |base: &str, query| draft(Resource::Url(Url::of(base, examined.request.target.path, query)));
        let request = examined.request;
        let mut bases: Vec<String> = examined.tried.bases().iter().map(Base::to_string).collect();
        if bases.is_empty() {
            bases.push(format!("{}://{}", request.scheme, request.host));
        }
        bases.iter().map(|base| on(base, examined.tried.query())).collect()
    }

    /// Each reading of the signature that some key may have made, the surest first.
    pub(super) fn makers(&self, all: &[Reading]) -> Vec<(Reading, Maker<'e>)> {
        let mut opened = Vec::new();
        let mut to_verify = Vec::new();
        for reading in all.iter().flat_map(|reading| self.variants(reading.clone())) {
            let maker = Maker::among(&self.keys, &reading.bytes);
            if !matches!(maker, Maker::Unknown { .. }) {
                opened.push((reading, maker));
            } else if maker.may_fit() && p256::ecdsa::Signature::from_der(&reading.bytes).is_ok() {
                to_verify.push((reading, maker));
            }
        }
        opened.extend(to_verify);
        opened
    }

    /// The reading itself, without what may follow a signature, and with r and s written as DER.
    fn variants(&self, reading: Reading) -> Vec<Reading> {
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
        let with = |bytes: Vec<u8>, mistake| Reading {
            bytes,
            undone: reading.undone.iter().copied().chain([mistake]).collect(),
        };
        let cut = lengths
            .into_iter()
            .filter(|length| *length < bytes.len())
            .map(|length| with(bytes[..length].to_vec(), Mistake::TrailingBytes));
        let raw = p256::ecdsa::Signature::from_slice(bytes).ok();
        let der = raw.map(|raw| with(raw.to_der().as_bytes().to_vec(), Mistake::EcdsaRaw));
        let others: Vec<Reading> = cut.chain(der).collect();
        std::iter::once(reading).chain(others).collect()
    }
}

/// The reading of a policy that is JSON, and its text: CloudFront's own where it is any JSON, another one where it is a policy.
/// Other JSON than a policy's shows no mistake of the encoding: frameworks write cookies of JSON, too.
pub(super) fn policy_as_meant(all: Vec<Reading>) -> Option<(Reading, PolicyText)> {
    let mut read = all.into_iter().map(|reading| (PolicyText::custom(&reading.bytes), reading));
    let is_meant = |(text, reading): &(PolicyText, Reading)| {
        text.is_understood() && reading.undone.is_empty() || text.has_statement()
    };
    read.find(is_meant).map(|(text, reading)| (reading, text))
}

pub(super) fn rsa_length(key: &PublicKey) -> Option<usize> {
    match key.kind() {
        KeyKind::Rsa { bits } => Some(bits.div_ceil(8)),
        KeyKind::EcdsaP256 => None,
    }
}
