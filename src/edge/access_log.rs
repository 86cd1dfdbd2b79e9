//! One line for each request, written when its response has ended, however it ended.

use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http::header::HOST;
use http::{Method, Response, request};
use http_body::{Body as _, Frame, SizeHint};

use super::redact::redacted;
use super::reply::Cause;
use crate::body::{self, Body, BoxError};
use crate::distribution::key::PublicKeyId;

/// What is known of a request; nothing where nobody reads the log.
#[derive(Debug)]
pub struct AccessLogEntry(Option<Box<Line>>);

/// Holds the target without its signing values, never the raw one: a log must not hold what opens a door.
#[derive(Debug)]
struct Line {
    viewer: IpAddr,
    method: Method,
    host: String,
    target: String,
    status: u16,
    /// Why Frontgate answered by itself.
    cause: Option<Cause>,
    key_pair_id: Option<PublicKeyId>,
    began: Instant,
    sent: u64,
    broken: Option<String>,
    complete: bool,
}

impl AccessLogEntry {
    /// Of a request that has just come.
    #[must_use]
    pub fn begin(parts: &request::Parts, viewer: IpAddr) -> Self {
        if !tracing::enabled!(target: "access", tracing::Level::INFO) {
            return Self(None);
        }
        let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
        let host = parts.headers.get(HOST).map_or(&b""[..], |host| host.as_bytes());
        Self(Some(Box::new(Line {
            viewer,
            method: parts.method.clone(),
            host: redacted(&String::from_utf8_lossy(host)).into_owned(),
            target: redacted(target).into_owned(),
            status: 0,
            cause: None,
            key_pair_id: None,
            began: Instant::now(),
            sent: 0,
            broken: None,
            complete: false,
        })))
    }

    /// The viewer's address as the request is judged by.
    pub fn comes_from(&mut self, viewer: IpAddr) {
        if let Some(line) = &mut self.0 {
            line.viewer = viewer;
        }
    }

    /// Whose signature opened the door.
    pub fn signed_by(&mut self, key_pair_id: &PublicKeyId) {
        if let Some(line) = &mut self.0 {
            line.key_pair_id = Some(key_pair_id.clone());
        }
    }

    /// Why Frontgate answered by itself.
    pub fn answered_for(&mut self, cause: Cause) {
        if let Some(line) = &mut self.0 {
            line.cause = Some(cause);
        }
    }

    /// Rides with the response's body to its end.
    #[must_use]
    pub fn attach(self, response: Response<Body>) -> Response<Body> {
        let Some(mut line) = self.0 else { return response };
        line.status = response.status().as_u16();
        response.map(|body| {
            // hyper never asks for the body of an answer to HEAD.
            line.complete = body.is_end_stream() || line.method == Method::HEAD;
            body::boxed(LoggedBody { body, line })
        })
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let cause = self.cause.as_ref();
        tracing::info!(
            target: "access",
            viewer = %self.viewer,
            method = self.method.as_str(),
            host = self.host,
            path = self.target,
            status = self.status,
            bytes = self.sent,
            millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            key = self.key_pair_id.as_ref().map(PublicKeyId::as_str),
            reason = cause.map(|cause| cause.name),
            detail = cause.map(|cause| redacted(&cause.detail)).as_deref(),
            origin_error = self.broken.as_deref(),
            aborted = (!self.complete && self.broken.is_none()).then_some(true),
        );
    }
}

struct LoggedBody {
    body: Body,
    line: Box<Line>,
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
                self.line.sent += frame.data_ref().map_or(0, |data| data.len() as u64);
                self.line.complete = self.body.is_end_stream();
            }
            Poll::Ready(Some(Err(error))) => self.line.broken = Some(error.to_string()),
            Poll::Ready(None) => self.line.complete = true,
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
