//! Why a policy's text is no JSON, with the place, and what would have to be written there.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::mistake::Mistake;

/// A fault of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::explain) struct SyntaxFault {
    pub(in crate::explain) mistake: Mistake,
    /// What is wrong, with its place, in one sentence.
    pub(in crate::explain) what: String,
    /// Where it was found.
    pub(in crate::explain) at: usize,
    /// Whether the text is a policy once this one fault is corrected, so that nothing else can be meant; a text that only ends
    /// too early may have been cut on the way.
    pub(in crate::explain) is_certain: bool,
}

/// The first fault of a text that is no JSON; none where it is JSON.
pub(in crate::explain) fn fault(text: &[u8]) -> Option<SyntaxFault> {
    let error = serde_json::from_slice::<IgnoredAny>(text).err()?;
    // Within strings the parser's column is that of the character before.
    let is_control = error.to_string().contains("control character");
    let at = offset(text, error.line(), error.column() + usize::from(is_control), error.is_eof());
    Some(of_whole(text).unwrap_or_else(|| of_place(text, at, error.is_eof())))
}

/// The fault, then the part of the text around it with a caret below its place.
pub(in crate::explain) fn shown(text: &[u8], at: usize) -> String {
    let plain = String::from_utf8_lossy(text);
    let before = String::from_utf8_lossy(&text[..at.min(text.len())]).chars().count();
    let from = before.saturating_sub(CONTEXT);
    let blank = |c: char| if c.is_control() { ' ' } else { c };
    let part: String = plain.chars().skip(from).take(2 * CONTEXT).map(blank).collect();
    let mark = if from > 0 { "…" } else { "" };
    let caret = " ".repeat(mark.chars().count() + before - from);
    format!("{mark}{part}\n{caret}^")
}

/// What the whole text is, where it is no JSON from its first character on.
fn of_whole(text: &[u8]) -> Option<SyntaxFault> {
    let found = |mistake, what: &str, is_certain| {
        Some(SyntaxFault { mistake, what: what.to_owned(), at: 0, is_certain })
    };
    let plain = text.trim_ascii_start();
    if text.starts_with(b"\xef\xbb\xbf") {
        return found(
            Mistake::JsonBom,
            "a byte order mark is in front of the policy: write UTF-8 without one",
            true,
        );
    }
    if text.starts_with(b"\xff\xfe")
        || text.starts_with(b"\xfe\xff")
        || text.get(1) == Some(&0)
        || text.first() == Some(&0)
    {
        return found(Mistake::JsonSyntax, "the policy is written in UTF-16: write UTF-8", true);
    }
    if text.starts_with(b"\x1f\x8b") || text.starts_with(b"\x78\x9c") {
        return found(
            Mistake::JsonSyntax,
            "the policy is compressed: encode its text itself in base64",
            true,
        );
    }
    let decoded: Vec<u8> = percent_encoding::percent_decode(plain).collect();
    if decoded != plain && is_policy(&decoded) && !plain.starts_with(b"{") {
        let what = "the policy's JSON was percent-encoded before base64: encode the JSON itself in base64";
        return found(Mistake::PolicyPercentEncoded, what, true);
    }
    let spaced: Vec<u8> = plain.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    if plain.starts_with(b"%7B") || plain.starts_with(b"%7b") {
        let is_certain = is_policy(&percent_encoding::percent_decode(&spaced).collect::<Vec<u8>>());
        let what = "the policy's JSON was percent-encoded before base64: encode the JSON itself in base64";
        return found(Mistake::PolicyPercentEncoded, what, is_certain);
    }
    let html =
        String::from_utf8_lossy(plain).replace("&quot;", "\"").replace("&amp;", "&").replace("&#34;", "\"");
    if plain.starts_with(b"{&") {
        let is_certain = is_policy(html.as_bytes());
        return found(
            Mistake::JsonSyntax,
            "the policy's quotes are escaped for HTML: write `\"`",
            is_certain,
        );
    }
    let is_of = |begin: &[u8]| plain.starts_with(begin);
    if is_of(b"a:") || is_of(b"O:") {
        return found(Mistake::JsonSyntax, "the policy was serialized by PHP: use json_encode", false);
    }
    if plain.is_empty() {
        return found(Mistake::JsonSyntax, "the policy is empty", true);
    }
    None
}

