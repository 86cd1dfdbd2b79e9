//! Diagnostics on stderr, written by a thread of their own: a request never waits for whoever reads them.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

mod people;

use people::ForPeople;

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum LogFormat {
    /// For people.
    Text,
    /// A JSON object on each line.
    Json,
}

/// Begins to log what `levels` lets through; `colored` says whether with colours, `is_dev` whether a developer reads along.
pub(super) fn start(levels: Targets, format: LogFormat, colored: bool, is_dev: bool) {
    let (sender, receiver) = sync_channel(MAX_LINES);
    let writer = std::thread::Builder::new().name("log".to_owned()).spawn(move || write_lines(&receiver));
    if writer.is_ok() {
        let _ = LINES.set(sender);
    }
    let lines = tracing_subscriber::fmt::layer().with_writer(|| LineWriter);
    let registry = tracing_subscriber::registry().with(levels);
    match format {
        LogFormat::Text if is_dev => {
            registry.with(lines.with_ansi(colored).event_format(ForPeople::default())).init();
        }
        LogFormat::Text => registry.with(lines.with_ansi(colored)).init(),
        LogFormat::Json => {
            registry.with(lines.json().flatten_event(true).with_current_span(false)).init();
        }
    }
}

/// Waits until everything that was logged is written, for a second at the most.
pub(super) fn flush() {
    let Some(lines) = LINES.get() else { return };
    let (done, is_done) = sync_channel(1);
    let mut message = LogMessage::Flush(done);
    // The queue may be full because nobody reads: then there is nothing to wait for, least of all at the end.
    for _ in 0..FLUSH_TRIES {
        match lines.try_send(message) {
            Ok(()) => {
                let _ = is_done.recv_timeout(Duration::from_secs(1));
                return;
            }
            Err(TrySendError::Full(back)) => message = back,
            Err(TrySendError::Disconnected(_)) => return,
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

enum LogMessage {
    LineWriter(Vec<u8>),
    Flush(SyncSender<()>),
}

/// Takes whole lines, as `tracing` writes them.
struct LineWriter;

impl Write for LineWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let queued =
            LINES.get().is_some_and(|lines| lines.try_send(LogMessage::LineWriter(one_line(line))).is_ok());
        if !queued {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A line without U+2028 and U+2029, which JSON may hold as they are and some readers take for the end of a line.
fn one_line(line: &[u8]) -> Vec<u8> {
    if memchr::memmem::find(line, b"\xe2\x80").is_none() {
        return line.to_vec();
    }
    let text = String::from_utf8_lossy(line);
    text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029").into_bytes()
}

/// Writes what has come together, in as few writes as can be: a write and a wake for each line would cost more than the
/// request that it tells of. Waits for more to come only where nothing was left over.
fn write_lines(receiver: &Receiver<LogMessage>) {
    let mut stderr = io::stderr();
    let mut together: Vec<u8> = Vec::new();
    let mut is_behind = false;
    while let Ok(first) = receiver.recv() {
        let mut next = Some(first);
        if !is_behind && matches!(next, Some(LogMessage::LineWriter(_))) {
            std::thread::sleep(GATHERING);
        }
        while let Some(message) = next {
            match message {
                LogMessage::LineWriter(line) => together.extend_from_slice(&line),
                LogMessage::Flush(done) => {
                    write_out(&mut stderr, &mut together);
                    let _ = done.send(());
                }
            }
            if together.len() >= MAX_TOGETHER {
                break;
            }
            next = receiver.try_recv().ok();
        }
        is_behind = together.len() >= MAX_TOGETHER;
        write_out(&mut stderr, &mut together);
        let lost = LOST.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ =
                writeln!(stderr, "{lost} lines of the log were lost: they came faster than they were read");
        }
    }
}

/// Nothing can be said about a stderr that can't be written to.
fn write_out(stderr: &mut io::Stderr, together: &mut Vec<u8>) {
    let _ = stderr.write_all(together);
    together.clear();
}

static LINES: OnceLock<SyncSender<LogMessage>> = OnceLock::new();
static LOST: AtomicU64 = AtomicU64::new(0);
/// For a second in all.
const FLUSH_TRIES: u32 = 100;
/// While the writer waits for more to write at once, nobody has to wake it; a reader doesn't notice the delay.
const GATHERING: Duration = Duration::from_millis(5);
/// Bytes of one write.
const MAX_TOGETHER: usize = 64 << 10;
/// Some hundred milliseconds of a busy proxy's lines.
const MAX_LINES: usize = 16_384;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_of_lines_are_escaped() {
        for (line, written) in [
            ("{\"a\":\"b\u{2028}c\u{2029}\"}\n", "{\"a\":\"b\\u2028c\\u2029\"}\n"),
            ("dash \u{2014} stays\n", "dash \u{2014} stays\n"),
            ("plain\n", "plain\n"),
        ] {
            assert_eq!(one_line(line.as_bytes()), written.as_bytes());
        }
    }
}
