//! Tests of the configuration: each fault with its path, and that what is written is read again.

mod behaviors;
mod generate;
mod keys;
mod origins;
mod policies;
mod reading;
mod round_trip;
mod server;
mod sites;

use std::path::Path;

use super::{Fault, parse};
use sites::Slot;

/// What has one fault: where a text goes, the text, the path of its fault and a part of the message.
type Row = (Slot, &'static str, &'static str, &'static str);

/// The errors of a text.
fn errors(text: &str) -> Vec<Fault> {
    parse(Path::new("config.toml"), text).map_or_else(|invalid| invalid.errors, |_| Vec::new())
}

/// The warnings of a text without errors.
fn warnings(text: &str) -> Vec<Fault> {
    parse(Path::new("config.toml"), text).unwrap_or_else(|invalid| panic!("{:?}", invalid.errors)).warnings
}

/// Each row has its one fault.
fn check(rows: &[Row], faults: fn(&str) -> Vec<Fault>) {
    for (slot, text, path, message) in rows {
        let config = sites::with(*slot, text);
        let found = faults(&config);
        let [fault] = found.as_slice() else {
            panic!("expected one fault at {path}, found {found:#?} in\n{config}");
        };
        assert_eq!(fault.path.as_str(), *path, "{fault}\nof\n{text}");
        assert!(fault.message.contains(message), "{fault}\nof\n{text}");
        assert!(fault.path.as_str().is_empty() || fault.line > 0, "{fault}\nof\n{text}");
    }
}
