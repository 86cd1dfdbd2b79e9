//! What the signature shows: who made it, how it was written down, and over what. Everything that is called proven here
//! was shown by a digest or a verification.

use super::Clues;
use super::cause::{Cause, Mistake};
use super::changes::{address, message, path, query, text, time};
use super::checks::Examined;
use super::diff::diff;
use super::draft::{Draft, Message, Resource, Url, Writer};
use super::effort::{Effort, Searched};
use super::maker::{self, Fit, Maker, Named, RAW_DIGEST, Shape, known_keys};
use super::opened::is_pss_over;
use super::reading::{Reading, by_its_characters, readings};
use super::remedies::remedy;
use super::search::{Hit, Space, search};
use super::signers::Signer;
use super::spelling::{PolicyText, Spelling};
use crate::distribution::key::{HashAlgorithm, KeyKind, PublicKey};

/// What was found, in one hint and by name.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) hint: Option<String>,
    pub(super) causes: Vec<Cause>,
    pub(super) searched: Searched,
}

/// What was sent as it may have been meant.
struct Evidence<'e> {
    keys: Vec<&'e PublicKey>,
    /// The key of the id that was sent, where the path trusts it.
    key: Option<&'e PublicKey>,
    id: Option<String>,
    announced: HashAlgorithm,
    policy: Option<Reading>,
    /// What the policy's text is taken for: the one that was sent, or that a canned signature stands for.
    text: PolicyText,
    time: String,
    /// As it was sent, signing parameters included.
    query: Option<&'e str>,
}

/// Looks at the signature, whatever else is wrong with the request.
pub(super) fn examine(examined: &Examined<'_, '_>, clues: &Clues<'_>, effort: &Effort<'_>) -> Findings {
    let Some(value) = examined.sent.signature.as_deref().filter(|value| !value.is_empty()) else {
        return Findings::default();
    };
    let Some(evidence) = Evidence::of(examined) else { return Findings::default() };
    let starts = evidence.starts(examined);
    let writer = Writer::new(evidence.text.clone());
    let space = Space {
        dimensions: dimensions(examined, &evidence, clues),
        starts,
        other_time: evidence.other_time(),
        writer: &writer,
    };
    let mut searched = Searched::Done;
    for (reading, maker) in evidence.makers(value) {
        let (hit, how) = search(&space, &maker, &reading.bytes, effort);
        let known = match &maker {
            Maker::Known { key, .. } | Maker::Pss { key } => Some(*key),
            Maker::Unknown { .. } => None,
        };
        if let Some(hit) = hit {
            return evidence.found(&writer, &hit, &reading);
        }
        if let Some(key) = known {
            return Findings { searched: how, ..evidence.over_something_else(&maker, key, &reading) };
        }
        if how == Searched::GaveUp {
            searched = how;
        }
    }
    let all = readings(value);
    if let Some(findings) = evidence.pss(&space, &all) {
        return findings;
    }
    Findings { searched, ..evidence.nobody(value, &all) }
}

impl<'e> Evidence<'e> {
    fn of(examined: &Examined<'_, 'e>) -> Option<Self> {
        let (key, id, announced) =
            (examined.named_key(), examined.sent_key_pair_id(), examined.announced_hash());
        let keys = known_keys(examined, key);
        let query = examined.request.target.query;
        if let Some(value) = examined.sent.policy.as_deref() {
            let mut all = readings(value);
            let meant = all.iter().position(|reading| PolicyText::custom(&reading.bytes).is_understood());
            let policy = (!all.is_empty()).then(|| all.swap_remove(meant.unwrap_or(0)));
            let text = PolicyText::custom(policy.as_ref().map_or(value, |reading| &reading.bytes));
            let time = text.time().to_owned();
            return Some(Self { keys, key, id, announced, policy, text, time, query });
        }
        let expires = examined.sent.expires.as_deref()?;
        let time = String::from_utf8_lossy(expires).into_owned();
        Some(Self { keys, key, id, announced, policy: None, text: PolicyText::canned(), time, query })
    }

