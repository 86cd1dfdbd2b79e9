//! Which mistake it was, by a fixed name that scripts and tests rely on.

/// A mistake that explains a denial. `docs/troubleshooting.md` lists all of them by name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// Which one.
    #[doc(hidden)]
    pub mistake: Mistake,
    /// Whether it was shown by a signature or by the values themselves; else it is only likely.
    pub proven: bool,
    /// What was signed, where that is known and isn't what was requested.
    pub signed: Option<String>,
    /// What was requested in its place.
    pub requested: Option<String>,
    /// The key that made the signature, where it is another one than was named.
    pub signed_by: Option<String>,
    /// The fix: a sentence, and where the signing library is recognised, a line of code for it.
    pub fix: String,
}

impl Diagnosis {
    pub(in crate::explain) fn proven(mistake: Mistake, fix: impl Into<String>) -> Self {
        Self { mistake, proven: true, signed: None, requested: None, signed_by: None, fix: fix.into() }
    }

    pub(in crate::explain) fn likely(mistake: Mistake, fix: impl Into<String>) -> Self {
        Self { proven: false, ..Self::proven(mistake, fix) }
    }

    /// With the line for the signer in use, where there is one.
    pub(in crate::explain) fn for_signer(self, line: Option<String>) -> Self {
        match line {
            Some(line) => Self { fix: format!("{}\n{line}", self.fix), ..self },
            None => self,
        }
    }

