//! What each mistake is and how to fix it, in one sentence.

use super::mistake::{Diagnosis, Mistake};

impl Mistake {
    /// The cause, shown by a signature or by values, with its usual fix.
    pub(in crate::explain) fn proven(self) -> Diagnosis {
        Diagnosis::proven(self, usual_fix(self))
    }

    /// The cause, as far as it is known, with its usual fix.
    pub(in crate::explain) fn likely(self) -> Diagnosis {
        Diagnosis::likely(self, usual_fix(self))
    }

    /// Whether it is about what the signer was given in place of the policy.
    pub(in crate::explain) fn is_about_message(self) -> bool {
        matches!(self, Self::SignedBase64 | Self::SignedDigest | Self::SignedHexDigest | Self::SignedUrl)
    }

    /// Whether it is about the end that was signed.
    pub(in crate::explain) fn is_about_time(self) -> bool {
        matches!(self, Self::TimeZone | Self::ExpiresDiffers)
    }

    /// Whether it is about the policy's text, and not about the URL.
    pub(in crate::explain) fn is_about_text(self) -> bool {
        matches!(
            self,
            Self::JsonSpacing
                | Self::JsonOrder
                | Self::JsonEscaping
                | Self::JsonNewline
                | Self::JsonBom
                | Self::StatementObject
                | Self::QuotedNumber
                | Self::UnknownPolicyKey
                | Self::PolicyNotTheSignedOne
        )
    }
}

/// A sentence for each mistake: what it is, and the fix.
macro_rules! fixes {
    ($($mistake:ident => $fix:literal,)*) => {
        /// The sentence of a mistake.
        pub(in crate::explain) fn usual_fix(mistake: Mistake) -> &'static str {
            match mistake {
                $(Mistake::$mistake => $fix,)*
            }
        }
    };
}

