//! What must not be read off a page: the values of a request that open a door, in every form in which a check may quote them.

use std::borrow::Cow;

use crate::explain::OwnedRequest;
use crate::redact::redacted_by_shape;

/// The values of one request.
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// The signature and the encoded policy of the link, whatever their names look like, and the values of all cookies; as
    /// they were sent and percent-decoded.
    pub(super) fn of(inquiry: &OwnedRequest) -> Self {
        let query = inquiry.target.split_once('?').map_or("", |(_, query)| query);
        let signing = query.split('&').map(pair).filter(|(name, _)| is_signing(name));
        let cookies: Vec<Cow<'_, str>> =
            inquiry.cookies.iter().map(|field| String::from_utf8_lossy(field)).collect();
        let cookies = cookies.iter().flat_map(|field| field.split(';').map(pair));
        let mut secrets = Vec::new();
        for (_, value) in signing.chain(cookies) {
            let value = value.trim_matches(|c: char| c.is_whitespace() || "\"'".contains(c));
            let decoded = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
            secrets.extend([value.to_owned(), decoded.into_owned()]);
        }
        secrets.retain(|secret| secret.len() >= MIN_SECRET);
        // A value that holds another one is cut first.
        secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self(secrets)
    }

    /// A text without them.
    pub(super) fn cut(&self, text: &str) -> String {
        let mut text = redacted_by_shape(text).into_owned();
        for secret in &self.0 {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), "…");
            }
        }
        text
    }
}

fn pair(pair: &str) -> (&str, &str) {
    pair.split_once('=').unwrap_or(("", pair))
}

/// Of a parameter without a name nobody knows what it is.
fn is_signing(name: &str) -> bool {
    let mut name = name.to_ascii_lowercase();
    for _ in 0..3 {
        name = percent_encoding::percent_decode_str(&name).decode_utf8_lossy().to_ascii_lowercase();
    }
    name.is_empty() || ["signature", "policy", "key-pair-id"].iter().any(|secret| name.contains(secret))
}

/// Bytes: longer than the id of a key and the value of `Expires`, shorter than what is worth guessing.
const MIN_SECRET: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epoch::EpochSeconds;

    #[test]
    fn no_check_can_quote_what_opens_a_door() {
        let secret = "S3CRET-~_".repeat(10);
        let longer = "attachment%3Bfilename%3Dholiday-in-the-mountains-2026.jpg";
        let encoded = secret.replace('~', "%7E");
        let url = format!("https://a.example.com/x?a={longer}&%53ignature={encoded}&Key-Pair-Id=K");
        let (mut inquiry, _) = OwnedRequest::of_url(&url, EpochSeconds(0)).unwrap();
        inquiry.cookies = vec![format!("session={}", "C00KIE".repeat(8)).into_bytes()];
        let secrets = Secrets::of(&inquiry);
        let cookie = "C00KIE".repeat(8);
        let shown = secrets.cut(&format!("found {secret:?} beside {encoded} in /x?a={longer}, {cookie}"));
        assert_eq!(shown, format!("found \"…\" beside … in /x?a={longer}, …"));
    }
}
