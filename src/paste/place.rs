//! How a message names the place of a text, and the longest URL that is explained.

use super::link::{Problem, problem};

/// `argument 2`, `line 3 of standard input`.
pub(super) fn place(name: &str, line: usize) -> String {
    if name.starts_with("argument") && line <= 1 { name.to_owned() } else { format!("line {line} of {name}") }
}

pub(super) fn too_long(name: &str, line: usize, len: usize) -> Problem {
    let fault = problem(name, line, "the URL is too long").found(format!("{len} bytes"));
    let expected =
        format!("at most {MAX_URL} bytes; CloudFront itself takes {}", crate::access::prechecks::MAX_URL);
    Box::new(fault.expected(expected).help("is it one URL? several belong on lines of their own"))
}

/// Of a URL that is explained, though CloudFront answers 413 from 8,193 bytes on.
pub(super) const MAX_URL: usize = 100_000;
