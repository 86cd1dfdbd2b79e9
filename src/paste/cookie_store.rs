//! Which of the cookies that were set a browser sends with a request, and why not the others (RFC 6265bis, section 5).

use super::browser_cookie::{BrowserCookie, CookieEnd, SetCookieFault, is_signing};
use super::public_suffix::is_public_suffix;
use crate::epoch::EpochSeconds;
use crate::explain::{OwnedRequest, UnsentCookie, UnsentReason};
use crate::viewer::Scheme;

/// The request that cookies are sent with.
struct Requested {
    is_https: bool,
    host: String,
    path: String,
    at: EpochSeconds,
}

/// What a browser does with cookies.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// `name=value` in the order of the header.
    pub(super) pairs: Vec<String>,
    pub(super) unsent: Vec<UnsentCookie>,
}

/// Judges cookies for a request.
pub(super) fn sent(cookies: &[BrowserCookie], inquiry: &OwnedRequest) -> Sent {
    let host = inquiry.host().map(|host| host.name().to_ascii_lowercase()).unwrap_or_default();
    let path = inquiry.target.split('?').next().unwrap_or_default().to_owned();
    let requested = Requested { is_https: inquiry.scheme == Scheme::Https, host, path, at: inquiry.at };
    let mut stored: Vec<&BrowserCookie> = Vec::new();
    let mut unsent = Vec::new();
    for cookie in cookies.iter().take(MAX_COOKIES) {
        let why = requested.why_not(cookie);
        // A later one of the same name, domain and path takes the place of the former, also where it ends that.
        if cookie.fault.is_none() {
            stored.retain(|known| !is_same(known, cookie));
        }
        match why {
            None => stored.push(cookie),
            Some(why) if is_signing(&cookie.name) => unsent.push(why),
            Some(_) => {}
        }
    }
    // Longer paths first, then those that were set earlier.
    stored.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.as_ref().map_or(1, String::len)));
    Sent { pairs: stored.into_iter().map(BrowserCookie::pair).collect(), unsent }
}

fn is_same(a: &BrowserCookie, b: &BrowserCookie) -> bool {
    a.name == b.name
        && a.domain == b.domain
        && a.path.as_deref().unwrap_or("/") == b.path.as_deref().unwrap_or("/")
}

impl Requested {
    fn why_not(&self, cookie: &BrowserCookie) -> Option<UnsentCookie> {
        let because = self
            .fault(cookie)
            .or_else(|| size(cookie))
            .or_else(|| self.end(cookie))
            .or_else(|| self.domain(cookie))
            .or_else(|| self.path(cookie))
            .or_else(|| self.secure(cookie))
            .or_else(|| prefix(cookie))?;
        let Because { reason, is_certain } = because;
        Some(UnsentCookie { name: cookie.name.clone(), reason, is_certain })
    }

    fn fault(&self, cookie: &BrowserCookie) -> Option<Because> {
        Some(match cookie.fault.as_ref()? {
            SetCookieFault::AttributeFirst(attribute) => Because {
                reason: UnsentReason::AttributeFirst { attribute: attribute.clone() },
                is_certain: true,
            },
            // A program may have joined headers that were sent one by one.
            SetCookieFault::Joined => Because::likely(
                format!("{}=… behind another cookie", cookie.name),
                "a browser reads one cookie of each Set-Cookie header, and takes what follows for its attributes",
            ),
        })
    }

    fn end(&self, cookie: &BrowserCookie) -> Option<Because> {
        let (end, attribute) = cookie.end.as_ref()?;
        match end {
            CookieEnd::AtOnce => Some(Because::certain(attribute, "it removes the cookie at once")),
            CookieEnd::At(end) if *end <= self.at => {
                Some(Because::certain(attribute, format!("the cookie had ended by {}", self.at)))
            }
            CookieEnd::At(_) => None,
        }
    }

