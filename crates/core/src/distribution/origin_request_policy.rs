//! What of a viewer's request goes to the origin: CloudFront's origin request policies (cloudfront 9.2 and 9.4).

use std::borrow::Cow;

use http::Method;

use super::cloudfront_header::CloudFrontHeader;
use crate::viewer::query::retained;

/// Which headers, cookies and parameters are forwarded, and which headers CloudFront adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginRequestPolicy {
    id: String,
    headers: Forwarded,
    cookies: Forwarded,
    query_strings: Forwarded,
    cloudfront_headers: Vec<CloudFrontHeader>,
    forwards_host: bool,
    filters_headers: bool,
}

/// Which of the viewer's names are forwarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forwarded {
    /// Nothing.
    None,
    /// Everything.
    All,
    /// What is listed; CloudFront's `whitelist`.
    Only(Vec<String>),
    /// Everything else; CloudFront's `allExcept`.
    AllExcept(Vec<String>),
}

impl Forwarded {
    /// Whether a name is forwarded. Letters' case counts, as in names of cookies and parameters.
    #[must_use]
    pub fn passes(&self, name: &[u8]) -> bool {
        let lists = |names: &[String]| names.iter().any(|listed| listed.as_bytes() == name);
        match self {
            Self::None => false,
            Self::All => true,
            Self::Only(names) => lists(names),
            Self::AllExcept(names) => !lists(names),
        }
    }
}

/// What a request is, as far as its headers depend on it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a Method,
    /// Whether a body comes with it.
    pub has_body: bool,
}