fixes! {
    OtherKey => "another key made it: send the id of the key that signs",
    UnknownKeyMadeIt => "no key that is known here made it: upload the public key that belongs to the signer's",
    OtherModulus => "its length is not one that the key makes: sign with the private key of that public key",
    KeyIdIsKeyGroup => "Key-Pair-Id is the id of a public key, not of its key group",
    KeyIdIsPem => "Key-Pair-Id is the id under which the public key was uploaded, not the key itself",
    KeyIdIsAccessKey => "Key-Pair-Id is the id of a public key (K…), not of an AWS access key",
    KeyIdIsName => "Key-Pair-Id is the id that CloudFront gave the public key (K…), not the name beside it",
    KeyIdWhitespace => "white space or quotes around the id: trim the value",
    HashNotAnnounced => "it was made with SHA-256: send Hash-Algorithm=SHA256 too",
    HashAnnouncedWrongly => "sign with the hash that Hash-Algorithm announces, or leave it out for SHA-1",
    HashUnsupported => "sign with SHA-1, or with SHA-256 and Hash-Algorithm=SHA256",
    PssPadding => "the signature is RSASSA-PSS: sign with PKCS#1 v1.5 (RSASSA_PKCS1_V1_5)",
    RawDigest => "a bare digest was signed, without the name of its hash: sign the policy itself, not its digest",
    EcdsaRaw => "64 bytes are a raw ECDSA signature (r and s); CloudFront takes ASN.1 DER",
    Scheme => "the link was signed for the other scheme: sign the one that viewers open, or name the other in \
             public-base-urls (`frontgate dev`: `--base-url`)",
    Host => "the link was signed for another host than it was opened under: sign the one that viewers open, or name the \
             other in public-base-urls (`frontgate dev`: `--base-url`)",
    Port => "the link was signed for another port than it was opened under: sign the one that viewers open, or name the \
             other in public-base-urls (`frontgate dev`: `--base-url`)",
    PathEncoding => "the path was signed in another form than it was requested: sign it percent-encoded, as it is sent",
    PathNormalised => "the path was signed with other dot segments or slashes than it was requested: sign it as it is sent",
    PathChanged => "another path was signed than was requested: sign the path that viewers request",
    PathPrefixAdded => "folders were put before the path after signing: sign the path that viewers request",
    CannedForAnotherFile => "the link was signed for another file: a canned policy is for one URL. Use a custom policy with a wildcard, such as \
             the folder and `*`, for a playlist and its segments",
    TrailingSpace => "white space around the value that was sent, or signed with the URL: trim the URL and every value",
    RootObject => "only one of the two URLs contains the default root object: sign the URL that viewers request, not the one that the origin shows",
    TrailingSlash => "the slash at the end is in one of the two URLs alone: sign the URL as it is opened",
    OriginPath => "the origin's own path was signed, too: sign the path that viewers open",
    PathOnly => "the path alone was signed: sign the whole URL, scheme and host included",
    QueryAdded => "the query was changed after signing: every parameter has to be there when the link is signed",
    QueryMissing => "the query lost a part after signing: send every parameter that was signed",
    QueryOrder => "the parameters were signed in another order than they were sent: keep the order",
    QueryEncoding => "the query was signed in another encoding than it was sent: sign it percent-encoded, as it is sent",
    SigningParametersSigned => "signing parameters were part of the URL that was signed: sign the bare URL, once",
    HtmlEscaped => "`&amp;` was copied out of HTML: write it as `&`",
    Fragment => "what follows `#` was signed, but is never sent: sign the URL without it",
    WildcardCanned => "the link was signed for a wildcard, which a canned policy doesn't have: use a custom policy. Anyone who rewrites \
             the signed link as a custom policy has access to every URL that matches",
    JsonSpacing => "the policy was signed with other white space than was sent: sign exactly the bytes that are sent (a canned \
             policy has none)",
    JsonOrder => "the policy's keys were signed in another order than was sent: sign exactly the bytes that are sent",
    JsonEscaping => "characters of the policy were signed escaped and sent plain, or the other way round: switch the encoder's \
             escaping off",
    JsonNewline => "a line end of the policy was signed and not sent, or sent and not signed: sign the bytes that are sent",
    JsonBom => "a byte order mark is in front of the policy: write UTF-8 without one",
    StatementObject => "Statement was signed as an object and sent as a list, or the other way round",
    QuotedNumber => "a time was written in quotes: write AWS:EpochTime as a bare number of seconds",
    PolicyNotTheSignedOne => "another policy was signed than was sent: send the very text that was signed",
    UnknownPolicyKey => "the policy has a key that CloudFront's policies don't have: leave it out",
    SeveralStatements => "CloudFront takes one statement: sign one policy for each, or use a wildcard",
    JsonSyntax => "the policy is not JSON: write it with a JSON encoder",
    PolicyPercentEncoded => "the policy's JSON was percent-encoded before base64: encode the JSON itself in base64",
    PolicyNotEncoded => "the policy was sent as it is: send CloudFront's base64 of it",
    PolicyStructure => "a value of the policy is not of the documented kind: {\"Statement\":[{\"Resource\":\"…\",\"Condition\":\
             {\"DateLessThan\":{\"AWS:EpochTime\":…}}}]}",
    ResourceList => "Resource is a list: write one string; use a wildcard, or a policy for each URL",
    LacksEnd => "DateLessThan is missing, and is the one condition that must be there: \
             \"Condition\":{\"DateLessThan\":{\"AWS:EpochTime\":…}}",
    DateInWords => "the time is a date in words: write the number of seconds since 1970-01-01 UTC",
    FractionalTime => "the time is not a whole number: write seconds since 1970-01-01 UTC without fraction, exponent or sign",
    UnsetTime => "the time was never set: compute it before the policy is written",
    TimeZone => "the two ends are whole hours apart: count in UTC on both sides",
    ExpiresDiffers => "Expires differs from the end that was signed: send the one that was signed",
    Duration => "the end looks like a duration: write a time, the seconds since 1970 of now plus that duration",
    Expired => "sign a new link, with a later end",
    NotYetValid => "wait, or sign with an earlier DateGreaterThan",
    OutsideRange => "sign a range that holds the viewer's address",
    Ipv6Viewer => "leave IpAddress out, or serve such links over IPv4 alone",
    MalformedRange => "write IpAddress as one IPv4 address or range, such as 203.0.113.0/24",
    SignedBase64 => "the policy's base64 was signed instead of the policy",
    SignedDigest => "the policy's digest was signed as if it were the message: give the signer the policy (KMS: MessageType RAW), or \
             the digest as a digest (MessageType DIGEST)",
    SignedHexDigest => "the policy's digest in hexadecimal was signed: give the signer the policy itself",
    SignedUrl => "the bare URL was signed: sign the policy around it",
    Base64url => "base64url (RFC 4648) writes `_` for `/`; CloudFront writes `~`, and `_` only for the padding `=`",
    SwappedAlphabet => "the three characters were exchanged: `+` becomes `-`, `=` becomes `_`, `/` becomes `~`",
    Hex => "it is written in hexadecimal: CloudFront takes its own base64",
    PercentEncodedTwice => "it was percent-encoded twice: encode once, or not at all",
    PlusBecameSpace => "a `+` of standard base64 was read as a space on the way: write `-` for `+`, as CloudFront documents",
    LineBreaks => "there are line breaks in it: encode without them",
    Base64Twice => "it was encoded in base64 twice: encode once",
    BinaryAsText => "bytes were read as text before they were encoded: encode the signature's bytes, not a string made of them",
    QuotedValue => "the value is in quotes: send it without them",
    FrameworkEncryptedCookie => "a web framework encrypted or signed the cookie: except the CloudFront-* cookies from that, and send them as they are",
    HmacSignature => "it has the length of a hash, such as HMAC-SHA1 or HMAC-SHA256: CloudFront takes a signature made with the private \
             key (RSA of 2048 bits or ECDSA P-256)",
    Truncated => "it was cut short on the way",
    TrailingBytes => "there are bytes behind its end: send the signature alone",
    NotSent => "send all of Key-Pair-Id, Signature, and Expires or Policy",
    NameCase => "names are case-sensitive",
    SecondQuestionMark => "the signing parameters follow a second `?`, which belongs to the value before it: join them with `&`",
    PercentEncodedWhole => "the link was percent-encoded as a whole, separators included: encode the values only",
    AttributesFirst => "Set-Cookie begins with an attribute: write the cookie's name and value first, then the attributes",
    CookieNotSentByBrowser => "a browser doesn't send the cookie with this request",
    UrlShadowsCookies => "a signing parameter in the URL makes it a signed URL, so the cookies are not looked at: rename the parameter",
    Duplicate => "a name was sent twice with different values: send it once",
    NotSignedByThisPolicy => "the policy's Resource isn't for this URL: sign a Resource that matches it",
}
