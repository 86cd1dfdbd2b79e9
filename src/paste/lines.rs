//! Lines of a pasted text: URLs, the cookies that belong to them, and `curl` commands.

use std::ops::ControlFlow;

use super::input::{Line, Lines};
use super::link::{Link, Problem, Sink, beginning, problem};
use super::{cookies, curl, url, words};

/// What was read so far. Cookies belong to the URL before them, or else to the one behind.
#[derive(Debug, Default)]
pub(super) struct PastedLines {
    /// For cookies that come alone.
    given: Option<String>,
    open: Option<Link>,
    waiting: Option<Waiting>,
}

/// Cookies that have no URL yet.
#[derive(Debug)]
struct Waiting {
    name: String,
    line: usize,
    fields: Vec<String>,
}

/// A `curl` command that isn't complete.
struct Command {
    line: usize,
    text: String,
    lines: usize,
}

impl PastedLines {
    pub(super) fn new(given: Option<&str>) -> Self {
        Self { given: given.map(str::to_owned), ..Self::default() }
    }

    /// Reads a text to its end.
    pub(super) fn read(&mut self, mut lines: Lines, sink: &mut dyn Sink) -> ControlFlow<()> {
        let mut command: Option<Command> = None;
        while let Some(line) = lines.next_or_tell(sink) {
            if line.is_lossy {
                sink.note(&format!(
                    "{}: bytes that are no UTF-8 were replaced by `\u{fffd}`",
                    place(lines.name(), line.number)
                ));
            }
            if command.is_some() || begins_curl(&line.text) {
                command = self.command(command.take(), &line, lines.name(), sink)?;
            } else if let Err(problem) = self.line(&line, lines.name(), sink)? {
                sink.problem(problem);
            }
        }
        if let Some(Command { line, .. }) = command {
            let fault = problem(lines.name(), line, "the curl command has no end");
            sink.problem(Box::new(
                fault
                    .found("a quote that isn't closed, or a last line that goes on")
                    .expected("the whole command")
                    .help("copy it once more, to its end"),
            ));
        }
        ControlFlow::Continue(())
    }

    /// A line that is or ends a command; the command where it goes on.
    fn command(
        &mut self,
        before: Option<Command>,
        line: &Line,
        name: &str,
        sink: &mut dyn Sink,
    ) -> ControlFlow<(), Option<Command>> {
        let mut command =
            before.unwrap_or_else(|| Command { line: line.number, text: String::new(), lines: 0 });
        if command.lines > 0 {
            command.text.push('\n');
        }
        command.text.push_str(line.text.trim_end());
        command.lines += 1;
        if command.text.len() > MAX_COMMAND || command.lines > MAX_COMMAND_LINES {
            let fault = problem(name, command.line, "the curl command is too long");
            let found = format!("{} bytes in {} lines, without an end", command.text.len(), command.lines);
            let expected = format!("at most {MAX_COMMAND} bytes in {MAX_COMMAND_LINES} lines");
            sink.problem(Box::new(fault.found(found).expected(expected).help("is a quote never closed?")));
            return ControlFlow::Continue(None);
        }
        if words::goes_on(&command.text) {
            return ControlFlow::Continue(Some(command));
        }
        // A command that was copied with the prompt before it.
        let text = command.text.trim_start().trim_start_matches(['$', '>', '%']).trim_start();
        let Some(words) = words::split(text) else { return ControlFlow::Continue(Some(command)) };
        let place = place(name, command.line);
        sink.note(&format!("{place}: a curl command"));
        match curl::links(&place, &words) {
            Ok(links) => {
                for link in links {
                    self.next(link, sink)?;
                }
                let text = command.text.trim_start();
                if text.starts_with("curl http") && text.contains('&') {
                    sink.note(&format!(
                        "{place}: without quotes around the URL a shell ends it at the first `&`"
                    ));
                }
            }
            Err(message) => sink.problem(Box::new(
                problem(name, command.line, message).expected("https://… among its arguments"),
            )),
        }
        ControlFlow::Continue(None)
    }

    fn line(&mut self, line: &Line, name: &str, sink: &mut dyn Sink) -> ControlFlow<(), Result<(), Problem>> {
        let text = line.text.trim();
        if text.is_empty() || (text.starts_with('#') && !text.starts_with("#HttpOnly_")) {
            return ControlFlow::Continue(Ok(()));
        }
        if let Some(pairs) = cookies::in_line(text) {
            sink.note(&format!("{}: cookies", place(name, line.number)));
            self.cookies(name, line.number, pairs);
            return ControlFlow::Continue(Ok(()));
        }
        let found = url::in_line(text);
        if found.is_empty() {
            return ControlFlow::Continue(
                self.goes_on(text).then_some(()).ok_or_else(|| unrecognised(name, line, text)),
            );
        }
        for (url, notes) in found {
            if url.len() > MAX_URL {
                return ControlFlow::Continue(Err(too_long(name, line.number, url.len())));
            }
            self.next(Link { notes, ..Link::found_at(place(name, line.number), url) }, sink)?;
        }
        ControlFlow::Continue(Ok(()))
    }

