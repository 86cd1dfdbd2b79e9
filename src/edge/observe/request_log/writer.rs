//! Where the access log goes: a thread of its own takes finished lines from a bounded queue, so that no request waits for
//! a disk or for whoever reads stdout.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::format;
use crate::config::{AccessLogFormat, AccessLogSettings};

/// The running access log; cheap to copy.
#[derive(Clone, Debug)]
pub struct AccessLog {
    lines: SyncSender<Message>,
    lost: Arc<AtomicU64>,
    overflow: Arc<Overflow>,
    settings: Arc<AccessLogSettings>,
}

impl AccessLog {
    /// Opens the file and begins to write.
    ///
    /// # Errors
    /// When the file can't be opened, or no thread can be made.
    pub fn start(settings: &AccessLogSettings) -> io::Result<Self> {
        let (lines, receiver) = sync_channel(MAX_LINES);
        let lost: Arc<AtomicU64> = Arc::default();
        let overflow: Arc<Overflow> = Arc::default();
        let head = if settings.format == AccessLogFormat::CloudFront { format::HEAD } else { "" };
        let mut sink = Sink::new(open(settings.file.as_deref())?, settings.file.clone(), head, &lost);
        sink.begin_file();
        let flow = Arc::clone(&overflow);
        let write = move || write_lines(&receiver, &mut sink, &flow);
        thread::Builder::new().name("access-log".to_owned()).spawn(write)?;
        Ok(Self { lines, lost, overflow, settings: Arc::new(settings.clone()) })
    }

    /// How lines are to be written.
    #[must_use]
    pub fn settings(&self) -> &AccessLogSettings {
        &self.settings
    }

    /// Takes a whole line, with its end. One that finds the queue full is lost.
    pub fn write(&self, line: Vec<u8>) {
        if self.lines.try_send(Message::Line(line)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
            self.overflow.begin_or_go_on();
        }
    }

    /// Lines that were lost since the start.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Writes what has come, and opens the file anew: whoever rotates it has moved it away.
    pub fn reopen(&self) {
        self.ask(Message::Reopen);
    }

    /// Waits until everything that has come is written, for two seconds at the most.
    pub fn flush(&self) {
        self.ask(Message::Flush);
    }

