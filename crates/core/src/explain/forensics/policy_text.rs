//! The text of a policy in every spelling, with the places of Resource and time left open.

use std::rc::Rc;

use serde_json::{Value, json};

use super::json_forms::{
    conditioned, ordered, quote_beginning, raw_string_of, restated, statement_of, written,
};
use super::policy_piece::{PolicyPiece, Quoting};
use super::policy_style::{Bom, ESCAPINGS, Escaping, Number, PolicyStyle, SPACINGS, Spacing, Tail};

/// The policy that was sent, or the one that a canned signature stands for.
#[derive(Clone)]
pub(in crate::explain) struct PolicyText {
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
    pub(in crate::explain) fn canned() -> Self {
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
    pub(in crate::explain) fn custom(sent: &[u8]) -> Self {
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
    pub(in crate::explain) fn is_changed_by(&self, spelling: PolicyStyle) -> bool {
        let text = |spelling| flat(&self.encoded(spelling), &self.resource, &self.time);
        let is_open = self.is_canned() && spelling.escaping != Escaping::AsSent;
        is_open || text(spelling) != text(PolicyStyle::default())
    }

    /// Whether it is JSON.
    pub(in crate::explain) fn is_understood(&self) -> bool {
        self.value.is_some()
    }

    /// Whether it is JSON with a statement, as every policy is.
    pub(in crate::explain) fn has_statement(&self) -> bool {
        let statement = self.value.as_ref().and_then(|value| value.get("Statement"));
        statement.is_some_and(|statement| statement.is_array() || statement.is_object())
    }

    /// The Resource that it is for.
    pub(in crate::explain) fn resource(&self) -> &str {
        &self.resource
    }

    /// The digits of its end.
    pub(in crate::explain) fn time(&self) -> &str {
        &self.time
    }

    fn is_canned(&self) -> bool {
        self.sent.is_empty()
    }

    /// The encoder that wrote it: what another one would have written is another spelling.
    fn recognised(&self) -> (Spacing, Escaping) {
        let fits = |(spacing, escaping): &(Spacing, Escaping)| {
            let own = PolicyStyle { spacing: *spacing, escaping: *escaping, ..PolicyStyle::default() };
            flat(&self.encoded(own), &self.resource, &self.time) == self.sent
        };
        let mut all = SPACINGS.into_iter().flat_map(|spacing| ESCAPINGS.map(|escaping| (spacing, escaping)));
        all.find(fits).unwrap_or((Spacing::AsSent, Escaping::Least))
    }

    /// The pieces of a spelling.
    pub(in crate::explain) fn spelled(&self, spelling: PolicyStyle) -> Rc<[PolicyPiece]> {
        let is_of_tokens =
            PolicyStyle { tail: Tail::AsSent, bom: Bom::AsSent, ..spelling } != PolicyStyle::default();
        let mut pieces = match (is_of_tokens || self.is_canned(), &self.value) {
            (true, Some(_)) => self.encoded(spelling),
            (true, None) | (false, _) => self.as_sent(),
        };
        ended(&mut pieces, spelling.tail);
        match spelling.bom {
            Bom::AsSent => {}
            Bom::Added => pieces.insert(0, PolicyPiece::Text(BOM.to_vec())),
            Bom::Removed => {
                if let Some(PolicyPiece::Text(text)) = pieces.first_mut()
                    && text.starts_with(BOM)
                {
                    text.drain(..BOM.len());
                }
            }
        }
        pieces.into()
    }

    /// The bytes that were sent, parted at Resource and time.
    fn as_sent(&self) -> Vec<PolicyPiece> {
        let text = &self.sent;
        // The bytes between the quotes, escapes included: another encoder may write the same Resource in another way.
        let resource = raw_string_of(text, "Resource", &self.resource);
        let end = memchr::memmem::find(text, b"DateLessThan").and_then(|at| {
            let after = &text[at..];
            (!self.time.is_empty())
                .then(|| memchr::memmem::find(after, self.time.as_bytes()).map(|found| at + found))
                .flatten()
        });
        let mut places: Vec<(usize, usize, PolicyPiece)> = Vec::new();
        if let Some(place) = resource {
            let raw = Rc::from(&text[place.clone()]);
            places.push((place.start, place.len(), PolicyPiece::Resource(Quoting::AsSent(raw))));
        }
        if let Some(at) = end {
            places.push((at, self.time.len(), PolicyPiece::Time));
        }
        places.sort_by_key(|(at, _, _)| *at);
        let (mut pieces, mut from) = (Vec::new(), 0);
        for (at, len, piece) in places {
            if at < from {
                continue;
            }
            pieces.push(PolicyPiece::Text(text[from..at].to_vec()));
            pieces.push(piece);
            from = at + len;
        }
        pieces.push(PolicyPiece::Text(text[from..].to_vec()));
        pieces
    }

    fn encoded(&self, spelling: PolicyStyle) -> Vec<PolicyPiece> {
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
        let quoting = if self.is_canned() { Quoting::Bare(escaping) } else { Quoting::Json(escaping) };
        split(&text, time, &quoting)
    }
}

/// Parts a text at the marks.
fn split(text: &[u8], time: &str, quoting: &Quoting) -> Vec<PolicyPiece> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    loop {
        let resource = memchr::memmem::find(rest, RESOURCE.as_bytes()).map(|at| (at, RESOURCE.len()));
        let end = memchr::memmem::find(rest, time.as_bytes()).map(|at| (at, time.len()));
        let (at, len, piece) = match (resource, end) {
            (Some((at, len)), end) if end.is_none_or(|(other, _)| at < other) => {
                (at, len, PolicyPiece::Resource(quoting.clone()))
            }
            (_, Some((at, len))) => (at, len, PolicyPiece::Time),
            (_, None) => break,
        };
        pieces.push(PolicyPiece::Text(rest[..at].to_vec()));
        pieces.push(piece);
        rest = &rest[at + len..];
    }
    pieces.push(PolicyPiece::Text(rest.to_vec()));
    pieces
}

fn ended(pieces: &mut [PolicyPiece], tail: Tail) {
    let crlf = |text: &mut Vec<u8>, with_cr: bool| {
        let plain: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'\r').collect();
        *text = match with_cr {
            true => plain.iter().flat_map(|&b| if b == b'\n' { vec![b'\r', b] } else { vec![b] }).collect(),
            false => plain,
        };
    };
    if matches!(tail, Tail::CrLfThroughout | Tail::LfThroughout) {
        for piece in pieces.iter_mut() {
            if let PolicyPiece::Text(text) = piece {
                crlf(text, tail == Tail::CrLfThroughout);
            }
        }
    }
    let Some(PolicyPiece::Text(last)) = pieces.last_mut() else { return };
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

/// The text with the Resource and the time that were sent.
fn flat(pieces: &[PolicyPiece], resource: &str, time: &str) -> Vec<u8> {
    let mut text = Vec::new();
    for piece in pieces {
        piece.write(|out| out.extend_from_slice(resource.as_bytes()), true, time, &mut text);
    }
    text
}

const BOM: &[u8] = b"\xef\xbb\xbf";
/// Stand in for what differs from candidate to candidate.
const RESOURCE: &str = "FRONTGATE-RESOURCE";
const TIME: &str = "FRONTGATE-TIME";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What was sent is the first candidate of every search: a text that differs from it would prove another policy.
        #[test]
        fn the_text_that_was_sent_is_a_candidate_byte_for_byte(
            resource in "[a-z/?*\"\\\\/\n\té\u{1F600}-]{0,24}",
            raw in "([a-z/*-]|\\\\u00[0-9a-f]{2}|\\\\/|\\\\\\\\|\\\\\"|\\\\n){0,12}",
            is_raw in any::<bool>(),
            space in "[ \n]{0,2}",
            time in "[0-9]{1,13}",
            more in "(,\"Resource\":\"x\")?",
        ) {
            let written = if is_raw { format!("\"{raw}\"") } else { serde_json::to_string(&resource).unwrap() };
            let text = format!(
                "{{\"Statement\":{space}[{{\"Resource\":{space}{written}{more},\"Condition\":{{\"DateLessThan\":{{\"AWS:EpochTime\":{time}}}}}}}]}}"
            );
            let policy = PolicyText::custom(text.as_bytes());
            let pieces = policy.spelled(PolicyStyle::default());
            prop_assert_eq!(String::from_utf8(flat(&pieces, policy.resource(), policy.time())).unwrap(), text);
        }

        #[test]
        fn any_bytes_are_a_candidate_as_they_are(text in proptest::collection::vec(any::<u8>(), 0..80)) {
            let policy = PolicyText::custom(&text);
            prop_assert_eq!(flat(&policy.spelled(PolicyStyle::default()), policy.resource(), policy.time()), text);
        }
    }
}
