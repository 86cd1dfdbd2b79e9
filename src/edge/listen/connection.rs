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
use crate::config::ListenerKind;
use crate::edge::facts::peer::{Peer, TlsFacts, ViewerAddress};
use crate::edge::facts::protocol::Protocol;
use crate::edge::http::connected::Connected;
use crate::edge::http::{http1, http2};
use crate::edge::io::small_writes::SmallWrites;
use crate::edge::io::socket::Socket;
use crate::edge::limits::request_slots::ViewerShare;
use crate::edge::request::worker::Worker;
use crate::tls;
use crate::viewer::Scheme;

/// Serves requests until the viewer or the end comes. The connection's place among the others is given back then.
pub async fn serve(
    stream: TcpStream,
    address: SocketAddr,
    door: ListenerKind,
    worker: Rc<Worker>,
    stop: CancellationToken,
    _place: OwnedSemaphorePermit,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let limits = worker.limits();
    let share = ViewerShare::new(worker.places(), &limits);
    let mut connected = Connected { worker, peer: Peer::plain(address), address, limits, share };
    let mut stream = stream;
    if door.proxy_protocol && !Box::pin(read_proxy_header(&mut connected, &mut stream, &stop)).await {
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
            let Some((socket, protocol)) = Box::pin(handshake(&mut connected, stream, tls, &stop)).await
            else {
                return;
            };
            let observer = connected.worker.observer();
            match protocol {
                Protocol::Http1 => {
                    let _open = observer.connection("https");
                    http1::serve(socket, connected, &stop).await;
                }
                Protocol::Http2 => {
                    let _open = observer.connection("h2");
                    http2::serve(socket, connected).await;
                }
            }
        }
    }
}

/// Reads the PROXY header. Without a valid one, or from someone who isn't trusted with it, there is no connection.
async fn read_proxy_header(
    connected: &mut Connected,
    stream: &mut TcpStream,
    stop: &CancellationToken,
) -> bool {
    let address = connected.address;
    if !connected.worker.may_send_proxy_header(address.ip()) {
        tracing::warn!(peer = %address, "a connection was refused: `trusted-proxies` doesn't have its address");
        return false;
    }
    let header = tokio::select! {
        header = timeout(connected.limits.proxy_header, proxy_protocol::read(stream)) => header,
        () = stop.cancelled() => return false,
    };
    match header {
        Ok(Ok(Some(viewer))) => {
            connected.peer.address = ViewerAddress::new(viewer.ip());
            connected.peer.port = viewer.port();
            connected.peer.has_proxy_header = true;
            true
        }
        Ok(Ok(None)) => true,
        Ok(Err(error)) => {
            tracing::info!(peer = %address, %error, "a connection was refused");
            false
        }
        Err(_) => {
            tracing::info!(peer = %address, "a connection was refused: no PROXY header within the timeout");
            false
        }
    }
}

/// Agrees on TLS, and on HTTP/2 or HTTP/1.1.
async fn handshake(
    connected: &mut Connected,
    stream: TcpStream,
    tls: Arc<ServerConfig>,
    stop: &CancellationToken,
) -> Option<(Socket, Protocol)> {
    let address = connected.address;
    let shaken = tokio::select! {
        shaken = timeout(connected.limits.handshake, TlsAcceptor::from(tls).accept(SmallWrites(stream))) => shaken,
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
    connected.peer.scheme = Scheme::Https;
    connected.peer.tls = Some(TlsFacts {
        protocol: tls::protocol_name(session.protocol_version()),
        cipher: tls::cipher_name(session.negotiated_cipher_suite().map(|suite| suite.suite())),
    });
    let protocol =
        if session.alpn_protocol() == Some(tls::HTTP_2) { Protocol::Http2 } else { Protocol::Http1 };
    Some((Socket::Tls(Box::new(stream)), protocol))
}
