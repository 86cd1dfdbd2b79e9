//! The beginning of a value that a client chose, for a message.

/// The beginning of a text that a stranger chose.
pub fn excerpt(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
