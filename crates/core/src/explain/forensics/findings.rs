//! What is said of what the signature shows, in one hint and by name.

use super::budget::Searched;
use super::candidate::{Candidate, Writer, hex};
use super::evidence::{Evidence, rsa_length};
use super::search::{Hit, Tried};
use super::signers::Signer;
use super::signing_key::{self, KeyMatch, Shape, SigningKey};
use crate::distribution::key::{KeyKind, PublicKey};
use crate::explain::mistakes::decodings::Decoding;
use crate::explain::mistakes::fixes::usual_fix;
use crate::explain::mistakes::mistake::{Diagnosis, Mistake};
use crate::explain::mistakes::value_shape::{shape, shape_of_decodable};
use crate::explain::report::diff::diff;

/// What was found, in one hint and by name.
#[derive(Default)]
pub(in crate::explain) struct Findings {
    pub(in crate::explain) hint: Option<String>,
    pub(in crate::explain) causes: Vec<Diagnosis>,
    pub(in crate::explain) searched: Searched,
}

impl Evidence<'_> {
    /// The causes of how policy and signature are written.
    fn undone(&self, reading: &Decoding) -> Vec<Diagnosis> {
        let policy = self.policy.iter().flat_map(|reading| &reading.undone);
        let mut causes: Vec<Diagnosis> = Vec::new();
        for mistake in policy.chain(&reading.undone) {
            if causes.iter().all(|cause| cause.mistake != *mistake) {
                causes.push(mistake.proven());
            }
        }
        causes
    }

    pub(in crate::explain) fn found(&self, writer: &Writer, hit: &Hit<'_>, reading: &Decoding) -> Findings {
        let (signed_url, requested_url) = (hit.signed.resource.text(), hit.start.resource.text());
        let text = |candidate: &Candidate| String::from_utf8_lossy(&writer.policy_of(candidate)).into_owned();
        let signer = Signer::of(Some(&hit.signed), self.query);
        let mut causes: Vec<Diagnosis> = Vec::new();
        for mistake in &hit.mistakes {
            let (signed, requested) = if mistake.is_about_message() {
                (signed_form(writer, &hit.signed), text(&hit.start))
            } else if mistake.is_about_text() || self.is_custom() {
                (text(&hit.signed), text(&hit.start))
            } else if mistake.is_about_time() {
                (hit.signed.time.to_string(), hit.start.time.to_string())
            } else {
                (signed_url.clone(), requested_url.clone())
            };
            let line = signer.and_then(|signer| signer.line(*mistake));
            causes.push(mistake.proven().over(&signed, &requested).for_signer(line));
        }
        let mut lines: Vec<String> =
            causes.iter().map(|cause| format!("proven: {}", cause.sentence())).collect();
        let shown =
            causes.iter().find_map(|cause| Some((cause.signed.as_deref()?, cause.requested.as_deref()?)));
        if let Some((signed, requested)) =
            shown.filter(|(signed, requested)| is_shown(signed) && is_shown(requested))
        {
            lines.push(diff(signed, requested));
        }
        let more = self.undone(reading).into_iter().chain(hit.fit.causes(self.named()));
        let more: Vec<Diagnosis> = more
            .map(|cause| {
                let line = signer.and_then(|signer| signer.line(cause.mistake));
                cause.for_signer(line)
            })
            .collect();
        lines.extend(more.iter().map(|cause| format!("proven: {}", cause.sentence())));
        causes.extend(more);
        Findings { hint: (!lines.is_empty()).then(|| lines.join("\n")), causes, searched: Searched::Done }
    }

    /// The key made it, but over nothing that was tried.
    pub(in crate::explain) fn over_something_else(
        &self,
        signer_key: &SigningKey<'_>,
        key: &PublicKey,
        reading: &Decoding,
        searched: Searched,
        tried: &Tried,
    ) -> Findings {
        let mut causes = self.undone(reading);
        let what = match signer_key {
            SigningKey::Pss { .. } => {
                causes.push(Mistake::PssPadding.proven());
                causes.extend(signing_key::other_key(key, self.named()));
                usual_fix(Mistake::PssPadding).to_owned()
            }
            SigningKey::Known { shape: Shape::Bare, .. } => {
                causes.push(Mistake::RawDigest.proven());
                causes.extend(signing_key::other_key(key, self.named()));
                usual_fix(Mistake::RawDigest).to_owned()
            }
            SigningKey::Known { shape: Shape::Named(hash), .. } => {
                if self.is_custom() && self.text.has_statement() {
                    // Of a text that had to be guessed, another guess may be the one that was signed.
                    let is_as_sent = self.policy.as_ref().is_some_and(|reading| reading.undone.is_empty());
                    causes.push(Diagnosis { proven: is_as_sent, ..Mistake::PolicyNotTheSignedOne.proven() });
                }
                causes.extend(KeyMatch { key, hash: *hash, padding: None }.causes(self.named()));
                format!(
                    "{} made this signature with {}, over something else than was sent. {}",
                    key.id(),
                    hash.name(),
                    tried.told(searched)
                )
            }
            SigningKey::Unknown { .. } => String::new(),
        };
        let also = causes.iter().filter(|cause| cause.fix != what);
        let lines: Vec<String> = std::iter::once(format!("proven: {what}"))
            .chain(also.map(|cause| format!("proven: {}", cause.fix)))
            .collect();
        Findings { hint: Some(lines.join("\n")), causes, searched }
    }

    /// No key that is known made it, as far as the values show.
    pub(in crate::explain) fn made_by_no_known_key(
        &self,
        value: &[u8],
        all: &[Decoding],
        tried: &Tried,
    ) -> Findings {
        let mut causes = Vec::new();
        let encoded = self.policy.iter().flat_map(|reading| &reading.undone);
        causes.extend(encoded.map(|mistake| mistake.proven()));
        let as_sent = all.first().filter(|reading| reading.undone.is_empty());
        let likely = match as_sent {
            Some(reading) => shape_of_decodable(value).or_else(|| self.by_length(&reading.bytes)),
            None => shape(value),
        };
        if let Some(cause) = likely {
            let hint = Some(cause.fix.clone());
            causes.push(cause);
            return Findings { hint, causes, searched: Searched::Done };
        }
        let of = self.key.map(|key| format!("the public key of {}", key.id()));
        let of = of.unwrap_or_else(|| "any public key that is known here".to_owned());
        let is_ecdsa =
            as_sent.is_some_and(|reading| p256::ecdsa::Signature::from_der(&reading.bytes).is_ok());
        let hint = if is_ecdsa && self.keys.iter().any(|key| key.kind() == KeyKind::EcdsaP256) {
            format!(
                "no known key made it over what was sent. {}, the signature was damaged, or the private key doesn't belong to \
                 {of}",
                tried.told(Searched::Done)
            )
        } else {
            let fix = format!(
                "no key that is known here made it: a damaged signature, or a private key that doesn't belong to {of}"
            );
            if as_sent.is_some() && !self.keys.is_empty() {
                causes.push(Diagnosis::likely(Mistake::UnknownKeyMadeIt, fix.clone()));
            }
            fix
        };
        Findings { hint: Some(hint), causes, searched: Searched::Done }
    }

    /// What the length alone tells.
    fn by_length(&self, signature: &[u8]) -> Option<Diagnosis> {
        let length = signature.len();
        let expected: Vec<usize> = match self.key {
            Some(key) => rsa_length(key).into_iter().collect(),
            None => self.keys.iter().filter_map(|key| rsa_length(key)).collect(),
        };
        let has_ecdsa = match self.key {
            Some(key) => key.kind() == KeyKind::EcdsaP256,
            None => self.keys.iter().any(|key| key.kind() == KeyKind::EcdsaP256),
        };
        if has_ecdsa && length == RAW_ECDSA_LENGTH {
            return Some(Mistake::EcdsaRaw.likely());
        }
        let is_der = signature.first() == Some(&0x30)
            && signature.get(1).is_some_and(|said| usize::from(*said) + 2 == length);
        if !has_ecdsa && is_der && ECDSA_LENGTHS.contains(&length) {
            let fix =
                "an ECDSA key made it, and the known keys are RSA keys: sign with the key of Key-Pair-Id";
            return Some(Diagnosis::likely(Mistake::OtherModulus, fix));
        }
        if has_ecdsa && signature.first() == Some(&0x30) && length < 80 {
            let said = 2 + usize::from(*signature.get(1)?);
            return (length < said).then(|| Mistake::Truncated.likely());
        }
        let (true, Some(shown)) =
            (!expected.contains(&length), expected.first().copied().or(has_ecdsa.then_some(72)))
        else {
            return None;
        };
        let fix = |what: &str| {
            let of = self.key.map_or("the known keys".to_owned(), |key| key.id().to_string());
            format!("a signature of {of} has {shown} bytes, this one has {length}: {what}")
        };
        Some(if USUAL_LENGTHS.contains(&length) {
            Diagnosis::likely(Mistake::OtherModulus, fix("made by another key, or changed on the way"))
        } else if length < shown {
            Diagnosis::likely(Mistake::Truncated, fix("cut short on the way"))
        } else {
            Diagnosis::likely(Mistake::TrailingBytes, fix("something was added behind it"))
        })
    }
}

