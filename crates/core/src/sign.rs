//! Makes signed URLs and signed cookies: keys, policies and signatures, as AWS's own signers make them. For tests and tools.

use ipnet::Ipv4Net;

use crate::access::encoding;
use crate::access::policy::canned_for;
use crate::epoch::EpochSeconds;

mod error;
mod private_key;
mod private_pem;
mod url;

pub use crate::hash_algorithm::HashAlgorithm;
pub use error::SignError;
pub use private_key::PrivateKey;
#[doc(hidden)]
pub use url::{check_url, check_url_below, wildcard_in_canned};

/// What a link or cookies grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terms {
    /// A canned policy: exactly the URL, until a time.
    Canned {
        /// The end in seconds: the first second in which the link is denied.
        expires: EpochSeconds,
    },
    /// A custom policy. Its bytes are signed as they are.
    Custom {
        /// The text, byte for byte.
        policy: Vec<u8>,
        /// Its `DateLessThan`, where the caller knows it.
        expires: Option<EpochSeconds>,
    },
}

impl Terms {
    /// A canned policy where only an end is given, else a custom policy with these conditions: `DateLessThan`,
    /// `DateGreaterThan` (denied in that second, too), `IpAddress`, and a `Resource` in place of the URL.
    #[must_use]
    pub fn new(
        url: &str,
        expires: EpochSeconds,
        not_before: Option<EpochSeconds>,
        ip: Option<Ipv4Net>,
        resource: Option<&str>,
    ) -> Self {
        if not_before.is_none() && ip.is_none() && resource.is_none() {
            return Self::Canned { expires };
        }
        let mut condition = serde_json::json!({"DateLessThan": {"AWS:EpochTime": expires.0}});
        if let Some(not_before) = not_before {
            condition["DateGreaterThan"] = serde_json::json!({"AWS:EpochTime": not_before.0});
        }
        if let Some(ip) = ip {
            condition["IpAddress"] = serde_json::json!({"AWS:SourceIp": ip.to_string()});
        }
        let resource = resource.unwrap_or(url);
        let policy = serde_json::json!({"Statement": [{"Resource": resource, "Condition": condition}]});
        Self::Custom { policy: policy.to_string().into_bytes(), expires: Some(expires) }
    }

    /// The policy's bytes, which the signature is made over.
    #[must_use]
    pub fn policy(&self, url: &str) -> Vec<u8> {
        match self {
            Self::Canned { expires } => canned_for(url, &expires.0.to_string()),
            Self::Custom { policy, .. } => policy.clone(),
        }
    }

    /// The end, where it is known.
    #[must_use]
    pub fn expires(&self) -> Option<EpochSeconds> {
        match self {
            Self::Canned { expires } => Some(*expires),
            Self::Custom { expires, .. } => *expires,
        }
    }
}

/// The names and values of the signing parameters, in the order of AWS's signers. Cookies have the same values under
/// `CloudFront-` and the name.
///
/// # Errors
/// As [`PrivateKey::sign`].
pub fn signing_values(
    url: &str,
    terms: &Terms,
    key: &PrivateKey,
    key_pair_id: &str,
    hash: HashAlgorithm,
) -> Result<Vec<(&'static str, String)>, SignError> {
    let text = terms.policy(url);
    let signature = key.sign(hash, &text)?;
    let mut values = vec![match terms {
        Terms::Canned { expires } => ("Expires", expires.0.to_string()),
        Terms::Custom { .. } => ("Policy", encoding::encode(&text)),
    }];
    values.push(("Signature", encoding::encode(&signature)));
    values.push(("Key-Pair-Id", key_pair_id.to_owned()));
    if hash == HashAlgorithm::Sha256 {
        values.push(("Hash-Algorithm", hash.as_parameter().to_owned()));
    }
    Ok(values)
}

/// Appends signing parameters to a URL.
#[must_use]
pub fn signed_url(url: &str, values: &[(&'static str, String)]) -> String {
    let pairs: Vec<String> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{url}{}{}", if url.contains('?') { '&' } else { '?' }, pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::key::{KeyTolerance, PublicKey, PublicKeyId};

    #[test]
    fn what_is_signed_verifies_with_the_other_library() {
        for key in [PrivateKey::generate_rsa().unwrap(), PrivateKey::generate_ecdsa().unwrap()] {
            let key = PrivateKey::from_pem(&key.to_pem().unwrap()).unwrap();
            let pem = key.public_pem().unwrap();
            let public = PublicKey::from_pem(PublicKeyId::new("K"), &pem, KeyTolerance::default()).unwrap();
            for hash in [HashAlgorithm::Sha1, HashAlgorithm::Sha256] {
                let signature = key.sign(hash, b"message").unwrap();
                assert!(public.verifies(hash, b"message", &signature), "{key:?} {hash:?}");
                assert!(!public.verifies(hash, b"messagf", &signature), "{key:?} {hash:?}");
            }
        }
    }
}
