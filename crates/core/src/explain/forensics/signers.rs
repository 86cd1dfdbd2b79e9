//! Which signer made a link, as far as its habits tell, and the line that mends a mistake there.

use super::candidate::{Candidate, Message};
use super::policy_style::{Escaping, Spacing, Tail};
use crate::explain::mistakes::mistake::Mistake;
use crate::viewer::query::{parameter_name, segments};

/// Languages and tools by whose habits a link can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explain) enum Signer {
    Python,
    JavaScript,
    Go,
    Java,
    Php,
    DotNet,
    Shell,
    Kms,
}

impl Signer {
    /// By what was signed, then by how the link is written: `@aws-sdk/cloudfront-signer` and the SDK before it put
    /// Key-Pair-Id before Signature (3.1085, measured); botocore, Go, Java and PHP put it last.
    pub(in crate::explain) fn of(signed: Option<&Candidate>, query: Option<&str>) -> Option<Self> {
        signed.and_then(Self::by_text).or_else(|| Self::by_query(query?))
    }

    fn by_text(signed: &Candidate) -> Option<Self> {
        let spelling = signed.spelling;
        match (spelling.escaping, spelling.spacing, spelling.tail, signed.message) {
            (Escaping::Slashes, _, _, _) => Some(Self::Php),
            (Escaping::Html, _, _, _) => Some(Self::Go),
            (Escaping::DotNet, _, _, _) => Some(Self::DotNet),
            (_, Spacing::Python, _, _) => Some(Self::Python),
            (_, Spacing::AfterStatement, _, _) => Some(Self::Java),
            (_, _, Tail::Lf, Message::Policy) => Some(Self::Shell),
            (_, _, _, Message::Digest(super::candidate::DigestOf::Sha256)) => Some(Self::Kms),
            _ => None,
        }
    }

    fn by_query(query: &str) -> Option<Self> {
        let place = |wanted: &str| segments(query).position(|segment| parameter_name(segment) == wanted);
        (place("Key-Pair-Id")? < place("Signature")?).then_some(Self::JavaScript)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Python => "Python, boto3",
            Self::JavaScript => "JavaScript",
            Self::Go => "Go",
            Self::Java => "Java",
            Self::Php => "PHP",
            Self::DotNet => ".NET",
            Self::Shell => "shell, AWS CLI",
            Self::Kms => "AWS KMS, CDK",
        }
    }

    /// What to write there, with its name before it; none where nothing more can be said than the fix does.
    pub(in crate::explain) fn line(self, mistake: Mistake) -> Option<String> {
        let line = match (self, mistake) {
            (Self::Python, Mistake::JsonSpacing) => "json.dumps(policy, separators=(\",\", \":\"))",
            (Self::Python, Mistake::JsonOrder) => {
                "json.dumps(policy, separators=(\",\", \":\")) without sort_keys"
            }
            (Self::Python, Mistake::TimeZone) => "datetime.now(timezone.utc) + timedelta(hours=1)",
            (Self::Python, Mistake::PathEncoding) => "urllib.parse.quote(path)",
            (Self::Python, Mistake::HashNotAnnounced) => {
                "key.sign(message, padding.PKCS1v15(), hashes.SHA1())"
            }
            (Self::Java, Mistake::JsonSpacing) => {
                "SDK 2's CloudFrontUtilities, which sends the very text that it signs"
            }
            (Self::Go, Mistake::JsonEscaping) => "encoder.SetEscapeHTML(false)",
            (Self::Php, Mistake::JsonEscaping) => "json_encode($policy, JSON_UNESCAPED_SLASHES)",
            (Self::Php, Mistake::PathEncoding) => {
                "implode('/', array_map('rawurlencode', explode('/', $path)))"
            }
            (Self::Php, Mistake::HashNotAnnounced) => {
                "openssl_sign($policy, $signature, $key, OPENSSL_ALGO_SHA1)"
            }
            (Self::DotNet, Mistake::JsonEscaping) => {
                "new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }"
            }
            (Self::Shell, Mistake::JsonNewline) => "printf %s \"$policy\" | openssl dgst -sha1 -sign key.pem",
            (Self::Kms, Mistake::SignedDigest) => {
                "kms sign --message-type DIGEST --signing-algorithm RSASSA_PKCS1_V1_5_SHA_256 (ECDSA_SHA_256 on a curve), and Hash-Algorithm=SHA256"
            }
            (Self::JavaScript, Mistake::ExpiresDiffers) => {
                "Math.floor(Date.now() / 1000) + 3600, once for both"
            }
            (Self::JavaScript, Mistake::PathEncoding | Mistake::QueryEncoding) => {
                "getSignedUrl({ url: new URL(url).href, … })"
            }
            (Self::JavaScript, Mistake::WildcardCanned) => {
                "getSignedCookies({ policy: JSON.stringify(policy), … })"
            }
            (Self::JavaScript, Mistake::EcdsaRaw) => "crypto.sign(hash, data, { key, dsaEncoding: \"der\" })",
            (Self::JavaScript, Mistake::PssPadding | Mistake::HashNotAnnounced) => {
                "crypto.createSign(\"RSA-SHA1\").update(policy).sign(key)"
            }
            (Self::JavaScript, Mistake::QueryAdded) => "getSignedUrl({ url: urlWithEveryParameter, … })",
            _ => return None,
        };
        Some(format!("{}: {line}", self.name()))
    }
}
