//! The hash of a signature.

/// The hash of a signature, as `Hash-Algorithm` announces it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HashAlgorithm {
    /// What CloudFront takes where nothing is announced, for RSA and ECDSA keys alike.
    #[default]
    Sha1,
    /// Since April 2026, announced by `Hash-Algorithm=SHA256`.
    Sha256,
}

impl HashAlgorithm {
    /// Reads a parameter's or a cookie's value. Letters' case counts: cloudfront 1.2, `[UNKNOWN]`, taken as documented.
    #[must_use]
    pub fn from_parameter(value: &str) -> Option<Self> {
        match value {
            "SHA1" => Some(Self::Sha1),
            "SHA256" => Some(Self::Sha256),
            _ => None,
        }
    }

    /// The value of the parameter.
    #[must_use]
    pub fn as_parameter(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }
}