impl OriginRequestPolicy {
    /// A policy; the names of headers in any case.
    #[must_use]
    pub fn new(
        id: &str,
        headers: Forwarded,
        cookies: Forwarded,
        query_strings: Forwarded,
        cloudfront_headers: Vec<CloudFrontHeader>,
    ) -> Self {
        let lower = |names: Vec<String>| names.iter().map(|name| name.to_ascii_lowercase()).collect();
        let headers = match headers {
            same @ (Forwarded::None | Forwarded::All) => same,
            Forwarded::Only(names) => Forwarded::Only(lower(names)),
            Forwarded::AllExcept(names) => Forwarded::AllExcept(lower(names)),
        };
        let filters_headers = match &headers {
            Forwarded::All => false,
            Forwarded::AllExcept(names) => names.iter().any(|name| name != "host"),
            Forwarded::None | Forwarded::Only(_) => true,
        };
        let forwards_host = headers.passes(b"host");
        let id = id.to_owned();
        Self { id, headers, cookies, query_strings, cloudfront_headers, forwards_host, filters_headers }
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether the origin gets the viewer's `Host` instead of its own.
    #[must_use]
    pub fn forwards_host(&self) -> bool {
        self.forwards_host
    }

    /// Whether it keeps back any header but `Host`.
    #[must_use]
    pub fn filters_headers(&self) -> bool {
        self.filters_headers
    }

    /// Which cookies are forwarded.
    #[must_use]
    pub fn cookies(&self) -> &Forwarded {
        &self.cookies
    }

    /// Whether every query string that is forwarded is one that the policy names.
    #[must_use]
    pub fn names_query_strings(&self) -> bool {
        matches!(self.query_strings, Forwarded::Only(_))
    }

    /// What CloudFront adds.
    #[must_use]
    pub fn cloudfront_headers(&self) -> &[CloudFrontHeader] {
        &self.cloudfront_headers
    }

    /// Whether the policy names a header (in lower case) as one to forward.
    #[must_use]
    pub fn lists_header(&self, name: &str) -> bool {
        self.headers.passes(name.as_bytes())
    }

    /// Whether a viewer's header, named in lower case, goes to the origin; those that CloudFront replaces anyway, such
    /// as `X-Amz-Cf-Id`, are replaced later.
    ///
    /// Beside what the policy lists, `[RECALL]` and `[ASSUMED]`: the headers of a body, since the body always goes (AWS's
    /// guide); ranges and conditions, which CloudFront answers out of its cache and here only the origin can;
    /// `X-Forwarded-For` and `Via`, to which it appends; cookies by their own rule; `Authorization` with methods that are
    /// never cached (cloudfront 9.2, `[OBS]`); `Accept-Encoding`, which is normalised.
    #[must_use]
    pub fn passes_header(&self, name: &str, asked: Asked<'_>) -> bool {
        if self.lists_header(name) {
            return true;
        }
        let is_excluded = matches!(self.headers, Forwarded::AllExcept(_));
        match name {
            "accept-encoding" | "content-length" | "cookie" | "host" | "via" | "x-forwarded-for" => true,
            // Who names a header as the one that doesn't go means it.
            _ if is_excluded => false,
            "range" | "if-range" | "if-match" | "if-none-match" => true,
            "if-modified-since" | "if-unmodified-since" => true,
            "authorization" => !matches!(*asked.method, Method::GET | Method::HEAD | Method::OPTIONS),
            other => asked.has_body && other.starts_with("content-"),
        }
    }

    /// What is forwarded of a query, byte for byte; none where there is to be no `?`.
    #[must_use]
    pub fn forwarded_query<'q>(&self, query: Cow<'q, str>) -> Option<Cow<'q, str>> {
        match &self.query_strings {
            Forwarded::All => Some(query),
            Forwarded::None => None,
            Forwarded::Only(_) | Forwarded::AllExcept(_) => {
                let keeps = |name: &str| self.query_strings.passes(name.as_bytes());
                match query {
                    Cow::Borrowed(query) => retained(query, keeps),
                    Cow::Owned(query) => retained(&query, keeps).map(|kept| Cow::Owned(kept.into_owned())),
                }
            }
        }
    }

    /// One of CloudFront's own, by its name, with or without `Managed-`, or by its id (cloudfront 9.4).
    #[must_use]
    pub fn managed(name: &str) -> Option<Self> {
        use Forwarded::{All, AllExcept, None as Nothing, Only};
        let bare = name.strip_prefix("Managed-").unwrap_or(name);
        let (_, id) = *MANAGED.iter().find(|(aws, id)| *aws == name || *id == bare)?;
        let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let only = |list: &[&str]| Only(names(list));
        let new = |headers, rest: Forwarded, query| Self::new(id, headers, rest, query, Vec::new());
        Some(match id {
            "AllViewer" => new(All, All, All),
            "AllViewerAndCloudFrontHeaders-2022-06" => {
                Self::new(id, All, All, All, CloudFrontHeader::of_2022_06().collect())
            }
            "CORS-CustomOrigin" => new(only(&["origin"]), Nothing, Nothing),
            "CORS-S3Origin" => new(
                only(&["origin", "access-control-request-headers", "access-control-request-method"]),
                Nothing,
                Nothing,
            ),
            "Elemental-MediaTailor-PersonalizedManifests" => new(
                only(&[
                    "origin",
                    "access-control-request-headers",
                    "access-control-request-method",
                    "user-agent",
                    "x-forwarded-for",
                ]),
                Nothing,
                All,
            ),
            "UserAgentRefererHeaders" => new(only(&["user-agent", "referer"]), Nothing, Nothing),
            "HostHeaderOnly" => new(only(&["host"]), Nothing, Nothing),
            _all_viewer_except_host_header => new(AllExcept(names(&["host"])), All, All),
        })
    }
}

impl Default for OriginRequestPolicy {
    /// `AllViewerExceptHostHeader`.
    fn default() -> Self {
        Self::new(
            "AllViewerExceptHostHeader",
            Forwarded::AllExcept(vec!["host".to_owned()]),
            Forwarded::All,
            Forwarded::All,
            Vec::new(),
        )
    }
}

