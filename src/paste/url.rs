//! URLs out of the text around them.

use super::embedded_url::embedded;
use super::known_words::is_understood;

/// A URL in a line.
#[derive(Debug)]
pub(super) struct FoundUrl {
    pub(super) url: String,
    /// What was changed or left out.
    pub(super) notes: Vec<String>,
    /// Text of the line around it that was not understood.
    pub(super) ignored: Vec<String>,
    /// Whether it goes up to the line's end, so that the next line may go on with it.
    pub(super) ends_line: bool,
}

/// The URLs of a line.
pub(super) fn in_line(line: &str) -> Vec<FoundUrl> {
    let (text, undone) = unescaped(&logged(line).unwrap_or_else(|| line.to_owned()));
    let starts: Vec<usize> = starts(&text).take(MAX_URLS).collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let mut found: Vec<FoundUrl> = Vec::new();
    let mut from = 0;
    for (start, end) in starts.iter().copied().zip(ends) {
        let before = &text[from..start];
        let cut = without_surroundings(&text[..start], &text[start..end]);
        let rest_start = start + cut.len();
        let mut notes: Vec<String> = undone.iter().map(|note| (*note).to_owned()).collect();
        let mut url = cut.to_owned();
        let is_markup = text[..start].ends_with(QUOTE)
            || is_in_tag(&text[..start])
            || text[..start].ends_with('>') && text[rest_start..].starts_with('<');
        if url.contains("&amp;") && is_markup {
            url = url.replace("&amp;", "&");
            notes.push("HTML's `&amp;` was read as browsers read it in an attribute".to_owned());
        }
        if let Some(previous) = found.last_mut() {
            surroundings(before, previous);
        }
        from = rest_start;
        if url.len() <= "https://".len() {
            continue;
        }
        let ends_line = text[rest_start..].trim().is_empty();
        let mut one = FoundUrl { url, notes, ignored: Vec::new(), ends_line };
        if found.is_empty() {
            surroundings(before, &mut one);
        }
        found.push(one);
    }
    if let Some(last) = found.last_mut() {
        surroundings(&text[from..], last);
    }
    if found.is_empty() {
        return without_host(&text).into_iter().collect();
    }
    found.into_iter().map(with_embedded).collect()
}

/// `https://media.example.com:443 "GET /x HTTP/1.1" 403`, as Python's urllib3 logs, with path and host joined. The port that a
/// scheme has by itself isn't sent.
fn logged(line: &str) -> Option<String> {
    let (before, rest) = line.split_once("://")?;
    let (host, rest) = rest.split_once(" \"")?;
    let (method, rest) = rest.split_once(' ')?;
    let (path, _) = rest.split_once(" HTTP/")?;
    let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_host = !host.contains(|c: char| c.is_whitespace() || "/?\"'".contains(c));
    let port = if before.ends_with("https") { ":443" } else { ":80" };
    let host = host.strip_suffix(port).unwrap_or(host);
    (is_method && is_host && path.starts_with('/')).then(|| format!("{before}://{host}{path}"))
}

/// A signed link inside of a path without its host, such as `/_next/image?url=…`.
fn without_host(text: &str) -> Option<FoundUrl> {
    let words = text.split(|c: char| c.is_whitespace() || "\"'<>`".contains(c));
    let word = words.filter(|word| word.contains('%') && word.len() <= MAX_WORD).find_map(|word| {
        let word = word.replace("&amp;", "&");
        embedded(&word)
    })?;
    let notes = vec!["the signed link inside of the path was taken: that is what CloudFront gets".to_owned()];
    Some(FoundUrl { url: word, notes, ignored: Vec::new(), ends_line: false })
}

/// Notes the text beside a URL, unless it is understood.
fn surroundings(text: &str, of: &mut FoundUrl) {
    let text = text.trim();
    if text.is_empty() {
        return;
    }
    let note = "the text around the URL was ignored";
    if !of.notes.iter().any(|known| known == note) {
        of.notes.push(note.to_owned());
    }
    if !is_understood(text) {
        of.ignored.push(text.to_owned());
    }
}

