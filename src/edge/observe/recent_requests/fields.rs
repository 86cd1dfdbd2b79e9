//! The header fields of a recorded request or response, without secrets: bounded, in one piece of memory.

use std::borrow::Cow;

use http::HeaderMap;

use crate::redact::redacted_by_shape;

/// Header fields as text, one `name: value` in a line. Values that grant access are cut out before anything is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Box<str>);

impl Fields {
    /// Copies the fields, so that no buffer of the connection is kept. Every request pays for it: an ordinary field costs a
    /// copy and nothing else.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut text = String::with_capacity(CAPACITY);
        for (number, (name, value)) in headers.iter().enumerate() {
            let value = String::from_utf8_lossy(value.as_bytes());
            let shown = shown(name.as_str(), &value);
            if text.len() + name.as_str().len() + ": \n".len() + shown.len() > MAX_BYTES {
                text.push_str(&format!("…: {} more fields\n", headers.len() - number));
                break;
            }
            text.extend([name.as_str(), ": ", &*shown, "\n"]);
        }
        Self(text.into_boxed_str())
    }

    /// Names and values in the order of the message.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.lines().filter_map(|line| line.split_once(": "))
    }

    /// The first field of that name, which is written in lower case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Bytes that are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A value without what grants access, and no longer than a screen shows. It has no line break: `HeaderValue` allows none.
fn shown<'v>(name: &str, value: &'v str) -> Cow<'v, str> {
    let value = match name {
        "cookie" => Cow::Owned(value.split(';').map(without_value).collect::<Vec<_>>().join("; ")),
        "set-cookie" => Cow::Owned(match value.split_once(';') {
            Some((pair, attributes)) => format!("{};{attributes}", without_value(pair)),
            None => without_value(value),
        }),
        "authorization" | "proxy-authorization" => match value.split_once(' ') {
            Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                Cow::Owned(format!("{scheme} …"))
            }
            _ => Cow::Borrowed("…"),
        },
        _ if is_secret(name) => Cow::Borrowed("…"),
        _ => Cow::Borrowed(value),
    };
    if value.len() <= MAX_VALUE {
        return value;
    }
    // Cut out before the end is: the beginning of a signature would not be known as one.
    let value = redacted_by_shape(&value);
    match value.len() <= MAX_VALUE {
        true => Cow::Owned(value.into_owned()),
        false => Cow::Owned(format!("{}…", &value[..value.floor_char_boundary(MAX_VALUE)])),
    }
}

/// A cookie's pair by its name alone; one without a name is a value.
fn without_value(pair: &str) -> String {
    match pair.trim().split_once('=') {
        Some((name, _)) => format!("{name}=…"),
        None => "…".to_owned(),
    }
}

/// Whether applications pass secrets under that name.
fn is_secret(name: &str) -> bool {
    let is_ordinary = matches!(
        name,
        "accept"
            | "accept-encoding"
            | "accept-language"
            | "accept-ranges"
            | "age"
            | "cache-control"
            | "connection"
            | "content-encoding"
            | "content-length"
            | "content-range"
            | "content-type"
            | "date"
            | "etag"
            | "expires"
            | "host"
            | "if-modified-since"
            | "if-none-match"
            | "if-range"
            | "last-modified"
            | "location"
            | "origin"
            | "pragma"
            | "priority"
            | "proxy-authenticate"
            | "range"
            | "referer"
            | "sec-ch-ua"
            | "sec-ch-ua-mobile"
            | "sec-ch-ua-platform"
            | "sec-fetch-dest"
            | "sec-fetch-mode"
            | "sec-fetch-site"
            | "sec-fetch-user"
            | "server"
            | "transfer-encoding"
            | "upgrade-insecure-requests"
            | "user-agent"
            | "vary"
            | "via"
            | "www-authenticate"
            | "x-amz-cf-id"
            | "x-amz-cf-pop"
            | "x-cache"
            | "x-forwarded-for"
    );
    !is_ordinary && (SECRETS.iter().any(|part| name.contains(part)) || name.ends_with("key"))
}

const SECRETS: [&str; 10] =
    ["auth", "token", "secret", "passw", "credential", "signature", "session", "csrf", "xsrf", "jwt"];
/// Bytes that most messages need.
const CAPACITY: usize = 1 << 10;
/// Of one message. A browser's request has about 1 kB.
const MAX_BYTES: usize = 4 << 10;
/// Of one value: more than a `User-Agent`, enough of a policy on content to know it again.
const MAX_VALUE: usize = 512;

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn no_value_that_grants_access_is_kept() {
        for (name, value, expected) in [
            ("cookie", "session=S3CRET; CloudFront-Policy=S3CRET;b", "session=…; CloudFront-Policy=…; …"),
            ("set-cookie", "id=S3CRET=; Path=/; HttpOnly", "id=…; Path=/; HttpOnly"),
            ("set-cookie", "S3CRET", "…"),
            ("authorization", "Bearer S3CRET", "Bearer …"),
            ("authorization", "S3CRET", "…"),
            ("authorization", "s3:S3CRET x", "…"),
            ("x-api-key", "S3CRET", "…"),
            ("x-auth-token", "S3CRET", "…"),
            ("x-amz-security-token", "S3CRET", "…"),
            ("www-authenticate", "Basic realm=\"a\"", "Basic realm=\"a\""),
            ("range", "bytes=0-9", "bytes=0-9"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            assert_eq!(Fields::of(&headers).get(name), Some(expected), "{name}: {value}");
        }
    }

    #[test]
    fn no_part_of_a_long_signature_is_kept() {
        let signature = "Zk39QvT7aLx0PbWc2Rj8uNs5Yd1Ge".repeat(12);
        let filler = "filler/".repeat(70);
        let mut headers = HeaderMap::new();
        headers.insert("referer", format!("http://a/{filler}?Signature={signature}").parse().unwrap());
        headers.insert("x-link", format!("http://a/{filler}{signature}").parse().unwrap());
        let fields = Fields::of(&headers);
        assert!(fields.iter().all(|(_, value)| !value.contains(&signature[..8])), "{fields:?}");
    }

    #[test]
    fn fields_are_bounded_and_a_value_stays_in_its_line() {
        let mut headers = HeaderMap::new();
        headers.append("a", HeaderValue::from_bytes("é".repeat(2_000).as_bytes()).unwrap());
        headers.append("a", HeaderValue::from_bytes(b"x\ty").unwrap());
        for _ in 0..2_000 {
            headers.append("b", HeaderValue::from_static("x"));
        }
        let fields = Fields::of(&headers);
        assert!(fields.len() <= MAX_BYTES + 40, "{}", fields.len());
        let all: Vec<(&str, &str)> = fields.iter().collect();
        assert_eq!(all[0].1.len(), MAX_VALUE + "…".len());
        assert_eq!(all[1], ("a", "x\ty"));
        let (name, value) = all[all.len() - 1];
        assert!(name == "…" && value.ends_with("more fields"), "{name}: {value}");
    }
}
