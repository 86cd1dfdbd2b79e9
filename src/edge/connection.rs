//! One viewer's connection, its whole life.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::service::Worker;
use super::stall::StallGuard;
use super::viewer_address::ViewerAddress;
use crate::small_writes::SmallWrites;

/// Serves requests until the viewer or the end comes; at the end, the request in flight is finished.
pub async fn serve(stream: TcpStream, peer: SocketAddr, worker: Rc<Worker>, stop: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let viewer = Rc::new((worker, ViewerAddress::new(peer.ip())));
    let service = service_fn(move |request| {
        let viewer = Rc::clone(&viewer);
        async move {
            let (worker, address) = &*viewer;
            Ok::<_, Infallible>(worker.respond(request, address).await)
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).title_case_headers(true);
    builder.max_buf_size(MAX_BUFFER);
    let mut connection = pin!(
        builder.serve_connection(TokioIo::new(StallGuard::new(SmallWrites(stream), STALL_LIMIT)), service)
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    match ended {
        // hyper has answered this by itself: the only trace of such a request is here.
        Err(error) if error.is_parse() => {
            tracing::info!(%peer, %error, "a request that is not HTTP was refused");
        }
        Err(error) => tracing::debug!(%peer, %error, "a viewer's connection ended with an error"),
        Ok(()) => {}
    }
}

/// For the whole head of a request, and so also between two requests.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// For a viewer to take at least one byte of what waits for it.
const STALL_LIMIT: Duration = Duration::from_secs(60);
/// Larger than CloudFront's quota of 32,768 bytes, which the service counts itself to answer 413.
const MAX_BUFFER: usize = 128 << 10;
