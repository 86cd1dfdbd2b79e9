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

/// The text without runs of letters that are as long as a part of a key or a signature.
pub(super) fn without_secrets(text: &str) -> String {
    let of_base64 = |c: char| c.is_ascii_alphanumeric() || "-_~+/=%".contains(c);
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let len = rest.find(|c| of_base64(c) != of_base64(first)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(len);
        // Words and paths have few digits and capital letters.
        let is_mixed =
            run.bytes().filter(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()).count() > len / 8;
        shown.push_str(if of_base64(first) && len > MAX_SHOWN_RUN && is_mixed { "…" } else { run });
        rest = after;
    }
    shown
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
/// Letters of a word that are shown: lines of a key in PEM have 64, the last one fewer.
const MAX_SHOWN_RUN: usize = 30;
/// Letters of a word; a signature is longer.
const MAX_RUN: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_key_is_shown() {
        let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKB";
        assert_eq!(without_secrets(&format!("key: {line}, {}", &line[..40])), "key: …, …");
        for text in
            ["https://a.com/videos/holiday-in-the-mountains/seg.ts", "hello there", "2026-11-24T10:00:00Z"]
        {
            assert_eq!(without_secrets(text), text);
        }
    }
}
