//! The rules for the paths of a distribution.

use std::fmt;
use std::sync::Arc;

use http::Method;

use super::key::{KeyGroup, PublicKey};
use super::origin::OriginId;
use super::origin_request_policy::OriginRequestPolicy;
use super::pattern::PathPattern;
use super::response_headers_policy::ResponseHeadersPolicy;

/// What holds for the paths that one pattern matches.
#[derive(Clone, Debug)]
pub struct CacheBehavior {
    /// Which paths; none for the default behavior, which takes what no other one matched.
    pub path_pattern: Option<PathPattern>,
    /// Where allowed requests go.
    pub target_origin: OriginId,
    /// Who may see the paths.
    pub restriction: Restriction,
    /// What viewers may ask.
    pub allowed_methods: AllowedMethods,
    /// What becomes of plain HTTP.
    pub viewer_protocol_policy: ViewerProtocolPolicy,
    /// What of a request goes to the origin.
    pub origin_request_policy: Arc<OriginRequestPolicy>,
    /// What responses lose and gain.
    pub response_headers_policy: Option<Arc<ResponseHeadersPolicy>>,
    /// What is done otherwise than by default, where nobody knows what CloudFront does.
    pub switches: Switches,
}

/// Choices that the configuration may turn around (cloudfront 4 and 8.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    /// A browser's preflight passes a private path without credentials, which it never has.
    pub preflight_without_credentials: bool,
    /// The response headers policy also holds for our own denials and error pages.
    pub policy_headers_on_denials: bool,
    /// Signing cookies go to the origin like others.
    pub forward_signing_cookies: bool,
}

impl CacheBehavior {
    /// The pattern as CloudFront shows it: `*` for the default behavior.
    #[must_use]
    pub fn pattern(&self) -> &str {
        self.path_pattern.as_ref().map_or("*", PathPattern::as_str)
    }

    /// Whether its pattern is written without escapes.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.path_pattern.as_ref().is_none_or(PathPattern::is_plain)
    }

    /// Whether requests need credentials.
    #[must_use]
    pub fn is_private(&self) -> bool {
        matches!(self.restriction, Restriction::Signed(_))
    }
}

/// Who may see a path: everyone, or whoever holds a signature of a trusted key.
#[derive(Clone, Debug)]
pub enum Restriction {
    /// Public.
    Open,
    /// Private: a behavior trusts the keys of these groups and no others (cloudfront 6).
    Signed(Vec<Arc<KeyGroup>>),
}

impl Restriction {
    /// The trusted key of that id; none on a public path.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<&Arc<PublicKey>> {
        self.keys().find(|key| key.id().as_str() == id)
    }

    /// Every trusted key; a key in two groups comes twice.
    pub fn keys(&self) -> impl Iterator<Item = &Arc<PublicKey>> {
        let groups: &[Arc<KeyGroup>] = match self {
            Self::Open => &[],
            Self::Signed(groups) => groups,
        };
        groups.iter().flat_map(|group| &group.keys)
    }
}

/// One of CloudFront's three sets of methods (cloudfront 8.1). Each holds the one before, so the lesser of two is their
/// intersection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum AllowedMethods {
    /// GET and HEAD.
    #[default]
    GetHead,
    /// GET, HEAD and OPTIONS.
    GetHeadOptions,
    /// GET, HEAD, OPTIONS, PUT, POST, PATCH and DELETE.
    All,
}

impl AllowedMethods {
    /// The set's members, as CloudFront lists them.
    #[must_use]
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::GetHead => &["GET", "HEAD"],
            Self::GetHeadOptions => &["GET", "HEAD", "OPTIONS"],
            Self::All => &["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"],
        }
    }

    /// The set of exactly these names, in any order.
    #[must_use]
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut given: Vec<&str> = names.into_iter().collect();
        given.sort_unstable();
        [Self::GetHead, Self::GetHeadOptions, Self::All].into_iter().find(|set| {
            let mut members = set.names().to_vec();
            members.sort_unstable();
            members == given
        })
    }

    /// Whether viewers may use a method.
    #[must_use]
    pub fn allows(self, method: &Method) -> bool {
        self.names().contains(&method.as_str())
    }
}

/// What becomes of a viewer that speaks plain HTTP. The greater of two is the stricter one (reference 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ViewerProtocolPolicy {
    /// HTTP is as good as HTTPS.
    #[default]
    AllowAll,
    /// HTTP is redirected.
    RedirectToHttps,
    /// HTTP is answered 403.
    HttpsOnly,
}

impl ViewerProtocolPolicy {
    /// Every policy, for messages that list them.
    pub const ALL: [Self; 3] = [Self::AllowAll, Self::HttpsOnly, Self::RedirectToHttps];

    /// The API's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AllowAll => "allow-all",
            Self::HttpsOnly => "https-only",
            Self::RedirectToHttps => "redirect-to-https",
        }
    }
}

impl fmt::Display for ViewerProtocolPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