/// What stands at the place where the parser stopped.
fn of_place(text: &[u8], at: usize, is_eof: bool) -> SyntaxFault {
    if is_eof {
        return of_end(text, at);
    }
    of_unset_value(text, at).or_else(|| of_bracket_or_escape(text, at)).unwrap_or_else(|| of_byte(text, at))
}

/// A fault at a place. It is certain where the corrected text is a policy.
fn fault_at(text: &[u8], at: usize, what: String, corrected: &[u8]) -> SyntaxFault {
    SyntaxFault {
        mistake: Mistake::JsonSyntax,
        what: format!("the policy is not JSON at {}: {what}", line_and_column(text, at)),
        at,
        is_certain: is_policy(corrected),
    }
}

fn of_end(text: &[u8], at: usize) -> SyntaxFault {
    let missing = closers(text);
    let end = if missing.is_empty() { "the rest".to_owned() } else { format!("`{missing}`") };
    let what =
        format!("it ends too early, {end} is missing: the signer left it out, or it was cut on the way");
    SyntaxFault { is_certain: false, ..fault_at(text, at, what, &[]) }
}

/// A variable without a value, in a template.
fn of_unset_value(text: &[u8], at: usize) -> Option<SyntaxFault> {
    let word = UNSET.into_iter().find(|word| text[at.min(text.len())..].starts_with(word.as_bytes()))?;
    let before = text[..at].trim_ascii_end();
    let is_time =
        memchr::memmem::rfind(before, b"EpochTime").is_some_and(|key| before.len() - key < MAX_KEY_LEN);
    let corrected = [&text[..at], b"1", &text[at + word.len()..]].concat();
    let what = format!("`{word}` is not a value of JSON: a variable without a value was written");
    let mistake = if is_time { Mistake::UnsetTime } else { Mistake::JsonSyntax };
    Some(SyntaxFault { mistake, ..fault_at(text, at, what, &corrected) })
}

fn follows(text: &[u8], at: usize, bytes: &[u8]) -> bool {
    text[..at].trim_ascii_end().last().is_some_and(|last| bytes.contains(last))
}

/// Single quotes, commas in front of brackets, escapes that JSON doesn't have, and brackets that close nothing.
fn of_bracket_or_escape(text: &[u8], at: usize) -> Option<SyntaxFault> {
    let byte = text.get(at).copied().unwrap_or_default();
    let fault = |what: &str, corrected: Vec<u8>| Some(fault_at(text, at, what.to_owned(), &corrected));
    let escape = text[..at].ends_with(b"\\");
    match byte {
        b'\'' => fault("single quotes: JSON has double quotes", replaced(text, "'", "\"")),
        b'}' | b']' if follows(text, at, b",") => {
            fault("a comma before the closing bracket", without_trailing_commas(text))
        }
        _ if escape || text[..at.saturating_add(1).min(text.len())].ends_with(b"\\?") => {
            let what =
                "a backslash begins no escape of JSON here: write a bare `?`, and `\\\\` for a backslash";
            fault(what, replaced(text, "\\?", "?"))
                .map(|found| SyntaxFault { mistake: Mistake::JsonEscaping, ..found })
        }
        _ if is_after_end(text, at) => {
            let what = if b"}])".contains(&byte) {
                "one closing bracket too many"
            } else {
                "text follows behind the last brace"
            };
            fault(what, text[..at].to_vec())
        }
        b'}' | b']' => {
            let closer = char::from(byte);
            let what = format!("`{closer}` closes what was not opened: a bracket is missing or one too many");
            fault(&what, without(text, at))
        }
        _ => None,
    }
}

