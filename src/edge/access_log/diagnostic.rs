//! A request's line on stderr, which may wait on another thread until the cause of its denial is known.

use std::net::IpAddr;
use std::sync::Arc;

use http::Method;

use super::{Ending, Line};
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
            path: redacted(line.target()).into_owned(),
            status: line.status,
            sent: line.sent,
            millis: u64::try_from(line.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            key: line.key.as_ref().map(|(key, _)| Arc::clone(&key.id)),
            reason: cause.map(|cause| cause.name),
            detail: cause.map(|cause| redacted(&cause.detail).into_owned()),
            origin_error: match &line.ending {
                Ending::Broken(error) => Some(redacted(error).into_owned()),
                Ending::Complete | Ending::Aborted => None,
            },
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
