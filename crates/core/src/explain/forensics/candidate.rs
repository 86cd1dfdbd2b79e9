//! What may have been signed: a Resource, a time, a spelling of the policy around them, and what became of its text.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::policy_text::{Piece, PolicyText};
use super::spelling::Spelling;
use crate::access::encoding;

/// One candidate. Its parts are shared, so that a change costs what it changes.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) resource: Resource,
    /// The digits of `DateLessThan`.
    pub(super) time: Rc<str>,
    pub(super) spelling: Spelling,
    pub(super) message: Message,
}

/// What the policy is for.
#[derive(Clone)]
pub(super) enum Resource {
    Url(Url),
    /// A pattern, or what else isn't read as a URL.
    Text(Rc<str>),
}

/// A URL in its parts.
#[derive(Clone)]
pub(super) struct Url {
    pub(super) scheme: Rc<str>,
    pub(super) host: Rc<str>,
    pub(super) port: Option<Rc<str>>,
    pub(super) path: Rc<str>,
    pub(super) query: Option<Rc<str>>,
    pub(super) fragment: Option<Rc<str>>,
}

/// What of the policy's text was given to the signer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
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
pub(super) enum DigestOf {
    Sha1,
    Sha256,
}

impl Url {
    /// Takes the parts of a text in the form `scheme://host[:port]/path[?query]`.
    pub(super) fn of(base: &str, path: &str, query: Option<&str>) -> Self {
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

impl Resource {
    /// Its text.
    pub(super) fn text(&self) -> String {
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
pub(super) struct Writer {
    policy: PolicyText,
    known: RefCell<HashMap<Spelling, Rc<[Piece]>, foldhash::fast::RandomState>>,
}

impl Writer {
    pub(super) fn new(policy: PolicyText) -> Self {
        Self { policy, known: RefCell::default() }
    }

    /// Writes the message that would have been signed; what `message` held is lost.
    pub(super) fn write(&self, draft: &Draft, message: &mut Vec<u8>) {
        message.clear();
        match draft.message {
            Message::Resource => draft.resource.write(message),
            Message::Policy => self.write_policy(draft, message),
            Message::PlainBase64 => *message = base64(&self.policy_of(draft)).into_bytes(),
            Message::CloudFrontBase64 => *message = encoding::encode(&self.policy_of(draft)).into_bytes(),
            Message::Digest(of) => *message = of.digest(&self.policy_of(draft)),
            Message::HexDigest(of) => *message = hex(&of.digest(&self.policy_of(draft))).into_bytes(),
        }
    }

    /// The text of the policy, whatever was made of it.
    pub(super) fn policy_of(&self, draft: &Draft) -> Vec<u8> {
        let mut text = Vec::new();
        self.write_policy(draft, &mut text);
        text
    }

    fn write_policy(&self, draft: &Draft, out: &mut Vec<u8>) {
        let mut known = self.known.borrow_mut();
        let pieces = known.entry(draft.spelling).or_insert_with(|| self.policy.spelled(draft.spelling));
        let is_sent = matches!(&draft.resource, Resource::Text(text) if **text == *self.policy.resource());
        for piece in pieces.iter() {
            piece.write(|out| draft.resource.write(out), is_sent, &draft.time, out);
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

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
