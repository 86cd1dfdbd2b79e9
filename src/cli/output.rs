//! What every command takes, and how it prints.

use std::io::IsTerminal;
use std::net::SocketAddr;

use clap::{Args, ValueEnum};

use super::log::LogFormat;
use crate::config::Fault;

/// What every command takes.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(in crate::cli) struct Global {
    /// When to use colours (NO_COLOR turns them off)
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(in crate::cli) color: Color,
    /// Print errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(in crate::cli) quiet: bool,
    /// Print more; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(in crate::cli) verbose: u8,
    /// The format of the log on stderr
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(in crate::cli) log_format: LogFormat,
}

impl Global {
    pub(in crate::cli) fn colored(self, stream: &impl IsTerminal) -> bool {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => !plain && stream.is_terminal(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Color {
    Auto,
    Always,
    Never,
}

/// Reads an address to listen on.
pub(in crate::cli) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        let port = text.rsplit(':').next().unwrap_or("").parse::<u16>();
        let meant = port.map(|port| format!("; did you mean 127.0.0.1:{port}?")).unwrap_or_default();
        format!("expected an IP address and a port, such as 127.0.0.1:8080{meant}")
    })
}

/// Prints faults of a configuration.
pub(in crate::cli) fn report(kind: &str, faults: &[Fault]) {
    for fault in faults {
        tell!("{kind}: {fault}");
    }
}

/// Writes to stdout. A reader that has closed the pipe, such as `head`, is no error.
pub(in crate::cli) fn write_stdout(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The verdict is no (reference 1).
pub(in crate::cli) const DENIED: u8 = 1;
/// Wrong usage, an unreadable file, a broken configuration (reference 1).
pub(in crate::cli) const WRONG: u8 = 2;
