//! The ways in which one policy is written: what JSON encoders do with white space, order and escapes.

use std::rc::Rc;

use serde::Serialize as _;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use serde_json::{Map, Value, json};

/// How a policy is written, part by part; the default is as it was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Spelling {
    pub(super) spacing: Spacing,
    pub(super) order: Order,
    pub(super) escaping: Escaping,
    pub(super) statement: Statement,
    pub(super) number: Number,
    pub(super) conditions: Conditions,
    pub(super) tail: Tail,
    pub(super) bom: Bom,
}

impl Spelling {
    /// With the parts of another one that aren't as sent.
    pub(super) fn with(self, other: Self) -> Self {
        fn chosen<T: Default + PartialEq>(own: T, other: T) -> T {
            if other == T::default() { own } else { other }
        }
        Self {
            spacing: chosen(self.spacing, other.spacing),
            order: chosen(self.order, other.order),
            escaping: chosen(self.escaping, other.escaping),
            statement: chosen(self.statement, other.statement),
            number: chosen(self.number, other.number),
            conditions: chosen(self.conditions, other.conditions),
            tail: chosen(self.tail, other.tail),
            bom: chosen(self.bom, other.bom),
        }
    }
}

/// White space between tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Spacing {
    #[default]
    AsSent,
    /// None.
    Compact,
    /// After commas and colons, as Python's `json.dumps` writes by itself.
    Python,
    /// After colons alone.
    AfterColons,
    /// Lines, indented by so many spaces; 0 stands for tabs.
    Pretty(u8),
}

/// The order of keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Order {
    #[default]
    AsSent,
    /// By name, as encoders of maps do.
    Sorted,
    /// Condition before Resource, the conditions as they were.
    ConditionFirst,
    /// Resource before Condition, the conditions in that permutation.
    Conditions(u8),
}

/// Escapes within strings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Escaping {
    #[default]
    AsSent,
    /// `\/`, as PHP's `json_encode` writes by itself.
    Slashes,
    /// `\u0026`, `\u003c`, `\u003e`, as Go's encoder writes by itself.
    Html,
    /// `\u0026`, `\u002B`, `\u0027`, `\u003C`, `\u003E`, as System.Text.Json writes by itself.
    DotNet,
    /// Nothing that needn't be.
    Least,
}

/// `Statement` as a list or bare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Statement {
    #[default]
    AsSent,
    Bare,
    Listed,
    /// With a `Version` before it.
    Versioned,
}

/// Times with or without quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Number {
    #[default]
    AsSent,
    Quoted,
    Bare,
}

/// Which conditions there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Conditions {
    #[default]
    AsSent,
    /// `DateLessThan` and nothing else.
    EndAlone,
    /// Without `IpAddress`.
    AnyAddress,
    /// Without `DateGreaterThan`.
    AnyBeginning,
    /// With `IpAddress` of everybody, as some signers add by themselves.
    Everybody,
    /// With `DateGreaterThan` of 0.
    SinceEver,
    /// With both.
    EverybodySinceEver,
}

/// What follows the last brace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Tail {
    #[default]
    AsSent,
    Lf,
    CrLf,
    /// No line end, though one was sent.
    Trimmed,
    /// Every line end as CR and LF.
    CrLfThroughout,
    /// Every line end as LF, though CRs were sent.
    LfThroughout,
}

/// A byte order mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Bom {
    #[default]
    AsSent,
    Added,
    Removed,
}

/// A part of a spelled policy.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text(Vec<u8>),
    Resource(Escaping),
    Time,
}

/// The policy that was sent, or the one that a canned signature stands for.
#[derive(Clone)]
pub(super) struct PolicyText {
    sent: Vec<u8>,
    /// The same, understood; with marks for Resource and time.
    value: Option<Value>,
    resource: String,
    time: String,
    /// How it was written, where an encoder is known that writes so.
    spacing: Spacing,
    /// The white space behind its last brace.
    ending: Vec<u8>,
    /// Whether its end was sent in quotes.
    is_quoted: bool,
}