    fn named(&self) -> Named<'_> {
        Named { key: self.key, id: self.id.as_deref(), hash: self.announced }
    }

    fn is_custom(&self) -> bool {
        self.policy.is_some()
    }

    fn other_time(&self) -> Mistake {
        if self.is_custom() { Mistake::PolicyNotTheSignedOne } else { Mistake::ExpiresDiffers }
    }

    /// The request as it was sent, for each base that it may have been signed for.
    fn starts(&self, examined: &Examined<'_, '_>) -> Vec<Draft> {
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
        let query = examined.tried.query();
        let starts: Vec<Draft> =
            examined.tried.bases().iter().map(|base| on(&base.to_string(), query)).collect();
        if !starts.is_empty() {
            return starts;
        }
        let request = examined.request;
        let query = request.target.query.and_then(crate::access::credentials::without_signing_parameters);
        vec![on(&format!("{}://{}", request.scheme, request.host), query.as_deref())]
    }

    /// Each reading of the signature that some key may have made, the surest first.
    fn makers(&self, value: &[u8]) -> Vec<(Reading, Maker<'e>)> {
        let mut opened = Vec::new();
        let mut to_verify = Vec::new();
        for reading in readings(value).into_iter().flat_map(|reading| self.variants(reading)) {
            match Maker::among(&self.keys, &reading.bytes) {
                Maker::Unknown { keys } => {
                    if p256::ecdsa::Signature::from_der(&reading.bytes).is_ok() && !keys.is_empty() {
                        to_verify.push((reading, Maker::Unknown { keys }));
                    }
                }
                known => opened.push((reading, known)),
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

    /// The causes of how policy and signature are written.
    fn undone(&self, reading: &Reading) -> Vec<Cause> {
        let policy = self.policy.iter().flat_map(|reading| &reading.undone);
        let mut causes: Vec<Cause> = Vec::new();
        for mistake in policy.chain(&reading.undone) {
            if causes.iter().all(|cause| cause.mistake != *mistake) {
                causes.push(Cause::proven(*mistake, remedy(*mistake)));
            }
        }
        causes
    }

    fn found(&self, writer: &Writer, hit: &Hit<'_>, reading: &Reading) -> Findings {
        let (signed_url, requested_url) = (hit.signed.resource.text(), hit.start.resource.text());
        let text = |draft: &Draft| String::from_utf8_lossy(&writer.policy_of(draft)).into_owned();
        let signer = Signer::of(Some(&hit.signed), self.query);
        let mut causes: Vec<Cause> = Vec::new();
        for mistake in &hit.mistakes {
            let (signed, requested) = match (mistake, hit.signed.message) {
                (
                    Mistake::SignedBase64
                    | Mistake::SignedDigest
                    | Mistake::SignedHexDigest
                    | Mistake::SignedUrl,
                    _,
                ) => (signed_form(writer, &hit.signed), text(&hit.start)),
                (_, _) if mistake.is_about_text() || self.is_custom() => {
                    (text(&hit.signed), text(&hit.start))
                }
                (Mistake::Milliseconds | Mistake::TimeZone | Mistake::ExpiresDiffers, _) => {
                    (hit.signed.time.to_string(), hit.start.time.to_string())
                }
                (_, _) => (signed_url.clone(), requested_url.clone()),
            };
            let line = signer.and_then(|signer| signer.line(*mistake));
            causes.push(Cause::proven(*mistake, remedy(*mistake)).over(&signed, &requested).for_signer(line));
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
        let more: Vec<Cause> = more
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
    fn over_something_else(&self, maker: &Maker<'_>, key: &PublicKey, reading: &Reading) -> Findings {
        let mut causes = self.undone(reading);
        let what = match maker {
            Maker::Pss { .. } => {
                causes.push(Cause::proven(Mistake::PssPadding, remedy(Mistake::PssPadding)));
                causes.extend(maker::other_key(key, self.named()));
                remedy(Mistake::PssPadding).to_owned()
            }
            Maker::Known { shape: Shape::Bare, .. } => {
                causes.push(Cause::proven(Mistake::RawDigest, RAW_DIGEST));
                causes.extend(maker::other_key(key, self.named()));
                RAW_DIGEST.to_owned()
            }
            Maker::Known { shape: Shape::Named(hash), .. } => {
                if self.is_custom() {
                    let other = Mistake::PolicyNotTheSignedOne;
                    causes.push(Cause::proven(other, remedy(other)));
                }
                causes.extend(Fit { key, hash: *hash, is_bare: false }.causes(self.named()));
                format!(
                    "{} made this signature with {}, over something else than was sent; no usual mistake (another scheme, \
                     host, port, query, encoding or time, in threes) explains it. Left are: path, expiry or policy changed \
                     after signing",
                    key.id(),
                    hash.name()
                )
            }
            Maker::Unknown { .. } => String::new(),
        };
        let also = causes.iter().filter(|cause| cause.fix != what);
        let lines: Vec<String> = std::iter::once(format!("proven: {what}"))
            .chain(also.map(|cause| format!("proven: {}", cause.fix)))
            .collect();
        Findings { hint: Some(lines.join("\n")), causes, searched: Searched::Done }
    }

    /// RSASSA-PSS with the longest salt shows itself only over the very message.
    fn pss(&self, space: &Space<'_>, all: &[Reading]) -> Option<Findings> {
        let mut message = Vec::new();
        for start in &space.starts {
            space.writer.write(start, &mut message);
            for reading in all {
                let made = |key: &&&PublicKey| is_pss_over(key, &message, &reading.bytes);
                if let Some(key) = self.keys.iter().find(made) {
                    return Some(self.over_something_else(&Maker::Pss { key }, key, reading));
                }
            }
        }
        None
    }

    /// No key that is known made it, as far as can be told.
    fn nobody(&self, value: &[u8], all: &[Reading]) -> Findings {
        let mut causes = Vec::new();
        let encoded = self.policy.iter().flat_map(|reading| &reading.undone);
        causes.extend(encoded.map(|mistake| Cause::proven(*mistake, remedy(*mistake))));
        let as_sent = all.first().filter(|reading| reading.undone.is_empty());
        let likely = match as_sent {
            Some(reading) => self.by_length(&reading.bytes),
            None => by_its_characters(value).map(|mistake| Cause::likely(mistake, remedy(mistake))),
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
                "no usual mistake makes this signature (another scheme, host, port, query, encoding, hash or known key). \
                 Left are: path, expiry or policy changed after signing, a damaged signature, a private key that doesn't \
                 belong to {of}"
            )
        } else {
            let fix = format!(
                "no key that is known here made it: a damaged signature, or a private key that doesn't belong to {of}"
            );
            if as_sent.is_some() && !self.keys.is_empty() {
                causes.push(Cause::likely(Mistake::UnknownKeyMadeIt, fix.clone()));
            }
            fix
        };
        Findings { hint: Some(hint), causes, searched: Searched::Done }
    }

    /// What the length alone tells.
    fn by_length(&self, signature: &[u8]) -> Option<Cause> {
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
            return Some(Cause::likely(Mistake::EcdsaRaw, remedy(Mistake::EcdsaRaw)));
        }
        if has_ecdsa && signature.first() == Some(&0x30) && length < 80 {
            let said = 2 + usize::from(*signature.get(1)?);
            return (length < said).then(|| Cause::likely(Mistake::Truncated, remedy(Mistake::Truncated)));
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
            Cause::likely(Mistake::OtherModulus, fix("made by another key, or changed on the way"))
        } else if length < shown {
            Cause::likely(Mistake::Truncated, fix("cut short on the way"))
        } else {
            Cause::likely(Mistake::TrailingBytes, fix("something was added behind it"))
        })
    }
}

fn dimensions<'c>(
    examined: &'c Examined<'_, '_>,
    evidence: &Evidence<'_>,
    clues: &Clues<'c>,
) -> Vec<super::changes::Dimension<'c>> {
    let is_custom = evidence.is_custom();
    let mut all = vec![message::messages(), time::units_and_zones(is_custom)];
    if is_custom {
        all.push(text::resources(&evidence.text, &examined.tried));
    } else {
        all.extend([
            query::added(examined.tried.query()),
            query::missing(),
            query::signing_parameters(examined),
            query::order(),
            query::encodings(),
            query::html(),
            query::fragment(clues.fragment),
            path::wildcards(examined),
            path::normal_forms(),
            path::root_objects(examined),
            path::trailing_slash(),
            path::origin_paths(examined),
            path::encodings(),
            address::schemes(),
            address::hosts(examined),
            address::ports(examined),
            address::without_address(),
        ]);
    }
    all.push(text::conditions(&evidence.text));
    all.push(text::spacing());
    all.push(text::order(&evidence.text));
    all.push(text::escaping(&evidence.text));
    all.extend(text::forms(&evidence.text));
    all.extend(text::ends());
    all
}

/// What the signer was given, where that can be read.
fn signed_form(writer: &Writer, signed: &Draft) -> String {
    let mut message = Vec::new();
    writer.write(signed, &mut message);
    match String::from_utf8(message) {
        Ok(text) => text,
        Err(error) => error.into_bytes().iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// Whether a diff of it helps: on one line, and not endless.
fn is_shown(text: &str) -> bool {
    text.len() <= MAX_SHOWN && !text.contains(['\n', '\r'])
}

fn rsa_length(key: &PublicKey) -> Option<usize> {
    match key.kind() {
        KeyKind::Rsa { bits } => Some(bits.div_ceil(8)),
        KeyKind::EcdsaP256 => None,
    }
}

const RAW_ECDSA_LENGTH: usize = 64;
/// Of the moduli that people use.
const USUAL_LENGTHS: [usize; 4] = [128, 256, 384, 512];
const MAX_SHOWN: usize = 600;