    fn ask(&self, message: impl FnOnce(SyncSender<()>) -> Message) {
        let (done, is_done) = sync_channel(1);
        let mut message = message(done);
        for _ in 0..ASK_TRIES {
            match self.lines.try_send(message) {
                Ok(()) => {
                    let _ = is_done.recv_timeout(Duration::from_secs(1));
                    return;
                }
                Err(TrySendError::Full(back)) => message = back,
                Err(TrySendError::Disconnected(_)) => return,
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

#[derive(Debug)]
enum Message {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
    Reopen(SyncSender<()>),
}

/// Lines that found the queue full since it was empty the last time.
#[derive(Debug, Default)]
struct Overflow(AtomicU64);

impl Overflow {
    fn begin_or_go_on(&self) {
        if self.0.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!("the access log is written too slowly; lines are lost until it keeps up");
        }
    }

    /// A queue of thousands of lines lies between two ends: this is said seldom.
    fn end(&self) {
        if self.0.load(Ordering::Relaxed) > 0 {
            let lost = self.0.swap(0, Ordering::Relaxed);
            tracing::warn!(lost, "the access log keeps up again");
        }
    }
}

/// Writes what has come together, in as few writes as can be. Waits for more to come only where nothing was left over:
/// else the waiting would be what lines are lost by.
fn write_lines(receiver: &Receiver<Message>, sink: &mut Sink, overflow: &Overflow) {
    let mut together: Vec<u8> = Vec::new();
    let mut is_behind = false;
    while let Ok(first) = receiver.recv() {
        let mut next = Some(first);
        if !is_behind && matches!(next, Some(Message::Line(_))) {
            thread::sleep(GATHERING);
        }
        let mut lines = 0;
        while let Some(message) = next {
            match message {
                Message::Line(line) => {
                    together.extend_from_slice(&line);
                    lines += 1;
                }
                Message::Flush(done) => {
                    sink.write(&mut together, &mut lines);
                    let _ = done.send(());
                }
                Message::Reopen(done) => {
                    sink.write(&mut together, &mut lines);
                    sink.reopen();
                    let _ = done.send(());
                }
            }
            if together.len() >= MAX_TOGETHER {
                break;
            }
            next = receiver.try_recv().ok();
        }
        is_behind = together.len() >= MAX_TOGETHER;
        sink.write(&mut together, &mut lines);
        if !is_behind {
            overflow.end();
        }
    }
}

/// What is written to, and what has been said about it.
struct Sink {
    to: File,
    /// None for stdout.
    file: Option<PathBuf>,
    /// The first lines of each file.
    head: &'static str,
    lost: Arc<AtomicU64>,
    /// Whether the last write ended in the middle of a line.
    is_torn: bool,
    is_failing: bool,
    looked: Instant,
    has_vanished: bool,
}

impl Sink {
    fn new(to: File, file: Option<PathBuf>, head: &'static str, lost: &Arc<AtomicU64>) -> Self {
        Self {
            to,
            file,
            head,
            lost: Arc::clone(lost),
            is_torn: false,
            is_failing: false,
            looked: Instant::now(),
            has_vanished: false,
        }
    }

    /// The head, where the file has nothing yet.
    fn begin_file(&mut self) {
        let is_new = self.file.is_none() || self.to.metadata().map_or(true, |meta| meta.len() == 0);
        if is_new {
            self.write(&mut self.head.as_bytes().to_vec(), &mut 0);
        }
    }

    fn write(&mut self, together: &mut Vec<u8>, lines: &mut u64) {
        if !together.is_empty() {
            self.look();
            if self.is_torn {
                together.insert(0, b'\n');
            }
            let (written, outcome) = write(&self.to, together);
            self.is_torn = match written.checked_sub(1).and_then(|last| together.get(last)) {
                Some(last) => *last != b'\n',
                None => self.is_torn,
            };
            match outcome {
                Ok(()) => self.is_failing = false,
                Err(error) => {
                    let whole = together[..written].iter().filter(|byte| **byte == b'\n').count() as u64;
                    self.lost.fetch_add(lines.saturating_sub(whole), Ordering::Relaxed);
                    if !std::mem::replace(&mut self.is_failing, true) {
                        tracing::error!(%error, "the access log can't be written; its lines are lost until it can");
                    }
                }
            }
        }
        together.clear();
        *lines = 0;
    }

    /// Says once where the file was moved or removed and nobody sent SIGHUP.
    fn look(&mut self) {
        let Some(file) = self.file.as_ref().filter(|_| self.looked.elapsed() >= LOOK_INTERVAL) else {
            return;
        };
        self.looked = Instant::now();
        let is_there = is_at(&self.to, file);
        if !is_there && !self.has_vanished {
            tracing::error!(file = %file.display(), "the access log's file is no longer there; SIGHUP makes a new one");
        }
        self.has_vanished = !is_there;
    }

    fn reopen(&mut self) {
        let Some(file) = &self.file else { return };
        match open(Some(file)) {
            Ok(to) => {
                self.to = to;
                (self.is_torn, self.is_failing, self.has_vanished) = (false, false, false);
                self.begin_file();
            }
            Err(error) => {
                tracing::error!(file = %file.display(), %error, "the access log can't be opened anew; the old file goes on");
            }
        }
    }
}

/// The file, or a way to stdout without the buffer that would cut writes apart at each line.
fn open(file: Option<&Path>) -> io::Result<File> {
    let Some(file) = file else { return stdout() };
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    // Who asked for what is nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options.open(file)
}

#[cfg(unix)]
fn stdout() -> io::Result<File> {
    use std::os::fd::AsFd;
    io::stdout().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(not(unix))]
fn stdout() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    io::stdout().as_handle().try_clone_to_owned().map(File::from)
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(open), Ok(there)) = (file.metadata(), std::fs::metadata(path)) else { return false };
    (open.dev(), open.ino()) == (there.dev(), there.ino())
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

/// How many bytes were written, and what stopped it.
fn write(mut to: &File, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while written < bytes.len() {
        match to.write(&bytes[written..]) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

/// For a second in all.
const ASK_TRIES: u32 = 100;
/// While the writer waits for more to write at once, nobody has to wake it (docs/performance.md).
const GATHERING: Duration = Duration::from_millis(5);
/// Bytes of one write.
const MAX_TOGETHER: usize = 64 << 10;
/// Some hundred milliseconds of a busy proxy's lines.
const MAX_LINES: usize = 16_384;
/// Between two looks at whether the file is still where it was opened.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_is_written_without_a_pause() {
        let (lines, receiver) = sync_channel(BATCHES);
        for _ in 0..BATCHES {
            lines.send(Message::Line(vec![b'x'; MAX_TOGETHER])).unwrap();
        }
        drop(lines);
        let mut sink = Sink::new(tempfile::tempfile().unwrap(), None, "", &Arc::default());
        let begun = Instant::now();
        write_lines(&receiver, &mut sink, &Overflow::default());
        let pauses = GATHERING * u32::try_from(BATCHES).unwrap();
        assert!(begun.elapsed() < pauses / 2, "{:?}", begun.elapsed());
    }

    const BATCHES: usize = 400;
}
