//! Parts of a pasted text that take several lines: commands, code, JSON and heads of requests.

use super::http_message::{Part, RequestHead};
use super::literals::Balance;
use super::tool::Tool;
use super::{code, shell_words};

/// BlockLines that belong together.
#[derive(Debug)]
pub(super) enum Block {
    Command(Tool, BlockLines),
    /// Whether a next line may still go on with it, as one does that begins with a dot.
    Code(BlockLines, Balance, bool),
    Json(BlockLines, Balance),
    Head(RequestHead),
}

/// Text of several lines.
#[derive(Debug, Default)]
pub(super) struct BlockLines {
    /// The number of the first one.
    pub(super) first: usize,
    pub(super) text: String,
    pub(super) count: usize,
}

/// What a line made of the block before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockProgress {
    GoesOn,
    Complete,
    /// The line isn't part of it, and it is complete without.
    CompleteBefore,
    TooLong,
}

impl Block {
    /// The block that a line begins; the line itself is still to be pushed, but for a head.
    pub(super) fn begin(line: &str, number: usize) -> Option<Self> {
        let lines = || BlockLines { first: number, ..BlockLines::default() };
        if let Some(head) = RequestHead::begin(line, number) {
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

    pub(super) fn push(&mut self, line: &str) -> BlockProgress {
        match self {
            Self::Head(head) => match head.push(line) {
                Part::Inner => BlockProgress::GoesOn,
                Part::End => BlockProgress::Complete,
                Part::Other => BlockProgress::CompleteBefore,
            },
            Self::Command(_, lines) => {
                if !lines.push(line.trim_end(), MAX_COMMAND, MAX_COMMAND_LINES) {
                    BlockProgress::TooLong
                } else if shell_words::goes_on(&lines.text) || lines.words().is_none() {
                    BlockProgress::GoesOn
                } else {
                    BlockProgress::Complete
                }
            }
            Self::Code(_, _, is_closed) if *is_closed && !chains(line) => BlockProgress::CompleteBefore,
            Self::Code(lines, balance, is_closed) => {
                balance.line(line);
                *is_closed = balance.is_closed();
                let has_end = line.trim_end().ends_with(';');
                if !lines.push(line, MAX_TEXT, MAX_LINES) {
                    BlockProgress::TooLong
                } else if *is_closed && has_end {
                    BlockProgress::Complete
                } else {
                    BlockProgress::GoesOn
                }
            }
            Self::Json(lines, balance) => {
                balance.line(line);
                if !lines.push(line, MAX_TEXT, MAX_LINES) {
                    BlockProgress::TooLong
                } else if balance.is_closed() {
                    BlockProgress::Complete
                } else {
                    BlockProgress::GoesOn
                }
            }
        }
    }
}

impl BlockLines {
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
