//! `${NAME}` in the strings of a declared configuration: replaced from the environment before it is resolved.

use std::env::{self, VarError};

use serde_json::Value;

use super::declared::Configuration;
use super::fault::{Fault, Faults, Part};
use super::key_path::KeyPath;

/// What was replaced: each string as it is in use, and as it is written. Messages show the latter.
#[derive(Clone, Default)]
pub struct Variables {
    /// The longest first, so that none is replaced within another.
    replaced: Vec<(String, String)>,
}

/// Names only: the values may be secrets.
impl std::fmt::Debug for Variables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.replaced.iter().map(|(_, written)| written)).finish()
    }
}

impl Variables {
    /// Replaces in every string value of a configuration; keys stay as they are. A string that can't be expanded is a fault.
    pub(super) fn expand(declared: &Configuration, faults: &mut Faults) -> (Configuration, Self) {
        let mut variables = Self::default();
        let expanded = serde_json::to_value(declared).and_then(|mut tree| {
            variables.value(&KeyPath::root(), &mut tree, faults);
            serde_json::from_value(tree)
        });
        let expanded = expanded.unwrap_or_else(|error| {
            faults.error(Fault::of_all(format!("the variables can't be expanded: {error}")));
            declared.clone()
        });
        variables.replaced.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        variables.replaced.dedup();
        (expanded, variables)
    }

    fn value(&mut self, path: &KeyPath, value: &mut Value, faults: &mut Faults) {
        match value {
            Value::String(text) if text.contains("${") => {
                if let Some(expanded) = self.text(path, text, faults) {
                    *text = expanded;
                }
            }
            Value::Array(items) => {
                for (number, item) in items.iter_mut().enumerate() {
                    self.value(&path.item(number), item, faults);
                }
            }
            Value::Object(entries) => {
                for (key, entry) in entries {
                    self.value(&path.key(key), entry, faults);
                }
            }
            Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
        }
    }

    fn text(&mut self, path: &KeyPath, written: &str, faults: &mut Faults) -> Option<String> {
        match expand(written, |name| env::var(name)) {
            Ok(Expanded { text, values }) => {
                for (name, value) in values.into_iter().filter(|(_, value)| !value.is_empty()) {
                    let written = format!("${{{name}}}");
                    // A message may name the host of a URL, or the folder of a file.
                    let parts =
                        value.split(['/', ':', '@', '?', '&', ',']).filter(|part| part.len() > MIN_PART);
                    self.replaced.extend(parts.map(|part| (part.to_owned(), written.clone())));
                    self.replaced.push((value.clone(), written));
                }
                if text != written {
                    self.replaced.push((text.clone(), written.to_owned()));
                }
                Some(text)
            }
            Err(Unexpanded { written, message, help }) => {
                let fault =
                    Fault { part: Part::Text(written.clone()), ..Fault::at(path, message).found(&written) };
                let expected = "${NAME}, or $${ for the two characters themselves";
                let fault = if help.is_some() { fault.maybe_help(help) } else { fault.expected(expected) };
                faults.unread(path, fault);
                None
            }
        }
    }

    /// Shows a fault as the file is written.
    pub(super) fn hide(&self, fault: &mut Fault) {
        fault.message = self.hidden(&fault.message);
        for text in [&mut fault.found, &mut fault.expected, &mut fault.help].into_iter().flatten() {
            *text = self.hidden(text);
        }
    }

    /// A message without the values, in whatever form: as they are, quoted, or in lower case.
    pub(crate) fn hidden(&self, text: &str) -> String {
        let forms: Vec<(String, &String)> = self.replaced.iter().flat_map(forms).collect();
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        'text: while let Some(next) = rest.chars().next() {
            for (form, written) in &forms {
                if let Some(after) = rest.strip_prefix(form.as_str())
                    && (form.len() > MAX_WORD || is_word(&shown, after))
                {
                    shown += written;
                    rest = after;
                    continue 'text;
                }
            }
            shown.push(next);
            rest = &rest[next.len_utf8()..];
        }
        shown
    }
}

/// How a value may appear in a message.
fn forms((value, written): &(String, String)) -> [(String, &String); 3] {
    let quoted = format!("{value:?}");
    let quoted = quoted[1..quoted.len() - 1].to_owned();
    [value.clone(), quoted, value.to_lowercase()].map(|form| (form, written))
}

/// Whether what is between two texts is a word of its own: a value such as `80` is not looked for within `8080`.
fn is_word(before: &str, after: &str) -> bool {
    !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric)
}

/// A string with its variables replaced.
#[derive(Debug, PartialEq, Eq)]
struct Expanded {
    text: String,
    /// By name.
    values: Vec<(String, String)>,
}