/// The signed link inside of a URL that isn't signed itself, such as in `/_next/image?url=…`.
fn with_embedded(found: FoundUrl) -> FoundUrl {
    let Some(inner) = embedded(&found.url) else { return found };
    let mut notes = found.notes;
    notes.push("the signed link inside of the URL was taken: that is what CloudFront gets".to_owned());
    FoundUrl { url: inner, notes, ..found }
}

/// Where URLs begin: at the line's beginning, or behind something that can't be part of one.
fn starts(line: &str) -> impl Iterator<Item = usize> {
    line.match_indices("://").filter_map(move |(at, _)| {
        let before = &line[..at];
        let scheme = ["https", "http"].iter().find_map(|scheme| {
            let start = at.checked_sub(scheme.len())?;
            before.get(start..)?.eq_ignore_ascii_case(scheme).then_some(start)
        })?;
        may_begin(&line[..scheme]).then_some(scheme)
    })
}

/// Whether a URL may begin behind that: one within another one's query is no URL of its own.
fn may_begin(before: &str) -> bool {
    let Some(last) = before.chars().next_back() else { return true };
    // The page that asks, as browsers write it into their messages.
    let words = before.trim_end_matches(['\'', '"', ' ', ':']);
    if before.len() > words.len()
        && ["origin", "referer", "referrer"].iter().any(|word| ends_with(words, word))
    {
        return false;
    }
    if last.is_whitespace() || "\"'`<([{|*,;:_>\u{201c}\u{2018}".contains(last) {
        return true;
    }
    // An attribute without quotes, or a variable.
    let from = before.len().saturating_sub(MAX_NAME);
    let Some(near) = before.get(from..) else { return false };
    let word = near.rsplit(|c: char| c.is_whitespace() || "\"'`<([{|".contains(c)).next().unwrap_or_default();
    last == '=' && !word.contains(['?', '&', '/', '%'])
}

fn ends_with(text: &str, word: &str) -> bool {
    let from = text.len().checked_sub(word.len());
    from.and_then(|from| text.get(from..)).is_some_and(|end| end.eq_ignore_ascii_case(word))
}

/// A quote within an attribute of HTML.
const QUOTE: &str = "&quot;";

fn is_in_tag(before: &str) -> bool {
    before.rfind('<').is_some_and(|open| !before[open..].contains('>') && before.ends_with(['"', '\'', '=']))
}

/// Up to the sign that closes what stands before, else without the words behind it and without what ends a sentence.
fn without_surroundings<'l>(before: &str, rest: &'l str) -> &'l str {
    let text = rest.trim_end();
    let closing = match before.chars().next_back() {
        Some(quote @ ('"' | '\'' | '`')) => Some(quote),
        Some('<') => Some('>'),
        Some('(') => Some(')'),
        Some('[') => Some(']'),
        Some('\u{201c}') => Some('\u{201d}'),
        Some('\u{2018}') => Some('\u{2019}'),
        Some(_) | None => None,
    };
    if let Some(closing) = closing
        && let Some(end) = if closing == '\'' { closing_apostrophe(text) } else { text.find(closing) }
    {
        // Slack's form of a link has its words behind a bar.
        let end = if closing == '>' { text[..end].find('|').unwrap_or(end) } else { end };
        return &text[..end];
    }
    // JSON in an attribute of HTML.
    if before.ends_with(QUOTE)
        && let Some(end) = text.find(QUOTE)
    {
        return &text[..end];
    }
    if before.ends_with('=') && is_in_tag(before) {
        return &text[..text.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(text.len())];
    }
    if before.ends_with('>')
        && let Some(end) = text.find('<')
    {
        return &text[..end];
    }
    let text = &text[..end_of_words(before, text)];
    let text = &text[..end_of_value(text)];
    let is_signed = ["Key-Pair-Id=", "Signature=", "Policy="].iter().any(|name| text.contains(name));
    let ends: &[char] = if is_signed {
        &['.', ',', ';', ':', '!', '?', ')', '>', ']', '}', '"', '\'', '`', '*', '|']
    } else {
        &[',', ';', '>', '"', '`']
    };
    let url = text.trim_end_matches(ends).trim_end();
    // Markdown's emphasis.
    let marks = if before.ends_with("__") { "__" } else { "_" };
    match before.ends_with('_') {
        true => url.strip_suffix(marks).unwrap_or(url),
        false => url,
    }
}

