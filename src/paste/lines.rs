//! A pasted text, line by line: URLs, cookies, and blocks of several lines.

use std::ops::ControlFlow;

use super::assembly::Assembly;
use super::blocks::{Block, BlockProgress};
use super::cookies::{self, CookieLine};
use super::input::{TextLine, TextLines};
use super::jar::Jar;
use super::link::{Link, LinkSink};
use super::noise::{self, Noise};
use super::place::{MAX_URL, place, too_long};
use super::{continuation, policy_text, shape, standard_log, url};

/// What was read so far, of all texts.
#[derive(Debug, Default)]
pub(super) struct PastedLines {
    pub(super) assembly: Assembly,
}

/// What is known of the text that is being read.
pub(super) struct Reading<'t> {
    pub(super) name: &'t str,
    pub(super) assembly: &'t mut Assembly,
    pub(super) sink: &'t mut dyn LinkSink,
    /// Cookies of variables in code.
    pub(super) jar: Jar,
    /// Links, cookies and policies that were found.
    pub(super) recognised: usize,
    /// The first line that was not understood, or else the first one.
    unknown: Option<TextLine>,
    first: Option<TextLine>,
    /// How long the last line was, whose URL may go on.
    wrapped_at: Option<usize>,
    pub(super) noise: Noise,
    /// Whether the last head was curl's trace of one.
    pub(super) is_traced: bool,
}

impl PastedLines {
    pub(super) fn new(given: Option<&str>) -> Self {
        Self { assembly: Assembly::new(given) }
    }

    /// Reads a text to its end.
    pub(super) fn read(&mut self, mut lines: TextLines, sink: &mut dyn LinkSink) -> ControlFlow<()> {
        let name = lines.name().to_owned();
        let mut reading = Reading::new(&name, &mut self.assembly, sink);
        let mut block: Option<Block> = None;
        while let Some(mut line) = lines.next_or_tell(reading.sink) {
            without_invisible(&mut line.text);
            if line.is_lossy {
                let place = place(&name, line.number);
                reading.sink.note(&format!("{place}: bytes that are not UTF-8 were replaced by `\u{fffd}`"));
            }
            if reading.first.is_none() && !line.text.trim().is_empty() {
                reading.first = Some(line.clone());
            }
            block = reading.take(block, line)?;
        }
        if let Some(block) = block {
            reading.end(block)?;
        }
        reading.finish();
        ControlFlow::Continue(())
    }

    /// Reports what had to wait. Breaks where the sink takes no more.
    pub(super) fn finish(self, sink: &mut dyn LinkSink) -> ControlFlow<()> {
        self.assembly.finish(sink)
    }
}

impl<'t> Reading<'t> {
    fn new(name: &'t str, assembly: &'t mut Assembly, sink: &'t mut dyn LinkSink) -> Self {
        Self {
            name,
            assembly,
            sink,
            jar: Jar::default(),
            recognised: 0,
            unknown: None,
            first: None,
            wrapped_at: None,
            noise: Noise::default(),
            is_traced: false,
        }
    }

    /// A line, with the block before it; the block that goes on.
    fn take(&mut self, block: Option<Block>, line: TextLine) -> ControlFlow<(), Option<Block>> {
        let mut block = match block {
            Some(mut block) => match block.push(&line.text) {
                BlockProgress::GoesOn => return ControlFlow::Continue(Some(block)),
                BlockProgress::Complete => {
                    self.complete(block)?;
                    return ControlFlow::Continue(None);
                }
                BlockProgress::CompleteBefore => {
                    self.complete(block)?;
                    None
                }
                BlockProgress::TooLong => {
                    self.too_long(block)?;
                    return ControlFlow::Continue(None);
                }
            },
            None => None,
        };
        if continuation::is_open(self.assembly, self.wrapped_at) && self.goes_on(&line) {
            return ControlFlow::Continue(None);
        }
        if self.noise.awaits_value() {
            self.line(&line)?;
            return ControlFlow::Continue(None);
        }
        block = block.or_else(|| Block::begin(&line.text, line.number));
        match block {
            Some(head @ Block::Head(_)) => ControlFlow::Continue(Some(head)),
            Some(mut block) => match block.push(&line.text) {
                BlockProgress::GoesOn => ControlFlow::Continue(Some(block)),
                BlockProgress::Complete | BlockProgress::CompleteBefore => {
                    self.complete(block)?;
                    ControlFlow::Continue(None)
                }
                BlockProgress::TooLong => {
                    self.too_long(block)?;
                    ControlFlow::Continue(None)
                }
            },
            None => {
                self.line(&line)?;
                ControlFlow::Continue(None)
            }
        }
    }