    fn domain(&self, cookie: &BrowserCookie) -> Option<Because> {
        let host = self.host.as_str();
        if let Some(only) = &cookie.only_host {
            let because = format!("the cookie is for {only} alone, and {host} was requested");
            return (only != host).then(|| Because::certain(format!("the host {only}"), because));
        }
        let Some(domain) = &cookie.domain else {
            let set_by = cookie.set_by.as_ref().filter(|set_by| *set_by != host)?;
            let because =
                format!("without Domain the cookie goes to {set_by} alone, which set it, not to {host}");
            return Some(Because::certain("no Domain attribute", because));
        };
        if domain == host {
            return None;
        }
        let attribute = format!("Domain={domain}");
        if !is_address(domain) && is_public_suffix(domain) {
            let because = match domain.as_str() {
                "localhost" => "browsers take no cookie for all of localhost; below a name of its own they do: \
                                hosts such as app.NAME.localhost and media.NAME.localhost with Domain=NAME.localhost"
                    .to_owned(),
                _ => format!("{domain} is a public suffix, for which browsers take no cookies"),
            };
            return Some(Because::certain(attribute, because));
        }
        let is_below = host.strip_suffix(domain.as_str()).is_some_and(|name| name.ends_with('.'));
        if !is_below || is_address(host) {
            let sites = if host.ends_with(".localhost") && domain.ends_with(".localhost") {
                "; two names directly below localhost are two sites and share no cookie"
            } else {
                ""
            };
            let because = format!("{host} is neither {domain} nor below it{sites}");
            return Some(Because::certain(attribute, because));
        }
        match &cookie.set_by {
            Some(set_by) if set_by != domain && !set_by.ends_with(&format!(".{domain}")) => {
                let because = format!("{set_by}, which set the cookie, is not below {domain}");
                Some(Because::certain(attribute, because))
            }
            Some(_) | None => None,
        }
    }

    fn path(&self, cookie: &BrowserCookie) -> Option<Because> {
        let path = cookie.path.as_deref()?;
        let rest = self.path.strip_prefix(path);
        let covers = rest.is_some_and(|rest| rest.is_empty() || path.ends_with('/') || rest.starts_with('/'));
        (!covers)
            .then(|| Because::certain(format!("Path={path}"), format!("{} is not below {path}", self.path)))
    }

    fn secure(&self, cookie: &BrowserCookie) -> Option<Because> {
        let needs_secure = match cookie.same_site.as_deref() {
            Some(value) if value.eq_ignore_ascii_case("none") => Some("SameSite=None"),
            _ if cookie.is_partitioned => Some("Partitioned"),
            _ => None,
        };
        if let Some(attribute) = needs_secure.filter(|_| !cookie.is_secure) {
            return Some(Because::likely(attribute, "Chromium takes it only together with Secure"));
        }
        // Chromium and Firefox take the names and addresses of this machine for secure.
        let is_local =
            self.host == "localhost" || self.host.ends_with(".localhost") || is_loopback(&self.host);
        (cookie.is_secure && !self.is_https && !is_local)
            .then(|| Because::certain("Secure", "the URL begins with http:// and not with https://"))
    }
}

struct Because {
    reason: UnsentReason,
    is_certain: bool,
}

impl Because {
    fn certain(attribute: impl Into<String>, because: impl Into<String>) -> Self {
        let reason = UnsentReason::Attribute { attribute: attribute.into(), because: because.into() };
        Self { reason, is_certain: true }
    }

    fn likely(attribute: impl Into<String>, because: impl Into<String>) -> Self {
        Self { is_certain: false, ..Self::certain(attribute, because) }
    }
}

fn size(cookie: &BrowserCookie) -> Option<Because> {
    let len = cookie.name.len() + cookie.value.len();
    (len > MAX_COOKIE).then(|| {
        let because = format!("browsers store at most {MAX_COOKIE} bytes of name and value");
        Because::certain(format!("the size of {len} bytes"), because)
    })
}

fn prefix(cookie: &BrowserCookie) -> Option<Because> {
    let begins = |prefix: &str| {
        cookie.name.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
    };
    let is_host = begins("__Host-");
    let is_broken = (is_host || begins("__Secure-")) && !cookie.is_secure
        || is_host && (cookie.domain.is_some() || cookie.path.as_deref() != Some("/"));
    is_broken.then(|| {
        let (prefix, needs) = match is_host {
            true => ("__Host-", "the prefix needs Secure, Path=/ and no Domain"),
            false => ("__Secure-", "the prefix needs Secure"),
        };
        Because::certain(format!("the prefix {prefix}"), needs)
    })
}

