//! The command line: what was asked, and which exit status that gives.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use tracing::Level;
use tracing_subscriber::filter::Targets;

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
mod output;
mod proxy;
mod serve;
mod service_manager;
mod sign;
mod signals;
mod test;
mod usage;

use output::{Global, WRONG};

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
    command: CliCommand,
}

#[derive(Debug, Subcommand)]
enum CliCommand {
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
    Check(check::CheckCommand),
    /// Say what would become of a URL, check by check
    Explain(explain::Explain),
    /// Run a test command beside a proxy of its own, with a fresh key
    Test(test::Test),
    /// Check whether a running proxy is ready
    Health(health::HealthCommand),
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
    if global.log_format == log::LogFormat::Json {
        diagnostics::as_json();
    }
    log_to_stderr(global, &cli.command);
    let outcome = match cli.command {
        CliCommand::Serve(command) => command.run(global),
        CliCommand::Dev(command) => command.run(global),
        CliCommand::Keygen(command) => command.run(),
        CliCommand::Sign(command) => command.run(global),
        CliCommand::Check(command) => command.run(global),
        CliCommand::Explain(command) => command.run(global),
        CliCommand::Test(command) => command.run(global),
        CliCommand::Health(command) => command.run(),
        CliCommand::Completions(command) => command.run(Cli::command()),
        CliCommand::Man(command) => command.run(Cli::command()),
    };
    log::flush();
    outcome.unwrap_or_else(|error| {
        tell!("error: {error:#}");
        ExitCode::from(WRONG)
    })
}

/// `serve` logs what it refused and what broke off; `dev`, whose user is looking, each request.
fn log_to_stderr(global: Global, command: &CliCommand) {
    let is_dev = matches!(command, CliCommand::Dev(_));
    let from = |least| Targets::new().with_default(least);
    let levels = match (global.quiet, global.verbose, command) {
        (true, _, _) => from(Level::ERROR),
        // The proxies of a developer and of a test never need all the connections that the limits allow.
        (false, 0, CliCommand::Dev(_)) => from(Level::INFO)
            .with_target("access", Level::DEBUG)
            .with_target(capacity::LOG_TARGET, Level::ERROR),
        (false, 0, CliCommand::Test(_)) => from(Level::INFO).with_target(capacity::LOG_TARGET, Level::ERROR),
        (false, 0, _) => from(Level::INFO),
        (false, 1, _) => {
            from(Level::INFO).with_target("access", Level::DEBUG).with_target("frontgate", Level::DEBUG)
        }
        (false, _, _) => from(Level::DEBUG),
    };
    log::start(levels, global.log_format, global.colored(&std::io::stderr()), is_dev);
}
