//! Wildcards: `*` is any run of characters, `?` exactly one. Used by path patterns and by a policy's Resource.

use std::fmt;
use std::str::FromStr;

use crate::viewer::path::normalise_escapes;
use crate::viewer::readings::Escapes;

mod matcher;
mod token;

use matcher::Matcher;
pub(crate) use token::Token;

/// A pattern over bytes in which every `*` and every `?` is a wildcard.
///
/// Bytes, not characters: what is matched is the raw request, in which a non-ASCII character is percent-encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wildcard<'a>(pub &'a str);

impl Wildcard<'_> {
    /// Whether the whole text fits. Letters' case counts.
    #[must_use]
    pub fn matches(self, text: &str) -> bool {
        let (literal, pattern) = self.split();
        let Some(rest) = text.as_bytes().strip_prefix(literal) else { return false };
        fits_from_wildcard(pattern, rest, |a, b| a == b)
    }

    /// Whether the whole text fits when ASCII letters' case doesn't count.
    #[must_use]
    pub fn matches_ignoring_case(self, text: &str) -> bool {
        let (literal, pattern) = self.split();
        let Some((head, rest)) = text.as_bytes().split_at_checked(literal.len()) else { return false };
        head.eq_ignore_ascii_case(literal)
            && fits_from_wildcard(pattern, rest, |a, b| a.eq_ignore_ascii_case(&b))
    }
}

impl<'a> Wildcard<'a> {
    /// Its characters, for a comparison with [`fits_tokens`].
    pub(crate) fn tokens(self) -> Vec<Token> {
        self.0.bytes().map(Token::of).collect()
    }

    /// What stands before the first wildcard, which is compared as a whole, and the rest.
    fn split(self) -> (&'a [u8], &'a [u8]) {
        let pattern = self.0.as_bytes();
        pattern.split_at(memchr::memchr2(b'*', b'?', pattern).unwrap_or(pattern.len()))
    }
}

/// For a pattern that is empty or begins with a wildcard.
fn fits_from_wildcard(pattern: &[u8], text: &[u8], equal: impl Fn(u8, u8) -> bool) -> bool {
    match pattern {
        [] => text.is_empty(),
        b"*" => true,
        pattern => fits(pattern.len(), |at| Token::of(pattern[at]), text, equal, &mut { MAX_STEPS }),
    }
}

/// Whether a text fits, with a budget of steps that several comparisons share. Where it is used up, nothing fits.
pub(crate) fn fits_tokens(tokens: &[Token], text: &[u8], steps: &mut usize) -> bool {
    fits(tokens.len(), |at| tokens[at], text, |a, b| a == b, steps)
}

/// The usual walk with one point of return: at a mismatch, the last `*` takes one byte more. Where no steps are left, the
/// text fits nothing.
fn fits(
    len: usize,
    token: impl Fn(usize) -> Token,
    text: &[u8],
    equal: impl Fn(u8, u8) -> bool,
    steps: &mut usize,
) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while seen < text.len() {
        let Some(left) = steps.checked_sub(1) else { return false };
        *steps = left;
        match (at < len).then(|| token(at)) {
            Some(Token::Many) => {
                retry = Some((at, seen));
                at += 1;
                continue;
            }
            Some(Token::One) => {
                (at, seen) = (at + 1, seen + 1);
                continue;
            }
            Some(Token::Literal(byte)) if equal(byte, text[seen]) => {
                (at, seen) = (at + 1, seen + 1);
                continue;
            }
            Some(Token::Literal(_)) | None => {}
        }
        let Some((star, taken)) = retry else { return false };
        retry = Some((star, taken + 1));
        (at, seen) = (star + 1, taken + 1);
    }
    (at..len).all(|at| token(at) == Token::Many)
}

/// The path pattern of a cache behavior: wildcards, no leading slash needed, letters' case counts.
///
/// Source: cloudfront 9.1.
#[derive(Clone, Debug)]
pub struct PathPattern {
    text: String,
    /// With its slash, and normalised as paths are.
    normalised: String,
    matcher: Matcher,
    /// For paths with decoded escapes; none where it has no escapes, and all are one.
    escaped: Option<Box<Escaped>>,
}