impl PolicyText {
    /// Of a canned policy for some URL until some time.
    pub(super) fn canned() -> Self {
        let condition = json!({"DateLessThan": {"AWS:EpochTime": TIME}});
        Self {
            sent: Vec::new(),
            value: Some(json!({"Statement": [{"Resource": RESOURCE, "Condition": condition}]})),
            resource: String::new(),
            time: String::new(),
            spacing: Spacing::Compact,
            ending: Vec::new(),
            is_quoted: false,
        }
    }

    /// Of a policy that was sent.
    pub(super) fn custom(sent: &[u8]) -> Self {
        let plain = sent.strip_prefix(BOM).unwrap_or(sent);
        let mut value: Option<Value> = serde_json::from_slice(plain).ok();
        let (mut resource, mut time, mut is_quoted) = (String::new(), String::new(), false);
        if let Some(statement) = value.as_mut().and_then(statement_of) {
            if let Some(Value::String(found)) = statement.get_mut("Resource") {
                resource = std::mem::replace(found, RESOURCE.to_owned());
            }
            let end = statement.get_mut("Condition").and_then(|all| all.get_mut("DateLessThan"));
            if let Some(found) = end.and_then(|end| end.get_mut("AWS:EpochTime")) {
                time = match std::mem::replace(found, Value::from(TIME)) {
                    Value::String(text) => {
                        is_quoted = true;
                        text
                    }
                    other => other.to_string(),
                };
            }
        }
        let ending = sent[sent.trim_ascii_end().len()..].to_vec();
        let mut policy =
            Self { sent: sent.to_vec(), value, resource, time, spacing: Spacing::AsSent, ending, is_quoted };
        policy.spacing = policy.recognised();
        policy
    }

    /// Whether a spelling differs from how it was sent in more than its white space; one that doesn't would prove another
    /// mistake by chance. Escapes depend on the Resource, so that of a canned policy they always may differ.
    pub(super) fn is_changed_by(&self, spelling: Spelling) -> bool {
        let text = |spelling| flat(&self.encoded(spelling), &self.resource, &self.time);
        let is_open = self.is_canned() && spelling.escaping != Escaping::AsSent;
        is_open || text(spelling) != text(Spelling::default())
    }

    /// Whether it is JSON.
    pub(super) fn is_understood(&self) -> bool {
        self.value.is_some()
    }

    /// The Resource that it is for.
    pub(super) fn resource(&self) -> &str {
        &self.resource
    }

    /// The digits of its end.
    pub(super) fn time(&self) -> &str {
        &self.time
    }

    fn is_canned(&self) -> bool {
        self.sent.is_empty()
    }

    fn recognised(&self) -> Spacing {
        let fits = |spacing: &Spacing| {
            let pieces = self.encoded(Spelling { spacing: *spacing, ..Spelling::default() });
            flat(&pieces, &self.resource, &self.time) == self.sent
        };
        SPACINGS.into_iter().find(fits).unwrap_or(Spacing::AsSent)
    }

    /// The pieces of a spelling.
    pub(super) fn spelled(&self, spelling: Spelling) -> Rc<[Piece]> {
        let is_of_tokens =
            Spelling { tail: Tail::AsSent, bom: Bom::AsSent, ..spelling } != Spelling::default();
        let mut pieces = match (is_of_tokens || self.is_canned(), &self.value) {
            (true, Some(_)) => self.encoded(spelling),
            (true, None) | (false, _) => self.as_sent(),
        };
        ended(&mut pieces, spelling.tail);
        match spelling.bom {
            Bom::AsSent => {}
            Bom::Added => pieces.insert(0, Piece::Text(BOM.to_vec())),
            Bom::Removed => {
                if let Some(Piece::Text(text)) = pieces.first_mut()
                    && text.starts_with(BOM)
                {
                    text.drain(..BOM.len());
                }
            }
        }
        pieces.into()
    }

