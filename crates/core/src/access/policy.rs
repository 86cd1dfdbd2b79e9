//! Policies: what a signature allows. Cloudfront 1.1 (canned) and 2 (custom).

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a JSON value of any other kind is refused, also of a future one"
)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use super::json::{Document, Json, Node};
use super::resource::Resource;
use crate::epoch::{EpochSeconds, MAX_EPOCH_SECONDS};
use crate::viewer::SignedUrl;

mod fault;

use fault::MAX_POLICY_LEN;
pub use fault::PolicyFault;

/// A custom policy, parsed but not yet known to be signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy<'t> {
    /// Which URLs; none allows every URL that trusts the key (cloudfront 2.2, `[DOC]`).
    pub resource: Option<Resource<'t>>,
    /// When, and from where.
    pub condition: Condition,
}

/// The restrictions beside the resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `DateLessThan`: the end. Always there.
    pub date_less_than: EpochSeconds,
    /// `DateGreaterThan`: the beginning.
    pub date_greater_than: Option<EpochSeconds>,
    /// `IpAddress`: the viewer's address or range.
    pub ip_address: Option<SourceIp>,
}

impl Condition {
    /// Of a canned policy: an end and nothing else.
    #[must_use]
    pub fn until(date_less_than: EpochSeconds) -> Self {
        Self { date_less_than, date_greater_than: None, ip_address: None }
    }
}

/// The value of `AWS:SourceIp`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceIp {
    /// One range; host bits are masked on both sides (cloudfront 2.4, `[ASSUMED]`).
    V4(Ipv4Net),
    /// CloudFront doesn't support these: no viewer matches (cloudfront 2.4, `[UNKNOWN]`, `AccessDenied` taken).
    V6(String),
}

impl SourceIp {
    /// Reads an address or a range; a bare IPv4 address is a range of one (cloudfront 2.4, `[ASSUMED]`).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Self::V4(Ipv4Net::from(address)));
        }
        if text.parse::<Ipv6Addr>().is_ok() || text.parse::<Ipv6Net>().is_ok() {
            return Some(Self::V6(text.to_owned()));
        }
        text.parse().ok().map(Self::V4)
    }

    pub(super) fn contains(&self, viewer: IpAddr) -> bool {
        match (self, viewer.to_canonical()) {
            (Self::V4(range), IpAddr::V4(viewer)) => range.contains(&viewer),
            (Self::V4(_), IpAddr::V6(_)) | (Self::V6(_), _) => false,
        }
    }
}

impl std::fmt::Display for SourceIp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::V4(range) => range.fmt(f),
            Self::V6(text) => f.write_str(text),
        }
    }
}

/// The exact bytes that a canned signature covers. `expires` goes in as it was sent, so that `0001` can't stand for
/// `1` (cloudfront 1.1, `[ASSUMED]`); nothing is escaped.
#[must_use]
pub fn canned(url: &SignedUrl<'_>, expires: &str) -> Vec<u8> {
    let mut message = Vec::new();
    write_canned(url.pieces(), expires, |piece| message.extend_from_slice(piece));
    message
}

/// As [`canned`], for a URL that is one text.
#[must_use]
pub fn canned_for(url: &str, expires: &str) -> Vec<u8> {
    let mut message = Vec::new();
    write_canned([url].into_iter(), expires, |piece| message.extend_from_slice(piece));
    message
}

