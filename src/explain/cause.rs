//! Which mistake it was, by a fixed name that scripts and tests rely on.

/// A mistake that explains a denial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Its name.
    pub mistake: Mistake,
    /// Whether it was shown by a signature or by the values themselves; else it is only likely.
    pub proven: bool,
    /// What was signed, where that is known and isn't what was requested.
    pub signed: Option<String>,
    /// What was requested in its place.
    pub requested: Option<String>,
    /// The key that made the signature, where it is another one than was named.
    pub signed_by: Option<String>,
    /// How to mend it.
    pub fix: String,
}

impl Cause {
    pub(super) fn proven(mistake: Mistake, fix: impl Into<String>) -> Self {
        Self { mistake, proven: true, signed: None, requested: None, signed_by: None, fix: fix.into() }
    }

    pub(super) fn likely(mistake: Mistake, fix: impl Into<String>) -> Self {
        Self { proven: false, ..Self::proven(mistake, fix) }
    }

    pub(super) fn over(self, signed: &str, requested: &str) -> Self {
        Self { signed: Some(signed.to_owned()), requested: Some(requested.to_owned()), ..self }
    }
}

macro_rules! mistakes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// The mistakes that are told from each other.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Mistake { $($(#[$doc])* $name,)* }

        impl Mistake {
            /// Its name in `causes` of `explain --json`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

mistakes! {
    /// Another known key made the signature than the one that was named.
    OtherKey = "other-key",
    /// None of the known keys made it, though it has the length of one of theirs.
    UnknownKeyMadeIt = "unknown-key-made-it",
    /// Its length is none that the key makes.
    OtherModulus = "other-modulus",
    /// SHA-256 without `Hash-Algorithm=SHA256`.
    HashNotAnnounced = "hash-not-announced",
    /// SHA-1 with `Hash-Algorithm=SHA256`.
    HashAnnouncedWrongly = "hash-announced-wrongly",
    /// A hash that CloudFront doesn't take.
    HashUnsupported = "hash-unsupported",
    /// RSASSA-PSS in place of PKCS#1 v1.5.
    PssPadding = "pss-padding",
    /// A digest without the name of its hash.
    RawDigest = "raw-digest",
    /// r and s side by side in place of DER.
    EcdsaRaw = "ecdsa-raw",
    /// `http` for `https`, or the other way round.
    Scheme = "scheme",
    /// Another host.
    Host = "host",
    /// Another port.
    Port = "port",
    /// The path in another encoding.
    PathEncoding = "path-encoding",
    /// A query with more than was signed.
    QueryAdded = "query-added",
    /// The query in another encoding.
    QueryEncoding = "query-encoding",
    /// A wildcard under a canned policy.
    WildcardCanned = "wildcard-canned",
    /// White space in the policy that was not signed.
    JsonSpacing = "json-spacing",
    /// A line end that was signed and not sent, or sent and not signed.
    JsonNewline = "json-newline",
    /// The policy's base64 was signed.
    SignedBase64 = "signed-base64",
    /// After the end.
    Expired = "expired",
    /// Before the beginning.
    NotYetValid = "not-yet-valid",
    /// An address outside of the policy's range.
    OutsideRange = "outside-range",
    /// An IPv6 viewer, whom no range can hold.
    Ipv6Viewer = "ipv6-viewer",
}
