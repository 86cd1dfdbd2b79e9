//! `frontgate serve`: the proxy from a configuration file.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::output::{Global, WRONG, report};
use super::proxy::{Proxy, prepare_ready_file};
use crate::config::{self, InvalidConfig};

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  frontgate serve
  frontgate serve --config staging.toml --listen 127.0.0.1:0 --ready-file ready.json
  frontgate serve --test-mode      # X-Frontgate-Now and X-Frontgate-Viewer-Ip count")]
pub(super) struct Serve {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "config.toml")]
    config: PathBuf,
    /// Listen here instead of where the file says (repeatable; port 0 takes a free one)
    #[arg(long, value_name = "ADDR", value_parser = super::output::address)]
    listen: Vec<SocketAddr>,
    /// Written once every listener accepts: pid and addresses as JSON
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Heed the request headers X-Frontgate-Now, X-Frontgate-Viewer-Ip, X-Frontgate-Viewer-Country and X-Frontgate-Viewer-Proto
    #[arg(long)]
    test_mode: bool,
    /// Test mode also on listeners that others can reach
    #[arg(long, requires = "test_mode")]
    test_mode_on_any_address: bool,
}

impl Serve {
    pub(super) fn run(self, global: Global) -> anyhow::Result<ExitCode> {
        if let Some(file) = &self.ready_file {
            prepare_ready_file(file)?;
        }
        let loaded = config::load(&self.config).and_then(|settings| settings.fit_for(self.test_mode));
        let settings = match loaded {
            Ok(settings) => settings,
            Err(invalid) => return Ok(refuse(&invalid, global)),
        };
        if !global.quiet {
            report("warning", &settings.warnings);
        }
        let server = &settings.server;
        let proxy = Proxy {
            listen_is_given: !self.listen.is_empty(),
            listen: server.listeners(&self.listen),
            workers: server.workers,
            shutdown_grace: server.shutdown_grace,
            reload_from: Some(self.config),
            ready_file: self.ready_file,
            test_mode: self.test_mode,
            test_mode_on_any_address: self.test_mode_on_any_address,
            is_dev: false,
        };
        proxy.bind()?.serve(&settings, || Ok(()))
    }
}

/// Reports every fault of a configuration.
fn refuse(invalid: &InvalidConfig, global: Global) -> ExitCode {
    if !global.quiet {
        report("warning", &invalid.warnings);
    }
    report("error", &invalid.errors);
    tell!("error: {invalid}; nothing was started");
    ExitCode::from(WRONG)
}
