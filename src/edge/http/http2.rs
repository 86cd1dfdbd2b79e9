//! A viewer's connection over HTTP/2: many requests at a time, each on a stream of its own.
//!
//! hyper and h2 bound what a viewer may ask for at once; what they don't bound is time. So each stream has a limit on
//! standing still of its own (`streams.rs`), and a connection without streams is called to its end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Poll, ready};
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};

use super::connected::Connected;
use super::frame_meter::FrameMeter;
use super::http2_streams::{Spawner, StreamBody, Streams};
use super::viewer_body;
use super::write_coalescing::CoalescedWriter;
use crate::edge::io::body::BoxError;
use crate::edge::io::idle_timeout::IdleTimer;
use crate::edge::io::socket::Socket;
use crate::edge::io::write_timeout::WriteTimeout;
use crate::edge::limits::request_slots::RequestSlot;

/// Serves requests until the viewer or the end comes; at the end, or once nothing has been asked for the idle time, the
/// viewer is told (GOAWAY) and the streams that are open are finished.
pub fn serve(socket: Socket, viewer: Connected) -> Pin<Box<dyn Future<Output = ()>>> {
    // On the heap: a connection of HTTP/1.1, of which there may be many more, is not to keep place for it.
    Box::pin(converse(socket, viewer))
}

async fn converse(socket: Socket, viewer: Connected) {
    let (limits, address) = (viewer.limits, viewer.address);
    let streams = Streams::new(limits.idle, limits.write, Rc::clone(&viewer.share));
    viewer.worker.connections().add(&streams);
    let (viewer, of_requests) = (Rc::new(viewer), Rc::clone(&streams));
    let service = service_fn(move |request: Request<Incoming>| {
        let (viewer, streams) = (Rc::clone(&viewer), Rc::clone(&of_requests));
        let request = request.map(|incoming| viewer_body::of_stream(incoming, limits.body));
        // On the heap at once: hyper and the spawner move it on from hand to hand.
        Box::pin(async move {
            let stream = streams.current();
            let none = RequestSlot::default();
            let slot = stream.as_ref().map_or(&none, |stream| stream.slot());
            let response = viewer.worker.respond(request, &viewer.peer, slot).await;
            Ok::<_, Infallible>(response.map(|body| StreamBody::new(body, stream)))
        })
    });
    let mut builder = http2::Builder::new(Spawner(Rc::clone(&streams)));
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_pending_accept_reset_streams(limits.resets)
        .max_local_error_reset_streams(MAX_LOCAL_RESETS)
        .max_header_list_size(u32::try_from(limits.head_size).unwrap_or(u32::MAX))
        .max_send_buf_size(SEND_BUFFER)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .keep_alive_interval(limits.idle)
        .keep_alive_timeout(limits.idle);
    let metered = FrameMeter::new(socket, limits.idle_frames);
    let socket = CoalescedWriter::new(WriteTimeout::new(metered, limits.write));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(socket.clone()), service));
    // Not by hyper's timers: before the preface, and while a viewer takes nothing of what h2 holds, it has none.
    let mut last_wait = IdleTimer::new(LAST_WAIT.min(limits.write));
    let mut is_ending = false;
    let ended = poll_fn(|cx| {
        let mut polled = connection.as_mut().poll(cx);
        if polled.is_pending() && !is_ending && streams.poll_called(cx).is_ready() {
            is_ending = true;
            connection.as_mut().graceful_shutdown();
            polled = connection.as_mut().poll(cx);
        }
        // What it has said in this turn, it has said to the gatherer alone.
        match (polled, socket.poll_send(cx)) {
            (Poll::Ready(ended), _) => Poll::Ready(ended.map_err(BoxError::from)),
            (Poll::Pending, Poll::Ready(Err(error))) => Poll::Ready(Err(error.into())),
            (Poll::Pending, _) if is_ending && streams.is_idle() => {
                ready!(last_wait.poll_idle(cx));
                Poll::Ready(Err("the viewer doesn't take the end of it".into()))
            }
            (Poll::Pending, _) => {
                last_wait.moved();
                Poll::Pending
            }
        }
    });
    if let Err(error) = ended.await {
        tracing::debug!(peer = %address, %error, "a viewer's connection ended with an error");
    }
}

/// For a viewer that has been told the end, has no stream open and doesn't close.
const LAST_WAIT: Duration = Duration::from_secs(5);
/// Streams that we reset ourselves, for what a viewer did wrong, until the connection ends.
const MAX_LOCAL_RESETS: usize = 256;
/// Bytes of one response that wait for a viewer's window.
const SEND_BUFFER: usize = 64 << 10;
/// Bytes that a viewer may upload on one stream before it is told to go on.
const STREAM_WINDOW: u32 = 64 << 10;
/// The same for all of a connection's streams together.
const CONNECTION_WINDOW: u32 = 1 << 20;