impl Tried {
    /// What was tried, no more and no less.
    fn told(&self, searched: Searched) -> String {
        let names: Vec<&str> = self.mistakes.iter().map(|mistake| mistake.as_str()).collect();
        let end = match searched {
            Searched::GaveUp => "The search ended because its budget was used up",
            Searched::Done | Searched::NotNeeded => "Something else was changed after signing",
        };
        format!(
            "None of the {} texts that were tried is the one that was signed: changes of {}, up to {} at once. {end}",
            self.texts,
            if names.is_empty() { "nothing".to_owned() } else { names.join(", ") },
            self.at_once
        )
    }
}

/// What the signer was given, where that can be read.
fn signed_form(writer: &Writer, signed: &Candidate) -> String {
    let mut message = Vec::new();
    writer.write(signed, &mut message);
    match String::from_utf8(message) {
        Ok(text) => text,
        Err(error) => hex(error.as_bytes()),
    }
}

/// Whether a diff of it helps: on one line, and not endless.
fn is_shown(text: &str) -> bool {
    text.len() <= MAX_SHOWN && !text.contains(['\n', '\r'])
}

/// Of signatures of P-256 in DER.
const ECDSA_LENGTHS: std::ops::RangeInclusive<usize> = 68..=72;
const RAW_ECDSA_LENGTH: usize = 64;
/// Of the moduli that people use.
const USUAL_LENGTHS: [usize; 4] = [128, 256, 384, 512];
const MAX_SHOWN: usize = 600;
