//! A request's line on stderr, which may wait on another thread until the cause of its denial is known.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use http::Method;

use super::line::{Ending, Line};
use crate::redact::redacted;

/// What the line says; nothing in it opens a door.
pub(super) struct Diagnostic {
    is_notable: bool,
    viewer: IpAddr,
    method: Method,
    host: String,
    path: String,
    status: u16,
    sent: u64,
    millis: u64,
    key: Option<Arc<str>>,
    reason: Option<&'static str>,
    detail: Option<String>,
    origin_error: Option<String>,
    note: Option<&'static str>,
    is_aborted: bool,
}

impl Diagnostic {
    pub(super) fn of(line: &Line) -> Self {
        let cause = line.cause.as_ref();
        Self {
            is_notable: line.is_notable(),
            viewer: line.viewer,
            method: line.method.clone(),
            host: redacted(&line.host()).into_owned(),
            path: excerpt(redacted(line.target())),
            status: line.status,
            sent: line.sent,
            millis: u64::try_from(line.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            key: line.key.as_ref().map(|(key, _)| Arc::clone(&key.id)),
            reason: cause.map(|cause| cause.name),
            detail: cause.map(|cause| excerpt(redacted(&cause.detail))),
            origin_error: match &line.ending {
                Ending::Broken(error) => Some(redacted(error).into_owned()),
                Ending::Complete | Ending::Aborted => None,
            },
            note: note(line),
            is_aborted: matches!(line.ending, Ending::Aborted),
        }
    }

    /// Says it; `cause` is what a search found.
    pub(super) fn say(&self, cause: Option<&str>) {
        macro_rules! say {
            ($level:ident) => {
                tracing::$level!(
                    target: "access",
                    viewer = %self.viewer,
                    method = self.method.as_str(),
                    host = &*self.host,
                    path = &*self.path,
                    status = self.status,
                    bytes = self.sent,
                    millis = self.millis,
                    key = self.key.as_deref(),
                    reason = self.reason,
                    detail = self.detail.as_deref(),
                    cause,
                    origin_error = self.origin_error.as_deref(),
                    note = self.note,
                    aborted = self.is_aborted.then_some(true),
                )
            };
        }
        match self.is_notable {
            true => say!(info),
            false => say!(debug),
        }
    }
}

/// What the one who reads the log would else look for in the wrong place.
fn note(line: &Line) -> Option<&'static str> {
    if line.is_refused_by_storage {
        return Some(REFUSED_BY_STORAGE);
    }
    (line.cause.is_some() && line.status == 403 && line.is_cross_origin).then_some(SEEN_AS_CORS)
}

/// Amazon S3 answers AccessDenied also where a key doesn't exist and the credentials may not list the bucket.
const REFUSED_BY_STORAGE: &str = "the storage refused our credentials: it answered 403 to the request that Frontgate signed; \
    check the access key, its secret and its right to read this object";
const SEEN_AS_CORS: &str = "a denial carries no CORS headers, so the browser reports it as a CORS error";
/// As much of a text as tells it apart: a flood of long requests is not to become a flood of long lines. The access log has
/// them whole.
fn excerpt(text: Cow<'_, str>) -> String {
    if text.len() <= MAX_TEXT {
        return text.into_owned();
    }
    let end = text.floor_char_boundary(MAX_TEXT);
    format!("{}… ({} bytes)", &text[..end], text.len())
}

const MAX_TEXT: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        let long = "é".repeat(200);
        assert_eq!(excerpt(Cow::Borrowed(&long[..256])), long[..256]);
        assert_eq!(excerpt(Cow::Owned("a".to_owned() + &long)), format!("a{}… (401 bytes)", "é".repeat(127)));
    }
}
