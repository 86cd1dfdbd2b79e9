//! The text of a policy in every spelling, with the places of Resource and time left open.

use std::rc::Rc;

use serde_json::{Value, json};

use super::json_forms::{conditioned, ordered, quote_beginning, restated, statement_of, written};
use super::spelling::{Bom, ESCAPINGS, Escaping, Number, SPACINGS, Spacing, Spelling, Tail};

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
    escaping: Escaping,
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
            escaping: Escaping::Least,
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
                let sent = std::mem::replace(found, Value::from(TIME));
                is_quoted = sent.is_string();
                time = sent.as_str().map_or_else(|| sent.to_string(), str::to_owned);
            }
        }
        let ending = sent[sent.trim_ascii_end().len()..].to_vec();
        let (spacing, escaping) = (Spacing::AsSent, Escaping::Least);
        let mut policy =
            Self { sent: sent.to_vec(), value, resource, time, spacing, escaping, ending, is_quoted };
        (policy.spacing, policy.escaping) = policy.recognised();
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

    /// The encoder that wrote it: what another one would have written is another spelling.
    fn recognised(&self) -> (Spacing, Escaping) {
        let fits = |(spacing, escaping): &(Spacing, Escaping)| {
            let own = Spelling { spacing: *spacing, escaping: *escaping, ..Spelling::default() };
            flat(&self.encoded(own), &self.resource, &self.time) == self.sent
        };
        let mut all = SPACINGS.into_iter().flat_map(|spacing| ESCAPINGS.map(|escaping| (spacing, escaping)));
        all.find(fits).unwrap_or((Spacing::AsSent, Escaping::Least))
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
        let is_as_sent = spelling.spacing == Spacing::AsSent;
        let spacing = if is_as_sent { self.spacing } else { spelling.spacing };
        let mut text = written(&value, spacing);
        text.extend_from_slice(&self.ending);
        let is_as_sent = spelling.escaping == Escaping::AsSent;
        let escaping = if is_as_sent { self.escaping } else { spelling.escaping };
        escaping.escape_from(&mut text, 0);
        let quoted = format!("\"{TIME}\"");
        let is_quoted = match spelling.number {
            Number::AsSent => self.is_quoted,
            Number::Quoted => true,
            Number::Bare => false,
        };
        let time = if is_quoted { TIME } else { &quoted };
        split(&text, time, escaping)
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

const BOM: &[u8] = b"\xef\xbb\xbf";
/// Stand in for what differs from candidate to candidate.
const RESOURCE: &str = "FRONTGATE-RESOURCE";
const TIME: &str = "FRONTGATE-TIME";
