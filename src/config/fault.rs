//! Faults of a configuration, each with its place and the way to mend it.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

/// One fault or warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file it stands in.
    pub file: PathBuf,
    /// From 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// In characters, from 1; 0 where the file as a whole is meant.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What stands there.
    pub found: Option<String>,
    /// What belongs there.
    pub expected: Option<String>,
    /// How to mend it.
    pub help: Option<String>,
}

impl Fault {
    /// A fault of the whole file.
    pub(crate) fn of_file(file: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { file: file.into(), line: 0, column: 0, message, found: None, expected: None, help: None }
    }

    pub(crate) fn found(mut self, found: impl fmt::Display) -> Self {
        self.found = Some(found.to_string());
        self
    }

    pub(crate) fn expected(mut self, expected: impl fmt::Display) -> Self {
        self.expected = Some(expected.to_string());
        self
    }

    pub(crate) fn help(mut self, help: impl fmt::Display) -> Self {
        self.help = Some(help.to_string());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.message)?;
        for (label, text) in [("found", &self.found), ("expected", &self.expected), ("help", &self.help)] {
            if let Some(text) = text {
                write!(f, "\n  {label:<8}  {text}")?;
            }
        }
        Ok(())
    }
}

/// Everything that is wrong with one file, gathered while it is read.
pub(super) struct Faults<'t> {
    pub(super) file: PathBuf,
    pub(super) text: &'t str,
    pub(super) errors: Vec<Fault>,
    pub(super) warnings: Vec<Fault>,
}

impl<'t> Faults<'t> {
    pub(super) fn new(file: PathBuf, text: &'t str) -> Self {
        Self { file, text, errors: Vec::new(), warnings: Vec::new() }
    }

    /// A fault at a place of the text.
    pub(super) fn at(&self, span: &Range<usize>, message: impl Into<String>) -> Fault {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Fault {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            ..Fault::of_file(self.file.clone(), message)
        }
    }

    pub(super) fn error(&mut self, fault: Fault) {
        self.errors.push(fault);
    }

    pub(super) fn warning(&mut self, fault: Fault) {
        self.warnings.push(fault);
    }
}
