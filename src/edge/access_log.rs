//! One line for each request, written when its response has ended, however it ended.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http::Response;
use http_body::{Body as _, Frame, SizeHint};

use super::redact::redacted;
use super::reply::Cause;
use crate::body::{self, Body, BoxError};

/// What is known of a request. Holds the target without its signing values, never the raw one.
#[derive(Debug)]
pub struct AccessLogEntry {
    /// The viewer's address.
    pub viewer: std::net::IpAddr,
    /// The method.
    pub method: String,
    /// The host that was sent.
    pub host: String,
    /// Path and query without signing parameters.
    pub target: String,
    /// The answer's status.
    pub status: u16,
    /// Why Frontgate answered by itself.
    pub cause: Option<Cause>,
    /// The key that signed.
    pub key_pair_id: Option<String>,
    /// When the request came.
    pub began: Instant,
    sent: u64,
    broken: Option<String>,
    complete: bool,
}

impl AccessLogEntry {
    /// An entry for a request that has just come.
    #[must_use]
    pub fn new(viewer: std::net::IpAddr, method: String, host: String, target: String) -> Self {
        Self {
            viewer,
            method,
            host,
            target,
            status: 0,
            cause: None,
            key_pair_id: None,
            began: Instant::now(),
            sent: 0,
            broken: None,
            complete: false,
        }
    }

    /// Rides with the response's body to its end.
    #[must_use]
    pub fn attach(mut self, response: Response<Body>) -> Response<Body> {
        self.status = response.status().as_u16();
        response.map(|body| {
            // hyper never asks for the body of an answer to HEAD.
            self.complete = body.is_end_stream() || self.method == "HEAD";
            body::boxed(LoggedBody { body, entry: self })
        })
    }
}

impl Drop for AccessLogEntry {
    fn drop(&mut self) {
        let cause = self.cause.as_ref();
        tracing::info!(
            target: "access",
            viewer = %self.viewer,
            method = self.method,
            host = self.host,
            path = self.target,
            status = self.status,
            bytes = self.sent,
            millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            key = self.key_pair_id.as_deref(),
            reason = cause.map(|cause| cause.name),
            detail = cause.map(|cause| redacted(&cause.detail)),
            origin_error = self.broken.as_deref(),
            aborted = (!self.complete && self.broken.is_none()).then_some(true),
        );
    }
}

struct LoggedBody {
    body: Body,
    entry: AccessLogEntry,
}

impl http_body::Body for LoggedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = self.body.as_mut().poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.entry.sent += frame.data_ref().map_or(0, |data| data.len() as u64);
                self.entry.complete = self.body.is_end_stream();
            }
            Poll::Ready(Some(Err(error))) => self.entry.broken = Some(error.to_string()),
            Poll::Ready(None) => self.entry.complete = true,
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
