//! Who made a signature, with which hash, and over which messages it fits.

use super::rsa_recovery::{Hash, Pss, RecoveredSignature, open};
use crate::distribution::key::{HashAlgorithm, KeyKind, PublicKey};
use crate::explain::mistakes::mistake::{Diagnosis, Mistake};
use crate::explain::request::parsed_request::ParsedRequest;

/// What the signature itself tells, before any message is tried.
pub(in crate::explain) enum SigningKey<'e> {
    /// An RSA key opened it, and shows the digest.
    Known { key: &'e PublicKey, digest: Vec<u8>, shape: Shape },
    /// An RSA key opened it, and the padding is RSASSA-PSS's: messages are compared with what it holds.
    Pss { key: &'e PublicKey, shapes: Vec<Pss>, is_shown: bool },
    /// It opens under no RSA key: ECDSA keys are asked message by message.
    Unknown { keys: Vec<&'e PublicKey> },
}

/// How a digest stands in an RSA signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::explain) enum Shape {
    /// With the name of its hash.
    Named(Hash),
    /// Without: its length tells which it may be.
    Bare,
}

/// Who made it over a message, and how.
#[derive(Clone, Copy)]
pub(in crate::explain) struct KeyMatch<'e> {
    pub(in crate::explain) key: &'e PublicKey,
    pub(in crate::explain) hash: Hash,
    /// What is wrong with its padding.
    pub(in crate::explain) padding: Option<Mistake>,
}

impl<'e> SigningKey<'e> {
    /// Tries the keys in turn.
    pub(in crate::explain) fn among(keys: &[&'e PublicKey], signature: &[u8]) -> Self {
        let mut perhaps = None;
        for &key in keys {
            match open(key, signature) {
                Some(RecoveredSignature::Hashed { hash, digest }) => {
                    return Self::Known { key, digest, shape: Shape::Named(hash) };
                }
                Some(RecoveredSignature::RawDigest { digest }) => {
                    return Self::Known { key, digest, shape: Shape::Bare };
                }
                Some(RecoveredSignature::Pss(shapes)) => return Self::Pss { key, shapes, is_shown: true },
                Some(RecoveredSignature::PerhapsPss(shapes)) => {
                    perhaps.get_or_insert(Self::Pss { key, shapes, is_shown: false });
                }
                None => {}
            }
        }
        if let Some(perhaps) = perhaps {
            return perhaps;
        }
        Self::Unknown { keys: keys.iter().copied().filter(|key| key.kind() == KeyKind::EcdsaP256).collect() }
    }

    /// Whether it was made over this message. Equality of digests, or a good signature, is a proof.
    pub(in crate::explain) fn fit(&self, message: &[u8], signature: &[u8]) -> Option<KeyMatch<'e>> {
        match self {
            Self::Known { key, digest, shape: Shape::Named(hash) } => {
                hash.gives(message, digest).then_some(KeyMatch { key, hash: *hash, padding: None })
            }
            Self::Known { key, digest, shape: Shape::Bare } => Hash::of_length(digest.len())
                .find(|hash| hash.gives(message, digest))
                .map(|hash| KeyMatch { key, hash, padding: Some(Mistake::RawDigest) }),
            Self::Pss { key, shapes, .. } => shapes
                .iter()
                .find(|shape| shape.fits(message))
                .map(|shape| KeyMatch { key, hash: shape.hash, padding: Some(Mistake::PssPadding) }),
            Self::Unknown { keys } => keys.iter().find_map(|key| {
                [(HashAlgorithm::Sha1, Hash::Sha1), (HashAlgorithm::Sha256, Hash::Sha256)]
                    .into_iter()
                    .find(|(algorithm, _)| key.verifies(*algorithm, message, signature))
                    .map(|(_, hash)| KeyMatch { key, hash, padding: None })
            }),
        }
    }

