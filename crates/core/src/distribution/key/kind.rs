//! The kinds of key that CloudFront takes, and the ones that a configuration may allow beside them.

use std::fmt;

/// The two kinds of key that CloudFront takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA, with the modulus' length.
    Rsa {
        /// Bits of the modulus.
        bits: usize,
    },
    /// ECDSA on P-256 (prime256v1, secp256r1).
    EcdsaP256,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA-{bits}"),
            Self::EcdsaP256 => f.write_str("ECDSA P-256"),
        }
    }
}

/// What a key may be beside what CloudFront itself accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyTolerance {
    /// RSA of 1024 to 2047 bits too, for old fixtures only (configuration: `allow-short`).
    pub allow_short: bool,
}

/// CloudFront takes RSA keys of this size only (cloudfront 6, `[DOC D23]`).
pub(super) const RSA_BITS: usize = 2048;

/// The smallest key that `allow-short` admits: the size of AWS's own signing fixtures (cloudfront 1.4).
pub(super) const SHORT_RSA_BITS: usize = 1024;
