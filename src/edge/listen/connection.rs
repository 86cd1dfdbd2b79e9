//! One viewer's connection: who it is, and which protocol it speaks.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::proxy_protocol;
use crate::config::{Door, Limits};
use crate::edge::facts::peer::{Peer, TlsFacts, ViewerAddress};
use crate::edge::http::{http1, http2};
use crate::edge::io::small_writes::SmallWrites;
use crate::edge::io::socket::Socket;
use crate::edge::limits::request_slots::Share;
use crate::edge::request::worker::Worker;
use crate::tls;
use crate::viewer::Scheme;

/// A viewer that is connected, and who serves it.
#[derive(Debug)]
pub struct Connected {
    /// This thread's.
    pub worker: Rc<Worker>,
    /// Who asks.
    pub peer: Peer,
    /// The connection's other end, which a PROXY header may have replaced in `peer`.
    pub address: SocketAddr,
    /// What it may cost.
    pub limits: Limits,
    /// What it may take of the places for requests.
    pub share: Rc<Share>,
}

/// Serves requests until the viewer or the end comes. The connection's place among the others is given back then.
pub async fn serve(
    stream: TcpStream,
    address: SocketAddr,
    door: Door,
    worker: Rc<Worker>,
    stop: CancellationToken,
    _place: OwnedSemaphorePermit,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let limits = worker.limits();
    let share = Share::new(worker.places(), &limits);
    let mut connected = Connected { worker, peer: Peer::plain(address), address, limits, share };
    let mut stream = stream;
    if door.proxy_protocol && !Box::pin(connected.is_introduced(&mut stream, &stop)).await {
        return;
    }
    match door.tls {
        None => {
            let _open = connected.worker.observer().connection("http");
            http1::serve(Socket::Plain(stream), connected, &stop).await;
        }
        Some(number) => {
            let Some(tls) = connected.worker.tls(number) else { return };
            // On the heap for as long as it takes: what is left afterwards is smaller.
            let Some((socket, is_http_2)) = Box::pin(connected.shake_hands(stream, tls, &stop)).await else {
                return;
            };
            let _open = connected.worker.observer().connection(if is_http_2 { "h2" } else { "https" });
            match is_http_2 {
                true => http2::serve(socket, connected).await,
                false => http1::serve(socket, connected, &stop).await,
            }
        }
    }
}

impl Connected {
    /// Reads the PROXY header. Without a valid one, or from someone who isn't trusted with it, there is no connection.
    async fn is_introduced(&mut self, stream: &mut TcpStream, stop: &CancellationToken) -> bool {
        let address = self.address;
        if !self.worker.may_introduce(address.ip()) {
            tracing::warn!(peer = %address, "a connection was refused: `trusted-proxies` doesn't have its address");
            return false;
        }
        let header = tokio::select! {
            header = timeout(self.limits.proxy_header, proxy_protocol::read(stream)) => header,
            () = stop.cancelled() => return false,
        };
        match header {
            Ok(Ok(Some(viewer))) => {
                self.peer.address = ViewerAddress::new(viewer.ip());
                self.peer.port = viewer.port();
                self.peer.is_introduced = true;
                true
            }
            Ok(Ok(None)) => true,
            Ok(Err(error)) => {
                tracing::info!(peer = %address, %error, "a connection was refused");
                false
            }
            Err(_) => {
                tracing::info!(peer = %address, "a connection was refused: no PROXY header came in time");
                false
            }
        }
    }

    /// Agrees on TLS, and on HTTP/2 or HTTP/1.1.
    async fn shake_hands(
        &mut self,
        stream: TcpStream,
        tls: Arc<ServerConfig>,
        stop: &CancellationToken,
    ) -> Option<(Socket, bool)> {
        let address = self.address;
        let shaken = tokio::select! {
            shaken = timeout(self.limits.handshake, TlsAcceptor::from(tls).accept(SmallWrites(stream))) => shaken,
            () = stop.cancelled() => return None,
        };
        let stream = match shaken {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::debug!(peer = %address, %error, "a TLS handshake failed");
                return None;
            }
            Err(_) => {
                tracing::debug!(peer = %address, "a TLS handshake took too long");
                return None;
            }
        };
        let session = stream.get_ref().1;
        self.peer.scheme = Scheme::Https;
        self.peer.tls = Some(TlsFacts {
            protocol: tls::protocol_name(session.protocol_version()),
            cipher: tls::cipher_name(session.negotiated_cipher_suite().map(|suite| suite.suite())),
        });
        let is_http_2 = session.alpn_protocol() == Some(tls::HTTP_2);
        Some((Socket::Tls(Box::new(stream)), is_http_2))
    }
}