/// A pattern with escapes, for paths whose escapes are decoded.
#[derive(Clone, Debug)]
struct Escaped {
    tokens: Vec<Token>,
    decoded: Matcher,
    decoded_but_slashes: Matcher,
}

impl PartialEq for PathPattern {
    /// All else follows from the text.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for PathPattern {}

impl PathPattern {
    /// Whether a normalised path, which begins with `/`, fits.
    #[must_use]
    pub fn matches(&self, path: impl AsRef<[u8]>) -> bool {
        self.matcher.matches(path.as_ref())
    }

    /// Whether a path fits whose escapes are in that state.
    #[must_use]
    pub fn matches_as(&self, escapes: Escapes, path: &[u8]) -> bool {
        let matcher = match (&self.escaped, escapes) {
            (None, _) | (Some(_), Escapes::Kept) => &self.matcher,
            (Some(escaped), Escapes::Decoded) => &escaped.decoded,
            (Some(escaped), Escapes::DecodedButSlashes) => &escaped.decoded_but_slashes,
        };
        matcher.matches(path)
    }

    /// Whether it is written without escapes, so that all ways of matching are one.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.escaped.is_none()
    }

    /// What [`PathPattern::matches`] compares.
    pub(super) fn tokens(&self) -> Vec<Token> {
        Wildcard(&self.normalised).tokens()
    }

    /// What [`PathPattern::matches_as`] compares with a decoded path.
    pub(super) fn decoded_tokens(&self) -> Vec<Token> {
        self.escaped.as_ref().map_or_else(|| self.tokens(), |escaped| escaped.tokens.clone())
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for PathPattern {
    type Err = InvalidPathPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(InvalidPathPattern::Empty);
        }
        if text.len() > MAX_PATTERN_LEN {
            return Err(InvalidPathPattern::TooLong { len: text.len() });
        }
        if let Some(found) =
            text.chars().find(|&c| !PATTERN_CHARACTERS.contains(c) && !c.is_ascii_alphanumeric())
        {
            return Err(InvalidPathPattern::Character { found });
        }
        let anywhere = text.starts_with(['/', '*']);
        let rooted = if anywhere { text.to_owned() } else { format!("/{text}") };
        // Paths are matched in normalised form, so `/%7Euser/*` must mean what `/~user/*` means.
        let normalised = normalise_escapes(&rooted);
        if normalised.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err(InvalidPathPattern::DotSegment);
        }
        let matcher = Matcher::new(&Wildcard(&normalised).tokens());
        let escaped = text.contains('%').then(|| {
            let tokens = decoded_tokens(&normalised, |_| true);
            let decoded = Matcher::new(&tokens);
            let decoded_but_slashes = Matcher::new(&decoded_tokens(&normalised, |byte| byte != b'/'));
            Box::new(Escaped { tokens, decoded, decoded_but_slashes })
        });
        Ok(Self { text: text.to_owned(), normalised, matcher, escaped })
    }
}

/// A path pattern that CloudFront would refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPathPattern {
    /// Nothing at all; `*` would be every path.
    #[error("a path pattern can't be empty (`*` is every path)")]
    Empty,
    /// Paths are normalised before they are matched, so no path would ever fit.
    #[error("a path pattern with a segment `.` or `..` matches nothing")]
    DotSegment,
    /// Longer than CloudFront's quota.
    #[error("a path pattern has at most {MAX_PATTERN_LEN} characters, this one has {len}")]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// A character outside CloudFront's list.
    #[error("a path pattern can't contain `{found}` (letters, digits and {PATTERN_CHARACTERS} are allowed)")]
    Character {
        /// The first one.
        found: char,
    },
}

/// An escape is the byte that it stands for, never a wildcard: `%2A` is a star.
fn decoded_tokens(pattern: &str, decodes: impl Fn(u8) -> bool) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(pattern.len());
    let mut rest = pattern.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok()))
            .filter(|byte| decodes(*byte));
        match escaped {
            Some(byte) => {
                tokens.push(Token::Literal(byte));
                rest = &after[2..];
            }
            None => {
                tokens.push(Token::of(byte));
                rest = after;
            }
        }
    }
    tokens
}