    /// A line that is no part of a block.
    fn line(&mut self, line: &TextLine) -> ControlFlow<()> {
        let text = line.text.trim();
        self.wrapped_at = None;
        if text.is_empty() {
            return ControlFlow::Continue(());
        }
        if text.starts_with('#') && !text.starts_with("#HttpOnly_") && !text.contains("URI=\"") {
            self.unknown.get_or_insert_with(|| line.clone());
            return ControlFlow::Continue(());
        }
        if let Some(found) = cookies::in_line(text) {
            self.cookies(line.number, found);
            return ControlFlow::Continue(());
        }
        if self.noise.labels_cookies() {
            self.cookies(line.number, CookieLine::Sent(text.to_owned()));
            self.noise.take(text);
            return ControlFlow::Continue(());
        }
        if let Some(record) = standard_log::lone_line(text) {
            return self.log_record(record, line.number);
        }
        let found = if noise::is_trace(text) { Vec::new() } else { url::in_line(text) };
        if !found.is_empty() {
            return self.urls(line, found);
        }
        if self.assembly.open().is_some_and(|open| continuation::parameter(open, text)) {
            return ControlFlow::Continue(());
        }
        if let Some(encoded) = policy_text::encoded(text) {
            self.policy(line.number, &encoded);
        } else if self.noise.take(text) {
            noise::note(text, self.assembly);
            self.unknown.get_or_insert_with(|| line.clone());
        } else {
            self.ignore(line);
        }
        ControlFlow::Continue(())
    }

    fn urls(&mut self, line: &TextLine, found: Vec<url::FoundUrl>) -> ControlFlow<()> {
        for one in found {
            if one.url.len() > MAX_URL {
                self.sink.problem(too_long(self.name, line.number, one.url.len()));
                continue;
            }
            self.wrapped_at = one.ends_line.then(|| line.text.trim_end().len());
            let mut link =
                Link { notes: one.notes, ..Link::found_at(place(self.name, line.number), one.url) };
            link.cookies.extend(one.ignored.iter().filter_map(|text| cookies::within(text)));
            self.link(link)?;
            for text in &one.ignored {
                self.assembly.ignore(text);
            }
        }
        ControlFlow::Continue(())
    }

    pub(super) fn link(&mut self, link: Link) -> ControlFlow<()> {
        self.recognised += 1;
        self.assembly.link(link, self.sink)
    }

    /// Text that goes on with the URL before it.
    fn goes_on(&mut self, line: &TextLine) -> bool {
        let Some(open) = self.assembly.open() else { return false };
        let went_on = continuation::append(open, line.text.trim(), &mut self.wrapped_at);
        if open.url.len() > MAX_URL {
            // A URL of that length isn't one, and the message about it names its length.
            self.wrapped_at = None;
        }
        went_on
    }

    pub(super) fn cookies(&mut self, line: usize, found: CookieLine) {
        self.recognised += 1;
        self.sink.note(&format!("{}: cookies", place(self.name, line)));
        match found {
            CookieLine::Sent(field) => self.assembly.cookies(self.name, line, field),
            CookieLine::Stored(stored) => self.assembly.stored(self.name, line, stored),
        }
    }

    pub(super) fn policy(&mut self, line: usize, encoded: &str) {
        self.recognised += 1;
        self.sink.note(&format!("{}: a policy", place(self.name, line)));
        self.assembly.policy_alone(self.name, line, encoded);
    }

    fn log_record(&mut self, record: standard_log::LogRecord<'_>, line: usize) -> ControlFlow<()> {
        match record.into_link(place(self.name, line)) {
            Ok(link) => self.link(link),
            Err(missing) => {
                self.recognised += 1;
                self.sink.problem(standard_log::incomplete(self.name, line, missing));
                ControlFlow::Continue(())
            }
        }
    }

    /// TextLines of a block that isn't what its beginning looked like.
    pub(super) fn plain_lines(&mut self, first: usize, text: &str) -> ControlFlow<()> {
        for (at, line) in text.lines().enumerate() {
            let line = TextLine { number: first + at, text: line.to_owned(), is_lossy: false };
            if !(continuation::is_open(self.assembly, self.wrapped_at) && self.goes_on(&line)) {
                self.line(&line)?;
            }
        }
        ControlFlow::Continue(())
    }

    pub(super) fn ignore(&mut self, line: &TextLine) {
        self.unknown.get_or_insert_with(|| line.clone());
        if let Some(field) = cookies::within(&line.text) {
            self.cookies(line.number, CookieLine::Sent(field));
        }
        self.assembly.ignore(&line.text);
    }

    /// Says what the text seems to be where nothing in it could be explained.
    fn finish(self) {
        let Self { name, assembly, sink, jar, recognised, unknown, first, .. } = self;
        for (line, field) in jar.unused() {
            assembly.cookies(name, line, field);
        }
        if recognised == 0
            && let Some(line) = unknown.or(first)
        {
            sink.problem(shape::unrecognised(name, &line));
        }
    }
}

/// Takes off the characters without width that chats and documents put around what is copied from them.
fn without_invisible(text: &mut String) {
    let is_invisible = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}');
    let plain = text.trim_matches(is_invisible);
    if plain.len() < text.len() {
        *text = plain.to_owned();
    }
}