/// As [`canned`], piece by piece, to wherever the message is needed.
pub fn write_canned<'u>(url: impl Iterator<Item = &'u str>, expires: &str, mut write: impl FnMut(&[u8])) {
    write(br#"{"Statement":[{"Resource":""#);
    url.for_each(|piece| write(piece.as_bytes()));
    write(br#"","Condition":{"DateLessThan":{"AWS:EpochTime":"#);
    write(expires.as_bytes());
    write(b"}}}]}");
}

/// Reads the value of `Expires`: digits only, within CloudFront's range.
///
/// # Errors
/// [`PolicyFault::Expires`] or [`PolicyFault::TimeOutOfRange`].
pub fn parse_expires(value: &[u8]) -> Result<(&str, EpochSeconds), PolicyFault> {
    let unreadable = || PolicyFault::Expires { found: String::from_utf8_lossy(value).into_owned() };
    let text = std::str::from_utf8(value).map_err(|_| unreadable())?;
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(unreadable());
    }
    let seconds = text.parse().unwrap_or(u64::MAX);
    in_range("Expires", seconds).map(|time| (text, time))
}

impl<'t> Policy<'t> {
    /// Parses the decoded bytes of a custom policy.
    ///
    /// # Errors
    /// [`PolicyFault`] for everything that isn't understood to the last key: fail closed.
    pub fn parse(bytes: &'t [u8]) -> Result<Self, PolicyFault> {
        if bytes.len() > MAX_POLICY_LEN {
            return Err(PolicyFault::TooLong { len: bytes.len() });
        }
        let json =
            Document::parse(bytes).map_err(|error| PolicyFault::NotJson { problem: error.to_string() })?;
        let [statements] = members("the policy", json.root(), ["Statement"])?;
        let statements = required("the policy", "Statement", statements)?;
        let statement = match statements.node() {
            Node::Array { .. } => {
                let mut list = statements.content();
                match (list.next(), list.next()) {
                    (Some(statement), None) => statement,
                    _ => return Err(PolicyFault::Statements { count: statements.content().count() }),
                }
            }
            // All of the 2023 guide's examples (cloudfront 2.1, `[DOC D23]`).
            Node::Object { .. } => statements,
            _ => return Err(unexpected("Statement", "an array of one statement", statements)),
        };
        let [resource, condition] = members("Statement", statement, ["Resource", "Condition"])?;
        let resource = match resource.map(|json| (json.node(), json)) {
            Some((Node::String(text), _)) => Some(Resource::new(text.clone())),
            Some((_, other)) => return Err(unexpected("Resource", "a string", other)),
            None => None,
        };
        Ok(Self { resource, condition: parse_condition(required("Statement", "Condition", condition)?)? })
    }
}

fn parse_condition(json: Json<'_, '_>) -> Result<Condition, PolicyFault> {
    let [less, greater, ip] = members("Condition", json, ["DateLessThan", "DateGreaterThan", "IpAddress"])?;
    let date_less_than = epoch_time("DateLessThan", required("Condition", "DateLessThan", less)?)?;
    let date_greater_than = greater.map(|json| epoch_time("DateGreaterThan", json)).transpose()?;
    Ok(Condition { date_less_than, date_greater_than, ip_address: ip.map(source_ip).transpose()? })
}

fn epoch_time(place: &'static str, json: Json<'_, '_>) -> Result<EpochSeconds, PolicyFault> {
    let [time] = members(place, json, ["AWS:EpochTime"])?;
    let time = required(place, "AWS:EpochTime", time)?;
    match time.node() {
        Node::Integer(seconds) => in_range(place, *seconds),
        _ => Err(unexpected(place, "AWS:EpochTime as a whole number of seconds without quotes", time)),
    }
}

fn in_range(place: &'static str, seconds: u64) -> Result<EpochSeconds, PolicyFault> {
    if seconds <= MAX_EPOCH_SECONDS {
        Ok(EpochSeconds(seconds))
    } else {
        Err(PolicyFault::TimeOutOfRange { place, seconds })
    }
}

fn source_ip(json: Json<'_, '_>) -> Result<SourceIp, PolicyFault> {
    let [address] = members("IpAddress", json, ["AWS:SourceIp"])?;
    let expected = "AWS:SourceIp as one IPv4 address or range such as \"203.0.113.0/24\"";
    let address = required("IpAddress", "AWS:SourceIp", address)?;
    let parsed = match address.node() {
        Node::String(text) => SourceIp::parse(text),
        _ => None,
    };
    parsed.ok_or_else(|| unexpected("IpAddress", expected, address))
}

/// The values of the known keys of an object. Any other key is a fault: it may be a restriction.
fn members<'j, 't, const N: usize>(
    place: &'static str,
    json: Json<'j, 't>,
    known: [&'static str; N],
) -> Result<[Option<Json<'j, 't>>; N], PolicyFault> {
    if !matches!(json.node(), Node::Object { .. }) {
        return Err(unexpected(place, "an object", json));
    }
    let mut values = [None; N];
    let mut content = json.content();
    while let (Some(key), value @ Some(_)) = (content.next(), content.next()) {
        let Node::String(key) = key.node() else { return Err(unexpected(place, "a key", key)) };
        match known.iter().position(|name| name == key) {
            Some(at) => values[at] = value,
            None => {
                let (key, known) = (key.clone().into_owned(), known.join("`, `"));
                return Err(PolicyFault::UnknownKey { place, key, known });
            }
        }
    }
    Ok(values)
}

fn required<'j, 't>(
    place: &'static str,
    key: &'static str,
    json: Option<Json<'j, 't>>,
) -> Result<Json<'j, 't>, PolicyFault> {
    json.ok_or(PolicyFault::MissingKey { place, key })
}

fn unexpected(place: &'static str, expected: &'static str, found: Json<'_, '_>) -> PolicyFault {
    PolicyFault::Unexpected { place, expected, found: found.kind() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const END: &str = r#""DateLessThan":{"AWS:EpochTime":100}"#;

    fn with_condition(condition: &str) -> Result<Condition, PolicyFault> {
        let text = format!(r#"{{"Statement":[{{"Resource":"*","Condition":{{{condition}}}}}]}}"#);
        Policy::parse(text.as_bytes()).map(|policy| policy.condition)
    }

    #[test]
    fn the_end_is_strict_and_so_is_the_beginning() {
        let condition =
            Condition { date_greater_than: Some(EpochSeconds(50)), ..Condition::until(EpochSeconds(100)) };
        for (now, begun, open) in [
            (49, false, true),
            (50, false, true),
            (51, true, true),
            (99, true, true),
            (100, true, false),
            (101, true, false),
        ] {
            assert_eq!(condition.check_not_before(EpochSeconds(now)).is_ok(), begun, "now={now}");
            assert_eq!(condition.check_expiry(EpochSeconds(now)).is_ok(), open, "now={now}");
        }
    }

    #[test]
    fn what_is_not_documented_is_not_understood() {
        for text in [
            "",
            "{}",
            "[]",
            "null",
            "\u{feff}{}",
            r#"{"Statement":[]}"#,
            r#"{"Statement":[[]]}"#,
            r#"{"Statement":[["*",{"DateLessThan":{"AWS:EpochTime":1}}]]}"#,
            r#"{"Statement":[{"Resource":["*"],"Condition":{"DateLessThan":{"AWS:EpochTime":1}}}]}"#,
            r#"{"Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":1}}},{"Condition":{"DateLessThan":{"AWS:EpochTime":1}}}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":1}}}]}"#,
            r#"{"Statement":[{"Effect":"Allow","Condition":{"DateLessThan":{"AWS:EpochTime":1}}}]}"#,
            r#"{"Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":1}}}]} x"#,
            r#"{"Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":1}}}],"Statement":[]}"#,
            r#"{"statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":1}}}]}"#,
        ] {
            assert!(Policy::parse(text.as_bytes()).is_err(), "{text}");
        }
        for condition in [
            "",
            r#""DateGreaterThan":{"AWS:EpochTime":1}"#,
            r#""DateLessThan":{"AWS:EpochTime":"100"}"#,
            r#""DateLessThan":{"AWS:EpochTime":100.0}"#,
            r#""DateLessThan":{"AWS:EpochTime":1e2}"#,
            r#""DateLessThan":{"AWS:EpochTime":-1}"#,
            r#""DateLessThan":{"AWS:EpochTime":-0}"#,
            r#""DateLessThan":{"AWS:EpochTime":9223372036854775808}"#,
            r#""DateLessThan":{"AWS:EpochTime":18446744073709551616}"#,
            r#""DateLessThan":{"AWS:EpochTime":1},"DateGreaterThan":{"AWS:EpochTime":9223372036854775808}"#,
            r#""DateLessThan":{"AWS:EpochTime":99999999999999999999}"#,
            r#""DateLessThan":{"AWS:EpochTime":1,"AWS:EpochTime":2}"#,
            r#""DateLessThan":[100]"#,
            r#""DateLessThan":{"AWS:EpochTime":1},"DateLessThan":{"AWS:EpochTime":2}"#,
        ] {
            assert!(with_condition(condition).is_err(), "{condition}");
        }
        for rest in [
            r#""IpAddress":{"AWS:SourceIp":["1.2.3.4/32"]}"#,
            r#""IpAddress":{"AWS:SourceIp":"1.2.3.4/33"}"#,
            r#""IpAddress":{"AWS:SourceIp":"1.2.3"}"#,
            r#""IpAddress":{"AWS:SourceIp":""}"#,
            r#""IpAddress":{}"#,
            r#""NotIpAddress":{"AWS:SourceIp":"1.2.3.4"}"#,
            r#""Bool":{"aws:SecureTransport":true}"#,
        ] {
            assert!(with_condition(&format!("{END},{rest}")).is_err(), "{rest}");
        }
    }

    #[test]
    fn addresses_match_by_their_range() {
        for (allowed, viewer, fits) in [
            ("1.2.3.4", "1.2.3.4", true),
            ("1.2.3.4/32", "1.2.3.5", false),
            ("10.0.0.5/8", "10.9.9.9", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "::1", false),
            ("1.2.3.4", "::ffff:1.2.3.4", true),
            ("::/0", "::1", false),
            ("::1", "::1", false),
        ] {
            let condition =
                with_condition(&format!(r#"{END},"IpAddress":{{"AWS:SourceIp":"{allowed}"}}"#)).unwrap();
            assert_eq!(condition.check_ip(viewer.parse().unwrap()).is_ok(), fits, "{viewer} in {allowed}");
        }
    }

    #[test]
    fn whitespace_and_an_object_statement_are_understood() {
        let text =
            "{\r\n  \"Statement\" : { \"Condition\": {\n\"DateLessThan\":{\"AWS:EpochTime\" :100} } }\r\n}\n";
        let policy = Policy::parse(text.as_bytes()).unwrap();
        assert_eq!((policy.resource, policy.condition.date_less_than), (None, EpochSeconds(100)));
    }

    #[test]
    fn deep_nesting_is_refused_without_recursion() {
        assert!(Policy::parse("[".repeat(20_000).as_bytes()).is_err());
        assert!(Policy::parse("{\"a\":".repeat(4_000).as_bytes()).is_err());
        assert!(matches!(Policy::parse(" ".repeat(30_000).as_bytes()), Err(PolicyFault::TooLong { .. })));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Policy::parse(&bytes);
            let _ = parse_expires(&bytes);
        }

        #[test]
        fn no_mutation_of_a_policy_makes_the_parser_panic(at in 0usize..100, byte: u8) {
            let mut text = format!(r#"{{"Statement":[{{"Resource":"http://a/*","Condition":{{{END}}}}}]}}"#).into_bytes();
            let at = at % text.len();
            text[at] = byte;
            let _ = Policy::parse(&text);
        }
    }
}