/// CloudFront's policies: AWS's id, and the name.
pub const MANAGED: [(&str, &str); 8] = [
    ("216adef6-5c7f-47e4-b989-5492eafa07d3", "AllViewer"),
    ("33f36d7e-f396-46d9-90e0-52428a34d9dc", "AllViewerAndCloudFrontHeaders-2022-06"),
    ("b689b0a8-53d0-40ab-baf2-68738e2966ac", "AllViewerExceptHostHeader"),
    ("59781a5b-3903-41f3-afcb-af62929ccde1", "CORS-CustomOrigin"),
    ("88a5eaf4-2fd4-4709-b370-b4c650ea3fcf", "CORS-S3Origin"),
    ("775133bc-15f2-49f9-abea-afb2e0bf67d2", "Elemental-MediaTailor-PersonalizedManifests"),
    ("bf0718e1-ba1e-49d1-88b1-f726733018ae", "HostHeaderOnly"),
    ("acba4595-bd28-49b8-b9fe-13317c0390fa", "UserAgentRefererHeaders"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn managed_policies_go_by_name_and_by_id() {
        for (aws, id) in MANAGED {
            for name in [aws.to_owned(), id.to_owned(), format!("Managed-{id}")] {
                let policy = OriginRequestPolicy::managed(&name).unwrap();
                assert_eq!(policy.id(), id, "{name}");
            }
        }
        assert_eq!(OriginRequestPolicy::managed("allviewer"), None);
        assert_eq!(
            OriginRequestPolicy::managed("AllViewerExceptHostHeader"),
            Some(OriginRequestPolicy::default())
        );
    }

    #[test]
    fn a_header_passes_by_the_list_the_method_and_the_body() {
        let get = Asked { method: &Method::GET, has_body: false };
        let post = Asked { method: &Method::POST, has_body: true };
        let empty_delete = Asked { method: &Method::DELETE, has_body: false };
        for (policy, name, asked, passes) in [
            ("AllViewer", "x-any", get, true),
            ("AllViewer", "host", get, true),
            ("AllViewerExceptHostHeader", "x-any", get, true),
            ("UserAgentRefererHeaders", "referer", get, true),
            ("UserAgentRefererHeaders", "accept", get, false),
            ("UserAgentRefererHeaders", "range", get, true),
            ("UserAgentRefererHeaders", "if-none-match", get, true),
            ("UserAgentRefererHeaders", "authorization", get, false),
            ("UserAgentRefererHeaders", "authorization", post, true),
            ("UserAgentRefererHeaders", "authorization", empty_delete, true),
            ("UserAgentRefererHeaders", "content-type", get, false),
            ("UserAgentRefererHeaders", "content-type", post, true),
            ("UserAgentRefererHeaders", "content-type", empty_delete, false),
            ("UserAgentRefererHeaders", "cache-control", get, false),
            ("CORS-CustomOrigin", "user-agent", get, false),
        ] {
            let found = OriginRequestPolicy::managed(policy).unwrap().passes_header(name, asked);
            assert_eq!(found, passes, "{policy} {name} {}", asked.method);
        }
        let host = |name: &str| OriginRequestPolicy::managed(name).unwrap().forwards_host();
        let forwarding = ["AllViewer", "AllViewerAndCloudFrontHeaders-2022-06", "HostHeaderOnly"];
        for (_, name) in MANAGED {
            assert_eq!(host(name), forwarding.contains(&name), "{name}");
        }
    }

    #[test]
    fn a_query_keeps_what_is_forwarded_byte_for_byte() {
        let listed = || vec!["a".to_owned(), "b".to_owned()];
        for (rule, query, left) in [
            (Forwarded::All, "", Some("")),
            (Forwarded::All, "a=%2f&&c", Some("a=%2f&&c")),
            (Forwarded::None, "a=1", None),
            (Forwarded::Only(listed()), "c=3&a=%2f&A=1&b", Some("a=%2f&b")),
            (Forwarded::Only(listed()), "%61=1", None),
            (Forwarded::AllExcept(listed()), "c=3&a=1&&b=2", Some("c=3&")),
            (Forwarded::AllExcept(listed()), "a=1", None),
        ] {
            let policy =
                OriginRequestPolicy::new("x", Forwarded::None, Forwarded::None, rule.clone(), vec![]);
            assert_eq!(policy.forwarded_query(query.into()).as_deref(), left, "{rule:?} {query}");
            let owned = Cow::Owned(query.to_owned());
            assert_eq!(policy.forwarded_query(owned).as_deref(), left, "{rule:?} {query}");
        }
    }
}
