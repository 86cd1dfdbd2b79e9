//! The running edge: listeners, a runtime for each core, connections, and their end.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use std::{io, thread};

use arc_swap::ArcSwap;
use http::HeaderValue;
use tokio::net::TcpListener;
use tokio::runtime::LocalOptions;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::verified::VerifiedPolicies;
use crate::config::Settings;
use crate::distribution::Distributions;
use crate::locations::Locations;

pub mod access_log;
pub mod cloudfront_headers;
pub mod connection;
pub mod conversation;
pub mod headers;
pub mod identity;
pub mod listener;
pub mod origin_request;
pub mod redact;
pub mod reply;
pub mod response_headers;
pub mod service;
pub mod stall;
pub mod test_mode;
pub mod viewer;

pub use listener::Listeners;
use service::Worker;

/// What all threads share.
#[derive(Debug)]
pub struct Edge {
    /// What a reload replaces.
    pub running: ArcSwap<Running>,
    /// The memo of good signatures; survives reloads, since an entry names its key's material.
    pub verified: VerifiedPolicies,
    /// Whether the test headers count.
    pub test_mode: bool,
    /// `Via` of this edge.
    pub via: HeaderValue,
}

/// A configuration in use.
#[derive(Debug)]
pub struct Running {
    /// What is served.
    pub distributions: Arc<Distributions>,
    /// Folders and files that directory origins never show.
    pub secrets: Vec<PathBuf>,
    /// Where addresses are.
    pub locations: Option<Arc<Locations>>,
    /// Whether a distribution looks at countries; else nobody looks them up.
    pub restricts_countries: bool,
}

impl Running {
    fn new(settings: &Settings) -> Self {
        let list = &settings.distributions.list;
        Self {
            distributions: Arc::clone(&settings.distributions),
            secrets: settings.secrets.clone(),
            locations: settings.locations.clone(),
            restricts_countries: list.iter().any(|one| one.geo_restriction.is_some()),
        }
    }
}

impl Edge {
    /// An edge that runs a configuration.
    #[must_use]
    pub fn new(settings: &Settings, test_mode: bool) -> Self {
        Self {
            running: ArcSwap::from_pointee(Running::new(settings)),
            verified: VerifiedPolicies::new(settings.verified_policies_size),
            test_mode,
            via: identity::via(),
        }
    }

    /// Takes another configuration's distributions and keys; requests in flight keep theirs.
    pub fn reload(&self, settings: &Settings) {
        self.running.store(Arc::new(Running::new(settings)));
    }
}

/// Serves on the listeners until `stop`, then lets what is in flight finish within `grace`. Blocks.
///
/// # Errors
/// When a thread or its runtime can't be made.
pub fn run(
    listeners: Listeners,
    edge: &Arc<Edge>,
    grace: Duration,
    stop: &CancellationToken,
) -> io::Result<()> {
    let mut threads = Vec::new();
    for (number, sockets) in listeners.per_worker.into_iter().enumerate() {
        // A token of its own: connections ask it on every turn, and threads must not meet in one lock for that.
        let (edge, own) = (Arc::clone(edge), stop.child_token());
        let whole = stop.clone();
        let serve = move || {
            let served = serve_on_this_thread(sockets, edge, grace, &own);
            // One that can't serve must not leave the others to serve half of the requests unnoticed.
            whole.cancel();
            served
        };
        threads.push(thread::Builder::new().name(format!("worker-{number}")).spawn(serve)?);
    }
    for thread in threads {
        match thread.join() {
            Ok(served) => served?,
            Err(_) => return Err(io::Error::other("a worker thread panicked")),
        }
    }
    Ok(())
}

fn serve_on_this_thread(
    sockets: Vec<std::net::TcpListener>,
    edge: Arc<Edge>,
    grace: Duration,
    stop: &CancellationToken,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(MAX_BLOCKING_THREADS)
        .build_local(LocalOptions::default())?;
    let served = runtime.block_on(async {
        let worker = Rc::new(Worker::new(edge));
        let connections = TaskTracker::new();
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        for socket in sockets {
            let listener = TcpListener::from_std(socket)?;
            let accepting =
                accept(listener, Rc::clone(&worker), Arc::clone(&places), connections.clone(), stop.clone());
            connections.spawn_local(accepting);
        }
        let sweeper = tokio::task::spawn_local(sweep(Rc::clone(&worker)));
        stop.cancelled().await;
        worker.conversations().stop();
        connections.close();
        if tokio::time::timeout(grace, connections.wait()).await.is_err() {
            tracing::warn!(left = connections.len(), "the grace ran out; connections are cut");
        }
        sweeper.abort();
        Ok(())
    });
    // A file or a name that the system still looks for must not hold up the end.
    runtime.shutdown_background();
    served
}

/// Takes connections until the end. An error, such as too many open files, is waited out.
async fn accept(
    listener: TcpListener,
    worker: Rc<Worker>,
    places: Arc<Semaphore>,
    connections: TaskTracker,
    stop: CancellationToken,
) {
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = stop.cancelled() => return,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match (accepted, place) {
            (Ok((stream, peer)), Ok(place)) => {
                let serving = connection::serve(stream, peer, Rc::clone(&worker), stop.clone(), place);
                connections.spawn_local(serving);
            }
            (Err(error), _) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
            (Ok(_), Err(_)) => return,
        }
    }
}

async fn sweep(worker: Rc<Worker>) {
    let mut ticks = tokio::time::interval(LOOK_INTERVAL);
    for tick in 0u32.. {
        ticks.tick().await;
        worker.conversations().look();
        if tick % LOOKS_FOR_A_SWEEP == 0 {
            worker.sweep();
        }
    }
}

/// Threads for files and names that one worker may keep busy; further reads wait for one of them.
const MAX_BLOCKING_THREADS: usize = 32;
/// Connections that one thread serves at a time; more wait in the system's queue.
const MAX_CONNECTIONS: usize = 16_384;
/// A viewer's connection is parked once it has asked nothing from one look to the next: late enough for a page's requests
/// to follow each other, early enough for thousands of new viewers not to hold their buffers all at once.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// Connections to origins are looked through once a second.
const LOOKS_FOR_A_SWEEP: u32 = 20;
/// Long enough for files to be closed, short enough not to be noticed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::time::timeout;

    use super::*;

    const CONFIG: &str = "[[distributions]]\nid = \"E\"\ndomain-name = \"a.example.com\"\n\
                          [[distributions.origins]]\nid = \"o\"\nurl = \"demo:\"\n\
                          [distributions.default-cache-behavior]\ntarget-origin = \"o\"\n";

    #[tokio::test]
    async fn a_connection_that_has_ended_gives_its_place_to_the_next() {
        let settings = crate::config::parse(Path::new("config.toml"), CONFIG).unwrap();
        let worker = Rc::new(Worker::new(Arc::new(Edge::new(&settings, false))));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (places, stop) = (Arc::new(Semaphore::new(1)), CancellationToken::new());
        let asking = async {
            for round in 0..3 {
                let mut stream = TcpStream::connect(address).await.unwrap();
                let request = b"GET /image.svg HTTP/1.1\r\nHost: a.example.com\r\nConnection: close\r\n\r\n";
                stream.write_all(request).await.unwrap();
                let mut answer = Vec::new();
                let read = timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
                assert!(read.is_ok() && answer.starts_with(b"HTTP/1.1 200"), "round {round}");
            }
        };
        let local = tokio::task::LocalSet::new();
        local.spawn_local(accept(listener, worker, places, TaskTracker::new(), stop));
        local.run_until(asking).await;
    }
}
