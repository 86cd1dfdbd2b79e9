//! Puts links together from parts: cookies belong to the URL before them, or else to the one behind, and text that was not
//! understood belongs to both.

use std::ops::ControlFlow;

use super::browser_cookie::BrowserCookie;
use super::cookies::url_of;
use super::known_words::without_secrets;
use super::link::{Link, LinkSink, MAX_IGNORED, MAX_IGNORED_CHARS, problem};

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    /// For cookies that come alone.
    given: Option<String>,
    open: Option<Link>,
    waiting: PendingCookies,
    /// Not understood since the last URL.
    ignored: Vec<String>,
    /// The host whose response comes next, and so sets cookies.
    pub(super) responding_host: Option<String>,
}

/// Cookies that have no URL yet.
#[derive(Debug, Default)]
struct PendingCookies {
    place: Option<(String, usize)>,
    fields: Vec<String>,
    stored: Vec<BrowserCookie>,
    /// There is nothing but a policy.
    is_policy_alone: bool,
}

impl Assembly {
    /// `given` is the URL of cookies that come alone.
    pub(super) fn new(given: Option<&str>) -> Self {
        Self { given: given.map(str::to_owned), ..Self::default() }
    }

    /// A whole request; the one before is complete. Breaks where the sink takes no more.
    pub(super) fn link(&mut self, mut link: Link, sink: &mut dyn LinkSink) -> ControlFlow<()> {
        if let Some(open) = self.open.take() {
            sink.link(open)?;
        }
        let waiting = std::mem::take(&mut self.waiting);
        link.cookies.extend(waiting.fields);
        link.stored.extend(waiting.stored);
        link.is_policy_alone |= waiting.is_policy_alone;
        link.surroundings.ignored.append(&mut self.ignored);
        self.open = Some(link);
        ControlFlow::Continue(())
    }

    /// The link that goes on.
    pub(super) fn open(&mut self) -> Option<&mut Link> {
        self.open.as_mut()
    }

    /// The value of a `Cookie` header.
    pub(super) fn cookies(&mut self, name: &str, line: usize, field: String) {
        match self.link_or_wait(name, line) {
            Ok(link) => link.cookies.push(field),
            Err(waiting) => waiting.fields.push(field),
        }
    }

    /// Cookies as a browser has them, with their attributes.
    pub(super) fn stored(&mut self, name: &str, line: usize, mut stored: Vec<BrowserCookie>) {
        for cookie in &mut stored {
            cookie.set_by.clone_from(&self.responding_host);
        }
        match self.link_or_wait(name, line) {
            Ok(link) => link.stored.extend(stored),
            Err(waiting) => waiting.stored.extend(stored),
        }
    }

    /// A policy without a signature, as a cookie or parameter has it.
    pub(super) fn policy_alone(&mut self, name: &str, line: usize, encoded: &str) {
        let field = format!("CloudFront-Policy={encoded}");
        match self.link_or_wait(name, line) {
            Ok(link) => {
                link.cookies.push(field);
                link.is_policy_alone = !link.has_credentials();
            }
            Err(waiting) => {
                waiting.is_policy_alone = waiting.fields.is_empty() && waiting.stored.is_empty();
                waiting.fields.push(field);
            }
        }
    }

    fn link_or_wait(&mut self, name: &str, line: usize) -> Result<&mut Link, &mut PendingCookies> {
        if let Some(given) = &self.given
            && self.open.is_none()
        {
            let mut link = Link::found_at(super::place::place(name, line), given.clone());
            link.surroundings.ignored.append(&mut self.ignored);
            self.open = Some(link);
        }
        match &mut self.open {
            Some(open) => Ok(open),
            None => {
                self.waiting.place.get_or_insert_with(|| (name.to_owned(), line));
                Err(&mut self.waiting)
            }
        }
    }

    /// Text that was not understood.
    pub(super) fn ignore(&mut self, text: &str) {
        let text: String = text.trim().chars().take(MAX_IGNORED_CHARS).collect();
        let text = without_secrets(&text);
        if text.is_empty() || text == "…" && self.ignored.last().is_some_and(|last| last == "…") {
            return;
        }
        if let Some(open) = &mut self.open {
            open.ignore(&text);
        }
        if self.ignored.len() < MAX_IGNORED {
            self.ignored.push(text);
        }
    }

    /// Reports what had to wait. Breaks where the sink takes no more.
    pub(super) fn finish(self, sink: &mut dyn LinkSink) -> ControlFlow<()> {
        if let Some(open) = self.open {
            return sink.link(open);
        }
        if let Some((name, line)) = self.waiting.place {
            let PendingCookies { fields, stored, is_policy_alone, .. } = self.waiting;
            let pairs = stored.iter().map(BrowserCookie::pair);
            let all: Vec<String> = fields.iter().cloned().chain(pairs).collect();
            match url_of(&all, is_policy_alone) {
                Ok((url, note)) => {
                    let place = super::place::place(&name, line);
                    let mut link =
                        Link { cookies: fields, stored, is_policy_alone, ..Link::found_at(place, url) };
                    link.notes.push(note);
                    link.surroundings.ignored = self.ignored;
                    sink.link(link)?;
                }
                Err(message) => sink.problem(Box::new(
                    problem(&name, line, format!("cookies without a URL: {message}"))
                        .expected("the URL that they are to open")
                        .help("--url URL, or the URL on the line before"),
                )),
            }
        } else if let Some(url) = self.given {
            let mut link = Link::found_at("--url", url);
            link.surroundings.ignored = self.ignored;
            sink.link(link)?;
        }
        ControlFlow::Continue(())
    }
}
