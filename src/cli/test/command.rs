//! Runs a command beside a proxy, and ends as it ends.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::process::{Child, Command, ExitCode, ExitStatus};
#[cfg(unix)]
use std::task::Poll;

use crate::testing::Instance;

/// Runs it with the proxy's facts in its environment. The proxy goes with it.
pub(super) fn run(instance: &Instance, command: &[OsString], signals: Signals) -> anyhow::Result<ExitCode> {
    let [program, arguments @ ..] = command else { anyhow::bail!("expected a command after `--`") };
    let started = Command::new(program).args(arguments).envs(instance.env()).spawn();
    let child = match started {
        Ok(child) => child,
        Err(error) => return Ok(not_started(program, &error)),
    };
    let status = signals.wait(child)?;
    Ok(ExitCode::from(status_of(status)))
}

/// As `env` and shells have it.
fn not_started(program: &OsString, error: &io::Error) -> ExitCode {
    let name = program.display();
    if error.kind() == ErrorKind::NotFound {
        tell!(
            "error: the command {name} is not found; it is started directly: `sh -c '…'` runs a line of shell"
        );
        return ExitCode::from(127);
    }
    tell!("error: the command {name} can't be run: {error}");
    ExitCode::from(126)
}

#[cfg(unix)]
fn status_of(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

#[cfg(not(unix))]
fn status_of(status: ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// What would end this process is for the command: when it has ended, this ends.
#[cfg(unix)]
pub(super) struct Signals {
    runtime: tokio::runtime::Runtime,
    caught: Vec<(tokio::signal::unix::Signal, rustix::process::Signal)>,
}

#[cfg(unix)]
impl Signals {
    /// From now on none of them ends this process. One that was to be ignored, as `nohup` has it, still is.
    pub(super) fn catch() -> io::Result<Self> {
        use rustix::process::Signal;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let ignored = ignored();
        let kinds = [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT].map(Signal::as_raw).into_iter();
        let caught = kinds.filter(|signal| ignored >> (signal - 1) & 1 == 0).map(|raw| {
            let stream = runtime.block_on(async { tokio::signal::unix::signal(raw.into()) })?;
            Ok(Signal::from_named_raw(raw).map(|signal| (stream, signal)))
        });
        let caught = caught.collect::<io::Result<Vec<_>>>()?.into_iter().flatten().collect();
        Ok(Self { runtime, caught })
    }

    fn wait(mut self, mut child: Child) -> io::Result<ExitStatus> {
        use rustix::process::{Pid, kill_process};
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let (ended, mut waiting) = tokio::sync::oneshot::channel();
        std::thread::Builder::new().name("command".to_owned()).spawn(move || ended.send(child.wait()))?;
        self.runtime.block_on(async {
            loop {
                let next = std::future::poll_fn(|context| {
                    let mut caught = self.caught.iter_mut();
                    let came = caught.find_map(|(stream, signal)| {
                        stream.poll_recv(context).is_ready().then_some(*signal)
                    });
                    came.map_or(Poll::Pending, Poll::Ready)
                });
                let signal = tokio::select! {
                    status = &mut waiting => {
                        return status.unwrap_or_else(|_| Err(io::Error::other("the command can't be waited for")));
                    }
                    signal = next => signal,
                };
                if let Some(pid) = pid.filter(|_| !has_come_from_the_terminal(signal)) {
                    // It may have ended meanwhile.
                    let _ = kill_process(pid, signal);
                }
            }
        })
    }
}

/// The signals that were ignored when this process began, a bit each; none where that can't be read.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// A terminal sends its signals to everyone in the foreground: then the command has its own already, and twice is too often.
#[cfg(unix)]
fn has_come_from_the_terminal(signal: rustix::process::Signal) -> bool {
    if signal == rustix::process::Signal::TERM {
        return false;
    }
    let foreground =
        std::fs::File::open("/dev/tty").ok().and_then(|terminal| rustix::termios::tcgetpgrp(&terminal).ok());
    foreground == Some(rustix::process::getpgrp())
}

#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(super) fn catch() -> io::Result<Self> {
        Ok(Self)
    }

    fn wait(self, mut child: Child) -> io::Result<ExitStatus> {
        child.wait()
    }
}
