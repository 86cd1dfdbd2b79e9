//! `/events`: requests as they end, for pages that are open. A stream that nobody reads is ended by the listener's guard.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body::Frame;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::filter::Filter;
use super::guard;
use super::html::Html;
use super::page::response;
use super::requests::row;
use crate::edge::io::body::{Body, BoxError, boxed};
use crate::edge::io::form::Form;
use crate::edge::observe::recent_requests::{Record, Recorder};
use crate::edge::state::shared::Edge;

/// The places for streams.
pub(super) struct Streams(Arc<Semaphore>);

impl Default for Streams {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_STREAMS)))
    }
}

impl Streams {
    /// A stream from where a page stands: after the last event that it has seen, else after what its address says.
    pub(super) fn open(
        &self,
        edge: &Arc<Edge>,
        recorder: &Arc<Recorder>,
        headers: &HeaderMap,
        query: Option<&str>,
        admission: Admission,
        stop: &CancellationToken,
    ) -> Response<Body> {
        let Ok(place) = Arc::clone(&self.0).try_acquire_owned() else {
            let text = format!("too many live pages: at most {MAX_STREAMS}\n");
            return response(StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", text);
        };
        let form = Form::of_query(query);
        let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok());
        let after = seen.unwrap_or(form.get("after")).parse().unwrap_or(0);
        let (frames, received) = mpsc::channel(1);
        let feed = Feed {
            edge: Arc::clone(edge),
            recorder: Arc::clone(recorder),
            filter: Filter::of(&form),
            frames,
            admission,
            _place: place,
        };
        let stop = stop.clone();
        tokio::task::spawn_local(async move {
            tokio::select! {
                () = feed.run(after) => {}
                () = stop.cancelled() => {}
            }
        });
        let mut response = Response::new(boxed(Stream(received)));
        for (name, value) in [
            (CONTENT_TYPE, "text/event-stream"),
            (CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        guard::protect(&mut response);
        response
    }
}

/// Whether who opened a stream may still read it.
pub(super) type Admission = Box<dyn Fn() -> bool>;

/// What one page is told.
struct Feed {
    edge: Arc<Edge>,
    recorder: Arc<Recorder>,
    filter: Filter,
    frames: mpsc::Sender<Bytes>,
    admission: Admission,
    _place: OwnedSemaphorePermit,
}

impl Feed {
    /// Tells until the reader has gone. Events are numbered by the recorder's versions, under which also a cause that was
    /// found later comes.
    async fn run(&self, after: u64) {
        let mut changes = self.recorder.subscribe();
        // After a restart a page may have seen more than there is.
        let mut seen = if after > *changes.borrow_and_update() { 0 } else { after };
        if self.frames.send(Bytes::from_static(b"retry: 1000\n\n")).await.is_err() {
            return;
        }
        loop {
            if !(self.admission)() {
                return;
            }
            let version = *changes.borrow_and_update();
            if let Some(text) = self.told(seen, version)
                && self.frames.send(text).await.is_err()
            {
                return;
            }
            seen = seen.max(version);
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(HEARTBEAT) => {
                    if self.frames.send(Bytes::from_static(b":\n\n")).await.is_err() {
                        return;
                    }
                }
                () = self.frames.closed() => return,
            }
            // What comes at once is told at once.
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The events between two versions as one piece; of a flood the newest ones.
    fn told(&self, seen: u64, version: u64) -> Option<Bytes> {
        let snapshot = self.edge.config.load();
        let fits = |record: &Arc<Record>| self.filter.admits(record, &snapshot.distributions);
        let new: Vec<Arc<Record>> = self.recorder.changed_since(seen).into_iter().filter(fits).collect();
        let newest = new.get(new.len().saturating_sub(MAX_AT_ONCE)..)?;
        let mut text = String::new();
        for record in newest {
            let mut out = Html::default();
            row(&mut out, record);
            text.push_str("event: request\n");
            for line in out.into_string().lines() {
                text.push_str("data: ");
                text.push_str(line);
                text.push('\n');
            }
            text.push('\n');
        }
        if !text.is_empty() {
            // The last one carries the number, so that a stream that breaks off begins anew where it was whole.
            text.truncate(text.len() - 1);
            text.push_str(&format!("id: {version}\n\n"));
        }
        (!text.is_empty()).then(|| Bytes::from(text))
    }
}

/// Frames as they come.
struct Stream(mpsc::Receiver<Bytes>);

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

/// Pages that are open at the same time; a quarter of the listener's connections.
const MAX_STREAMS: usize = 16;
/// Rows in one piece; a page shows no more.
const MAX_AT_ONCE: usize = 100;
/// Proxies in between end a stream that says nothing for a minute.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Between two pieces: soon enough for an eye, seldom enough for a flood of requests.
const PAUSE: Duration = Duration::from_millis(100);
