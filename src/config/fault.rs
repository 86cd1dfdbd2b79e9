//! Faults of a configuration, each with its place and how to fix it.

use std::fmt;
use std::path::PathBuf;

use super::key_path::KeyPath;

/// One error or warning.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The file that it is in; empty for a configuration that was not read from a file.
    pub file: PathBuf,
    /// The value that is meant; the root for the whole configuration.
    pub path: KeyPath,
    /// From 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// In characters, from 1; 0 where the file as a whole is meant.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What was found.
    pub found: Option<String>,
    /// What was expected.
    pub expected: Option<String>,
    /// How to fix it.
    pub help: Option<String>,
    pub(super) part: Part,
}

/// What of a value a fault means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Part {
    /// The value.
    #[default]
    Value,
    /// Its key.
    Key,
    /// This text within the value.
    Text(String),
}

impl Fault {
    /// A fault of the value at a path.
    pub(crate) fn at(path: &KeyPath, message: impl Into<String>) -> Self {
        Self {
            file: PathBuf::new(),
            path: path.clone(),
            line: 0,
            column: 0,
            message: message.into(),
            found: None,
            expected: None,
            help: None,
            part: Part::Value,
        }
    }

    /// A fault of the key at a path.
    pub(crate) fn at_key(path: &KeyPath, message: impl Into<String>) -> Self {
        Self { part: Part::Key, ..Self::at(path, message) }
    }

    /// A fault of the whole configuration.
    pub(crate) fn of_all(message: impl Into<String>) -> Self {
        Self::at(&KeyPath::root(), message)
    }

    /// A fault of the whole file.
    pub(crate) fn of_file(file: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self { file: file.into(), ..Self::of_all(message) }
    }

    /// The same with a line and a column.
    pub(crate) fn on(self, line: usize, column: usize) -> Self {
        Self { line, column, ..self }
    }

    pub(crate) fn found(mut self, found: impl fmt::Display) -> Self {
        self.found = Some(found.to_string());
        self
    }

    /// What was found, as a string of the configuration.
    pub(crate) fn found_text(self, found: &str) -> Self {
        self.found(format_args!("{found:?}"))
    }

    pub(crate) fn expected(mut self, expected: impl fmt::Display) -> Self {
        self.expected = Some(expected.to_string());
        self
    }

    pub(crate) fn help(mut self, help: impl fmt::Display) -> Self {
        self.help = Some(help.to_string());
        self
    }

    /// The same with the help that there is, if any.
    pub(super) fn maybe_help(mut self, help: Option<impl fmt::Display>) -> Self {
        self.help = help.map(|help| help.to_string()).or(self.help);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file.as_os_str().is_empty(), self.line) {
            (true, _) if self.path.as_str().is_empty() => write!(f, "{}", self.message)?,
            (true, _) => write!(f, "{}: {}", self.path, self.message)?,
            (false, 0) => write!(f, "{}: {}", self.file.display(), self.message)?,
            (false, line) => write!(f, "{}:{line}:{}: {}", self.file.display(), self.column, self.message)?,
        }
        for (label, text) in [("found", &self.found), ("expected", &self.expected), ("help", &self.help)] {
            if let Some(text) = text {
                write!(f, "\n  {label:<8}  {text}")?;
            }
        }
        Ok(())
    }
}

/// Everything that is wrong with one configuration, collected while it is read and resolved.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) errors: Vec<Fault>,
    pub(super) warnings: Vec<Fault>,
    /// What is an error unless test headers count.
    pub(super) unless_test_mode: Vec<Fault>,
    /// Values that could not be read: a stand-in is in their place.
    unread: Vec<KeyPath>,
}

impl Faults {
    /// An error, unless it follows from a value that could not be read: that has an error of its own.
    pub(super) fn error(&mut self, fault: Fault) {
        if self.is_read(&fault.path) {
            self.errors.push(fault);
        }
    }

    /// An error of a value that can't be read, so that nothing more is said of it.
    pub(super) fn unread(&mut self, path: &KeyPath, fault: Fault) {
        self.error(fault);
        self.stand_in(path);
    }

    /// Marks a value that is a stand-in, and reported already.
    pub(super) fn stand_in(&mut self, path: &KeyPath) {
        self.unread.push(path.clone());
    }

    pub(super) fn warning(&mut self, fault: Fault) {
        if self.is_read(&fault.path) {
            self.warnings.push(fault);
        }
    }

    /// Whether the value at a path is what was configured, and no stand-in.
    pub(super) fn is_read(&self, path: &KeyPath) -> bool {
        !self.unread.iter().any(|unread| path.is_within(unread))
    }

    /// A value that must be there: none where it could not be read.
    pub(super) fn known<'v>(&self, path: &KeyPath, value: &'v str) -> Option<&'v str> {
        self.is_read(path).then_some(value)
    }

    /// A string that stands for something else; none, with a fault, where it doesn't.
    pub(super) fn parsed<T, E: fmt::Display>(
        &mut self,
        path: &KeyPath,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let key = path.as_str().rsplit('.').next().unwrap_or_default();
        let message = format!("`{key}` can't be used");
        match parse(self.known(path, text)?) {
            Ok(value) => Some(value),
            Err(expected) => {
                self.error(Fault::at(path, message).found_text(text).expected(expected));
                None
            }
        }
    }

    /// Errors and warnings so far: a step that adds none found none.
    pub(super) fn error_count(&self) -> usize {
        self.errors.len() + self.unread.len()
    }
}
