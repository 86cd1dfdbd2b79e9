//! The least that a proxy built on hyper does: what it costs is the floor under Frontgate's own figures.
//!
//! `bare_hyper LISTEN ORIGIN`, on one thread, with its own pool of connections. It checks nothing, removes nothing, adds
//! nothing, times nothing out and logs nothing: not for use, `script/bench a` measures it beside Frontgate.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

type Pool = Rc<RefCell<Vec<SendRequest<Empty<Bytes>>>>>;
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The response's body, and the connection that goes back when it has ended.
struct Pooled {
    body: Incoming,
    sender: Option<SendRequest<Empty<Bytes>>>,
    pool: Pool,
}

impl http_body::Body for Pooled {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, hyper::Error>>> {
        let polled = std::pin::Pin::new(&mut self.body).poll_frame(cx);
        if self.body.is_end_stream()
            && let Some(sender) = self.sender.take()
        {
            self.pool.borrow_mut().push(sender);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

async fn forward(
    request: Request<Incoming>,
    pool: Pool,
    origin: SocketAddr,
) -> Result<Response<Pooled>, Failure> {
    let kept = pool.borrow_mut().pop();
    let mut sender = match kept {
        Some(sender) => sender,
        None => {
            let stream = TcpStream::connect(origin).await?;
            stream.set_nodelay(true)?;
            let (sender, connection) = handshake(TokioIo::new(stream)).await?;
            spawn_local(connection);
            sender
        }
    };
    sender.ready().await?;
    let response = sender.send_request(request.map(|_| Empty::new())).await?;
    Ok(response.map(|body| Pooled { body, sender: Some(sender), pool }))
}

async fn serve(listen: SocketAddr, origin: SocketAddr) -> Result<(), Failure> {
    let (listener, pool) = (TcpListener::bind(listen).await?, Pool::default());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let pool = Rc::clone(&pool);
        let service = service_fn(move |request| forward(request, Rc::clone(&pool), origin));
        spawn_local(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn main() -> Result<(), Failure> {
    let mut addresses = std::env::args().skip(1).map(|argument| argument.parse());
    let (Some(listen), Some(origin)) = (addresses.next(), addresses.next()) else {
        return Err("usage: bare_hyper LISTEN ORIGIN".into());
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default())?;
    runtime.block_on(serve(listen?, origin?))
}
