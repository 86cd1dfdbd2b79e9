//! The command line: what was asked, and which exit status that gives.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use tracing::Level;
use tracing_subscriber::filter::Targets;

use crate::config::Fault;
use crate::edge::limits::capacity;

/// Prints one diagnostic on stderr: `error: …`, `warning: …` or `note: …`.
macro_rules! tell {
    ($($text:tt)*) => {
        $crate::cli::diagnostics::print(&format!($($text)*))
    };
}

mod check;
mod completions;
mod dev;
mod diagnostics;
mod explain;
mod health;
mod keygen;
mod keys;
mod log;
mod man;
mod proxy;
mod serve;
mod service_manager;
mod sign;
mod signals;
mod test;
mod usage;

/// A signed-URL and signed-cookie reverse proxy that answers as Amazon CloudFront does.
#[derive(Debug, Parser)]
#[command(name = "frontgate", version, about, max_term_width = 100)]
#[command(after_help = "Examples:
  frontgate dev                    # a demo site behind signatures, and a link to open
  frontgate dev http://localhost:3000
  frontgate explain --keys .frontgate 'http://…'    # why a link of `dev` is denied
Each command's --help has more.")]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// When to use colours (NO_COLOR turns them off)
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
    /// Print errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Print more; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// The format of the log on stderr
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    log_format: log::Format,
}

impl Global {
    fn colored(self, stream: &impl IsTerminal) -> bool {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => !plain && stream.is_terminal(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the proxy from a configuration file
    Serve(serve::Serve),
    /// Run the proxy without any file, before a URL, a directory or a demo site
    Dev(dev::Dev),
    /// Make a key pair
    Keygen(keygen::Keygen),
    /// Make signed URLs and signed cookies
    #[command(
        subcommand,
        after_help = "Examples: `frontgate sign url --help`, `frontgate sign cookies --help`"
    )]
    Sign(sign::Sign),
    /// Read a configuration and say what is private, what is public, and what is wrong
    Check(check::Check),
    /// Say what would become of a URL, check by check
    Explain(explain::Explain),
    /// Run a test command beside a proxy of its own, with a fresh key
    Test(test::Test),
    /// Check whether a running proxy is ready
    Health(health::Health),
    /// Print a completion script for a shell
    Completions(completions::Completions),
    /// Print or write the manual pages
    Man(man::ManPages),
}

/// Reads the arguments, runs the command, and says how it ended.
#[must_use]
pub fn run() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os().map(|one| one.to_string_lossy().into_owned()).collect();
    if arguments.iter().take_while(|one| *one != "--").any(|one| one == "--json") {
        diagnostics::as_json();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let is_wrong = usage::report(error, &Cli::command(), &arguments);
            return if is_wrong { ExitCode::from(WRONG) } else { ExitCode::SUCCESS };
        }
    };
    let global = cli.global;
    if global.log_format == log::Format::Json {
        diagnostics::as_json();
    }
    log_to_stderr(global, &cli.command);
    let outcome = match cli.command {
        Command::Serve(command) => command.run(global),
        Command::Dev(command) => command.run(global),
        Command::Keygen(command) => command.run(),
        Command::Sign(command) => command.run(global),
        Command::Check(command) => command.run(global),
        Command::Explain(command) => command.run(global),
        Command::Test(command) => command.run(global),
        Command::Health(command) => command.run(),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
    };
    log::flush();
    outcome.unwrap_or_else(|error| {
        tell!("error: {error:#}");
        ExitCode::from(WRONG)
    })
}

/// `serve` logs what it refused and what broke off; `dev`, whose user is looking, each request.
fn log_to_stderr(global: Global, command: &Command) {
    let is_dev = matches!(command, Command::Dev(_));
    let from = |least| Targets::new().with_default(least);
    let levels = match (global.quiet, global.verbose, command) {
        (true, _, _) => from(Level::ERROR),
        // The proxies of a developer and of a test never need all the connections that the limits allow.
        (false, 0, Command::Dev(_)) => from(Level::INFO)
            .with_target("access", Level::DEBUG)
            .with_target(capacity::LOG_TARGET, Level::ERROR),
        (false, 0, Command::Test(_)) => from(Level::INFO).with_target(capacity::LOG_TARGET, Level::ERROR),
        (false, 0, _) => from(Level::INFO),
        (false, 1, _) => {
            from(Level::INFO).with_target("access", Level::DEBUG).with_target("frontgate", Level::DEBUG)
        }
        (false, _, _) => from(Level::DEBUG),
    };
    log::start(levels, global.log_format, global.colored(&std::io::stderr()), is_dev);
}

/// Reads an address to listen on.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        let port = text.rsplit(':').next().unwrap_or("").parse::<u16>();
        let meant = port.map(|port| format!("; did you mean 127.0.0.1:{port}?")).unwrap_or_default();
        format!("expected an IP address and a port, such as 127.0.0.1:8080{meant}")
    })
}

/// Prints faults of a configuration.
fn report(kind: &str, faults: &[Fault]) {
    for fault in faults {
        tell!("{kind}: {fault}");
    }
}

/// Writes an answer to stdout. A reader that has gone away, such as `head`, is no error.
fn answer(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The verdict is no (contract 1).
const DENIED: u8 = 1;
/// Wrong usage, an unreadable file, a broken configuration (contract 1).
const WRONG: u8 = 2;