/// Where the last signing parameter's name begins.
fn last_parameter(text: &str) -> Option<usize> {
    let names = ["Key-Pair-Id=", "Signature=", "Policy=", "Expires="].iter();
    let all = names.flat_map(|name| text.match_indices(name).map(|(at, _)| at));
    all.filter(|at| text[..*at].ends_with(['&', '?', ';'])).max()
}

/// Where a URL ends whose last parameter is a signing one: such values hold no comma, quote or bracket, tables and code do.
fn end_of_value(text: &str) -> usize {
    let Some(at) = last_parameter(text) else { return text.len() };
    let value = at + text[at..].find('=').unwrap_or(0) + 1;
    let is_end = |c: char| ",\"'`)]}|<>;\\".contains(c);
    // A quote right behind the sign is a part of the value that was sent.
    let first = text[value..].chars().next().filter(|first| is_end(*first)).map_or(0, char::len_utf8);
    match text[value + first..].find(|c| c == '&' || is_end(c)) {
        Some(end) if first == 0 && !text[value + end..].starts_with('&') => value + end,
        Some(_) | None => text.len(),
    }
}

/// An apostrophe may be part of a URL: one closes that has no letter behind it, or else the last.
fn closing_apostrophe(text: &str) -> Option<usize> {
    let ends = |at: &usize| {
        let next = text[at + 1..].chars().next();
        next.is_none_or(|next| next.is_whitespace() || ",;:)]}>".contains(next))
    };
    text.match_indices('\'').map(|(at, _)| at).find(ends).or_else(|| text.rfind('\''))
}