    /// The bytes that were sent, parted at Resource and time.
    fn as_sent(&self) -> Vec<Piece> {
        let text = &self.sent;
        let written = serde_json::to_string(&self.resource).unwrap_or_default();
        let written = written.trim_matches('"').as_bytes();
        let resource = (!written.is_empty()).then(|| memchr::memmem::find(text, written)).flatten();
        let end = memchr::memmem::find(text, b"DateLessThan").and_then(|at| {
            let after = &text[at..];
            (!self.time.is_empty())
                .then(|| memchr::memmem::find(after, self.time.as_bytes()).map(|found| at + found))
                .flatten()
        });
        let mut places: Vec<(usize, usize, Piece)> = Vec::new();
        if let Some(at) = resource {
            places.push((at, written.len(), Piece::Resource(Escaping::AsSent)));
        }
        if let Some(at) = end {
            places.push((at, self.time.len(), Piece::Time));
        }
        places.sort_by_key(|(at, _, _)| *at);
        let (mut pieces, mut from) = (Vec::new(), 0);
        for (at, len, piece) in places {
            if at < from {
                continue;
            }
            pieces.push(Piece::Text(text[from..at].to_vec()));
            pieces.push(piece);
            from = at + len;
        }
        pieces.push(Piece::Text(text[from..].to_vec()));
        pieces
    }

    fn encoded(&self, spelling: Spelling) -> Vec<Piece> {
        let mut value = self.value.clone().unwrap_or_default();
        if let Some(statement) = statement_of(&mut value) {
            conditioned(statement, spelling.conditions);
            ordered(statement, spelling.order);
            if spelling.number == Number::Quoted {
                quote_beginning(statement);
            }
        }
        restated(&mut value, spelling.statement);
        let spacing = match spelling.spacing {
            Spacing::AsSent => self.spacing,
            chosen => chosen,
        };
        let mut text = written(&value, spacing);
        text.extend_from_slice(&self.ending);
        spelling.escaping.escape_from(&mut text, 0);
        let quoted = format!("\"{TIME}\"");
        let is_quoted = match spelling.number {
            Number::AsSent => self.is_quoted,
            Number::Quoted => true,
            Number::Bare => false,
        };
        let time = if is_quoted { TIME } else { &quoted };
        split(&text, time, spelling.escaping)
    }
}

