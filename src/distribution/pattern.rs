//! Wildcards: `*` is any run of characters, `?` exactly one. Used by path patterns and by a policy's Resource.

use std::fmt;
use std::str::FromStr;

use crate::viewer::path::normalise_escapes;

/// One character of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Literal(u8),
    One,
    Many,
}

impl Token {
    fn of(byte: u8) -> Self {
        match byte {
            b'*' => Self::Many,
            b'?' => Self::One,
            literal => Self::Literal(literal),
        }
    }
}

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
        pattern => fits(pattern.len(), |at| Token::of(pattern[at]), text, equal, MAX_STEPS),
    }
}

/// The usual walk with one point of return: at a mismatch, the last `*` takes one byte more. A walk of more than
/// `max_steps` fits nothing.
fn fits(
    len: usize,
    token: impl Fn(usize) -> Token,
    text: &[u8],
    equal: impl Fn(u8, u8) -> bool,
    max_steps: usize,
) -> bool {
    let (mut at, mut seen, mut steps) = (0, 0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while seen < text.len() {
        steps += 1;
        if steps > max_steps {
            return false;
        }
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
/// Source: semantics 9.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    text: String,
    /// With its slash, and normalised as paths are.
    normalised: String,
    /// With every escape decoded to the byte that it stands for.
    decoded: Vec<Token>,
    is_plain: bool,
}

impl PathPattern {
    /// Whether a normalised path, which begins with `/`, fits.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        let pattern = self.normalised.as_bytes();
        // At most 255 characters against 8 KiB: no limit, since what fits no pattern may be public.
        fits(pattern.len(), |at| Token::of(pattern[at]), path.as_bytes(), |a, b| a == b, usize::MAX)
    }

    /// Whether a path with every escape decoded fits.
    #[must_use]
    pub fn matches_decoded(&self, path: &[u8]) -> bool {
        fits(self.decoded.len(), |at| self.decoded[at], path, |a, b| a == b, usize::MAX)
    }

    /// Whether it is written without escapes, so that both ways of matching are one.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// What [`PathPattern::matches`] compares.
    pub(super) fn tokens(&self) -> Vec<Token> {
        self.normalised.bytes().map(Token::of).collect()
    }

    /// What [`PathPattern::matches_decoded`] compares.
    pub(super) fn decoded_tokens(&self) -> Vec<Token> {
        self.decoded.clone()
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
        let decoded = decoded_tokens(&normalised);
        Ok(Self { text: text.to_owned(), is_plain: !text.contains('%'), normalised, decoded })
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
fn decoded_tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(pattern.len());
    let mut rest = pattern.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok()));
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

/// What a path pattern may hold beside letters and digits (semantics 9.1), with the wildcard `?` and with `%` for
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
            assert_eq!(parsed.matches_decoded(path.as_bytes()), fits, "{pattern} on {path}");
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