fn is_address(host: &str) -> bool {
    host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok()
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Of name and value together, in Chromium, Firefox and Safari.
const MAX_COOKIE: usize = 4096;
/// A browser keeps about as many for a site.
const MAX_COOKIES: usize = 200;

#[cfg(test)]
mod tests {
    use super::super::browser_cookie::of_header;
    use super::*;

    fn why(url: &str, header: &str) -> Option<String> {
        let (inquiry, _) = OwnedRequest::of_url(url, EpochSeconds(1_790_000_000)).unwrap();
        let found = sent(&of_header(header), &inquiry);
        assert_eq!(found.pairs.len() + found.unsent.len(), 1, "{header}");
        found.unsent.into_iter().next().map(|cookie| match cookie.reason {
            UnsentReason::AttributeFirst { attribute } => format!("first {attribute}"),
            UnsentReason::Attribute { attribute, .. } => attribute,
        })
    }

    #[test]
    fn a_cookie_is_sent_where_its_attributes_fit() {
        let media = "https://media.example.com/dir/a.jpg?x=1";
        for (url, attributes, unsent) in [
            (media, "", None),
            (media, "; Domain=media.example.com; Path=/; Secure; HttpOnly", None),
            (media, "; Domain=.example.com; Path=/dir", None),
            (media, "; Domain=EXAMPLE.com; Path=/dir/", None),
            (media, "; Path=nowhere; Domain=", None),
            (media, "; Path=/api", Some("Path=/api")),
            (media, "; Path=/di", Some("Path=/di")),
            (media, "; Domain=other.example.com", Some("Domain=other.example.com")),
            (media, "; Domain=edia.example.com", Some("Domain=edia.example.com")),
            (media, "; Domain=com", Some("Domain=com")),
            ("https://d1.cloudfront.net/x", "; Domain=cloudfront.net", Some("Domain=cloudfront.net")),
            ("https://a.co.uk/x", "; Domain=co.uk", Some("Domain=co.uk")),
            ("http://media.example.com/x", "; Secure", Some("Secure")),
            ("http://localhost:8080/x", "; Secure; Path=/", None),
            ("http://127.0.0.1:8080/x", "; Secure", None),
            ("http://127.0.0.1/x", "; Domain=0.0.1", Some("Domain=0.0.1")),
            (media, "; Max-Age=0", Some("Max-Age=0")),
            (media, "; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", None),
            (media, "; Expires=Thu, 01 Jan 1970 00:00:00 GMT", Some("Expires=Thu, 01 Jan 1970 00:00:00 GMT")),
            (media, "; Expires=Fri, 01 Jan 2100 00:00:00 GMT", None),
            (media, "; SameSite=None", Some("SameSite=None")),
            (media, "; SameSite=None; Secure", None),
            ("http://media.localhost/x", "; Domain=localhost", Some("Domain=localhost")),
            ("http://media.localhost/x", "; Domain=app.localhost", Some("Domain=app.localhost")),
            ("http://media.shop.localhost/x", "; Domain=shop.localhost; Secure", None),
            ("http://localhost/x", "; Domain=localhost", None),
        ] {
            let found = why(url, &format!("CloudFront-Policy=x{attributes}"));
            assert_eq!(found.as_deref(), unsent, "{url} {attributes}");
        }
        assert_eq!(why(media, "Secure; CloudFront-Policy=x").as_deref(), Some("first Secure"));
        let long = format!("CloudFront-Policy={}", "x".repeat(4096));
        assert_eq!(why(media, &long).as_deref(), Some("the size of 4113 bytes"));
        assert_eq!(why(media, "__Host-CloudFront-Policy=x; Secure").as_deref(), Some("the prefix __Host-"));
    }

    #[test]
    fn a_later_cookie_replaces_and_a_longer_path_comes_first() {
        let (inquiry, _) = OwnedRequest::of_url("https://a.com/dir/x", EpochSeconds(1)).unwrap();
        let headers =
            ["CloudFront-Policy=1; Path=/", "CloudFront-Policy=2; Path=/dir", "CloudFront-Policy=3; Path=/"];
        let cookies: Vec<BrowserCookie> = headers.iter().flat_map(|header| of_header(header)).collect();
        assert_eq!(sent(&cookies, &inquiry).pairs, ["CloudFront-Policy=2", "CloudFront-Policy=3"]);
        let mut from_api = of_header("CloudFront-Policy=1; Path=/");
        from_api[0].set_by = Some("api.a.com".to_owned());
        assert_eq!(sent(&from_api, &inquiry).unsent.len(), 1);
    }
}