    /// Whether an ECDSA key made it over this message with a hash that CloudFront doesn't take.
    pub(in crate::explain) fn fit_of_other_hash(
        &self,
        message: &[u8],
        signature: &[u8],
    ) -> Option<KeyMatch<'e>> {
        let Self::Unknown { keys } = self else { return None };
        let made =
            |(key, hash): &(&'e PublicKey, Hash)| key.verifies_digest(&hash.digest(message), signature);
        let hashes = [Hash::Sha224, Hash::Sha384, Hash::Sha512];
        let mut all = keys.iter().flat_map(|&key| hashes.map(|hash| (key, hash)));
        all.find(made).map(|(key, hash)| KeyMatch { key, hash, padding: None })
    }

    /// Whether any message could fit.
    pub(in crate::explain) fn may_fit(&self) -> bool {
        match self {
            Self::Known { .. } | Self::Pss { .. } => true,
            Self::Unknown { keys } => !keys.is_empty(),
        }
    }

    /// How many operations on a curve a message costs; a digest costs next to nothing.
    pub(in crate::explain) fn cost(&self) -> usize {
        match self {
            Self::Known { .. } | Self::Pss { .. } => 0,
            Self::Unknown { keys } => keys.len() * 2,
        }
    }

    /// How many messages may be tried where so many may be compared by digest.
    pub(in crate::explain) fn candidates(&self, most: usize) -> usize {
        MAX_VERIFICATIONS.checked_div(self.cost()).unwrap_or(most).min(most)
    }
}

/// What is known of who was to have made it.
#[derive(Clone, Copy)]
pub(in crate::explain) struct Named<'e> {
    /// The key of the id that was sent, where the path trusts it.
    pub(in crate::explain) key: Option<&'e PublicKey>,
    /// The id that was sent.
    pub(in crate::explain) id: Option<&'e str>,
    /// The hash that was announced, SHA-1 where none was; none where it can't be read.
    pub(in crate::explain) hash: Option<HashAlgorithm>,
}

impl KeyMatch<'_> {
    /// What is wrong with who made it, and how.
    pub(in crate::explain) fn causes(self, named: Named<'_>) -> Vec<Diagnosis> {
        let mut causes: Vec<Diagnosis> = other_key(self.key, named).into_iter().collect();
        causes.extend(self.padding.map(Mistake::proven));
        // Once the padding is right, the hash is chosen anew.
        if self.padding == Some(Mistake::PssPadding) {
            return causes;
        }
        let Some(announced) = named.hash else { return causes };
        match (self.hash, announced) {
            (Hash::Sha1, HashAlgorithm::Sha1) | (Hash::Sha256, HashAlgorithm::Sha256) => {}
            (Hash::Sha256, HashAlgorithm::Sha1) => causes.push(Mistake::HashNotAnnounced.proven()),
            (Hash::Sha1, HashAlgorithm::Sha256) => causes.push(Diagnosis::proven(
                Mistake::HashAnnouncedWrongly,
                "it was made with SHA-1, but Hash-Algorithm=SHA256 was sent",
            )),
            (hash @ (Hash::Md5 | Hash::Sha224 | Hash::Sha384 | Hash::Sha512), _) => causes.push(Diagnosis::proven(
                Mistake::HashUnsupported,
                format!(
                    "it was made with {}, which CloudFront doesn't take: sign with SHA-1, or with SHA-256 and \
                     Hash-Algorithm=SHA256",
                    hash.name()
                ),
            )),
        }
        causes
    }
}

/// That another key made it than was named, if so.
pub(in crate::explain) fn other_key(made_by: &PublicKey, named: Named<'_>) -> Option<Diagnosis> {
    let made = made_by.id();
    let fix = match (named.key, named.id) {
        (Some(key), _) if key.identity() == made_by.identity() => return None,
        (Some(key), _) => format!("key {made} made it, but Key-Pair-Id is {}", key.id()),
        (None, Some(id)) if id == made.as_str() => {
            format!("{made} made it, but this path doesn't trust it: add it to one of the path's key groups")
        }
        (None, Some(_)) => format!("{made} made it: send Key-Pair-Id={made}"),
        // That nothing was named is another mistake.
        (None, None) => return None,
    };
    Some(Diagnosis { signed_by: Some(made.to_string()), ..Diagnosis::proven(Mistake::OtherKey, fix) })
}

