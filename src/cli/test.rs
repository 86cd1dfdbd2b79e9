//! `frontgate test`: a proxy for as long as a test command runs, or for as long as a test kit wants it.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::keys::KeyOption;
use super::output::Global;
use crate::testing::{Instance, KeyType, Options, Origin};

mod command;
mod control;
mod message;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  frontgate test -- pytest
  frontgate test --origin http://127.0.0.1:9000 -- npm test
  frontgate test --config config.toml --origin echo: -- ./e2e.sh
  frontgate test --base-url https://media.example.com -- go test ./...
The command finds FRONTGATE_URL, FRONTGATE_KEY_PAIR_ID, FRONTGATE_PRIVATE_KEY_FILE and
FRONTGATE_PUBLIC_KEY_FILE in its environment, and its status is the status of this: 127 where it isn't
found, 126 where it can't be run, 128 and the signal's number where a signal ended it.
The request headers X-Frontgate-Now and X-Frontgate-Viewer-Ip set the time and the viewer's address of
one request; a refused one is told with its cause on stderr (not with -q).")]
pub(super) struct Test {
    /// A URL or a directory; `echo:` answers every path with what it was asked [default: echo:, or what --config says]
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
    /// A config.toml, whose private paths trust the fresh key, too [default: everything is private but --public]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A base that links are signed for, such as `https://media.example.com`, beside the proxy's own
    #[arg(long, value_name = "URL")]
    base_url: Vec<String>,
    /// A path pattern that needs no signature [default: /public/*]
    #[arg(long, value_name = "PATTERN", conflicts_with = "config")]
    public: Vec<String>,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", value_parser = super::output::address, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The kind of the fresh key
    #[arg(long, value_enum, value_name = "TYPE", default_value = "rsa")]
    key_type: KeyOption,
    /// The id of the key [default: a fresh one]
    #[arg(long, value_name = "ID")]
    key_pair_id: Option<String>,
    /// A private key to use in place of a fresh one
    // Whatever it begins with: a key in its place is not to be shown as an option that nobody knows.
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    private_key: Option<PathBuf>,
    /// End with an error where nothing accepts connections at the origin
    #[arg(long)]
    check_origin: bool,
    /// Speak with a test kit in lines of JSON (docs/kits.md) instead of running a command
    #[arg(long, conflicts_with = "command")]
    control: bool,
    /// End when this process is no longer the parent
    #[arg(long, value_name = "PID", requires = "control")]
    parent: Option<i32>,
    /// The command and its arguments
    #[arg(last = true, value_name = "COMMAND", required_unless_present = "control")]
    command: Vec<OsString>,
}

impl Test {
    pub(super) fn run(self, global: Global) -> anyhow::Result<ExitCode> {
        let (options, parent) = (self.options(), self.parent);
        if self.control {
            return control::run(options, parent);
        }
        // Before there is somebody to pass them on to: nothing is left behind by a start that is ended.
        let signals = command::Signals::catch()?;
        let instance = Instance::start(options, !global.quiet)?;
        command::run(&instance, &self.command, signals)
    }

    fn options(&self) -> Options {
        Options {
            origin: self.origin.as_deref().map(Origin::from),
            config: self.config.clone(),
            base_urls: self.base_url.clone(),
            public: (!self.public.is_empty()).then(|| self.public.clone()),
            listen: self.listen,
            key_type: match self.key_type {
                KeyOption::Rsa => KeyType::Rsa,
                KeyOption::Ecdsa => KeyType::Ecdsa,
            },
            key_pair_id: self.key_pair_id.clone(),
            private_key: self.private_key.clone(),
            check_origin: self.check_origin,
        }
    }
}
