//! `frontgate completions`: a completion script for a shell.

use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::Shell;

use super::output::write_stdout;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  frontgate completions bash > /etc/bash_completion.d/frontgate
  frontgate completions zsh > ~/.zfunc/_frontgate
  frontgate completions fish > ~/.config/fish/completions/frontgate.fish
  frontgate completions powershell >> $PROFILE")]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, mut command: Command) -> anyhow::Result<ExitCode> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "frontgate", &mut script);
        write_stdout(&String::from_utf8_lossy(&script))?;
        Ok(ExitCode::SUCCESS)
    }
}
