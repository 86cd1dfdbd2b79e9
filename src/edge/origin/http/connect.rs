//! A new connection to an origin: its addresses, the first of them that answers, TLS where it is spoken.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::HeaderValue;
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::resolve::Lookup;
use super::stream::OriginStream;
use super::tls::Tls;
use crate::distribution::origin::HttpServer;
use crate::edge::io::small_writes::SmallWrites;
use crate::edge::origin::error::OriginError;

/// How one thread gets to one origin.
#[derive(Debug)]
pub(super) struct Connector {
    /// In place of an address.
    socket: Option<PathBuf>,
    lookup: Lookup,
    tls: Option<Tls>,
    limit: Duration,
}

impl Connector {
    /// For attempts that may take `limit` each.
    pub(super) fn new(server: &HttpServer, limit: Duration) -> Self {
        let tls = server.uses_tls().then(|| Tls::new(&server.host, server.authorities.clone()));
        Self { socket: server.socket.clone(), lookup: Lookup::new(&server.host), tls, limit }
    }

    /// One attempt, every address of the name included; over TLS where there is a Host to be secured for.
    pub(super) async fn attempt(
        &self,
        port: u16,
        secured_for: Option<&HeaderValue>,
    ) -> Result<OriginStream, OriginError> {
        match tokio::time::timeout(self.limit, self.open(port, secured_for)).await {
            Ok(opened) => opened,
            Err(_) => Err(OriginError::ConnectTimeout),
        }
    }

    async fn open(&self, port: u16, secured_for: Option<&HeaderValue>) -> Result<OriginStream, OriginError> {
        if let Some(path) = &self.socket {
            return unix(path).await.map_err(OriginError::Connect);
        }
        let addresses = self.lookup.addresses(port).await.map_err(OriginError::Connect)?;
        let stream = first_to_answer(addresses, self.limit).await.map_err(OriginError::Connect)?;
        stream.set_nodelay(true).map_err(OriginError::Connect)?;
        match (&self.tls, secured_for) {
            (Some(tls), Some(host)) => Ok(OriginStream::Tls(Box::new(tls.handshake(stream, host).await?))),
            (Some(_) | None, None) => Ok(OriginStream::Plain(SmallWrites(stream))),
            // An origin that is spoken to over TLS has the means for it: never in clear instead.
            (None, Some(_)) => Err(OriginError::Tls(io::Error::other("the origin has no TLS settings"))),
        }
    }
}

/// Connects to a Unix socket; a missing one is named, since the error goes to the log alone.
#[cfg(unix)]
async fn unix(path: &Path) -> io::Result<OriginStream> {
    let connected = UnixStream::connect(path).await;
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    connected.map(|stream| OriginStream::Unix(SmallWrites(stream))).map_err(named)
}

#[cfg(not(unix))]
async fn unix(_: &Path) -> io::Result<OriginStream> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Asks one address after the other, not waiting long for any, and takes the first that answers (RFC 8305): one that is
/// dead costs a quarter of a second where another stands.
async fn first_to_answer(addresses: Vec<SocketAddr>, limit: Duration) -> io::Result<TcpStream> {
    if let [only] = addresses[..] {
        return TcpStream::connect(only).await;
    }
    let step = HEAD_START.min(limit / (u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1) + 1));
    let mut last = io::Error::other("the origin's name has no address");
    let mut left = addresses.into_iter();
    let mut asked = JoinSet::new();
    loop {
        if let Some(address) = left.next() {
            asked.spawn_local(TcpStream::connect(address));
        } else if asked.is_empty() {
            return Err(last);
        }
        tokio::select! {
            Some(answer) = asked.join_next() => match answer {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(panicked) => last = io::Error::other(panicked),
            },
            () = sleep(step), if left.len() > 0 => {}
        }
    }
}

/// What RFC 8305 recommends between two attempts.
const HEAD_START: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::net::{TcpListener, TcpSocket};
    use tokio::time::Instant;

    use super::*;

    /// A listener whose queue is full, so that nobody gets an answer from it; ends with what it returns.
    async fn silent() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(Ok(stream)) =
            tokio::time::timeout(Duration::from_millis(100), TcpStream::connect(address)).await
        {
            waiting.push(stream);
        }
        (address, listener, waiting)
    }

    #[tokio::test]
    async fn a_dead_address_costs_a_head_start_and_a_refusing_one_nothing() {
        let (dead, _listener, _waiting) = silent().await;
        let alive = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = alive.local_addr().unwrap();
        let refusing = {
            let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
            gone.local_addr().unwrap()
        };
        let limit = Duration::from_secs(10);
        let local = tokio::task::LocalSet::new();
        for (addresses, at_least, at_most) in [
            (vec![there], 0, 200),
            (vec![refusing, there], 0, 200),
            (vec![dead, there], 200, 450),
            (vec![dead, refusing, there], 200, 450),
        ] {
            let begun = Instant::now();
            let stream = local.run_until(first_to_answer(addresses.clone(), limit)).await.unwrap();
            let took = begun.elapsed().as_millis();
            assert_eq!(stream.peer_addr().unwrap(), there);
            assert!((at_least..at_most).contains(&took), "{addresses:?} took {took} ms");
        }
        let none = local.run_until(first_to_answer(vec![refusing, refusing], limit)).await;
        assert_eq!(none.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        assert!(local.run_until(first_to_answer(Vec::new(), limit)).await.is_err());
    }
}
