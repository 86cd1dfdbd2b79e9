//! Who may have sent a response.

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Responder {
    Signature,
    S3,
    Firewall,
    Country,
    Method,
    CloudFrontPage,
    Frontgate,
    App,
    Nobody,
}

impl Responder {
    /// In `--json`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Signature => "cloudfront-signature",
            Self::S3 => "s3",
            Self::Firewall => "waf",
            Self::Country => "geo",
            Self::Method => "method",
            Self::CloudFrontPage => "cloudfront",
            Self::Frontgate => "frontgate",
            Self::App => "app",
            Self::Nobody => "unknown",
        }
    }

    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Signature => "CloudFront's check of the signature answered",
            Self::S3 => "S3 answered, behind CloudFront or asked directly",
            Self::Firewall => "a firewall answered (AWS WAF, or one that blocks at CloudFront)",
            Self::Country => "CloudFront's geo restriction answered",
            Self::Method => "CloudFront answered: the behavior doesn't allow the method",
            Self::CloudFrontPage => "CloudFront answered with one of its pages",
            Self::Frontgate => "Frontgate answered, in test mode",
            Self::App => "the origin's application answered",
            Self::Nobody => "it can't be told who answered",
        }
    }
}
