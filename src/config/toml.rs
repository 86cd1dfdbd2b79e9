//! The TOML reader: from text to the declared configuration, with the line and column of each of its paths; and back.

use std::path::Path;

use ::toml::de::{DeTable, DeValue};

use super::declared::Configuration;
use super::fault::{Fault, Faults};

mod deserializer;
mod not_emulated;
mod numbers;
mod positions;
mod stand_in;
mod tables;
pub(super) mod text;

use positions::Positions;

/// A text that was read.
pub(super) struct Document<'t> {
    /// What it says.
    pub(super) declared: Configuration,
    file: &'t Path,
    text: &'t str,
    positions: Positions,
}

impl<'t> Document<'t> {
    /// Reads a text. Unknown keys and values of the wrong kind are faults with a path; [`Document::locate`] places them.
    ///
    /// # Errors
    /// Every fault of the syntax, where it is not TOML.
    pub(super) fn read(file: &'t Path, text: &'t str, faults: &mut Faults) -> Result<Self, Vec<Fault>> {
        if let Some(fault) = text::of_another_language(file, text) {
            return Err(vec![fault]);
        }
        let (root, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            return Err(errors.iter().map(|error| syntax_fault(file, text, error)).collect());
        }
        let root = DeValue::Table(root.into_inner());
        let declared = deserializer::read(&root, faults);
        Ok(Self { declared, file, text, positions: Positions::of(&root) })
    }

    /// Adds the file, and the line and column of the path.
    pub(super) fn locate(&self, fault: &mut Fault) {
        fault.file = self.file.to_owned();
        if let Some(span) = self.positions.find(&fault.path, &fault.part, self.text) {
            (fault.line, fault.column) = positions::line_and_column(self.text, span.start);
        }
    }
}

fn syntax_fault(file: &Path, text: &str, error: &::toml::de::Error) -> Fault {
    let (line, column) = positions::line_and_column(text, error.span().unwrap_or(0..0).start);
    let fault = Fault::of_file(file, format!("not TOML: {}", error.message()));
    let is_twice = error.message().contains("duplicate key");
    let help = "what may come several times is written with double brackets, such as `[[distributions]]`";
    Fault { line, column, ..fault.maybe_help(is_twice.then_some(help)) }
}

/// The configuration as TOML, which [`Document::read`] reads to an equal one.
///
/// # Errors
/// What TOML can't hold: whole numbers of 2^63 and more.
#[cfg(feature = "proxy")]
pub(crate) fn write(declared: &Configuration) -> Result<String, String> {
    ::toml::to_string_pretty(declared).map_err(|error| error.to_string())
}
