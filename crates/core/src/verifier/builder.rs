//! A verifier from public keys, base URLs and path patterns.

use std::sync::Arc;

use super::Verifier;
use crate::access::signature_cache::SignatureCache;
use crate::distribution::behavior::{CacheBehavior, Restriction};
use crate::distribution::key::{InvalidPublicKey, KeyGroup, KeyTolerance, PublicKey, PublicKeyId};
use crate::distribution::pattern::{InvalidPathPattern, PathPattern};
use crate::distribution::{
    BaseUrl, Distribution, Distributions, InvalidBaseUrl, MAX_PUBLIC_BASE_URLS, UnknownHost,
};
use crate::viewer::{Host, Scheme};

/// Builds a [`Verifier`]; [`VerifierBuilder::build`] checks what was set.
///
/// Every path is private, and every key is trusted for it, unless a pattern says otherwise. Of several patterns that match a
/// path, the first one counts, as with CloudFront's behaviors. All methods are allowed.
#[derive(Clone, Debug, Default)]
pub struct VerifierBuilder {
    keys: Vec<(String, String)>,
    base_urls: Vec<String>,
    rules: Vec<(String, Rule)>,
    is_public_elsewhere: bool,
    scheme: Option<Scheme>,
    memo_size: Option<u64>,
}

#[derive(Clone, Debug)]
enum Rule {
    Public,
    /// For keys of these ids.
    Private(Vec<String>),
}

impl Verifier {
    /// Begins one that is made of public keys and base URLs.
    #[must_use]
    pub fn builder() -> VerifierBuilder {
        VerifierBuilder::default()
    }
}

impl VerifierBuilder {
    /// Trusts a public key: its id, which links name as `Key-Pair-Id`, and its PEM (RSA of 2048 bits or ECDSA on P-256, the keys
    /// that CloudFront takes).
    #[must_use]
    pub fn key(mut self, id: impl Into<String>, pem: impl Into<String>) -> Self {
        self.keys.push((id.into(), pem.into()));
        self
    }

    /// Adds a base URL that links are signed for: `scheme://host[:port]`, at most eight. A link signed for it is allowed at any
    /// host but that of another base URL. A link signed for the `localhost` or the address that was requested needs none.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_urls.push(url.into());
        self
    }

    /// Makes the paths that match a pattern public. Patterns have CloudFront's wildcards `*` and `?`.
    #[must_use]
    pub fn public(mut self, pattern: impl Into<String>) -> Self {
        self.rules.push((pattern.into(), Rule::Public));
        self
    }

    /// Makes the paths that match a pattern private, for signatures of these keys alone.
    #[must_use]
    pub fn private<I: Into<String>>(
        mut self,
        pattern: impl Into<String>,
        key_pair_ids: impl IntoIterator<Item = I>,
    ) -> Self {
        let ids = key_pair_ids.into_iter().map(Into::into).collect();
        self.rules.push((pattern.into(), Rule::Private(ids)));
        self
    }

    /// Makes the paths that match no pattern public.
    #[must_use]
    pub fn public_elsewhere(mut self) -> Self {
        self.is_public_elsewhere = true;
        self
    }

    /// As [`Verifier::with_scheme`].
    #[must_use]
    pub fn scheme(mut self, scheme: Scheme) -> Self {
        self.scheme = Some(scheme);
        self
    }

    /// As [`Verifier::with_memo_size`].
    #[must_use]
    pub fn memo_size(mut self, bytes: u64) -> Self {
        self.memo_size = Some(bytes);
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    /// [`InvalidVerifier`] for the first setting that can't be used.
    pub fn build(self) -> Result<Verifier, InvalidVerifier> {
        let keys = self.read_keys()?;
        let mut distribution = Distribution::private("verifier", NO_HOST, group("all", keys.clone()));
        let default = &mut distribution.default_behavior;
        distribution.behaviors =
            self.rules.iter().map(|rule| behavior(rule, default, &keys)).collect::<Result<_, _>>()?;
        if self.is_public_elsewhere {
            default.restriction = Restriction::Open;
        }
        distribution.public_base_urls = self.read_base_urls()?;
        distribution.aliases = distribution.public_base_urls.iter().filter_map(alias).collect();
        let verifier = Verifier::new(Arc::new(Distributions {
            list: vec![Arc::new(distribution)],
            unknown_host: UnknownHost::Only,
            all_keys: keys,
            ..Distributions::default()
        }));
        let verifier = verifier.with_memo_size(self.memo_size.unwrap_or(SignatureCache::DEFAULT_MAX_SIZE));
        Ok(match self.scheme {
            Some(scheme) => verifier.with_scheme(scheme),
            None => verifier,
        })
    }

    fn read_keys(&self) -> Result<Vec<Arc<PublicKey>>, InvalidVerifier> {
        let mut keys: Vec<Arc<PublicKey>> = Vec::with_capacity(self.keys.len());
        for (id, pem) in &self.keys {
            if !PublicKeyId::is_well_formed(id) {
                return Err(InvalidVerifier::KeyId { found: id.clone() });
            }
            if find(&keys, id).is_some() {
                return Err(InvalidVerifier::SameKeyId { id: id.clone() });
            }
            let key = PublicKey::from_pem(PublicKeyId::new(id), pem, KeyTolerance::default());
            keys.push(Arc::new(key.map_err(|cause| InvalidVerifier::Key { id: id.clone(), cause })?));
        }
        if keys.is_empty() { Err(InvalidVerifier::NoKey) } else { Ok(keys) }
    }

    fn read_base_urls(&self) -> Result<Vec<BaseUrl>, InvalidVerifier> {
        if self.base_urls.len() > MAX_PUBLIC_BASE_URLS {
            return Err(InvalidVerifier::BaseUrls { found: self.base_urls.len() });
        }
        let read = |url: &String| {
            BaseUrl::parse(url).map_err(|cause| InvalidVerifier::BaseUrl { found: url.clone(), cause })
        };
        self.base_urls.iter().map(read).collect()
    }
}