/// What can't be replaced.
#[derive(Debug, PartialEq, Eq)]
struct Unexpanded {
    written: String,
    message: String,
    help: Option<String>,
}

fn expand(written: &str, lookup: impl Fn(&str) -> Result<String, VarError>) -> Result<Expanded, Unexpanded> {
    let mut expanded = Expanded { text: String::with_capacity(written.len()), values: Vec::new() };
    let mut rest = written;
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at);
        if let Some(before) = before.strip_suffix('$') {
            expanded.text += before;
            expanded.text += "${";
            rest = &from[2..];
            continue;
        }
        expanded.text += before;
        let (name, after) = name(&from[2..]).ok_or_else(|| Unexpanded {
            written: from.chars().take(MAX_SHOWN).collect(),
            message: "`${` without the name of an environment variable and `}`".to_owned(),
            help: None,
        })?;
        let value = lookup(name).map_err(|error| Unexpanded {
            written: format!("${{{name}}}"),
            message: match error {
                VarError::NotPresent => format!("the environment variable `{name}` is not set"),
                VarError::NotUnicode(_) => format!("the environment variable `{name}` is not UTF-8"),
            },
            help: Some(format!(
                "set it where Frontgate is started, or write $${{{name}}} for these characters themselves"
            )),
        })?;
        expanded.text += &value;
        expanded.values.push((name.to_owned(), value));
        rest = after;
    }
    expanded.text += rest;
    Ok(expanded)
}

/// The name before the next `}`, and what follows that.
fn name(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.split_once('}')?;
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_name = starts && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some((name, after))
}

/// Parts that are shorter are schemes, ports and common words.
const MIN_PART: usize = 5;
/// No secret is as short.
const MAX_WORD: usize = 3;
/// Of what is no name.
const MAX_SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Result<String, VarError> {
        match name {
            "HOST" => Ok("media.example.com".to_owned()),
            "_P1" => Ok("${HOST}".to_owned()),
            "EMPTY" => Ok(String::new()),
            "BAD" => Err(VarError::NotUnicode("x".into())),
            _ => Err(VarError::NotPresent),
        }
    }

    #[test]
    fn names_in_braces_are_replaced_and_nothing_else() {
        for (written, expected) in [
            ("https://${HOST}/${HOST}", "https://media.example.com/media.example.com"),
            ("${HOST}", "media.example.com"),
            ("a${EMPTY}b", "ab"),
            // A value is not expanded again.
            ("${_P1}", "${HOST}"),
            ("$${HOST}", "${HOST}"),
            ("$$${HOST}", "$${HOST}"),
            ("$${", "${"),
            ("$HOST $ $$ 5$", "$HOST $ $$ 5$"),
            ("$${HOST}${HOST}", "${HOST}media.example.com"),
            ("}{${HOST}}", "}{media.example.com}"),
        ] {
            assert_eq!(expand(written, lookup).map(|one| one.text), Ok(expected.to_owned()), "{written}");
        }
    }

    #[test]
    fn what_is_no_name_and_what_is_not_set_are_errors() {
        for (written, found, message) in [
            ("a ${} b", "${} b", "without the name"),
            ("${", "${", "without the name"),
            ("${HOST", "${HOST", "without the name"),
            ("${1A}", "${1A}", "without the name"),
            ("${A-B}", "${A-B}", "without the name"),
            ("${HOST:-x}", "${HOST:-x}", "without the name"),
            ("${ HOST }", "${ HOST }", "without the name"),
            ("${GONE}", "${GONE}", "`GONE` is not set"),
            ("${HOST}${GONE}", "${GONE}", "`GONE` is not set"),
            ("${BAD}", "${BAD}", "`BAD` is not UTF-8"),
        ] {
            let error = expand(written, lookup).unwrap_err();
            assert!(error.written == found && error.message.contains(message), "{written}: {error:?}");
        }
    }

    #[test]
    fn messages_show_what_is_written() {
        let replaced = vec![
            ("https://S3cret\"x/".to_owned(), "https://${TOKEN}/".to_owned()),
            ("S3cret\"x".to_owned(), "${TOKEN}".to_owned()),
            ("TOKEN".to_owned(), "${WORD}".to_owned()),
            ("80".to_owned(), "${PORT}".to_owned()),
        ];
        let variables = Variables { replaced };
        let text = "found \"https://S3cret\\\"x/\", S3cret\"x and s3cret\"x";
        assert_eq!(variables.hidden(text), "found \"https://${TOKEN}/\", ${TOKEN} and ${TOKEN}");
        assert_eq!(variables.hidden("TOKENS :80 8080"), "${WORD}S :${PORT} 8080");
        assert!(!format!("{variables:?}").contains("S3cret"));
    }
}
