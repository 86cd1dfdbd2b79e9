//! Reads TOML tables key by key, so that every fault of a file is found in one pass, each with its place.

use std::fmt::Display;
use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Faults;
use super::not_emulated;

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// One table. Keys that nobody asked for are errors when it is finished.
pub(super) struct Reader<'a, 'i> {
    table: &'a DeTable<'i>,
    name: &'static str,
    span: Range<usize>,
    known: Vec<&'static str>,
}

impl<'a, 'i> Reader<'a, 'i> {
    pub(super) fn new(table: &'a DeTable<'i>, name: &'static str, span: Range<usize>) -> Self {
        Self { table, name, span, known: Vec::new() }
    }

    /// Where the table begins.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Whether a key is there, of whatever kind.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    fn take(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'i>>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.table.get(key)
    }

    /// A value of one kind, or a fault that says which kind belongs there.
    fn typed<T>(
        &mut self,
        faults: &mut Faults<'_>,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&'a DeValue<'i>) -> Option<T>,
    ) -> Option<Placed<T>> {
        let value = self.take(key)?;
        let read = read(value.get_ref());
        if read.is_none() {
            wrong_kind(faults, key, expected, value);
        }
        read.map(|read| Placed { value: read, span: value.span() })
    }

    pub(super) fn string(&mut self, faults: &mut Faults<'_>, key: &'static str) -> Option<Placed<&'a str>> {
        self.typed(faults, key, "a string", DeValue::as_str)
    }

    pub(super) fn required(&mut self, faults: &mut Faults<'_>, key: &'static str) -> Option<Placed<&'a str>> {
        if !self.table.contains_key(key) {
            self.known.push(key);
            let fault = faults.at(&self.span, format!("{} lacks `{key}`", self.name));
            faults.error(fault.expected(format!("{key} = \"…\"")));
            return None;
        }
        self.string(faults, key)
    }

    pub(super) fn boolean(&mut self, faults: &mut Faults<'_>, key: &'static str) -> bool {
        self.flag(faults, key).is_some_and(|placed| placed.value)
    }

    /// As [`Reader::boolean`], with its place.
    pub(super) fn flag(&mut self, faults: &mut Faults<'_>, key: &'static str) -> Option<Placed<bool>> {
        self.typed(faults, key, "true or false", DeValue::as_bool)
    }

    pub(super) fn integer(&mut self, faults: &mut Faults<'_>, key: &'static str) -> Option<Placed<u64>> {
        self.typed(faults, key, "a whole number, 0 or more", whole_number)
    }

    /// A number, whole or not.
    pub(super) fn number(&mut self, faults: &mut Faults<'_>, key: &'static str) -> Option<Placed<f64>> {
        self.typed(faults, key, "a number", |value| {
            let text = value.as_integer().map(|whole| whole.as_str().to_owned());
            let text = text.or_else(|| value.as_float().map(|float| float.as_str().to_owned()));
            text?.replace('_', "").parse().ok()
        })
    }

    /// Whether a key's value is a table.
    pub(super) fn is_table(&self, key: &str) -> bool {
        self.table.get(key).is_some_and(|value| value.get_ref().is_table())
    }

    /// A string that stands for something, with the fault of what it should stand for.
    pub(super) fn parsed<T, E: Display>(
        &mut self,
        faults: &mut Faults<'_>,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Placed<T>> {
        let text = self.string(faults, key)?;
        parsed(faults, key, &text, parse)
    }

    /// As [`Reader::parsed`], for a time, which has a unit.
    pub(super) fn time<E: Display>(
        &mut self,
        faults: &mut Faults<'_>,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<Duration, E>,
    ) -> Option<Placed<Duration>> {
        let text = self.typed(faults, key, A_TIME, DeValue::as_str)?;
        parsed(faults, key, &text, parse)
    }

    /// As [`Reader::parsed`], for what may also be a bare number.
    pub(super) fn size<E: Display>(
        &mut self,
        faults: &mut Faults<'_>,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<u64, E>,
    ) -> Option<Placed<u64>> {
        if self.table.get(key).is_some_and(|value| value.get_ref().is_integer()) {
            return self.integer(faults, key);
        }
        self.parsed(faults, key, parse)
    }

    pub(super) fn strings(
        &mut self,
        faults: &mut Faults<'_>,
        key: &'static str,
    ) -> Option<Vec<Placed<&'a str>>> {
        let array = self.typed(faults, key, "an array of strings", DeValue::as_array)?;
        let mut items = Vec::new();
        for item in array.value.iter() {
            match item.get_ref().as_str() {
                Some(text) => items.push(Placed { value: text, span: item.span() }),
                None => wrong_kind(faults, key, "only strings in this array", item),
            }
        }
        Some(items)
    }

    pub(super) fn integers(
        &mut self,
        faults: &mut Faults<'_>,
        key: &'static str,
    ) -> Option<Vec<Placed<u64>>> {
        let array = self.typed(faults, key, "an array of whole numbers", DeValue::as_array)?;
        let mut items = Vec::new();
        for item in array.value.iter() {
            match whole_number(item.get_ref()) {
                Some(value) => items.push(Placed { value, span: item.span() }),
                None => wrong_kind(faults, key, "only whole numbers in this array", item),
            }
        }
        Some(items)
    }

    pub(super) fn table(
        &mut self,
        faults: &mut Faults<'_>,
        key: &'static str,
        name: &'static str,
    ) -> Option<Reader<'a, 'i>> {
        let table = self.typed(faults, key, "a table", DeValue::as_table)?;
        Some(Reader::new(table.value, name, table.span))
    }

    /// The tables of `[[key]]`.
    pub(super) fn tables(
        &mut self,
        faults: &mut Faults<'_>,
        key: &'static str,
        name: &'static str,
    ) -> Vec<Reader<'a, 'i>> {
        let Some(array) = self.typed(faults, key, "an array of tables", DeValue::as_array) else {
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in array.value.iter() {
            match item.get_ref().as_table() {
                Some(table) => tables.push(Reader::new(table, name, item.span())),
                None => wrong_kind(faults, key, "only tables in this array", item),
            }
        }
        tables
    }

    /// Every key with its text, for tables whose keys are free.
    pub(super) fn free_strings(self, faults: &mut Faults<'_>) -> Vec<(Placed<String>, Placed<&'a str>)> {
        let mut pairs = Vec::new();
        for (key, value) in self.table.iter() {
            match value.get_ref().as_str() {
                Some(text) => pairs.push((
                    Placed { value: key.get_ref().to_string(), span: key.span() },
                    Placed { value: text, span: value.span() },
                )),
                None => wrong_kind(faults, key.get_ref(), "a string", value),
            }
        }
        pairs
    }

    /// Refuses every key that nobody asked for; `parent` are the keys of the table around this one, into which TOML
    /// users often mean to write after `[[…]]`.
    pub(super) fn finish(self, faults: &mut Faults<'_>, parent: &[&str]) {
        for (key, _) in self.table.iter() {
            let text: &str = key.get_ref();
            if self.known.contains(&text) {
                continue;
            }
            let message = match not_emulated::of(text) {
                Some(_) => format!("`{text}` of CloudFront isn't emulated"),
                None => format!("{} has no key `{text}`", self.name),
            };
            let fault = faults.at(&key.span(), message).found(format!("`{text}`"));
            let fault = fault.expected(format!("one of `{}`", self.known.join("`, `")));
            let fault = match (parent.contains(&text), not_emulated::of(text)) {
                (true, _) => fault.help(format!(
                    "`{text}` belongs to the table around this one: write it above the first `[[…]]` or `[…]` below that table"
                )),
                (false, Some(help)) => fault.help(help),
                (false, None) => match self.nearest(text) {
                    Some(near) => fault.help(format!("did you mean `{near}`?")),
                    None => fault,
                },
            };
            faults.error(fault);
        }
    }
}

