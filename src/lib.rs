//! Frontgate: a reverse proxy that verifies signed URLs and signed cookies as Amazon CloudFront does, and the library behind it.
//!
//! - [`Verifier`] decides on a request of the `http` crate, and explains the decision.
//! - `tower` (feature `tower`): the verifier as a layer in front of a service.
//! - `testing` (feature `testing`): a Frontgate within a test's own process.
//! - [`sign`]: signed URLs and signed cookies, for tests and tools.
//!
//! With `default-features = false` the verifier is all there is, from the crate `frontgate-core`: no I/O, no clock, no runtime.
//! The proxy's modules are public for its own binary and tests. They are hidden, and may change in any version; the file
//! `docs/public-api.txt` lists what is promised.
//!
//! ```
//! use frontgate::sign::{HashAlgorithm, PrivateKey, Terms, signed_url, signing_values};
//! use frontgate::{EpochSeconds, Verdict, Verifier};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = PrivateKey::generate_ecdsa()?;
//! let verifier = Verifier::builder()
//!     .key("K1", key.public_pem()?)
//!     .base_url("https://media.example.com")
//!     .public("/public/*")
//!     .build()?;
//!
//! let url = "https://media.example.com/a.mp4";
//! let terms = Terms::Canned { expires: EpochSeconds(2_000_000_000) };
//! let link = signed_url(url, &signing_values(url, &terms, &key, "K1", HashAlgorithm::Sha1)?);
//! let request = http::Request::get(link).header("host", "media.example.com").body(())?;
//! let (parts, ()) = request.into_parts();
//!
//! // The link is valid until, and not at, the second of its end.
//! assert!(verifier.verify(&parts, EpochSeconds(1_999_999_999), None).is_allowed());
//! match verifier.verify(&parts, EpochSeconds(2_000_000_000), None) {
//!     Verdict::Denied(denied) => assert_eq!((denied.reason(), denied.code()), ("expired", Some("AccessDenied"))),
//!     Verdict::Allowed(_) => return Err("the link has expired".into()),
//! }
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
    Allowed, Country, Denied, EpochSeconds, InvalidVerifier, Scheme, Verdict, Verifier, VerifierBuilder,
};
#[doc(hidden)]
pub use frontgate_core::{access, distribution, effort, redact, viewer};
pub use frontgate_core::{epoch, explain, sign};

#[cfg(feature = "shell")]
pub use config::verifier::verifier_from_config;