fn of_byte(text: &[u8], at: usize) -> SyntaxFault {
    let begins = |word: &str| text[at.min(text.len())..].starts_with(word.as_bytes());
    let byte = text.get(at).copied().unwrap_or_default();
    let is_last = |bytes: &[u8]| follows(text, at, bytes);
    let fault = |what: String, corrected: Vec<u8>| fault_at(text, at, what, &corrected);
    match byte {
        0xE2 if begins("\u{201c}") || begins("\u{201d}") || begins("\u{201e}") => {
            let plain = ["\u{201d}", "\u{201e}"]
                .into_iter()
                .fold(replaced(text, "\u{201c}", "\""), |text, quote| replaced(&text, quote, "\""));
            fault("typographic quotes: JSON has `\"`".to_owned(), plain)
        }
        b'\n' | b'\r' | b'\t' => fault("a line end or tab within a string".to_owned(), without(text, at)),
        b'"' | b'{' | b'[' if !is_last(b",:{[") => {
            fault("a comma or colon is missing before it".to_owned(), inserted(text, at, b","))
        }
        b'A'..=b'Z' | b'a'..=b'z' | b'_' if is_last(b"{,") => {
            fault("a key is not in quotes".to_owned(), with_quoted_keys(text))
        }
        b'/' => fault("JSON has no comments".to_owned(), Vec::new()),
        _ => fault(
            format!(
                "`{}` is not expected here",
                String::from_utf8_lossy(&text[at.min(text.len())..]).chars().next().unwrap_or(' ')
            ),
            Vec::new(),
        ),
    }
}

/// Whether a text is JSON with a statement.
pub(in crate::explain) fn is_policy(text: &[u8]) -> bool {
    serde_json::from_slice::<Value>(text).is_ok_and(|value| {
        value.get("Statement").is_some_and(|statement| statement.is_array() || statement.is_object())
    })
}

/// From a line and a column, both counted from 1, as serde_json counts bytes.
fn offset(text: &[u8], line: usize, column: usize, is_eof: bool) -> usize {
    if is_eof {
        return text.len();
    }
    let begin = match line.checked_sub(2) {
        None => 0,
        Some(nth) => memchr::memchr_iter(b'\n', text).nth(nth).map_or(0, |at| at + 1),
    };
    (begin + column.saturating_sub(1)).min(text.len().saturating_sub(1))
}

fn line_and_column(text: &[u8], at: usize) -> String {
    let before = &text[..at.min(text.len())];
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |end| end + 1) + 1;
    if line == 1 { format!("column {column}") } else { format!("line {line}, column {column}") }
}

/// What closes what is open at the end, outside of strings.
fn closers(text: &[u8]) -> String {
    let (mut open, mut is_string, mut is_escaped) = (Vec::new(), false, false);
    for &byte in text {
        match (is_string, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (_, b'"') => is_string = !is_string,
            (false, b'{') => open.push('}'),
            (false, b'[') => open.push(']'),
            (false, b'}' | b']') => drop(open.pop()),
            _ => {}
        }
    }
    let quote = if is_string { "\"" } else { "" };
    quote.chars().chain(open.into_iter().rev().take(MAX_CLOSERS)).collect()
}

/// Whether a whole value ends before that place.
fn is_after_end(text: &[u8], at: usize) -> bool {
    serde_json::from_slice::<IgnoredAny>(&text[..at]).is_ok()
}

fn replaced(text: &[u8], from: &str, to: &str) -> Vec<u8> {
    String::from_utf8_lossy(text).replace(from, to).into_bytes()
}

fn without(text: &[u8], at: usize) -> Vec<u8> {
    [&text[..at], text.get(at + 1..).unwrap_or_default()].concat()
}

fn inserted(text: &[u8], at: usize, part: &[u8]) -> Vec<u8> {
    [&text[..at], part, &text[at..]].concat()
}

fn without_trailing_commas(text: &[u8]) -> Vec<u8> {
    let mut kept: Vec<u8> = Vec::with_capacity(text.len());
    for &byte in text {
        if b"}]".contains(&byte) {
            let end = kept.trim_ascii_end().len();
            if kept[..end].ends_with(b",") {
                kept.remove(end - 1);
            }
        }
        kept.push(byte);
    }
    kept
}

