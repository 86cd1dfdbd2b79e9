//! Lines of CloudFront's real-time logs, which name no fields.

use std::borrow::Cow;

/// The fields of a line, found by their places around method and protocol: which fields a log has is configured, and the
/// first ones differ.
pub(super) fn fields<'l>(values: &[&'l str]) -> Option<Vec<(Cow<'l, str>, Cow<'l, str>)>> {
    let timestamp = values.first().filter(|text| is_timestamp(text))?;
    let at = values.windows(3).position(|fields| {
        let [method, protocol, host] = fields else { return false };
        METHODS.contains(method) && PROTOCOLS.contains(protocol) && host.contains(['.', ':'])
    })?;
    let mut found: Vec<(Cow<'l, str>, Cow<'l, str>)> =
        vec![("timestamp".into(), (*timestamp).into()), ("c-ip".into(), (*values.get(1)?).into())];
    for (name, value) in AFTER_METHOD.iter().zip(&values[at..]) {
        found.push(((*name).into(), (*value).into()));
    }
    // The status is two in front of the method, the bytes of the response between them.
    let is_status = |value: &&&str| value.len() == 3 && value.parse::<u16>().is_ok();
    let before = at.checked_sub(2).and_then(|at| values.get(at)).filter(is_status);
    let before = before.or_else(|| values[..at].iter().find(is_status))?;
    found.push(("sc-status".into(), (*before).into()));
    Some(found)
}

/// Seconds with milliseconds, or either alone.
fn is_timestamp(text: &str) -> bool {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(whole) && is_digits(part) && matches!(whole.len(), 10 | 13)
}

const METHODS: [&str; 7] = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"];
const PROTOCOLS: [&str; 4] = ["http", "https", "ws", "wss"];
/// From `cs-method` on, in the order of the documentation.
const AFTER_METHOD: [&str; 28] = [
    "cs-method",
    "cs-protocol",
    "cs-host",
    "cs-uri-stem",
    "cs-bytes",
    "x-edge-location",
    "x-edge-request-id",
    "x-host-header",
    "time-taken",
    "cs-protocol-version",
    "c-ip-version",
    "cs-user-agent",
    "cs-referer",
    "cs-cookie",
    "cs-uri-query",
    "x-edge-response-result-type",
    "x-forwarded-for",
    "ssl-protocol",
    "ssl-cipher",
    "x-edge-result-type",
    "fle-encrypted-fields",
    "fle-status",
    "sc-content-type",
    "sc-content-len",
    "sc-range-start",
    "sc-range-end",
    "c-port",
    "x-edge-detailed-result-type",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_whatever_fields_come_first() {
        for first in ["192.0.2.1\t0.001\t403\t500", "192.0.2.1\t192.0.2.9\t0.001\t403\t500"] {
            let line = format!(
                "1790000000.123\t{first}\tGET\thttps\ta.com\t/x\t30\tFRA\tid\tb.com\t0.1\tHTTP/2.0\tIPv4\tua\t-\tc=1\tq=1"
            );
            let found = fields(&line.split('\t').collect::<Vec<_>>()).unwrap();
            let get =
                |name: &str| found.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref());
            for (name, value) in [
                ("sc-status", "403"),
                ("cs-uri-stem", "/x"),
                ("x-host-header", "b.com"),
                ("cs-cookie", "c=1"),
                ("cs-uri-query", "q=1"),
            ] {
                assert_eq!(get(name), Some(value), "{name}");
            }
        }
        assert!(
            fields(&["1790000000", "x"]).is_none() && fields(&["hello"]).is_none() && fields(&[]).is_none()
        );
    }
}
