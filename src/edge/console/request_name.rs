//! How a request is named in a URL of the console.

/// How a request is named in a URL.
pub(super) enum RequestName {
    /// As the console counts them.
    Number(u64),
    /// By `X-Amz-Cf-Id` of its response.
    Id(String),
}

impl RequestName {
    /// Of a path's last segment.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_id = (MIN_ID..=MAX_ID).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte));
        match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => text.parse().ok().map(Self::Number),
            false => is_id.then(|| Self::Id(text.to_owned())),
        }
    }
}

/// Characters of an id: fewer is a typing error.
const MIN_ID: usize = 20;
const MAX_ID: usize = 100;
