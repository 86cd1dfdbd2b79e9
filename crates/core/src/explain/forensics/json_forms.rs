//! What JSON encoders make of one policy: order, white space, the form of the statement.

use std::ops::Range;

use serde::Serialize as _;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use serde_json::{Map, Value, json};

use super::policy_style::{Conditions, Order, Spacing, Statement};

/// Where the bytes of a key's string stand between their quotes, of the first that has this value.
pub(in crate::explain) fn raw_string_of(text: &[u8], key: &str, value: &str) -> Option<Range<usize>> {
    let key = format!("\"{key}\"");
    memchr::memmem::find_iter(text, key.as_bytes()).take(MAX_KEYS).find_map(|at| {
        let mut from = at + key.len();
        let blank = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        from += blank(from);
        from += usize::from(text.get(from) == Some(&b':'));
        from += blank(from);
        let literal = &text[from..];
        let mut stream = serde_json::Deserializer::from_slice(literal).into_iter::<Value>();
        let found = stream.next()?.ok()?;
        let end = from + stream.byte_offset();
        (found.as_str() == Some(value)).then(|| from + 1..end - 1)
    })
}

/// Escapes what has to be in a string of JSON, from a place on; what isn't UTF-8 stays.
pub(in crate::explain) fn escape_from(text: &mut Vec<u8>, from: usize) {
    if !text[from..].iter().any(|byte| *byte < b' ' || b"\"\\".contains(byte)) {
        return;
    }
    if let Ok(written) = std::str::from_utf8(&text[from..]).map(|plain| Value::from(plain).to_string()) {
        text.truncate(from);
        text.extend_from_slice(&written.as_bytes()[1..written.len() - 1]);
    }
}

pub(in crate::explain) fn statement_of(value: &mut Value) -> Option<&mut Map<String, Value>> {
    match value.get_mut("Statement")? {
        Value::Array(list) => list.first_mut()?.as_object_mut(),
        Value::Object(one) => Some(one),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

pub(in crate::explain) fn conditioned(statement: &mut Map<String, Value>, conditions: Conditions) {
    let Some(Value::Object(all)) = statement.get_mut("Condition") else { return };
    let everybody = || json!({"AWS:SourceIp": "0.0.0.0/0"});
    let since_ever = || json!({"AWS:EpochTime": 0});
    match conditions {
        Conditions::AsSent => {}
        Conditions::EndAlone => all.retain(|name, _| name == "DateLessThan"),
        Conditions::AnyAddress => all.retain(|name, _| name != "IpAddress"),
        Conditions::AnyBeginning => all.retain(|name, _| name != "DateGreaterThan"),
        Conditions::Everybody => drop(all.insert("IpAddress".to_owned(), everybody())),
        Conditions::SinceEver => drop(all.insert("DateGreaterThan".to_owned(), since_ever())),
        Conditions::EverybodySinceEver => {
            all.insert("DateGreaterThan".to_owned(), since_ever());
            all.insert("IpAddress".to_owned(), everybody());
        }
    }
}

pub(in crate::explain) fn ordered(statement: &mut Map<String, Value>, order: Order) {
    let by_name = |map: &mut Map<String, Value>| {
        let mut entries: Vec<(String, Value)> = std::mem::take(map).into_iter().collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        map.extend(entries);
    };
    match order {
        Order::AsSent => return,
        Order::Sorted => {
            if let Some(Value::Object(all)) = statement.get_mut("Condition") {
                by_name(all);
            }
            by_name(statement);
            return;
        }
        Order::ConditionFirst => {}
        Order::Conditions(number) => {
            if let Some(Value::Object(all)) = statement.get_mut("Condition") {
                let sent = std::mem::take(all).into_iter().collect();
                all.extend(permuted(sent, usize::from(number)));
            }
        }
    }
    let first = if order == Order::ConditionFirst { "Condition" } else { "Resource" };
    if let Some(value) = statement.shift_remove(first) {
        let rest = std::mem::take(statement);
        statement.insert(first.to_owned(), value);
        statement.extend(rest);
    }
}

pub(in crate::explain) fn restated(value: &mut Value, statement: Statement) {
    let Some(found) = value.get_mut("Statement") else { return };
    match (statement, found) {
        (Statement::Bare, Value::Array(list)) if list.len() == 1 => {
            let one = list.remove(0);
            value["Statement"] = one;
        }
        (Statement::Listed, one @ Value::Object(_)) => *one = Value::Array(vec![one.take()]),
        (Statement::Versioned, _) => {
            let statements = value["Statement"].take();
            *value = json!({"Version": "2012-10-17", "Statement": statements});
        }
        (Statement::AsSent | Statement::Bare | Statement::Listed, _) => {}
    }
}

pub(in crate::explain) fn quote_beginning(statement: &mut Map<String, Value>) {
    let begin = statement.get_mut("Condition").and_then(|all| all.get_mut("DateGreaterThan"));
    if let Some(time) = begin.and_then(|begin| begin.get_mut("AWS:EpochTime"))
        && time.is_number()
    {
        *time = Value::from(time.to_string());
    }
}

/// One of the orders of a list, by its number; 0 is the one that it has.
pub(in crate::explain) fn permuted<T>(mut left: Vec<T>, mut number: usize) -> Vec<T> {
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let count = left.len();
        order.push(left.remove(number % count));
        number /= count;
    }
    order
}

/// `{"a": 1, "b": 2}`: a separator that is more than its character.
struct Separated {
    comma: &'static [u8],
    colon: &'static [u8],
}

impl Formatter for Separated {
    fn begin_array_value<W: std::io::Write + ?Sized>(
        &mut self,
        to: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { to.write_all(self.comma) }
    }

    fn begin_object_key<W: std::io::Write + ?Sized>(
        &mut self,
        to: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { to.write_all(self.comma) }
    }

    fn begin_object_value<W: std::io::Write + ?Sized>(&mut self, to: &mut W) -> std::io::Result<()> {
        to.write_all(self.colon)
    }
}

pub(in crate::explain) fn written(value: &Value, spacing: Spacing) -> Vec<u8> {
    fn with(value: &Value, formatter: impl Formatter) -> Vec<u8> {
        let mut text = Vec::new();
        // A value that was parsed can be written, and a vector takes everything.
        let _ = value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, formatter));
        text
    }
    match spacing {
        Spacing::AsSent | Spacing::Compact => with(value, CompactFormatter),
        Spacing::AfterStatement => {
            let text = with(value, CompactFormatter);
            let label: &[u8] = br#""Statement":"#;
            match memchr::memmem::find(&text, label).map(|at| at + label.len()) {
                Some(at) => [&text[..at], b" ", &text[at..]].concat(),
                None => text,
            }
        }
        Spacing::Python => with(value, Separated { comma: b", ", colon: b": " }),
        Spacing::AfterColons => with(value, Separated { comma: b",", colon: b": " }),
        Spacing::Pretty(0) => with(value, PrettyFormatter::with_indent(b"\t")),
        Spacing::Pretty(2) => with(value, PrettyFormatter::with_indent(b"  ")),
        Spacing::Pretty(_) => with(value, PrettyFormatter::with_indent(b"    ")),
    }
}

/// Keys of one name that are looked at.
const MAX_KEYS: usize = 16;