fn statement_of(value: &mut Value) -> Option<&mut Map<String, Value>> {
    match value.get_mut("Statement")? {
        Value::Array(list) => list.first_mut()?.as_object_mut(),
        Value::Object(one) => Some(one),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn conditioned(statement: &mut Map<String, Value>, conditions: Conditions) {
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

fn ordered(statement: &mut Map<String, Value>, order: Order) {
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
                let mut left: Vec<(String, Value)> = std::mem::take(all).into_iter().collect();
                let mut number = usize::from(number);
                while !left.is_empty() {
                    let (name, value) = left.remove(number % left.len());
                    number /= left.len() + 1;
                    all.insert(name, value);
                }
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

fn restated(value: &mut Value, statement: Statement) {
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

fn quote_beginning(statement: &mut Map<String, Value>) {
    let begin = statement.get_mut("Condition").and_then(|all| all.get_mut("DateGreaterThan"));
    if let Some(time) = begin.and_then(|begin| begin.get_mut("AWS:EpochTime"))
        && time.is_number()
    {
        *time = Value::from(time.to_string());
    }
}

impl Escaping {
    /// Escapes what was written from a place on.
    pub(super) fn escape_from(self, text: &mut Vec<u8>, from: usize) {
        let escape = |byte: u8| -> Option<&'static str> {
            match (self, byte) {
                (Self::Slashes, b'/') => Some("\\/"),
                (Self::Html | Self::DotNet, b'&') => Some("\\u0026"),
                (Self::Html, b'<') => Some("\\u003c"),
                (Self::Html, b'>') => Some("\\u003e"),
                (Self::DotNet, b'<') => Some("\\u003C"),
                (Self::DotNet, b'>') => Some("\\u003E"),
                (Self::DotNet, b'+') => Some("\\u002B"),
                (Self::DotNet, b'\'') => Some("\\u0027"),
                _ => None,
            }
        };
        if !text[from..].iter().any(|byte| escape(*byte).is_some()) {
            return;
        }
        let plain = text.split_off(from);
        for byte in plain {
            match escape(byte) {
                Some(escaped) => text.extend_from_slice(escaped.as_bytes()),
                None => text.push(byte),
            }
        }
    }
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

fn written(value: &Value, spacing: Spacing) -> Vec<u8> {
    fn with(value: &Value, formatter: impl Formatter) -> Vec<u8> {
        let mut text = Vec::new();
        // A value that was parsed can be written, and a vector takes everything.
        let _ = value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, formatter));
        text
    }
    match spacing {
        Spacing::AsSent | Spacing::Compact => with(value, CompactFormatter),
        Spacing::Python => with(value, Separated { comma: b", ", colon: b": " }),
        Spacing::AfterColons => with(value, Separated { comma: b",", colon: b": " }),
        Spacing::Pretty(0) => with(value, PrettyFormatter::with_indent(b"\t")),
        Spacing::Pretty(2) => with(value, PrettyFormatter::with_indent(b"  ")),
        Spacing::Pretty(_) => with(value, PrettyFormatter::with_indent(b"    ")),
    }
}

/// Parts a text at the marks.
fn split(text: &[u8], time: &str, escaping: Escaping) -> Vec<Piece> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    loop {
        let resource = memchr::memmem::find(rest, RESOURCE.as_bytes()).map(|at| (at, RESOURCE.len()));
        let end = memchr::memmem::find(rest, time.as_bytes()).map(|at| (at, time.len()));
        let (at, len, piece) = match (resource, end) {
            (Some((at, len)), end) if end.is_none_or(|(other, _)| at < other) => {
                (at, len, Piece::Resource(escaping))
            }
            (_, Some((at, len))) => (at, len, Piece::Time),
            (_, None) => break,
        };
        pieces.push(Piece::Text(rest[..at].to_vec()));
        pieces.push(piece);
        rest = &rest[at + len..];
    }
    pieces.push(Piece::Text(rest.to_vec()));
    pieces
}

fn ended(pieces: &mut [Piece], tail: Tail) {
    let crlf = |text: &mut Vec<u8>, with_cr: bool| {
        let plain: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'\r').collect();
        *text = match with_cr {
            true => plain.iter().flat_map(|&b| if b == b'\n' { vec![b'\r', b] } else { vec![b] }).collect(),
            false => plain,
        };
    };
    if matches!(tail, Tail::CrLfThroughout | Tail::LfThroughout) {
        for piece in pieces.iter_mut() {
            if let Piece::Text(text) = piece {
                crlf(text, tail == Tail::CrLfThroughout);
            }
        }
    }
    let Some(Piece::Text(last)) = pieces.last_mut() else { return };
    match tail {
        Tail::Lf => last.push(b'\n'),
        Tail::CrLf => last.extend_from_slice(b"\r\n"),
        Tail::Trimmed => {
            let kept = last.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |at| at + 1);
            last.truncate(kept);
        }
        Tail::AsSent | Tail::CrLfThroughout | Tail::LfThroughout => {}
    }
}

fn flat(pieces: &[Piece], resource: &str, time: &str) -> Vec<u8> {
    let mut text = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(part) => text.extend_from_slice(part),
            Piece::Resource(escaping) => {
                let from = text.len();
                text.extend_from_slice(resource.as_bytes());
                escaping.escape_from(&mut text, from);
            }
            Piece::Time => text.extend_from_slice(time.as_bytes()),
        }
    }
    text
}

/// Encoders that are known.
pub(super) const SPACINGS: [Spacing; 6] = [
    Spacing::Compact,
    Spacing::Python,
    Spacing::Pretty(2),
    Spacing::Pretty(4),
    Spacing::AfterColons,
    Spacing::Pretty(0),
];
const BOM: &[u8] = b"\xef\xbb\xbf";
/// Stand in for what differs from candidate to candidate.
const RESOURCE: &str = "FRONTGATE-RESOURCE";
const TIME: &str = "FRONTGATE-TIME";
