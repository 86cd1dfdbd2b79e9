//! URLs out of the text around them.

/// The URLs of a line, each with what was taken away from it.
pub(super) fn in_line(line: &str) -> Vec<(String, Vec<String>)> {
    let unescaped = unescaped(line);
    let starts: Vec<usize> = starts(&unescaped.0).collect();
    let ends = starts.iter().skip(1).copied().chain([unescaped.0.len()]);
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for (number, (start, end)) in starts.iter().copied().zip(ends).enumerate() {
        let before = &unescaped.0[..start];
        let (url, is_cut) = without_surroundings(before, &unescaped.0[start..end]);
        if url.is_empty() {
            continue;
        }
        let mut notes: Vec<String> = unescaped.1.iter().map(|note| (*note).to_owned()).collect();
        if is_cut || (number == 0 && !before.trim().is_empty()) {
            notes.push("what stood around the URL was left out".to_owned());
        }
        found.push((url.to_owned(), notes));
    }
    found
}

/// Where URLs begin: at the line's beginning, or behind something that can't be part of one.
fn starts(line: &str) -> impl Iterator<Item = usize> {
    let schemes = ["http://", "https://"];
    line.match_indices("://").filter_map(move |(at, _)| {
        let before = &line[..at];
        let scheme = schemes.iter().map(|scheme| scheme.len() - "://".len()).find_map(|len| {
            let start = at.checked_sub(len)?;
            let name = before.get(start..)?;
            (name.eq_ignore_ascii_case("http") || name.eq_ignore_ascii_case("https")).then_some(start)
        })?;
        let last = line[..scheme].chars().next_back();
        // A URL within another one's query is no URL of its own.
        last.is_none_or(|last| last.is_whitespace() || "\"'`<([{|*,;:".contains(last)).then_some(scheme)
    })
}

/// Up to the sign that closes what stands before, else without what ends a sentence.
fn without_surroundings<'l>(before: &str, rest: &'l str) -> (&'l str, bool) {
    let opened = before.chars().next_back();
    let closing = match opened {
        Some('"') => Some('"'),
        Some('\'') => Some('\''),
        Some('`') => Some('`'),
        Some('<') => Some('>'),
        Some('(') => Some(')'),
        Some('[') => Some(']'),
        Some(_) | None => None,
    };
    let text = rest.trim_end();
    if let Some(closing) = closing
        // An apostrophe may be part of a URL, so the last one closes.
        && let Some(end) = if closing == '\'' { text.rfind(closing) } else { text.find(closing) }
    {
        return (&text[..end], true);
    }
    let is_signed = ["Key-Pair-Id=", "Signature=", "Policy="].iter().any(|name| text.contains(name));
    let ends: &[char] = if is_signed {
        &['.', ',', ';', ':', '!', ')', '>', ']', '}', '"', '\'', '`']
    } else {
        &[',', ';', '>', '"', '`']
    };
    let url = text.trim_end_matches(ends).trim_end();
    (url, url.len() < text.len())
}

/// Undoes what JSON and Markdown do to URLs.
fn unescaped(line: &str) -> (String, Vec<&'static str>) {
    let mut text = line.to_owned();
    let mut notes = Vec::new();
    if !text.contains('\\') {
        return (text, notes);
    }
    let json = [
        ("\\u0026", "&"),
        ("\\u003d", "="),
        ("\\u003D", "="),
        ("\\u003f", "?"),
        ("\\u003F", "?"),
        ("\\/", "/"),
    ];
    if json.iter().any(|(escape, _)| text.contains(escape)) {
        for (escape, plain) in json {
            text = text.replace(escape, plain);
        }
        notes.push("JSON's escapes were undone (`\\u0026`, `\\/`)");
    }
    let punctuation = |escaped: char| "_~&?=*-#!".contains(escaped);
    if text.match_indices('\\').any(|(at, _)| text[at + 1..].chars().next().is_some_and(punctuation)) {
        let mut plain = String::with_capacity(text.len());
        let mut rest = text.chars().peekable();
        while let Some(character) = rest.next() {
            match rest.peek() {
                Some(next) if character == '\\' && punctuation(*next) => {}
                _ => plain.push(character),
            }
        }
        text = plain;
        notes.push("backslashes that Markdown or a shell put in were taken out");
    }
    (text, notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(line: &str) -> Vec<String> {
        in_line(line).into_iter().map(|(url, _)| url).collect()
    }

    #[test]
    fn a_url_is_found_among_what_surrounds_it() {
        for (line, url) in [
            ("https://a/x", "https://a/x"),
            ("  HTTPS://a/x ", "HTTPS://a/x"),
            ("\"https://a/x?b=1\",", "https://a/x?b=1"),
            ("'https://a/it's'", "https://a/it's"),
            ("<https://a/x>", "https://a/x"),
            ("[video](https://a/x?Key-Pair-Id=K)", "https://a/x?Key-Pair-Id=K"),
            ("see https://a/x?Key-Pair-Id=K.", "https://a/x?Key-Pair-Id=K"),
            ("https://a/x.", "https://a/x."),
            ("\"url\": \"https:\\/\\/a\\/x?b=1\\u0026c=2\"", "https://a/x?b=1&c=2"),
            ("https://a/x\\?Expires\\=1\\&Signature=a\\_b", "https://a/x?Expires=1&Signature=a_b"),
            ("https://a/x?next=https://b/y", "https://a/x?next=https://b/y"),
            ("https://a/x y", "https://a/x y"),
            ("https://a/it's.mp4", "https://a/it's.mp4"),
        ] {
            assert_eq!(urls(line), [url], "{line}");
        }
        assert_eq!(urls("https://a/x https://b/y"), ["https://a/x", "https://b/y"]);
        for line in ["", "a/x", "ftp://a/x", "://", "xhttps:/"] {
            assert_eq!(urls(line), [""; 0], "{line}");
        }
    }

    #[test]
    fn what_was_taken_away_is_said() {
        let notes = |line: &str| in_line(line).remove(0).1.len();
        assert_eq!((notes("https://a/x"), notes("\"https://a/x\""), notes("https:\\/\\/a")), (0, 1, 1));
    }
}
