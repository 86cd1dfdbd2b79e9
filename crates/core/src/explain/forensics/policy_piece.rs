//! A policy's text in pieces: what stays, and where the Resource and the time stand.

use std::rc::Rc;

use super::json_forms;
use super::policy_style::Escaping;

/// A part of a spelled policy.
#[derive(Clone, Debug)]
pub(in crate::explain) enum PolicyPiece {
    Text(Vec<u8>),
    /// The place of the Resource.
    Resource(Quoting),
    Time,
}

/// How a Resource is written between its quotes.
#[derive(Clone, Debug)]
pub(in crate::explain) enum Quoting {
    /// As an encoder of JSON does, with what it escapes besides.
    Json(Escaping),
    /// As it is, with what is escaped besides: canned policies are made from a template.
    Bare(Escaping),
    /// These bytes where the Resource is the one that was sent; another one as an encoder of JSON writes it.
    AsSent(Rc<[u8]>),
}

impl PolicyPiece {
    /// Writes it down, with the Resource that `resource` writes; `is_sent` where that is the one of the policy that was sent.
    pub(in crate::explain) fn write(
        &self,
        resource: impl FnOnce(&mut Vec<u8>),
        is_sent: bool,
        time: &str,
        out: &mut Vec<u8>,
    ) {
        let from = out.len();
        match self {
            Self::Text(text) => out.extend_from_slice(text),
            Self::Time => out.extend_from_slice(time.as_bytes()),
            Self::Resource(Quoting::AsSent(raw)) if is_sent => out.extend_from_slice(raw),
            Self::Resource(Quoting::AsSent(_)) => {
                resource(out);
                json_forms::escape_from(out, from);
            }
            Self::Resource(Quoting::Json(escaping)) => {
                resource(out);
                json_forms::escape_from(out, from);
                escaping.escape_from(out, from);
            }
            Self::Resource(Quoting::Bare(escaping)) => {
                resource(out);
                escaping.escape_from(out, from);
            }
        }
    }
}