    /// A mail that breaks lines breaks URLs.
    fn goes_on(&mut self, text: &str) -> bool {
        let Some(open) = &mut self.open else { return false };
        let is_part = text.len() <= MAX_URL
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_~&=%.*/+?".contains(&byte));
        let misses_a_part = open.url.contains("Signature=") || open.url.contains("Policy=");
        if !is_part || !misses_a_part || open.url.len() > MAX_URL {
            return false;
        }
        open.url.push_str(text);
        open.notes.push("a line break within the URL was taken out".to_owned());
        true
    }

    pub(super) fn cookies(&mut self, name: &str, line: usize, pairs: String) {
        if let Some(given) = &self.given
            && self.open.is_none()
        {
            self.open = Some(Link::found_at(place(name, line), given.clone()));
        }
        if let Some(open) = &mut self.open {
            open.cookies.push(pairs);
            return;
        }
        let waiting =
            self.waiting.get_or_insert_with(|| Waiting { name: name.to_owned(), line, fields: Vec::new() });
        waiting.fields.push(pairs);
    }

    fn next(&mut self, mut link: Link, sink: &mut dyn Sink) -> ControlFlow<()> {
        if let Some(open) = self.open.take() {
            sink.link(open)?;
        }
        link.cookies.extend(self.waiting.take().into_iter().flat_map(|waiting| waiting.fields));
        self.open = Some(link);
        ControlFlow::Continue(())
    }

    /// Gives on what had to wait.
    pub(super) fn finish(self, sink: &mut dyn Sink) -> ControlFlow<()> {
        if let Some(open) = self.open {
            return sink.link(open);
        }
        if let Some(Waiting { name, line, fields }) = self.waiting {
            match cookies::url_of(&fields) {
                Ok(url) => {
                    let place = place(&name, line);
                    let note = format!("no URL was given; judged for the Resource of the policy, {url}");
                    sink.link(Link { cookies: fields, notes: vec![note], ..Link::found_at(place, url) })?;
                }
                Err(message) => sink.problem(Box::new(
                    problem(&name, line, format!("cookies without a URL: {message}"))
                        .expected("the URL that they are to open")
                        .help("--url URL, or the URL on the line before"),
                )),
            }
        } else if let Some(url) = self.given {
            sink.link(Link::found_at("--url", url))?;
        }
        ControlFlow::Continue(())
    }
}

/// `argument 2`, `line 3 of standard input`.
pub(super) fn place(name: &str, line: usize) -> String {
    if name.starts_with("argument") && line <= 1 { name.to_owned() } else { format!("line {line} of {name}") }
}

fn begins_curl(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches(['$', '>', '%']).trim_start();
    let name = line.split_whitespace().next().unwrap_or_default();
    matches!(name, "curl" | "curl.exe") && line.len() > name.len()
}

fn unrecognised(name: &str, line: &Line, text: &str) -> Problem {
    let fault =
        problem(name, line.number, "this is nothing that can be explained").found(beginning(text)).expected(
            "http://… or https://…, cookies (`CloudFront-Policy=…; …`), a curl command, a HAR file, or a log",
        );
    let begins = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
    Box::new(if begins(&["HTTP/", "< HTTP/", "<?xml", "<!DOCTYPE", "<Error"]) {
        fault.help("for a response: --s3-or-cloudfront says whose it is")
    } else if begins(&["Invoke-WebRequest", "$session", "fetch("]) {
        fault.help("choose \"Copy as cURL\" in the browser in place of this form")
    } else {
        fault.help("a URL begins with its scheme: https://")
    })
}

pub(super) fn too_long(name: &str, line: usize, len: usize) -> Problem {
    let fault = problem(name, line, "the URL is too long").found(format!("{len} bytes"));
    let expected =
        format!("at most {MAX_URL} bytes; CloudFront itself takes {}", crate::access::gate::MAX_URL);
    Box::new(fault.expected(expected).help("is it one URL? several belong on lines of their own"))
}

/// Of a URL that is explained, though CloudFront answers 413 from 8,193 bytes on.
pub(super) const MAX_URL: usize = 100_000;
const MAX_COMMAND: usize = 256 << 10;
const MAX_COMMAND_LINES: usize = 1_000;
