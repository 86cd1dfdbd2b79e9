//! The reader of pasted texts, which the command line and the console share: a text in, requests out, with notes of what
//! was recognised and of what was ignored. It reads no file and no clock.

use std::io::Read;
use std::ops::ControlFlow;

mod assembly;
mod block_reading;
mod blocks;
mod browser_cookie;
mod code;
mod command;
mod command_url;
mod continuation;
mod cookie_date;
mod cookie_store;
mod cookies;
mod curl_options;
mod document;
mod embedded_url;
mod events;
mod har;
mod http_message;
mod input;
mod jar;
mod json_limit;
pub(crate) mod known_responses;
mod known_words;
mod lines;
mod link;
mod literals;
mod log_line;
mod noise;
mod place;
mod policy_text;
mod public_suffix;
mod real_time_log;
mod redactions;
mod request;
pub(crate) mod responder;
pub(crate) mod response;
pub(crate) mod response_source;
mod s3_responses;
mod shape;
mod shell_words;
mod standard_log;
#[cfg(test)]
mod tests;
mod tool;
mod url;

pub(crate) use cookies::field_of as cookie_field;
#[cfg(test)]
pub(crate) use link::tests::Kept;
pub(crate) use link::{Link, LinkSink, Problem};
#[cfg(test)]
pub(crate) use standard_log::STANDARD_FIELDS;

use input::{Text, TextForm};
use lines::PastedLines;

/// Reads texts one after another. What one of them leaves open, such as cookies without a URL, the next one may complete.
#[derive(Debug, Default)]
pub(crate) struct PasteReader {
    has_url: bool,
    lines: PastedLines,
}

impl PasteReader {
    /// A reader; `url` is the one that cookies without a URL belong to.
    pub(crate) fn new(url: Option<&str>) -> Self {
        Self { has_url: url.is_some(), lines: PastedLines::new(url) }
    }

    /// Reads a text, which errors call `name`. Breaks where the sink takes no more.
    pub(crate) fn read(
        &mut self,
        name: &str,
        reader: impl Read + 'static,
        sink: &mut dyn LinkSink,
    ) -> ControlFlow<()> {
        let text = match Text::recognise(name, reader) {
            Ok(text) => text,
            Err(problem) => {
                sink.problem(problem);
                return ControlFlow::Continue(());
            }
        };
        match text.form {
            TextForm::Pasted => self.lines.read(text.lines(), sink),
            TextForm::Har => har::read(text, sink),
            form @ (TextForm::Log | TextForm::JsonLog) => standard_log::read(text.lines(), form, sink),
            TextForm::Nothing if self.has_url => ControlFlow::Continue(()),
            TextForm::Nothing => {
                let fault = link::problem(&text.name, 0, "there is nothing to explain");
                sink.problem(Box::new(fault.found("nothing, or white space").expected(input::SOMETHING)));
                ControlFlow::Continue(())
            }
        }
    }

    /// Reports what had to wait for the end. Breaks where the sink takes no more.
    pub(crate) fn finish(self, sink: &mut dyn LinkSink) -> ControlFlow<()> {
        self.lines.finish(sink)
    }
}
