//! Cookies with the attributes by which a browser decides whether it stores and sends them (RFC 6265bis).

use super::cookie_date;
use crate::epoch::EpochSeconds;

/// A cookie as it was set, or as a browser exports it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BrowserCookie {
    pub(super) name: String,
    pub(super) value: String,
    /// Without its leading dot, in small letters; none where the cookie is for one host alone.
    pub(super) domain: Option<String>,
    /// The one host that it is for, where that is known.
    pub(super) only_host: Option<String>,
    pub(super) path: Option<String>,
    pub(super) is_secure: bool,
    pub(super) same_site: Option<String>,
    pub(super) is_partitioned: bool,
    /// When it ends, with the attribute as it was written.
    pub(super) end: Option<(CookieEnd, String)>,
    /// The host whose response set it, where that is known.
    pub(super) set_by: Option<String>,
    /// What keeps a browser from reading this as a cookie at all.
    pub(super) fault: Option<SetCookieFault>,
}

/// When a cookie ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CookieEnd {
    /// `Expires`.
    At(EpochSeconds),
    /// `Max-Age` of zero or less.
    AtOnce,
}

/// Why a pair of a `Set-Cookie` header is no cookie for a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SetCookieFault {
    /// That attribute stands first.
    AttributeFirst(String),
    /// It follows a comma, behind another cookie.
    Joined,
}

impl BrowserCookie {
    /// A cookie without attributes.
    pub(super) fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), ..Self::default() }
    }

    /// `name=value`.
    pub(super) fn pair(&self) -> String {
        format!("{}={}", self.name, self.value)
    }

    /// Sets `Domain`, a leading dot or not.
    pub(super) fn with_domain(mut self, domain: &str) -> Self {
        let domain = domain.trim();
        // One dot counts for nothing; a second one fits no host.
        let domain = domain.strip_prefix('.').unwrap_or(domain).to_ascii_lowercase();
        self.domain = Some(domain).filter(|domain| !domain.is_empty());
        self
    }

    /// One that a browser exported: `domain` as it stands there, for hosts below it where `with_subdomains` says so.
    pub(super) fn exported(name: &str, value: &str, domain: &str, with_subdomains: bool) -> Self {
        let cookie = Self::new(name, value);
        if with_subdomains {
            return cookie.with_domain(domain);
        }
        let host = domain.trim().trim_start_matches('.').to_ascii_lowercase();
        Self { only_host: Some(host).filter(|host| !host.is_empty()), ..cookie }
    }

    /// With the end that a browser exported, in seconds; none, zero and what lies before it mean the end of the session.
    pub(super) fn ending_at(mut self, seconds: Option<f64>) -> Self {
        if let Some(seconds) = seconds.filter(|seconds| *seconds >= 1.0) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "at least 1, saturating"
            )]
            let end = EpochSeconds(seconds as u64);
            self.end = Some((CookieEnd::At(end), format!("its end at {end}")));
        }
        self
    }

    fn attribute(&mut self, text: &str) {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        match name.as_str() {
            // An empty one is passed over.
            "domain" => *self = std::mem::take(self).with_domain(value),
            "path" => self.path = Some(value.to_owned()).filter(|path| path.starts_with('/')),
            "secure" => self.is_secure = true,
            "partitioned" => self.is_partitioned = true,
            "samesite" => self.same_site = Some(value.to_owned()),
            "max-age" => self.max_age(value, text),
            "expires" => {
                // `Max-Age` counts before `Expires`, wherever it stands.
                let is_open = self.end.as_ref().is_none_or(|(_, text)| is_named(text, "expires"));
                if let Some(end) = cookie_date::parse(value).filter(|_| is_open) {
                    self.end = Some((CookieEnd::At(end), text.trim().to_owned()));
                }
            }
            _ => {}
        }
    }

    fn max_age(&mut self, value: &str, text: &str) {
        let digits = value.strip_prefix('-').unwrap_or(value);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return;
        }
        let is_over = value.starts_with('-') || digits.bytes().all(|byte| byte == b'0');
        // When it was set isn't known, so that a later end is taken for one that hasn't come.
        self.end = is_over.then(|| (CookieEnd::AtOnce, text.trim().to_owned()));
        if !is_over {
            self.end = Some((CookieEnd::At(EpochSeconds(u64::MAX)), text.trim().to_owned()));
        }
    }
}

fn is_named(attribute: &str, name: &str) -> bool {
    attribute.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name))
}

