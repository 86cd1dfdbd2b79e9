//! The access log: a thread of its own takes finished lines from a bounded queue, so that no request waits for
//! a disk or for the reader of stdout.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use crate::config::{AccessLogFormat, AccessLogSettings};

mod file;

use file::{LogFile, open};

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
        let head = if settings.format == AccessLogFormat::CloudFront { HEAD } else { "" };
        let mut file = LogFile::new(open(settings.file.as_deref())?, settings.file.clone(), head, &lost);
        file.begin_file();
        let flow = Arc::clone(&overflow);
        let write = move || write_lines(&receiver, &mut file, &flow);
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

    /// Writes what has come, and opens the file again: log rotation has moved it away.
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
            tracing::warn!("writing the access log is too slow; discarding lines until it catches up");
        }
    }

    /// A queue of thousands of lines lies between two ends: this is said seldom.
    fn end(&self) {
        if self.0.load(Ordering::Relaxed) > 0 {
            let lost = self.0.swap(0, Ordering::Relaxed);
            tracing::warn!(lost, "writing the access log has caught up");
        }
    }
}

/// Writes what has come together, in as few writes as can be. Waits for more to come only where nothing was left over:
/// else the waiting would be what lines are lost by.
fn write_lines(receiver: &Receiver<Message>, file: &mut LogFile, overflow: &Overflow) {
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
                    file.write(&mut together, &mut lines);
                    let _ = done.send(());
                }
                Message::Reopen(done) => {
                    file.write(&mut together, &mut lines);
                    file.reopen();
                    let _ = done.send(());
                }
            }
            if together.len() >= MAX_TOGETHER {
                break;
            }
            next = receiver.try_recv().ok();
        }
        is_behind = together.len() >= MAX_TOGETHER;
        file.write(&mut together, &mut lines);
        if !is_behind {
            overflow.end();
        }
    }
}

/// The first lines of each file.
pub(in crate::edge) const HEAD: &str = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) \
cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id \
x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type \
cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type \
sc-content-type sc-content-len sc-range-start sc-range-end\n";
/// For a second in all.
const ASK_TRIES: u32 = 100;
/// While the writer waits for more to write at once, no thread has to wake it (docs/performance.md).
const GATHERING: Duration = Duration::from_millis(5);
/// Bytes of one write.
const MAX_TOGETHER: usize = 64 << 10;
/// Some hundred milliseconds of a busy proxy's lines.
const MAX_LINES: usize = 16_384;

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_full_queue_is_written_without_a_pause() {
        let (lines, receiver) = sync_channel(BATCHES);
        for _ in 0..BATCHES {
            lines.send(Message::Line(vec![b'x'; MAX_TOGETHER])).unwrap();
        }
        drop(lines);
        let mut file = LogFile::new(tempfile::tempfile().unwrap(), None, "", &Arc::default());
        let begun = Instant::now();
        write_lines(&receiver, &mut file, &Overflow::default());
        let pauses = GATHERING * u32::try_from(BATCHES).unwrap();
        assert!(begun.elapsed() < pauses / 2, "{:?}", begun.elapsed());
    }

    const BATCHES: usize = 400;
}