impl Reader<'_, '_> {
    /// The known key that was probably meant; one in CloudFront's letter case, such as `TargetOriginId`, is compared in ours.
    fn nearest(&self, text: &str) -> Option<&'static str> {
        let text = not_emulated::kebab(text);
        let nearest = self.known.iter().max_by(|a, b| closeness(&text, a).total_cmp(&closeness(&text, b)));
        nearest.copied().filter(|near| closeness(&text, near) > 0.6)
    }
}

fn parsed<T, E: Display>(
    faults: &mut Faults<'_>,
    key: &str,
    text: &Placed<&str>,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Option<Placed<T>> {
    match parse(text.value) {
        Ok(value) => Some(Placed { value, span: text.span.clone() }),
        Err(error) => {
            let fault = faults.at(&text.span, format!("`{key}` can't be used"));
            faults.error(fault.found(format!("{:?}", text.value)).expected(error));
            None
        }
    }
}

fn whole_number(value: &DeValue<'_>) -> Option<u64> {
    let integer = value.as_integer()?;
    u64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
}

/// 1 for the same, 0 for nothing in common.
pub(super) fn closeness(a: &str, b: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(a, b)
}

fn wrong_kind(faults: &mut Faults<'_>, key: &str, expected: &str, value: &Spanned<DeValue<'_>>) {
    let fault = faults.at(&value.span(), format!("`{key}` is of the wrong kind"));
    let fault = fault.found(format!("a value of type {}", value.get_ref().type_str())).expected(expected);
    faults.error(match (value.get_ref(), expected) {
        (DeValue::Integer(number), A_TIME) => {
            fault.help(format!("{key} = \"{}s\" is so many seconds", number.as_str()))
        }
        (DeValue::String(text), "an array of strings") => {
            fault.help(format!("{key} = [{:?}]", text.as_ref()))
        }
        (DeValue::Array(_), "a table") => fault.help("written with single brackets: there is one of it"),
        _ => fault,
    });
}

const A_TIME: &str = "a time with its unit, such as \"30s\"";
