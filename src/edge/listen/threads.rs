//! The threads that serve: a runtime for each, its accept loops, and how it ends.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Duration;
use std::{io, thread};

use tokio::net::TcpListener;
use tokio::runtime::LocalOptions;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection;
use super::listener::Listeners;
use crate::config::ListenerKind;
use crate::edge::limits::capacity::Capacity;
use crate::edge::request::worker::Worker;
use crate::edge::state::shared::Edge;

/// The threads that serve, each of which has begun to accept.
#[derive(Debug)]
pub struct Workers {
    threads: Vec<thread::JoinHandle<io::Result<()>>>,
}

/// Serves on the listeners until `stop`, then lets what is in flight finish within `grace`. Returns once every thread
/// accepts: until then a thread may still need files, which connections to another one could have taken.
///
/// # Errors
/// When a thread or its runtime can't be made. Those that were made end.
pub fn start(
    listeners: Listeners,
    edge: &Arc<Edge>,
    grace: Duration,
    stop: &CancellationToken,
) -> io::Result<Workers> {
    let (ready, accepting) = mpsc::channel();
    let mut threads = Vec::new();
    let capacity = Capacity::now(&edge.config.load().limits, listeners.per_worker.len());
    for (number, sockets) in listeners.per_worker.into_iter().enumerate() {
        // A token of its own: connections ask it on every turn, and threads must not meet in one lock for that.
        let (edge, own) = (Arc::clone(edge), stop.child_token());
        let (whole, ready) = (stop.clone(), ready.clone());
        let serve = move || {
            let served = serve_on_this_thread(sockets, edge, capacity, grace, &own, ready);
            // One that can't serve must not leave the others to serve half of the requests unnoticed.
            whole.cancel();
            served
        };
        threads.push(thread::Builder::new().name(format!("worker-{number}")).spawn(serve)?);
    }
    drop(ready);
    let workers = Workers { threads };
    // Each thread drops its sender with or without having said a word, so that this ends.
    if accepting.iter().count() < workers.threads.len() {
        stop.cancel();
        workers.join()?;
        return Err(io::Error::other("a worker thread could not begin"));
    }
    edge.is_accepting.store(true, Ordering::Release);
    Ok(workers)
}

impl Workers {
    /// Waits for all of them to end. Blocks.
    ///
    /// # Errors
    /// When one has failed.
    pub fn join(self) -> io::Result<()> {
        for thread in self.threads {
            match thread.join() {
                Ok(served) => served?,
                Err(_) => return Err(io::Error::other("a worker thread panicked")),
            }
        }
        Ok(())
    }
}

fn serve_on_this_thread(
    sockets: Vec<(std::net::TcpListener, ListenerKind)>,
    edge: Arc<Edge>,
    capacity: Capacity,
    grace: Duration,
    stop: &CancellationToken,
    ready: mpsc::Sender<()>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(MAX_BLOCKING_THREADS)
        .build_local(LocalOptions::default())?;
    let served = runtime.block_on(async {
        let worker = Rc::new(Worker::new(Arc::clone(&edge), capacity));
        let connections = TaskTracker::new();
        let places = Arc::new(Semaphore::new(capacity.viewers));
        for (socket, door) in sockets {
            let listener = TcpListener::from_std(socket)?;
            let accepting = accept(
                listener,
                door,
                Rc::clone(&worker),
                Arc::clone(&places),
                connections.clone(),
                stop.clone(),
            );
            connections.spawn_local(accepting);
        }
        // Nobody waits any longer where another thread has failed.
        let _ = ready.send(());
        drop(ready);
        let sweeper = tokio::task::spawn_local(sweep(Rc::clone(&worker)));
        stop.cancelled().await;
        worker.connections().stop();
        connections.close();
        if tokio::time::timeout(grace, connections.wait()).await.is_err() {
            tracing::warn!(left = connections.len(), "shutdown grace period ended; closing open connections");
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
    door: ListenerKind,
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
                let serving = connection::serve(stream, peer, door, Rc::clone(&worker), stop.clone(), place);
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
        worker.connections().look();
        worker.shed();
        if tick % LOOKS_FOR_A_SWEEP == 0 {
            worker.sweep();
        }
    }
}

/// Threads for files and names that one worker may keep busy; further reads wait for one of them.
const MAX_BLOCKING_THREADS: usize = 32;
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
        let capacity = Capacity::of(&crate::config::Limits::default(), 1, None);
        let worker = Rc::new(Worker::new(Arc::new(Edge::new(&settings, false)), capacity));
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
        local.spawn_local(accept(listener, ListenerKind::PLAIN, worker, places, TaskTracker::new(), stop));
        local.run_until(asking).await;
    }
}