/// The cookies of one `Set-Cookie` header, read as a browser does: one, unless it is misread. Of a header that holds several,
/// the others are returned with their fault.
pub(super) fn of_header(value: &str) -> Vec<BrowserCookie> {
    let mut parts = value.split(';').take(MAX_ATTRIBUTES);
    let first = parts.next().unwrap_or_default().trim();
    let rest: Vec<&str> = parts.map(str::trim).collect();
    let (name, first_value) = first.split_once('=').unwrap_or(("", first));
    let attributes_first = ATTRIBUTES
        .iter()
        .any(|known| first.split('=').next().is_some_and(|name| name.trim().eq_ignore_ascii_case(known)));
    if attributes_first {
        let mut misread = Vec::new();
        for (name, value) in
            rest.iter().filter_map(|part| part.split_once('=')).filter(|(name, _)| is_signing(name))
        {
            let fault = SetCookieFault::AttributeFirst(first.to_owned());
            misread
                .push(BrowserCookie { fault: Some(fault), ..BrowserCookie::new(name.trim(), value.trim()) });
        }
        return misread;
    }
    let mut cookie = BrowserCookie::new(name.trim(), first_value.trim());
    for part in &rest {
        cookie.attribute(part);
    }
    let mut cookies = vec![cookie];
    let others = rest.iter().filter_map(|part| part.split_once('=')).filter(|(name, _)| is_signing(name));
    for (name, value) in others.chain(rest.iter().filter_map(|part| behind_comma(part))) {
        cookies.push(BrowserCookie {
            fault: Some(SetCookieFault::Joined),
            ..BrowserCookie::new(name.trim(), value.trim())
        });
    }
    cookies
}

/// A signing cookie behind a comma of an attribute, such as in `Path=/, CloudFront-Signature=…`. A date has a comma of its own.
fn behind_comma(attribute: &str) -> Option<(&str, &str)> {
    let cookies = attribute.split(',').skip(1).filter_map(|part| part.trim().split_once('='));
    cookies.map(|(name, value)| (name.trim(), value.trim())).find(|(name, _)| is_signing(name))
}

/// The same of a text in which a program has joined several headers by commas: each is a header of its own.
pub(super) fn of_joined(value: &str) -> Vec<BrowserCookie> {
    let mut headers: Vec<String> = Vec::new();
    for part in value.split(',').take(MAX_ATTRIBUTES) {
        // A comma may also be part of a date.
        let name = part.split('=').next().unwrap_or_default().trim();
        let begins = part.contains('=') && !name.is_empty() && !name.contains([';', ' ']) || is_signing(name);
        match headers.last_mut() {
            Some(last) if !begins || part.trim_start().starts_with(|c: char| c.is_ascii_digit()) => {
                last.push(',');
                last.push_str(part);
            }
            _ => headers.push(part.trim().to_owned()),
        }
    }
    headers.iter().flat_map(|header| of_header(header)).collect()
}

/// Whether a text is the value of `Set-Cookie`, and not of `Cookie`.
pub(super) fn has_attributes(text: &str) -> bool {
    text.split([';', ',']).skip(1).any(|part| {
        let name = part.split('=').next().unwrap_or_default().trim();
        ATTRIBUTES.iter().any(|known| name.eq_ignore_ascii_case(known))
    })
}

pub(super) fn is_signing(name: &str) -> bool {
    let name = name.trim();
    name.get(.."CloudFront-".len()).is_some_and(|begin| begin.eq_ignore_ascii_case("CloudFront-"))
        || name.trim_start_matches("__Host-").trim_start_matches("__Secure-").starts_with("CloudFront-")
}

const ATTRIBUTES: [&str; 8] =
    ["domain", "path", "secure", "httponly", "expires", "max-age", "samesite", "partitioned"];
/// Real ones have a handful.
const MAX_ATTRIBUTES: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_a_browser_reads_it() {
        let cookies =
            of_header("CloudFront-Policy=a=b; Domain=.Example.com; path=/x; SECURE; HttpOnly; SameSite=None");
        let cookie = &cookies[0];
        assert_eq!((cookies.len(), cookie.pair().as_str()), (1, "CloudFront-Policy=a=b"));
        assert_eq!((cookie.domain.as_deref(), cookie.path.as_deref()), (Some("example.com"), Some("/x")));
        assert!(cookie.is_secure && cookie.same_site.as_deref() == Some("None"));
        let dots = &of_header("CloudFront-Policy=a; Domain=..example.com")[0];
        assert_eq!(dots.domain.as_deref(), Some(".example.com"), "only the first dot counts for nothing");
        let first = of_header("Domain=a.com; Path=/; CloudFront-Policy=x; CloudFront-Signature=y");
        assert_eq!(first.len(), 2);
        assert_eq!(first[1].fault, Some(SetCookieFault::AttributeFirst("Domain=a.com".to_owned())));
        let joined = of_header("CloudFront-Policy=a; Path=/, CloudFront-Signature=b; Path=/");
        assert_eq!(joined.len(), 2);
        assert_eq!((joined[0].fault.clone(), joined[1].fault.clone()), (None, Some(SetCookieFault::Joined)));
        let dated =
            of_header("CloudFront-Policy=a; Expires=Wed, 21 Oct 2099 07:28:00 GMT, CloudFront-Signature=b");
        assert_eq!((dated.len(), dated[1].fault.clone()), (2, Some(SetCookieFault::Joined)));
    }

    #[test]
    fn headers_that_a_program_joined_are_told_apart() {
        let joined = of_joined(
            "CloudFront-Policy=a; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/, CloudFront-Signature=b; Path=/, x=1",
        );
        let pairs: Vec<String> = joined.iter().map(BrowserCookie::pair).collect();
        assert_eq!(pairs, ["CloudFront-Policy=a", "CloudFront-Signature=b", "x=1"]);
        assert!(matches!(joined[0].end, Some((CookieEnd::At(_), _))));
    }
}
