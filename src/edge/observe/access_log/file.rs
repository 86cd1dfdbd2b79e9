//! The file of the access log, or stdout.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The file, and what has been said about it.
pub(super) struct LogFile {
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

impl LogFile {
    /// A file that is open already.
    pub(super) fn new(to: File, file: Option<PathBuf>, head: &'static str, lost: &Arc<AtomicU64>) -> Self {
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
    pub(super) fn begin_file(&mut self) {
        let is_new = self.file.is_none() || self.to.metadata().map_or(true, |meta| meta.len() == 0);
        if is_new {
            self.write(&mut self.head.as_bytes().to_vec(), &mut 0);
        }
    }

    /// Writes whole lines and empties the buffer.
    pub(super) fn write(&mut self, together: &mut Vec<u8>, lines: &mut u64) {
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
                        tracing::error!(%error, "writing the access log failed; discarding lines until it succeeds");
                    }
                }
            }
        }
        together.clear();
        *lines = 0;
    }

    /// Logs once that the file was moved or removed without a SIGHUP.
    fn look(&mut self) {
        let Some(file) = self.file.as_ref().filter(|_| self.looked.elapsed() >= LOOK_INTERVAL) else {
            return;
        };
        self.looked = Instant::now();
        let is_there = is_at(&self.to, file);
        if !is_there && !self.has_vanished {
            tracing::error!(file = %file.display(), "the access log file was moved or removed; SIGHUP creates a new one");
        }
        self.has_vanished = !is_there;
    }

    /// Opens the file anew; the old one stays where that fails.
    pub(super) fn reopen(&mut self) {
        let Some(file) = &self.file else { return };
        match open(Some(file)) {
            Ok(to) => {
                self.to = to;
                (self.is_torn, self.is_failing, self.has_vanished) = (false, false, false);
                self.begin_file();
            }
            Err(error) => {
                tracing::error!(file = %file.display(), %error, "reopening the access log failed; keeping the current file");
            }
        }
    }
}

/// The file, or a way to stdout without the buffer that would cut writes apart at each line.
pub(super) fn open(file: Option<&Path>) -> io::Result<File> {
    let Some(file) = file else { return stdout() };
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    // The log is private: it names viewers and what they requested.
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

/// Between two looks at whether the file is still where it was opened.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
