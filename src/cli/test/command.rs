//! Runs a command beside a proxy, and ends as it ends.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::process::{Child, Command, ExitCode, ExitStatus};

use crate::testing::Instance;

/// Runs it with the proxy's facts in its environment. The proxy goes with it.
pub(super) fn run(instance: &Instance, command: &[OsString]) -> anyhow::Result<ExitCode> {
    let [program, arguments @ ..] = command else { anyhow::bail!("expected a command after `--`") };
    // Signals are caught before there is somebody to pass them on to.
    let signals = Signals::catch()?;
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
struct Signals(tokio::runtime::Runtime);

#[cfg(unix)]
impl Signals {
    fn catch() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            // Whoever is caught once is never fatal again.
            for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()] {
                let _ = signal(kind)?;
            }
            Ok::<_, io::Error>(())
        })?;
        Ok(Self(runtime))
    }

    fn wait(self, mut child: Child) -> io::Result<ExitStatus> {
        use rustix::process::{Pid, Signal, kill_process};
        use tokio::signal::unix::{SignalKind, signal};
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let (ended, mut waiting) = tokio::sync::oneshot::channel();
        std::thread::Builder::new().name("command".to_owned()).spawn(move || ended.send(child.wait()))?;
        self.0.block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            let mut hangup = signal(SignalKind::hangup())?;
            loop {
                let passed_on = tokio::select! {
                    status = &mut waiting => {
                        return status.unwrap_or_else(|_| Err(io::Error::other("the command can't be waited for")));
                    }
                    _ = terminate.recv() => Signal::TERM,
                    _ = interrupt.recv() => Signal::INT,
                    _ = hangup.recv() => Signal::HUP,
                };
                // A terminal has sent its own to the command already.
                let is_from_terminal = passed_on != Signal::TERM && io::IsTerminal::is_terminal(&io::stdin());
                if let Some(pid) = pid.filter(|_| !is_from_terminal) {
                    // It may have ended meanwhile.
                    let _ = kill_process(pid, passed_on);
                }
            }
        })
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn catch() -> io::Result<Self> {
        Ok(Self)
    }

    fn wait(self, mut child: Child) -> io::Result<ExitStatus> {
        child.wait()
    }
}
