//! Where `dev` listens: as the command line says, else on the usual ports or the next free ones.

use std::net::{Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::time::Duration;
use std::{io, thread};

use clap::Args;

use crate::cli::proxy::{Bound, Proxy};
use crate::config::{ListenerKind, ServerSettings};
use crate::distribution::origin::OriginLocation;
use crate::edge::listen::listener::BindError;
use crate::viewer::Scheme;

/// The options.
#[derive(Args, Debug)]
pub(super) struct Listen {
    /// The port to listen on, on 127.0.0.1 [default: 8080, or the next free one]
    #[arg(short, long, value_name = "N", conflicts_with = "listen")]
    port: Option<u16>,
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:8080, or the next free port]
    #[arg(long, value_name = "ADDR", value_parser = crate::cli::output::address)]
    listen: Option<SocketAddr>,
    /// Speak TLS too, with certificates of a local authority [default address: 127.0.0.1:8443, or the next free port]
    #[arg(long, value_name = "ADDR", value_parser = crate::cli::output::address, num_args = 0..=1, require_equals = true)]
    tls: Option<Option<SocketAddr>>,
}

impl Listen {
    /// Binds every listener, or none.
    pub(super) fn bind(&self, ready_file: Option<&Path>, is_for_others: bool) -> anyhow::Result<Bound> {
        let given = self.port.map(local).or(self.listen);
        let mut plain = given.unwrap_or(local(USUAL_PORT));
        let mut secure = self.tls.map(|given| given.unwrap_or(local(USUAL_TLS_PORT)));
        for _ in 0..MAX_TRIES {
            let error = match proxy(plain, secure, ready_file, is_for_others).bind() {
                Ok(bound) => return Ok(bound),
                Err(error) => error,
            };
            let taken = error.downcast_ref::<BindError>();
            let taken = taken.filter(|error| error.source.kind() == io::ErrorKind::AddrInUse);
            match (taken.map(|error| error.address), &mut secure) {
                (Some(address), _) if address == plain && given.is_none() => step(&mut plain),
                (Some(address), Some(secure)) if address == *secure && self.tls == Some(None) => step(secure),
                _ => return Err(error),
            }
        }
        proxy(plain, secure, ready_file, is_for_others).bind()
    }

    /// The usual ports in whose place other ones were taken.
    pub(super) fn replaced(&self, plain: SocketAddr, secure: Option<SocketAddr>) -> Vec<u16> {
        let mut replaced = Vec::new();
        if self.port.is_none() && self.listen.is_none() && plain.port() != USUAL_PORT {
            replaced.push(USUAL_PORT);
        }
        if self.tls == Some(None) && secure.is_some_and(|address| address.port() != USUAL_TLS_PORT) {
            replaced.push(USUAL_TLS_PORT);
        }
        replaced
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn step(address: &mut SocketAddr) {
    address.set_port(address.port() + 1);
}

fn proxy(
    plain: SocketAddr,
    secure: Option<SocketAddr>,
    ready_file: Option<&Path>,
    test_mode_on_any_address: bool,
) -> Proxy {
    let secure = secure.map(|address| (address, ListenerKind { proxy_protocol: false, tls: Some(0) }));
    Proxy {
        listen: [(plain, ListenerKind::PLAIN)].into_iter().chain(secure).collect(),
        workers: 0,
        shutdown_grace: ServerSettings::default().shutdown_grace,
        listen_is_given: true,
        reload_from: None,
        ready_file: ready_file.map(Path::to_owned),
        test_mode: true,
        test_mode_on_any_address,
        is_dev: true,
    }
}

/// Says where nothing accepts connections at the origin yet; `dev` goes on, since an application is often started later.
pub(super) fn look_for(origin: &OriginLocation) {
    let Some(server) = origin.server() else { return };
    #[cfg(unix)]
    if let Some(path) = &server.socket {
        if let Err(error) = std::os::unix::net::UnixStream::connect(path) {
            tracing::warn!("nothing accepts connections on {} yet: {error}", path.display());
        }
        return;
    }
    let (_, endpoint) = server.endpoint(Scheme::Http);
    let (host, port) = (server.host.clone(), endpoint.port);
    // Looking up a name, or an address that doesn't answer, takes time: nothing waits for it.
    let _ = thread::Builder::new().name("origin".to_owned()).spawn(move || {
        let addresses = (host.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        let accepts = |address: &SocketAddr| TcpStream::connect_timeout(address, CONNECT).is_ok();
        match addresses {
            Err(error) => tracing::warn!("the origin's name {host} can't be looked up yet: {error}"),
            Ok(addresses) if !addresses.iter().any(accepts) => {
                tracing::warn!("nothing accepts connections on {host}:{port} yet");
            }
            Ok(_) => {}
        }
    });
}

const USUAL_PORT: u16 = 8080;
const USUAL_TLS_PORT: u16 = 8443;
/// Ports in a row that others have: far more than a developer runs.
const MAX_TRIES: u32 = 100;
const CONNECT: Duration = Duration::from_secs(1);