/// The host of a base, but for one at which every base is tried.
fn alias(base: &BaseUrl) -> Option<String> {
    let name = base.host_name();
    let is_local = Host::parse(name).is_ok_and(|host| host.is_local_or_address());
    (!is_local).then(|| name.to_owned())
}

fn behavior(
    (pattern, rule): &(String, Rule),
    default: &CacheBehavior,
    keys: &[Arc<PublicKey>],
) -> Result<CacheBehavior, InvalidVerifier> {
    let parsed: Result<PathPattern, _> = pattern.parse();
    let path_pattern = parsed.map_err(|cause| InvalidVerifier::Pattern { found: pattern.clone(), cause })?;
    let restriction = match rule {
        Rule::Public => Restriction::Open,
        Rule::Private(ids) => {
            let trusted = ids.iter().map(|id| {
                let unknown = || InvalidVerifier::UnknownKey { pattern: pattern.clone(), id: id.clone() };
                find(keys, id).cloned().ok_or_else(unknown)
            });
            let trusted: Vec<_> = trusted.collect::<Result<_, _>>()?;
            if trusted.is_empty() {
                return Err(InvalidVerifier::NoKeyFor { pattern: pattern.clone() });
            }
            Restriction::Signed(vec![group(pattern, trusted)])
        }
    };
    Ok(CacheBehavior { path_pattern: Some(path_pattern), restriction, ..default.clone() })
}

fn find<'k>(keys: &'k [Arc<PublicKey>], id: &str) -> Option<&'k Arc<PublicKey>> {
    keys.iter().find(|key| key.id().as_str() == id)
}

fn group(id: &str, keys: Vec<Arc<PublicKey>>) -> Arc<KeyGroup> {
    Arc::new(KeyGroup { id: id.to_owned(), keys })
}

/// Why a verifier can't be built.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVerifier {
    /// No public key was set.
    #[error("a verifier needs a public key: `.key(ID, PEM)` trusts one")]
    NoKey,
    /// A key id that isn't letters and digits.
    #[error("the key id {found:?} can't be one: expected letters and digits, as AWS makes them")]
    KeyId {
        /// The id.
        found: String,
    },
    /// Two public keys with one id.
    #[error("two public keys have the id {id}: links name a key by its id, so each needs its own")]
    SameKeyId {
        /// The id.
        id: String,
    },
    /// A public key that CloudFront doesn't take.
    #[error("the public key {id} can't be used: {cause}")]
    Key {
        /// Its id.
        id: String,
        /// Why.
        #[doc(hidden)]
        cause: InvalidPublicKey,
    },
    /// A base URL that isn't `scheme://host[:port]`.
    #[error("the base URL {found:?} can't be used: {cause}")]
    BaseUrl {
        /// As it was given.
        found: String,
        /// Why.
        #[doc(hidden)]
        cause: InvalidBaseUrl,
    },
    /// More than eight base URLs.
    #[error("{found} base URLs were given, and at most {MAX_PUBLIC_BASE_URLS} can be tried for each request")]
    BaseUrls {
        /// How many.
        found: usize,
    },
    /// A path pattern that CloudFront rejects.
    #[error("the path pattern {found:?} can't be used: {cause}")]
    Pattern {
        /// As it was given.
        found: String,
        /// Why.
        #[doc(hidden)]
        cause: InvalidPathPattern,
    },
    /// A pattern names a key that wasn't set.
    #[error("{pattern:?} is to trust the key {id:?}, which wasn't given: `.key({id:?}, PEM)` gives it")]
    UnknownKey {
        /// The pattern.
        pattern: String,
        /// The id.
        id: String,
    },
    /// A configuration file with errors.
    #[error("{faults}")]
    Config {
        /// All of them, one a line, each with its place and its fix.
        faults: String,
    },
    /// A private pattern that trusts no key.
    #[error(
        "{pattern:?} trusts no key, so every request for its paths would be denied: name at least one key"
    )]
    NoKeyFor {
        /// The pattern.
        pattern: String,
    },
}

/// A name that no request has (RFC 6761): the hosts of the base URLs are what the verifier answers for.
const NO_HOST: &str = "verifier.invalid";
