//! Words that programs print beside URLs, and text that may hold credentials.

/// Marks, methods, statuses and what programs print beside a URL. Whatever may hold credentials isn't.
pub(super) fn is_understood(text: &str) -> bool {
    if may_hold_credentials(text) {
        return false;
    }
    let is_tag =
        text.starts_with('<') || text.ends_with('>') || text.starts_with(['!', '[']) && text.ends_with("](");
    let is_word = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        word.is_empty()
            || word.bytes().all(|byte| byte.is_ascii_digit())
            || WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
    };
    is_tag || text.split([' ', '\t', ':', '=', '/', '[', '(']).all(is_word)
}

/// Whether a text may hold a signature, a policy or cookies.
pub(super) fn may_hold_credentials(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let of_base64 = |c: char| c.is_ascii_alphanumeric() || "-_~+/=".contains(c);
    ["signature", "policy", "key-pair", "cloudfront", "cookie", "expires"]
        .iter()
        .any(|word| text.contains(word))
        || text.split(|c| !of_base64(c)).any(|run| run.len() > MAX_RUN)
}

/// What programs and browsers print beside URLs.
const WORDS: [&str; 54] = [
    "get",
    "head",
    "post",
    "put",
    "delete",
    "options",
    "patch",
    "forbidden",
    "following",
    "location",
    "url",
    "uri",
    "request",
    "response",
    "status",
    "code",
    "error",
    "failed",
    "to",
    "load",
    "the",
    "server",
    "responded",
    "with",
    "a",
    "of",
    "http",
    "https",
    "net",
    "err",
    "aborted",
    "blocked",
    "by",
    "client",
    "not",
    "found",
    "moved",
    "permanently",
    "temporarily",
    "redirect",
    "redirecting",
    "trying",
    "again",
    "resource",
    "link",
    "href",
    "src",
    "access",
    "denied",
    "from",
    "origin",
    "at",
    "ok",
    "curl",
];
/// Letters of a word; a signature is longer.
const MAX_RUN: usize = 40;
