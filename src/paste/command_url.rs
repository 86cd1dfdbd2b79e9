//! URLs as other programs than browsers take them.

/// `:8080/x` and `/x` are on this machine; without a scheme the program's own is taken.
pub(super) fn httpie_url(word: &str, scheme: &str) -> String {
    if word.contains("://") {
        word.strip_prefix("://").map_or_else(|| word.to_owned(), |rest| format!("{scheme}://{rest}"))
    } else if word.starts_with(':') || word.starts_with('/') {
        let port = word.strip_prefix(':').filter(|rest| rest.starts_with('/')).unwrap_or(word);
        format!("{scheme}://localhost{port}")
    } else {
        format!("{scheme}://{word}")
    }
}

/// streamlink's `hls://` and its like stand in front of the address or in place of its scheme.
pub(super) fn streamed(word: &str) -> String {
    let kinds = ["hls://", "hlsvariant://", "dash://", "httpstream://"];
    match kinds.iter().find_map(|kind| word.strip_prefix(kind)) {
        Some(rest) if rest.contains("://") => rest.to_owned(),
        Some(rest) => format!("https://{rest}"),
        None => word.to_owned(),
    }
}