/// For a policy's Resource, which whoever signs may have made of a user's text: a URL of 8 KiB against a pattern of sixty
/// characters between two stars.
const MAX_STEPS: usize = 500_000;
/// CloudFront's own quota for a path pattern; longer ones are refused when the configuration loads.
const MAX_PATTERN_LEN: usize = 255;

/// What a path pattern may hold beside letters and digits (cloudfront 9.1), with the wildcard `?` and with `%` for
/// percent-encoded bytes, without which a path of other characters couldn't be named.
const PATTERN_CHARACTERS: &str = "_-.*$/~\"'@:+&?%";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => {
                naive(rest, text) || text.split_first().is_some_and(|(_, t)| naive(pattern, t))
            }
            (Some((b'?', rest)), Some((_, text))) => naive(rest, text),
            (Some((a, rest)), Some((b, text))) => a == b && naive(rest, text),
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    proptest! {
        #[test]
        fn a_wildcard_agrees_with_the_naive_matcher(pattern in "[ab*?]{0,10}", text in "[ab]{0,12}") {
            prop_assert_eq!(
                Wildcard(&pattern).matches(&text),
                naive(pattern.as_bytes(), text.as_bytes())
            );
        }

        #[test]
        fn a_path_pattern_agrees_with_the_naive_matcher(
            pattern in "[/*][ab*?]{0,12}",
            text in "/[ab]{0,14}",
            more in "[ab]{0,80}[ab?]{60,70}",
        ) {
            let fits = |pattern: &str, text: &str| pattern.parse::<PathPattern>().unwrap().matches(text);
            prop_assert_eq!(fits(&pattern, &text), naive(pattern.as_bytes(), text.as_bytes()));
            // A piece with `?` that is longer than a word of bits.
            let (pattern, text) = (format!("*{more}*"), format!("/{text}{}b", more.replace('?', "a")));
            prop_assert!(fits(&pattern, &text));
            prop_assert_eq!(fits(&format!("*{more}a"), &text), false);
        }

        #[test]
        fn every_text_matches_itself_made_literal(text in "[^*?]{0,40}") {
            prop_assert!(Wildcard(&text).matches(&text));
        }
    }

    #[test]
    fn path_patterns_match_as_cloudfront_documents() {
        for (pattern, path, fits) in [
            ("*", "/anything/at/all", true),
            ("/images/*.jpg", "/images/a/b.jpg", true),
            ("images/*.jpg", "/images/a.jpg", true),
            ("/images/*.jpg", "/images/a.JPG", false),
            ("*.jpg", "/deep/er/a.jpg", true),
            ("/a?c", "/abc", true),
            ("/a?c", "/ac", false),
            ("/public/*", "/public", false),
            ("/exact", "/exact", true),
            ("/exact", "/exact/", false),
        ] {
            let parsed: PathPattern = pattern.parse().unwrap();
            assert_eq!(parsed.matches(path), fits, "{pattern} on {path}");
        }
    }

    #[test]
    fn a_decoded_path_fits_every_spelling_of_a_pattern() {
        for (pattern, path, fits) in [
            ("/team@x/*", "/team@x/s", true),
            ("/team%40x/*", "/team@x/s", true),
            ("/a+b/*", "/a+b/s", true),
            ("/caf%C3%A9/*", "/café/s", true),
            ("/a%2A/x", "/a*/x", true),
            ("/a%2A/x", "/ab/x", false),
        ] {
            let parsed: PathPattern = pattern.parse().unwrap();
            assert_eq!(parsed.matches_as(Escapes::Decoded, path.as_bytes()), fits, "{pattern} on {path}");
        }
    }

    #[test]
    fn a_pattern_that_cloudfront_refuses_is_refused() {
        assert_eq!("/a/%2e%2E/b".parse::<PathPattern>(), Err(InvalidPathPattern::DotSegment));
        assert_eq!("".parse::<PathPattern>(), Err(InvalidPathPattern::Empty));
        assert_eq!("a".repeat(256).parse::<PathPattern>(), Err(InvalidPathPattern::TooLong { len: 256 }));
        assert_eq!("/a b".parse::<PathPattern>(), Err(InvalidPathPattern::Character { found: ' ' }));
        assert_eq!("/ä".parse::<PathPattern>(), Err(InvalidPathPattern::Character { found: 'ä' }));
    }
}
