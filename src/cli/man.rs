//! `frontgate man`: the manual pages, one for each command.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Command};
use clap_mangen::Man;

use super::output::write_stdout;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  frontgate man | man -l -
  frontgate man /usr/local/share/man/man1")]
pub(super) struct ManPages {
    /// Write a page for each command into this directory; without it, print the page of `frontgate` itself
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl ManPages {
    pub(super) fn run(self, command: Command) -> anyhow::Result<ExitCode> {
        let mut command = command.disable_help_subcommand(true);
        command.build();
        let Some(dir) = self.dir else {
            let mut page = Vec::new();
            Man::new(command).render(&mut page)?;
            write_stdout(&String::from_utf8_lossy(&page))?;
            return Ok(ExitCode::SUCCESS);
        };
        fs::create_dir_all(&dir)
            .with_context(|| format!("the directory {} can't be created", dir.display()))?;
        clap_mangen::generate_to(command, &dir)
            .with_context(|| format!("the manual pages can't be written to {}", dir.display()))?;
        Ok(ExitCode::SUCCESS)
    }
}
