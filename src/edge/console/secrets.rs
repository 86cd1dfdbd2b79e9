//! What must not be read off a page: the values of a request that open a door, in every form in which a check may quote them.

use std::borrow::Cow;

use crate::edge::redact::redacted;
use crate::explain::Inquiry;

/// The values of one request.
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// The signature and the encoded policy of the link, and every cookie's value but a short one, as they were sent and
    /// percent-decoded.
    pub(super) fn of(inquiry: &Inquiry) -> Self {
        let query = inquiry.target.split_once('?').map_or("", |(_, query)| query);
        let cookies = inquiry.cookies.iter().map(|field| String::from_utf8_lossy(field));
        let mut secrets = Vec::new();
        for pairs in [Cow::Borrowed(query)].into_iter().chain(cookies) {
            for pair in pairs.split(['&', ';']) {
                let value = pair.split_once('=').map_or(pair, |(_, value)| value).trim();
                let decoded = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
                secrets.extend(
                    [value.to_owned(), decoded.into_owned()].into_iter().filter(|one| is_secret(one)),
                );
            }
        }
        // A value that holds another one is cut first.
        secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self(secrets)
    }

    /// A text without them.
    pub(super) fn cut(&self, text: &str) -> String {
        let mut text = redacted(text).into_owned();
        for secret in &self.0 {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), "…");
            }
        }
        text
    }
}

/// A signature has at least 90 characters, an encoded policy more; one that was cut short opens nothing, but may be mended.
fn is_secret(value: &str) -> bool {
    value.len() >= MIN_SECRET
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_~+/=% ".contains(&byte))
}

const MIN_SECRET: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epoch::EpochSeconds;

    #[test]
    fn no_check_can_quote_what_opens_a_door() {
        let secret = "S3CRET-~_".repeat(10);
        let url =
            format!("https://a.example.com/x?a=1&Signature={}&Key-Pair-Id=K", secret.replace('~', "%7E"));
        let (mut inquiry, _) = Inquiry::of_url(&url, EpochSeconds(0)).unwrap();
        inquiry.cookies = vec![format!("session={}", "C00KIE".repeat(8)).into_bytes()];
        let secrets = Secrets::of(&inquiry);
        let shown = secrets.cut(&format!(
            "found {secret:?} beside {} in /x?a=1, {}",
            secret.replace('~', "%7E"),
            "C00KIE".repeat(8)
        ));
        assert_eq!(shown, "found \"…\" beside … in /x?a=1, …");
    }
}
