//! Frontgate: a reverse proxy that verifies signed URLs and signed cookies as Amazon CloudFront does.
//!
//! Data flows one way, each step a function whose result the next one takes:
//!
//! 1. [`viewer`]: what was asked, as raw bytes, when and from where;
//! 2. [`distribution`]: what is configured, and where the request belongs ([`distribution::Route`]);
//! 3. [`access`]: credentials → policy → signature → [`access::Decision`], in CloudFront's order of checks;
//! 4. [`explain`]: the same checks, all of them, with what was expected and found.
//!
//! [`Verifier`] does all of that for a request of the `http` crate, and with the feature `tower` a layer does it before a service.
//!
//! Without any feature that is all there is: no I/O, no clock, no runtime (`tower` reads the clock, `testing` has the proxy
//! within a test's process). The modules of the proxy itself are public
//! for its own binary and tests; they are hidden here, and no promise: `docs/public-api.txt` lists what is one.
//!
//! ```
//! use std::sync::Arc;
//! use frontgate::access::{Decision, authorize, verified::SignatureCache};
//! use frontgate::distribution::key::{HashAlgorithm, KeyGroup, KeyTolerance, PublicKey, PublicKeyId};
//! use frontgate::distribution::{Distribution, Distributions, UnknownHost};
//! use frontgate::epoch::EpochSeconds;
//! use frontgate::sign::{PrivateKey, Terms, signed_url, signing_values};
//! use frontgate::viewer::{Host, Scheme, Target, ViewerRequest};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let private = PrivateKey::generate_ecdsa()?;
//! let key = PublicKey::from_pem(PublicKeyId::new("K1"), &private.public_pem()?, KeyTolerance::default())?;
//! let group = Arc::new(KeyGroup { id: "editors".into(), keys: vec![Arc::new(key)] });
//! let distribution = Distribution::private("E1", "media.example.com", group);
//! let all = Distributions {
//!     list: vec![Arc::new(distribution)],
//!     unknown_host: UnknownHost::Refuse,
//!     ..Distributions::default()
//! };
//!
//! let url = "https://media.example.com/a.mp4";
//! let terms = Terms::Canned { expires: EpochSeconds(2_000_000_000) };
//! let link = signed_url(url, &signing_values(url, &terms, &private, "K1", HashAlgorithm::Sha1)?);
//!
//! let target = link.strip_prefix("https://media.example.com").unwrap_or_default();
//! let mut request = ViewerRequest {
//!     method: &http::Method::GET,
//!     scheme: Scheme::Https,
//!     host: Host::parse("media.example.com")?,
//!     target: Target::parse(target).ok_or("no path")?,
//!     cookies: vec![],
//!     address: "203.0.113.9".parse()?,
//!     country: None,
//!     is_preflight: false,
//!     now: EpochSeconds(1_999_999_999),
//! };
//! let route = all.route(&request).ok_or("unknown host")?;
//! let verified = SignatureCache::new(1 << 20);
//! assert!(matches!(authorize(&request, &route, &verified), Decision::Allow(_)));
//!
//! request.now = EpochSeconds(2_000_000_000);
//! assert!(matches!(authorize(&request, &route, &verified), Decision::Deny(reason) if reason.name() == "expired"));
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "proxy")]
#[doc(hidden)]
pub mod cli;
#[cfg(any(feature = "shell", feature = "tower"))]
#[doc(hidden)]
pub mod clock;
#[cfg(feature = "shell")]
#[doc(hidden)]
pub mod config;
#[cfg(feature = "shell")]
#[doc(hidden)]
pub mod edge;
#[cfg(any(feature = "shell", feature = "tower"))]
#[doc(hidden)]
pub mod identity;
#[cfg(feature = "shell")]
#[doc(hidden)]
pub mod locations;
#[cfg(feature = "shell")]
#[cfg_attr(
    not(feature = "proxy"),
    expect(dead_code, unused_imports, reason = "the command line uses the rest")
)]
mod paste;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "shell")]
#[doc(hidden)]
pub mod tls;
#[cfg(feature = "tower")]
pub mod tower;

pub use frontgate_core::{
    Allowed, Decision, Denied, InvalidVerifier, Verdict, Verifier, VerifierBuilder, authorize,
};
pub use frontgate_core::{access, distribution, epoch, explain, sign, viewer};
#[doc(hidden)]
pub use frontgate_core::{effort, redact};

#[cfg(feature = "shell")]
pub use config::verifier::verifier_from_config;
