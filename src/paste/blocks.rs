//! Parts of a pasted text that take several lines: commands, code, JSON and heads of requests.

use super::http_message::{Head, Part};
use super::literals::Balance;
use super::tool::Tool;
use super::{code, shell_words};

/// Lines that belong together.
#[derive(Debug)]
pub(super) enum Block {
    Command(Tool, Lines),
    /// Whether a next line may still go on with it, as one does that begins with a dot.
    Code(Lines, Balance, bool),
    Json(Lines, Balance),
    Head(Head),
}

/// Text of several lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The number of the first one.
    pub(super) first: usize,
    pub(super) text: String,
    pub(super) count: usize,
}

/// What a line made of the block before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    GoesOn,
    Complete,
    /// The line isn't part of it, and it is complete without.
    CompleteBefore,
    TooLong,
}

impl Block {
    /// The block that a line begins; the line itself is still to be pushed, but for a head.
    pub(super) fn begin(line: &str, number: usize) -> Option<Self> {
        let lines = || Lines { first: number, ..Lines::default() };
        if let Some(head) = Head::begin(line, number) {
            return Some(Self::Head(head));
        }
        let text = line.trim_start();
        if text.starts_with('{') || text.starts_with('[') && !text.starts_with("[](") && is_list(text) {
            return Some(Self::Json(lines(), Balance::default()));
        }
        if let Some((tool, _)) = Tool::of(line) {
            return Some(Self::Command(tool, lines()));
        }
        code::begins(line).then(|| Self::Code(lines(), Balance::default(), false))
    }

    pub(super) fn push(&mut self, line: &str) -> Progress {
        match self {
            Self::Head(head) => match head.push(line) {
                Part::Inner => Progress::GoesOn,
                Part::End => Progress::Complete,
                Part::Other => Progress::CompleteBefore,
            },
            Self::Command(_, lines) => {
                if !lines.push(line.trim_end(), MAX_COMMAND, MAX_COMMAND_LINES) {
                    Progress::TooLong
                } else if shell_words::goes_on(&lines.text) || lines.words().is_none() {
                    Progress::GoesOn
                } else {
                    Progress::Complete
                }
            }
            Self::Code(_, _, is_closed) if *is_closed && !chains(line) => Progress::CompleteBefore,
            Self::Code(lines, balance, is_closed) => {
                balance.line(line);
                *is_closed = balance.is_closed();
                let has_end = line.trim_end().ends_with(';');
                if !lines.push(line, MAX_TEXT, MAX_LINES) {
                    Progress::TooLong
                } else if *is_closed && has_end {
                    Progress::Complete
                } else {
                    Progress::GoesOn
                }
            }
            Self::Json(lines, balance) => {
                balance.line(line);
                if !lines.push(line, MAX_TEXT, MAX_LINES) {
                    Progress::TooLong
                } else if balance.is_closed() {
                    Progress::Complete
                } else {
                    Progress::GoesOn
                }
            }
        }
    }
}

impl Lines {
    /// Whether there was room for the line; it is kept all the same.
    fn push(&mut self, line: &str, max_bytes: usize, max_lines: usize) -> bool {
        if self.count > 0 {
            self.text.push('\n');
        }
        self.text.push_str(line);
        self.count += 1;
        self.text.len() <= max_bytes && self.count <= max_lines
    }

    /// The words of a command; none while it isn't complete.
    pub(super) fn words(&self) -> Option<Vec<String>> {
        let (_, text) = Tool::of(&self.text)?;
        shell_words::split(text)
    }
}

/// Whether a line goes on with the call before it.
fn chains(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('.') && !line.starts_with("..") || line.starts_with("->") || line.starts_with("?.")
}

/// A list of JSON, not a word in brackets.
fn is_list(text: &str) -> bool {
    let rest = text[1..].trim_start();
    rest.is_empty() || rest.starts_with(['{', '[', '"'])
}

const MAX_COMMAND: usize = 256 << 10;
const MAX_COMMAND_LINES: usize = 1_000;
const MAX_TEXT: usize = 8 << 20;
const MAX_LINES: usize = 200_000;