    /// The name of the mistake, such as `clock-skew` or `path-changed`; it doesn't change between versions.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.mistake.as_str()
    }

    /// The mistake in one sentence.
    #[must_use]
    pub fn sentence(&self) -> &str {
        self.fix.lines().next().unwrap_or_default()
    }

    pub(in crate::explain) fn over(self, signed: &str, requested: &str) -> Self {
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
    /// The id of a key group in place of a key's.
    KeyIdIsKeyGroup = "key-id-is-key-group",
    /// A PEM in place of an id.
    KeyIdIsPem = "key-id-is-pem",
    /// An AWS access key in place of a key's id.
    KeyIdIsAccessKey = "key-id-is-access-key",
    /// The name of a key in place of its id.
    KeyIdIsName = "key-id-is-name",
    /// A known id with white space, a line end or quotes around it.
    KeyIdWhitespace = "key-id-whitespace",
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
    /// Dot segments or double slashes that one side resolved.
    PathNormalised = "path-normalised",
    /// Another path was signed: folders, names or parts of them differ.
    PathChanged = "path-changed",
    /// Folders stand before the path that was signed, such as those of an image service.
    PathPrefixAdded = "path-prefix-added",
    /// A canned policy for another file of the place, such as the playlist for its segments.
    CannedForAnotherFile = "canned-for-another-file",
    /// White space at the end of what was signed, or within the Resource.
    TrailingSpace = "trailing-space",
    /// The default root object on one side alone, or the origin's own path.
    RootObject = "root-object",
    /// A slash at the end on one side alone.
    TrailingSlash = "trailing-slash",
    /// The path that the origin has of its own was signed, too.
    OriginPath = "origin-path",
    /// A path, or a URL without its scheme, was signed.
    PathOnly = "path-only",
    /// A query with more than was signed.
    QueryAdded = "query-added",
    /// A query with less than was signed.
    QueryMissing = "query-missing",
    /// The parameters in another order.
    QueryOrder = "query-order",
    /// The query in another encoding.
    QueryEncoding = "query-encoding",
    /// Signing parameters were part of the URL that was signed.
    SigningParametersSigned = "signing-parameters-signed",
    /// `&amp;` for `&`.
    HtmlEscaped = "html-escaped",
    /// What follows `#`, which is never sent, was signed.
    Fragment = "fragment",
    /// A wildcard under a canned policy.
    WildcardCanned = "wildcard-canned",
    /// White space in the policy that was not signed.
    JsonSpacing = "json-spacing",
    /// The keys of the policy in another order.
    JsonOrder = "json-order",
    /// Characters escaped on one side alone, such as `\/` and `\u0026`.
    JsonEscaping = "json-escaping",
    /// A line end that was signed and not sent, or sent and not signed.
    JsonNewline = "json-newline",
    /// A byte order mark before the policy.
    JsonBom = "json-bom",
    /// A Statement that is no list.
    StatementObject = "statement-object",
    /// A time in quotes.
    QuotedNumber = "quoted-number",
    /// Another policy was signed than was sent: other conditions, or another Resource.
    PolicyNotTheSignedOne = "policy-not-the-signed-one",
    /// A key that CloudFront's policies don't have.
    UnknownPolicyKey = "unknown-policy-key",
    /// More than one statement.
    SeveralStatements = "several-statements",
    /// The policy's text is no JSON.
    JsonSyntax = "json-syntax",
    /// The policy's JSON was percent-encoded before it was written in base64.
    PolicyPercentEncoded = "policy-percent-encoded",
    /// The policy's JSON was sent as it is.
    PolicyNotEncoded = "policy-not-encoded",
    /// A value of the policy is of another kind than CloudFront's policies have there.
    PolicyStructure = "policy-structure",
    /// Resource is a list.
    ResourceList = "resource-list",
    /// DateLessThan is missing, or a part of it.
    LacksEnd = "lacks-end",
    /// A date or another text in place of a number of seconds.
    DateInWords = "date-in-words",
    /// A time that is no whole number.
    FractionalTime = "fractional-time",
    /// A time that was never set: null, NaN, an empty text.
    UnsetTime = "unset-time",
    /// A time that is off by whole hours.
    TimeZone = "time-zone",
    /// Another end was signed than was sent.
    ExpiresDiffers = "expires-differs",
    /// A duration in place of a time.
    Duration = "duration",
    /// The policy's base64 was signed.
    SignedBase64 = "signed-base64",
    /// The policy's digest was signed as a message.
    SignedDigest = "signed-digest",
    /// The policy's digest in hexadecimal was signed.
    SignedHexDigest = "signed-hex-digest",
    /// The bare URL was signed, without a policy around it.
    SignedUrl = "signed-url",
    /// The alphabet of RFC 4648's base64url.
    Base64url = "base64url",
    /// CloudFront's characters, exchanged for the wrong ones.
    SwappedAlphabet = "swapped-alphabet",
    /// Hexadecimal digits in place of base64.
    Hex = "hex",
    /// Percent-encoded once too often.
    PercentEncodedTwice = "percent-encoded-twice",
    /// A `+` of standard base64 that became a space on the way.
    PlusBecameSpace = "plus-became-space",
    /// Line breaks within base64.
    LineBreaks = "line-breaks",
    /// base64 of base64.
    Base64Twice = "base64-twice",
    /// Bytes that were read as text and written down as UTF-8.
    BinaryAsText = "binary-as-text",
    /// Quotes around a value.
    QuotedValue = "quoted-value",
    /// A cookie that a web framework encrypted or signed.
    FrameworkEncryptedCookie = "framework-encrypted-cookie",
    /// An HMAC, or another hash, in place of a signature.
    HmacSignature = "hmac-signature",
    /// Cut short on the way.
    Truncated = "truncated",
    /// Bytes behind the end.
    TrailingBytes = "trailing-bytes",
    /// Nothing was sent, or not all of it.
    NotSent = "not-sent",
    /// A name in the wrong case.
    NameCase = "name-case",
    /// The signing parameters stand behind a second `?`.
    SecondQuestionMark = "second-question-mark",
    /// The separators of the signing parameters are percent-encoded.
    PercentEncodedWhole = "percent-encoded-whole",
    /// A `Set-Cookie` header that begins with an attribute.
    AttributesFirst = "attributes-first",
    /// A cookie that a browser doesn't send with this request.
    CookieNotSentByBrowser = "cookie-not-sent-by-browser",
    /// A signing parameter in the URL, so that the cookies are not looked at.
    UrlShadowsCookies = "url-shadows-cookies",
    /// A name that was sent twice with different values.
    Duplicate = "duplicate",
    /// The policy's Resource isn't for this URL.
    NotSignedByThisPolicy = "not-signed-by-this-policy",
    /// After the end.
    Expired = "expired",
    /// Before the beginning.
    NotYetValid = "not-yet-valid",
    /// An address outside of the policy's range.
    OutsideRange = "outside-range",
    /// An IPv6 viewer, whom no range can hold.
    Ipv6Viewer = "ipv6-viewer",
    /// A SourceIp that is no address and no range.
    MalformedRange = "malformed-range",
}