/// `{Statement:` with its quotes, for the keys of a policy.
fn with_quoted_keys(text: &[u8]) -> Vec<u8> {
    let plain = replaced(text, "'", "\"");
    let names = ["Statement", "Resource", "Condition", "DateLessThan", "DateGreaterThan", "IpAddress"];
    names.into_iter().fold(plain, |text, name| {
        ["{", ","].into_iter().fold(text, |text, before| {
            replaced(&text, &format!("{before}{name}:"), &format!("{before}\"{name}\":"))
        })
    })
}

/// What languages write for a variable without a value.
const UNSET: [&str; 8] = ["NaN", "undefined", "None", "nil", "Infinity", "-Infinity", "Null", "NULL"];
/// Characters on either side of the place.
const CONTEXT: usize = 36;
/// `"AWS:EpochTime": `, to tell what a value belongs to.
const MAX_KEY_LEN: usize = 16;
const MAX_CLOSERS: usize = 12;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = r#"{"Statement":[{"Resource":"https://a.example/*","Condition":{"DateLessThan":{"AWS:EpochTime":1790003600}}}]}"#;

    #[test]
    fn each_fault_is_named_with_its_place() {
        for (text, mistake, word, is_certain) in [
            (GOOD.replace('"', "'"), "json-syntax", "single quotes", true),
            (GOOD[..GOOD.len() - 1].to_owned(), "json-syntax", "`}` is missing", false),
            (format!("{GOOD}}}"), "json-syntax", "one closing bracket too many", true),
            (GOOD.replace("}}}]}", "}},}]}"), "json-syntax", "a comma before", true),
            (GOOD.replace("1790003600", "NaN"), "unset-time", "`NaN`", true),
            (GOOD.replace("1790003600", "None"), "unset-time", "`None`", true),
            (GOOD.replace("1790003600", ""), "json-syntax", "not", false),
            (GOOD.replace("*\",", "*\""), "json-syntax", "comma", true),
            (GOOD.replace("a.example/*", "a.example/a\\?b"), "json-escaping", "backslash", true),
            (format!("\u{feff}{GOOD}"), "json-bom", "byte order mark", true),
            (GOOD.replace('"', "\u{201c}"), "json-syntax", "typographic", true),
            (GOOD.replace("\"Statement\"", "Statement"), "json-syntax", "not in quotes", true),
            (GOOD.replace("*\"", "*\n\""), "json-syntax", "line end", true),
            (format!("{GOOD} x"), "json-syntax", "follows", true),
            (GOOD.replace('{', "%7B").replace('"', "%22"), "policy-percent-encoded", "percent-encoded", true),
            ("hello".to_owned(), "json-syntax", "not expected", false),
            (String::new(), "json-syntax", "empty", true),
        ] {
            let found = fault(text.as_bytes()).unwrap_or_else(|| panic!("{text} is JSON"));
            assert_eq!(
                (found.mistake.as_str(), found.is_certain),
                (mistake, is_certain),
                "{text}: {found:?}"
            );
            assert!(found.what.contains(word), "{text}: {}", found.what);
        }
        assert_eq!(fault(GOOD.as_bytes()), None);
    }

    #[test]
    fn the_caret_stands_below_the_place() {
        let text = GOOD.replace("*\",", "*\"");
        let shown = shown(text.as_bytes(), fault(text.as_bytes()).unwrap().at);
        let (line, caret) = shown.split_once('\n').unwrap();
        assert_eq!(line.chars().nth(caret.chars().count() - 1), Some('"'), "{shown}");
        assert!(
            line.chars().skip(caret.chars().count() - 1).collect::<String>().starts_with("\"Condition\""),
            "{shown}"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_fault_or_are_json(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some(found) = fault(&text) {
                shown(&text, found.at);
            }
        }

        #[test]
        fn a_policy_that_lost_or_won_a_character_has_a_fault_or_is_json(at in 0usize..100, c in any::<Option<char>>()) {
            let mut text = GOOD.to_owned();
            match c {
                Some(c) => text.insert(at, c),
                None => drop(text.remove(at)),
            }
            if let Some(found) = fault(text.as_bytes()) {
                prop_assert!(!shown(text.as_bytes(), found.at).is_empty());
            }
        }
    }
}