/// Every key that is known, the named one first.
pub(in crate::explain) fn known_keys<'e>(
    parsed: &ParsedRequest<'_, 'e>,
    named: Option<&'e PublicKey>,
) -> Vec<&'e PublicKey> {
    let behaviors = parsed.distributions.list.iter().flat_map(|one| one.all_behaviors());
    let mut keys: Vec<&PublicKey> = named.into_iter().collect();
    let trusted = behaviors.flat_map(|behavior| behavior.restriction.keys());
    for key in trusted.chain(&parsed.distributions.all_keys) {
        if !keys.iter().any(|known| known.identity() == key.identity()) {
            keys.push(key);
        }
    }
    keys
}

/// In all, over keys and hashes, where each is a verification.
const MAX_VERIFICATIONS: usize = 20_000;

#[cfg(test)]
mod tests {
    use rsa::pkcs8::{EncodePublicKey, LineEnding};
    use rsa::{Pkcs1v15Sign, rand_core::UnwrapErr};
    use sha2::Digest;

    use super::*;
    use crate::distribution::key::{KeyTolerance, PublicKeyId};

    fn pair() -> (rsa::PrivateKey, PublicKey) {
        let private = rsa::PrivateKey::new(&mut UnwrapErr(rand::rngs::SysRng), 2048).unwrap();
        let pem = private.to_public_key().to_public_key_pem(LineEnding::LF).unwrap();
        (private, PublicKey::from_pem(PublicKeyId::new("K1"), &pem, KeyTolerance::default()).unwrap())
    }

    #[test]
    fn a_signature_shows_its_hash_and_its_digest() {
        let (private, key) = pair();
        let sha384 = sha2::Sha384::digest(b"a policy");
        let signature = private.sign(Pkcs1v15Sign::new::<sha2::Sha384>(), &sha384).unwrap();
        let signer_key = SigningKey::among(&[&key], &signature);
        assert!(
            matches!(&signer_key, SigningKey::Known { shape: Shape::Named(Hash::Sha384), digest, .. } if digest[..] == sha384[..])
        );
        assert!(signer_key.fit(b"a policy", &signature).is_some());
        assert!(signer_key.fit(b"another policy", &signature).is_none());
    }

    #[test]
    fn other_paddings_are_recognised() {
        let (private, key) = pair();
        let digest = sha2::Sha256::digest(b"a policy");
        let raw = private.sign(Pkcs1v15Sign::new_unprefixed(), &digest).unwrap();
        assert!(matches!(SigningKey::among(&[&key], &raw), SigningKey::Known { shape: Shape::Bare, .. }));
        let pss = rsa::Pss::<sha2::Sha256>::new();
        let pss = private.sign_with_rng(&mut UnwrapErr(rand::rngs::SysRng), pss, &digest).unwrap();
        assert!(matches!(SigningKey::among(&[&key], &pss), SigningKey::Pss { .. }));
    }

    #[test]
    fn what_the_key_did_not_make_proves_nothing() {
        let (private, _) = pair();
        let (_, other) = pair();
        let mut state = 1u64;
        for _ in 0..2_000 {
            let random: Vec<u8> = std::iter::repeat_with(|| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            })
            .take(256)
            .collect();
            // Now and then one looks like a PSS signature; only a message that fits would show that it is one.
            let signer_key = SigningKey::among(&[&other], &random);
            assert!(matches!(
                signer_key,
                SigningKey::Unknown { .. } | SigningKey::Pss { is_shown: false, .. }
            ));
        }
        let digest = sha2::Sha256::digest(b"a policy");
        let stranger = private.sign(Pkcs1v15Sign::new::<sha2::Sha256>(), &digest).unwrap();
        for signature in [&stranger[..], &stranger[..255], &[0xFF; 256], &[], &[0; 256]] {
            assert!(matches!(SigningKey::among(&[&other], signature), SigningKey::Unknown { .. }));
        }
    }
}
