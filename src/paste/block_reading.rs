//! What a block of several lines holds: the requests of commands, code and JSON.

use std::ops::ControlFlow;

use serde_json::Value;

use super::blocks::{Block, BlockLines};
use super::code::{self, Statement};
use super::document::Document;
use super::embedded_url::embedded;
use super::http_message::RequestHead;
use super::lines::Reading;
use super::link::{Link, problem};
use super::place::{MAX_URL, place, too_long};
use super::shell_words;
use super::tool::{self, Tool};

impl Reading<'_> {
    /// A block that is complete.
    pub(super) fn complete(&mut self, block: Block) -> ControlFlow<()> {
        match block {
            Block::Head(head) => self.head(head),
            Block::Command(tool, lines) => self.command(tool, &lines),
            Block::Code(lines, ..) => self.code(&lines),
            Block::Json(lines, _) => self.json(&lines),
        }
    }

    /// A block that the end of the text leaves open.
    pub(super) fn end(&mut self, block: Block) -> ControlFlow<()> {
        let Block::Command(_, lines) = &block else { return self.complete(block) };
        self.recognised += 1;
        let fault = problem(self.name, lines.first, "the command has no end");
        self.sink.problem(Box::new(
            fault
                .found("a quote that isn't closed, or a last line that continues")
                .expected("the whole command")
                .help("copy it once more, to its end"),
        ));
        ControlFlow::Continue(())
    }

    /// A block of which more is there than is read.
    pub(super) fn too_long(&mut self, block: Block) -> ControlFlow<()> {
        let (what, lines) = match block {
            Block::Head(head) => return self.head(head),
            Block::Command(_, lines) => ("the command", lines),
            Block::Code(lines, ..) | Block::Json(lines, _) => ("what a bracket opens", lines),
        };
        self.recognised += 1;
        let fault = problem(self.name, lines.first, format!("{what} is too long"));
        let found = format!("{} bytes in {} lines, without an end", lines.text.len(), lines.count);
        self.sink.problem(Box::new(fault.found(found).help("is a quote or a bracket never closed?")));
        ControlFlow::Continue(())
    }

    /// The request of a head.
    fn head(&mut self, head: RequestHead) -> ControlFlow<()> {
        let line = head.line;
        let follows_trace = std::mem::replace(&mut self.is_traced, head.is_trace);
        match head.into_link(&place(self.name, line), self.noise.is_https()) {
            // The request that was traced before.
            Ok(link) if follows_trace && self.assembly.open().is_some_and(|open| open.url == link.url) => {
                if let Some(open) = self.assembly.open()
                    && open.cookies.is_empty()
                {
                    open.cookies = link.cookies;
                }
                ControlFlow::Continue(())
            }
            Ok(link) => {
                self.sink.note(&format!("{}: the head of a request", place(self.name, line)));
                self.assembly.responding_host = host_of(&link.url);
                self.link(link)
            }
            Err(missing) => {
                self.recognised += 1;
                let fault = problem(self.name, line, format!("the head of the request has no {missing}"));
                self.sink.problem(Box::new(fault.expected("the lines from the first one to the empty line")));
                ControlFlow::Continue(())
            }
        }
    }

    fn command(&mut self, tool: Tool, lines: &BlockLines) -> ControlFlow<()> {
        let place = place(self.name, lines.first);
        let words = lines.words().unwrap_or_default();
        match tool::links(tool, &place, &words) {
            Ok(links) => {
                self.sink.note(&format!("{place}: {}", tool.name()));
                for mut link in links {
                    let mut variable = None;
                    for text in [&link.url].into_iter().chain(&link.cookies) {
                        if shell_words::has_variable(text) {
                            variable = Some(format!("a variable of the shell in {text}"));
                            break;
                        }
                    }
                    link.ignore(variable.as_deref().unwrap_or_default());
                    if link.url.len() > MAX_URL {
                        self.sink.problem(too_long(self.name, lines.first, link.url.len()));
                    } else {
                        self.command_link(link)?;
                    }
                }
                if tool == Tool::Curl && lines.text.contains("curl http") && lines.text.contains('&') {
                    let note = "without quotes around the URL a shell ends it at the first `&`";
                    self.sink.note(&format!("{place}: {note}"));
                }
                ControlFlow::Continue(())
            }
            // `http`, `time` and others are also words of a sentence.
            Err(_) if tool != Tool::Curl => self.plain_lines(lines.first, &lines.text),
            Err(message) => {
                self.recognised += 1;
                let fault = problem(self.name, lines.first, message);
                self.sink.problem(Box::new(fault.expected("https://… among its arguments")));
                ControlFlow::Continue(())
            }
        }
    }

    fn command_link(&mut self, mut link: Link) -> ControlFlow<()> {
        if let Some(inner) = embedded(&link.url) {
            link.notes
                .push("the signed link inside of the URL was taken: that is what CloudFront gets".to_owned());
            link.url = inner;
        }
        self.link(link)
    }

    fn code(&mut self, lines: &BlockLines) -> ControlFlow<()> {
        let statement = code::read(&lines.text);
        if statement.urls.is_empty() {
            return self.statement_without_url(lines, statement);
        }
        let at = place(self.name, lines.first);
        self.sink.note(&format!("{at}: a request in program code"));
        let kept = self.jar.of(&statement);
        for url in statement.urls.iter().take(MAX_URLS) {
            if url.len() > MAX_URL {
                self.sink.problem(too_long(self.name, lines.first, url.len()));
                continue;
            }
            let parameters = statement.parameters.iter().chain(&kept.parameters);
            let mut link = Link {
                method: statement.method.clone(),
                host: statement.host.clone(),
                cookies: statement.cookies.iter().chain(&kept.cookies).cloned().collect(),
                stored: statement.stored.clone(),
                ..Link::found_at(at.clone(), with_parameters(url.clone(), parameters))
            };
            link.notes.extend(statement.other_headers.iter().map(|name| {
                format!("the header {name} holds signing cookies; CloudFront reads Cookie alone")
            }));
            if !statement.has_cookies() && kept.is_empty() && statement.may_hold_more() {
                link.ignore(&lines.text);
            }
            self.command_link(link)?;
        }
        ControlFlow::Continue(())
    }

    /// Cookies in a variable, a request whose URL is in a variable, or nothing that counts.
    fn statement_without_url(&mut self, lines: &BlockLines, statement: Statement) -> ControlFlow<()> {
        if statement.has_cookies() {
            self.recognised += 1;
            self.sink.note(&format!("{}: cookies in program code", place(self.name, lines.first)));
            if !statement.stored.is_empty() {
                self.assembly.stored(self.name, lines.first, statement.stored.clone());
            }
            self.jar.keep(statement, lines.first);
            // They may belong to the link before them, so that it isn't proven to have none.
            if let Some(open) = self.assembly.open().filter(|open| !open.has_credentials()) {
                open.ignore("cookies in program code");
            }
            return ControlFlow::Continue(());
        }
        if !statement.parameters.is_empty() {
            self.jar.keep(statement, lines.first);
            return ControlFlow::Continue(());
        }
        // Without a URL, what the variables hold still waits for one.
        if let Some(open) = self.assembly.open()
            && let kept = self.jar.of(&statement)
            && !kept.is_empty()
        {
            open.cookies.extend(kept.cookies);
            open.url = with_parameters(std::mem::take(&mut open.url), kept.parameters.iter());
            return ControlFlow::Continue(());
        }
        self.jar.forget(&statement);
        if statement.may_hold_more() || !statement.is_code() {
            return self.plain_lines(lines.first, &lines.text);
        }
        ControlFlow::Continue(())
    }

    fn json(&mut self, lines: &BlockLines) -> ControlFlow<()> {
        let value: Value = match serde_json::from_str(&lines.text) {
            Ok(value) => value,
            // An object as JavaScript or Python writes it, a policy with a fault, or something that only looks like one.
            Err(_) => return self.almost_json(lines),
        };
        let document = Document::of(&value, &place(self.name, lines.first));
        if document.is_empty() {
            return self.unknown_json(lines);
        }
        self.recognised += 1;
        document.give(self, lines.first)
    }

    fn almost_json(&mut self, lines: &BlockLines) -> ControlFlow<()> {
        if let Some(encoded) = super::policy_text::of_json(&lines.text) {
            self.policy(lines.first, &encoded);
            return ControlFlow::Continue(());
        }
        let statement = code::read(&lines.text);
        if statement.urls.is_empty() && !statement.has_cookies() {
            return self.unknown_json(lines);
        }
        self.code(lines)
    }

    fn unknown_json(&mut self, lines: &BlockLines) -> ControlFlow<()> {
        let text = lines.text.clone();
        self.ignore(&super::input::TextLine { number: lines.first, text, is_lossy: false });
        ControlFlow::Continue(())
    }
}

fn host_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let host =
        authority.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(authority, |(host, _)| host);
    Some(host.to_ascii_lowercase())
}

fn with_parameters<'p>(mut url: String, parameters: impl Iterator<Item = &'p String>) -> String {
    for parameter in parameters {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(parameter);
    }
    url
}

/// Of one statement.
const MAX_URLS: usize = 100;
