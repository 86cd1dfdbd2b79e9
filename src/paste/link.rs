//! A link that is to be explained, wherever it was found, and whom it is given to.

use std::net::IpAddr;
use std::ops::ControlFlow;

use http::Method;

use super::browser_cookie::BrowserCookie;
use super::embedded_url;
use crate::access::Framing;
use crate::config::Fault;
use crate::epoch::EpochSeconds;
use crate::explain::Surroundings;

/// A URL as it was asked for, with what is known of the request beside it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Link {
    /// Where it was found, such as `line 3 of access.log`.
    pub(crate) place: String,
    /// The URL.
    pub(crate) url: String,
    /// Whether path and query are the bytes that were sent, so that nothing is encoded any more.
    pub(crate) is_as_sent: bool,
    /// The values of its Cookie header fields.
    pub(crate) cookies: Vec<String>,
    /// Cookies as a browser has them, which sends those whose attributes fit.
    pub(super) stored: Vec<BrowserCookie>,
    /// Whether there may have been cookies that the text leaves out.
    pub(crate) hides_cookies: bool,
    /// Whether there is a policy without a signature.
    pub(super) is_policy_alone: bool,
    /// The method, where it was told.
    pub(crate) method: Option<Method>,
    /// The Host header, where it isn't the URL's.
    pub(crate) host: Option<String>,
    /// Whether a browser asked whether it may ask.
    pub(crate) is_preflight: bool,
    /// The size of its head, and whether it has a body, as far as the text shows them.
    pub(crate) framing: Framing,
    /// When it was asked.
    pub(crate) at: Option<EpochSeconds>,
    /// By whom.
    pub(crate) address: Option<IpAddr>,
    /// What the viewer got.
    pub(crate) status: Option<u16>,
    /// What is known beside the request.
    pub(crate) surroundings: Surroundings,
    /// What was changed, left out or noticed.
    pub(crate) notes: Vec<String>,
}

impl Link {
    pub(crate) fn found_at(place: impl Into<String>, url: impl Into<String>) -> Self {
        Self { place: place.into(), url: url.into(), ..Self::default() }
    }

    /// Notes text around the link that was not understood, without what may be a part of a key or a signature.
    pub(super) fn ignore(&mut self, text: &str) {
        let text: String = text.trim().chars().take(MAX_IGNORED_CHARS).collect();
        let text = super::known_words::without_secrets(&text);
        let ignored = &mut self.surroundings.ignored;
        if !text.is_empty() && ignored.len() < MAX_IGNORED && ignored.last() != Some(&text) {
            ignored.push(text);
        }
    }

    /// Whether the URL has signing parameters, or cookies are known.
    pub(super) fn has_credentials(&self) -> bool {
        embedded_url::is_signed(&self.url)
            || !self.stored.is_empty()
            || self.cookies.iter().any(|field| field.contains("CloudFront-Signature"))
    }
}

/// Something that can't be read: place, found, expected, remedy.
pub(crate) type Problem = Box<Fault>;

/// A problem in a text of that name; line 0 where the text as a whole is meant.
pub(crate) fn problem(name: &str, line: usize, message: impl Into<String>) -> Fault {
    Fault::of_file(name, message).on(line, usize::from(line > 0))
}

/// Takes links one by one, so that a file of any length needs no memory.
pub(crate) trait LinkSink {
    /// A link. Breaks where nothing more can be taken.
    fn link(&mut self, link: Link) -> ControlFlow<()>;
    /// What can't be read; the rest may still be.
    fn problem(&mut self, problem: Problem);
    /// What was recognised.
    fn note(&mut self, note: &str);
}

/// The first characters of something that isn't what was expected, fit for a terminal.
pub(crate) fn beginning(text: &str) -> String {
    let shown: String = text.chars().take(MAX_SHOWN).flat_map(char::escape_debug).collect();
    let shown = super::known_words::without_secrets(&shown);
    let more = if text.chars().nth(MAX_SHOWN).is_some() { "…" } else { "" };
    format!("`{}{more}`", crate::redact::redacted(&shown))
}

const MAX_SHOWN: usize = 60;
/// Texts that are kept of what was not understood, for each link.
pub(super) const MAX_IGNORED: usize = 8;
pub(super) const MAX_IGNORED_CHARS: usize = 2_000;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Keeps what it is given.
    #[derive(Debug, Default)]
    pub(crate) struct Kept {
        pub(crate) links: Vec<Link>,
        pub(crate) problems: Vec<String>,
        pub(crate) notes: Vec<String>,
    }

    impl LinkSink for Kept {
        fn link(&mut self, link: Link) -> ControlFlow<()> {
            self.links.push(link);
            ControlFlow::Continue(())
        }

        fn problem(&mut self, problem: Problem) {
            self.problems.push(problem.to_string());
        }

        fn note(&mut self, note: &str) {
            self.notes.push(note.to_owned());
        }
    }

    #[test]
    fn what_is_shown_of_a_text_is_short_and_steers_no_terminal() {
        assert_eq!(beginning("a\u{1b}b"), "`a\\u{1b}b`");
        assert!(beginning(&"x".repeat(1000)).chars().count() < 70);
    }
}