/// Where a URL ends among words: at white space, unless the URL goes on behind it, as one does that holds a space itself.
fn end_of_words(before: &str, text: &str) -> usize {
    // Up to the last parameter's name, white space is a part of the URL.
    let from = last_parameter(text).unwrap_or(0);
    for (at, blank) in text[from..].char_indices().filter(|(_, c)| c.is_whitespace()).take(MAX_WORDS) {
        let at = from + at;
        let rest = text[at + blank.len_utf8()..].trim_start();
        let word = rest.split_whitespace().next().unwrap_or_default();
        let is_known = word.starts_with(['[', '(', '<', '-', '"', '|']) || is_understood(word);
        if from > 0 || is_known || !before.trim().is_empty() {
            return at;
        }
    }
    text.len()
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

const MAX_URLS: usize = 200;
/// Of an attribute's or a variable's name.
const MAX_NAME: usize = 100;
/// Of a path that may hold a link.
const MAX_WORD: usize = 100_000;
/// Words of a URL with spaces that are looked at.
const MAX_WORDS: usize = 100;
#[cfg(test)]
mod tests {
    use super::*;

    fn urls(line: &str) -> Vec<String> {
        in_line(line).into_iter().map(|found| found.url).collect()
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
            ("GET https://a/x?Key-Pair-Id=K 403 (Forbidden)", "https://a/x?Key-Pair-Id=K"),
            ("https://a/x 403 (Forbidden)", "https://a/x"),
            (
                "DEBUG:urllib3.connectionpool:https://a:443 \"GET /x?b=1 HTTP/1.1\" 403 None",
                "https://a/x?b=1",
            ),
            ("Location: https://a/x?Key-Pair-Id=K [following]", "https://a/x?Key-Pair-Id=K"),
            ("I see https://a/x here", "https://a/x"),
            (
                "https://a/my file.mp4?Expires=1&Key-Pair-Id=K",
                "https://a/my file.mp4?Expires=1&Key-Pair-Id=K",
            ),
            ("https://a/x?Signature=a b&Key-Pair-Id=K", "https://a/x?Signature=a b&Key-Pair-Id=K"),
            ("<img src=https://a/x?Key-Pair-Id=K style=\"x\" />", "https://a/x?Key-Pair-Id=K"),
            ("<a href=\"https://a/x?b=1&amp;Key-Pair-Id=K\">x</a>", "https://a/x?b=1&Key-Pair-Id=K"),
            (
                "<i data-x='{&quot;u&quot;: &quot;https://a/x?b=1&amp;Key-Pair-Id=K&quot;}'></i>",
                "https://a/x?b=1&Key-Pair-Id=K",
            ),
            ("https://a/x?b=1&amp;Key-Pair-Id=K", "https://a/x?b=1&amp;Key-Pair-Id=K"),
            ("url=https://a/x", "https://a/x"),
            ("7,https://a/x?Expires=1&Key-Pair-Id=K,403", "https://a/x?Expires=1&Key-Pair-Id=K"),
            ("<BaseURL>https://a/x?b=1&amp;Key-Pair-Id=K</BaseURL>", "https://a/x?b=1&Key-Pair-Id=K"),
            ("https://a/x?Key-Pair-Id=K&b=1,2", "https://a/x?Key-Pair-Id=K&b=1,2"),
            ("https://a/x?Signature=\"b\"&Key-Pair-Id=\"K\"", "https://a/x?Signature=\"b\"&Key-Pair-Id=\"K"),
            ("__https://a/x?Signature=b__&Key-Pair-Id=K__", "https://a/x?Signature=b__&Key-Pair-Id=K"),
            ("**https://a/x?Key-Pair-Id=K**", "https://a/x?Key-Pair-Id=K"),
            (
                "https://b/_next/image?url=https%3A%2F%2Fa%2Fx%3FKey-Pair-Id%3DK&w=6",
                "https://a/x?Key-Pair-Id=K",
            ),
            (
                "https://b/i?u=https%253A%252F%252Fa%252Fx%253FKey-Pair-Id%253DK&w=6",
                "https://a/x?Key-Pair-Id=K",
            ),
            ("https://b/unsafe/https%3A%2F%2Fa%2Fx%3FKey-Pair-Id%3DK", "https://a/x?Key-Pair-Id=K"),
            ("https://b/?u=https://a/x%3FKey-Pair-Id%3DK", "https://a/x?Key-Pair-Id=K"),
        ] {
            assert_eq!(urls(line), [url], "{line}");
        }
        let ignored =
            |line: &str| in_line(line).into_iter().flat_map(|found| found.ignored).collect::<Vec<_>>();
        assert_eq!(ignored("GET https://a/x 403 (Forbidden)"), [""; 0]);
        assert_eq!(ignored("<img src=https://a/x style=\"x\">"), [""; 0]);
        assert_eq!(ignored("mywget --header 'Cookie: c=1' https://a/x"), ["mywget --header 'Cookie: c=1'"]);
        assert_eq!(urls("https://a/x https://b/y"), ["https://a/x", "https://b/y"]);
        for line in ["", "a/x", "ftp://a/x", "://", "xhttps:/"] {
            assert_eq!(urls(line), [""; 0], "{line}");
        }
    }

    #[test]
    fn what_was_taken_away_is_said() {
        let notes = |line: &str| in_line(line).remove(0).notes.len();
        assert_eq!((notes("https://a/x"), notes("\"https://a/x\""), notes("https:\\/\\/a")), (0, 1, 1));
    }
}
