//! Sockets to listen on: one for each thread where the system balances them, else one for all.

use std::net::{SocketAddr, TcpListener};
use std::{fmt, io};

use crate::config::ListenerKind;
use socket2::{Domain, Protocol, Socket, Type};

/// Bound sockets, for each worker one of each address.
#[derive(Debug)]
pub struct Listeners {
    /// A worker's sockets, each with its door.
    pub per_worker: Vec<Vec<(TcpListener, ListenerKind)>>,
    /// What they are bound to, ports filled in.
    pub addresses: Vec<(SocketAddr, ListenerKind)>,
}

impl Listeners {
    /// Binds every address for so many workers.
    ///
    /// # Errors
    /// [`BindError`] for an address that is taken or isn't this machine's. An address that another process shares is
    /// taken, too: it is bound alone first.
    pub fn bind(addresses: &[(SocketAddr, ListenerKind)], workers: usize) -> Result<Self, BindError> {
        let mut per_worker: Vec<Vec<(TcpListener, ListenerKind)>> =
            (0..workers).map(|_| Vec::new()).collect();
        let mut bound = Vec::new();
        for &(address, door) in addresses {
            let failed = |source| BindError { address, of: Listener::of(door), source };
            let has_v4_twin =
                addresses.iter().any(|(other, _)| other.is_ipv4() && other.port() == address.port());
            if address.port() != 0 {
                let alone = bind(address, has_v4_twin, false).map_err(failed)?;
                alone.listen(1).map_err(failed)?;
            }
            let first = listen(address, has_v4_twin).map_err(failed)?;
            let local = first.local_addr().map_err(failed)?;
            for (number, sockets) in per_worker.iter_mut().enumerate() {
                let socket =
                    if number > 0 && BALANCED { listen(local, has_v4_twin) } else { first.try_clone() };
                sockets.push((socket.map_err(failed)?, door));
            }
            bound.push((local, door));
        }
        Ok(Self { per_worker, addresses: bound })
    }
}

fn listen(address: SocketAddr, only_v6: bool) -> io::Result<TcpListener> {
    let socket = bind(address, only_v6, true)?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Binds with or without sharing the port; without, it fails where anybody has it.
fn bind(address: SocketAddr, only_v6: bool, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if cfg!(unix) {
        socket.set_reuse_address(true)?;
    }
    if shared {
        share_port(&socket)?;
    }
    if address.is_ipv6() {
        socket.set_only_v6(only_v6)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

#[cfg(target_os = "linux")]
fn share_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

#[cfg(not(target_os = "linux"))]
fn share_port(_: &Socket) -> io::Result<()> {
    Ok(())
}

/// The kinds of listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// Plain HTTP.
    Plain,
    /// TLS.
    Https,
    /// Metrics, health and the console.
    Admin,
    /// The same of `dev`.
    Console,
}

impl Listener {
    fn of(door: ListenerKind) -> Self {
        if door.tls.is_some() { Self::Https } else { Self::Plain }
    }

    /// What says where it listens.
    fn key(self) -> &'static str {
        match self {
            Self::Plain => "`--listen`",
            Self::Https => "`listen` in [[server.https]], or `--tls` of `dev`,",
            Self::Admin => "`listen` in [admin]",
            Self::Console => "`--console`",
        }
    }
}

/// An address that can't be listened on.
#[derive(Debug)]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// What would have listened there.
    pub of: Listener,
    /// What the system says.
    pub source: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.source.kind() == io::ErrorKind::AddrInUse {
            return write!(
                f,
                "{} is in use by another process; {} takes another address",
                self.address,
                self.of.key()
            );
        }
        write!(f, "can't listen on {}: {}", self.address, self.source)
    }
}

impl std::error::Error for BindError {}

/// Only Linux spreads connections over sockets that share a port.
const BALANCED: bool = cfg!(target_os = "linux");
/// Connections that may wait to be accepted; the system may allow fewer.
const BACKLOG: i32 = 4096;
