//! Verifies Amazon CloudFront's signed URLs and signed cookies. No I/O, no clock, no runtime: bytes, time and address in, a
//! decision out.
//!
//! - [`Verifier`] decides on a request of the `http` crate, in CloudFront's order of checks, and returns CloudFront's answer.
//! - [`Verifier::explain`] lists every check with what was expected and found, and names the mistake ([`explain`]).
//! - [`sign`] makes signed URLs and cookies, for tests and tools.
//!
//! The package `frontgate` re-exports this crate and adds the proxy, a `tower` layer and the kit for tests.
//!
//! The other modules are public for the proxy alone. They are hidden, and may change in any version; the file
//! `docs/public-api.txt` lists what is promised.
//!
//! ```
//! use frontgate_core::sign::{HashAlgorithm, PrivateKey, Terms, signed_url, signing_values};
//! use frontgate_core::{EpochSeconds, Verdict, Verifier};
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

#[doc(hidden)]
pub mod access;
mod country;
#[doc(hidden)]
pub mod distribution;
#[doc(hidden)]
pub mod effort;
pub mod epoch;
pub mod explain;
mod hash_algorithm;
#[doc(hidden)]
pub mod redact;
mod scheme;
pub mod sign;
mod verifier;
#[doc(hidden)]
pub mod viewer;

pub use country::Country;
pub use epoch::EpochSeconds;
pub use scheme::Scheme;
pub use verifier::{Allowed, Denied, InvalidVerifier, Verdict, Verifier, VerifierBuilder};
