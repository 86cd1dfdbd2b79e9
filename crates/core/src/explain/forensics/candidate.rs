//! What may have been signed: a Resource, a time, a spelling of the policy around them, and what became of its text.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::policy_piece::PolicyPiece;
use super::policy_style::PolicyStyle;
use super::policy_text::PolicyText;
use crate::access::encoding;

/// One candidate. Its parts are shared, so that a change costs what it changes.
#[derive(Clone)]
pub(in crate::explain) struct Candidate {
    pub(in crate::explain) resource: CandidateResource,
    /// The digits of `DateLessThan`.
    pub(in crate::explain) time: Rc<str>,
    pub(in crate::explain) spelling: PolicyStyle,
    pub(in crate::explain) message: Message,
}

/// What the policy is for.
#[derive(Clone)]
pub(in crate::explain) enum CandidateResource {
    Url(Url),
    /// A pattern, or what else isn't read as a URL.
    Text(Rc<str>),
}

/// A URL in its parts.
#[derive(Clone)]
pub(in crate::explain) struct Url {
    pub(in crate::explain) scheme: Rc<str>,
    pub(in crate::explain) host: Rc<str>,
    pub(in crate::explain) port: Option<Rc<str>>,
    pub(in crate::explain) path: Rc<str>,
    pub(in crate::explain) query: Option<Rc<str>>,
    pub(in crate::explain) fragment: Option<Rc<str>>,
}

/// What of the policy's text was given to the signer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::explain) enum Message {
    Policy,
    PlainBase64,
    CloudFrontBase64,
    Digest(DigestOf),
    HexDigest(DigestOf),
    /// The Resource alone.
    Resource,
}

/// The hashes that people call themselves before they sign.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::explain) enum DigestOf {
    Sha1,
    Sha256,
}

impl Url {
    /// Takes the parts of a text in the form `scheme://host[:port]/path[?query]`.
    pub(in crate::explain) fn of(base: &str, path: &str, query: Option<&str>) -> Self {
        let (scheme, authority) = base.split_once("://").unwrap_or(("", base));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            Some(_) | None => (authority, None),
        };
        Self {
            scheme: scheme.into(),
            host: host.into(),
            port: port.map(Into::into),
            path: path.into(),
            query: query.map(Into::into),
            fragment: None,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        if !self.host.is_empty() {
            out.extend_from_slice(self.scheme.as_bytes());
            out.extend_from_slice(b"://");
            out.extend_from_slice(self.host.as_bytes());
        }
        write_part(b':', self.port.as_deref(), out);
        out.extend_from_slice(self.path.as_bytes());
        write_part(b'?', self.query.as_deref(), out);
        write_part(b'#', self.fragment.as_deref(), out);
    }
}

fn write_part(before: u8, part: Option<&str>, out: &mut Vec<u8>) {
    if let Some(part) = part {
        out.push(before);
        out.extend_from_slice(part.as_bytes());
    }
}

impl CandidateResource {
    /// Its text.
    pub(in crate::explain) fn text(&self) -> String {
        let mut text = Vec::new();
        self.write(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Url(url) => url.write(out),
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
        }
    }
}

/// Writes drafts down: the texts around Resource and time are made once for each spelling.
pub(in crate::explain) struct Writer {
    policy: PolicyText,
    known: RefCell<HashMap<PolicyStyle, Rc<[PolicyPiece]>, foldhash::fast::RandomState>>,
}

impl Writer {
    pub(in crate::explain) fn new(policy: PolicyText) -> Self {
        Self { policy, known: RefCell::default() }
    }

    /// Writes the message that would have been signed; what `message` held is lost.
    pub(in crate::explain) fn write(&self, candidate: &Candidate, message: &mut Vec<u8>) {
        message.clear();
        match candidate.message {
            Message::Resource => candidate.resource.write(message),
            Message::Policy => self.write_policy(candidate, message),
            Message::PlainBase64 => *message = base64(&self.policy_of(candidate)).into_bytes(),
            Message::CloudFrontBase64 => *message = encoding::encode(&self.policy_of(candidate)).into_bytes(),
            Message::Digest(of) => *message = of.digest(&self.policy_of(candidate)),
            Message::HexDigest(of) => *message = hex(&of.digest(&self.policy_of(candidate))).into_bytes(),
        }
    }

    /// The text of the policy, whatever was made of it.
    pub(in crate::explain) fn policy_of(&self, candidate: &Candidate) -> Vec<u8> {
        let mut text = Vec::new();
        self.write_policy(candidate, &mut text);
        text
    }

    fn write_policy(&self, candidate: &Candidate, out: &mut Vec<u8>) {
        let mut known = self.known.borrow_mut();
        let pieces =
            known.entry(candidate.spelling).or_insert_with(|| self.policy.spelled(candidate.spelling));
        let is_sent =
            matches!(&candidate.resource, CandidateResource::Text(text) if **text == *self.policy.resource());
        for piece in pieces.iter() {
            piece.write(|out| candidate.resource.write(out), is_sent, &candidate.time, out);
        }
    }
}

impl DigestOf {
    fn digest(self, text: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(text).to_vec(),
            Self::Sha256 => Sha256::digest(text).to_vec(),
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

pub(in crate::explain) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
