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
            Self::Signature => "the response comes from CloudFront's check of the signature",
            Self::S3 => "the response comes from S3, behind CloudFront or requested directly",
            Self::Firewall => {
                "the response comes from a firewall (AWS WAF, or one that blocks at CloudFront)"
            }
            Self::Country => "the response comes from CloudFront's geo restriction",
            Self::Method => "the response comes from CloudFront: the behavior doesn't allow the method",
            Self::CloudFrontPage => "the response is one of CloudFront's own pages",
            Self::Frontgate => "the response comes from Frontgate, in test mode",
            Self::App => "the response comes from the origin's application",
            Self::Nobody => "unknown: the response does not show who sent it",
        }
    }
}
