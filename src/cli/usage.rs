//! Wrong usage: clap's errors, with tips that name the option or command that the user was looking for.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};

use super::diagnostics;

/// Prints an error of clap's, or what `--help` and `--version` print. Returns whether the usage was wrong.
pub(super) fn report(mut error: Error, cli: &Command, arguments: &[String]) -> bool {
    // A key that was passed in place of its file must not be quoted.
    if error.use_stderr() && arguments.iter().any(|argument| argument.contains("PRIVATE KEY-----")) {
        diagnostics::print("error: an argument is a private key: expected the name of its file, or a URL");
        return true;
    }
    if error.kind() == ErrorKind::UnknownArgument {
        suggest_option(&mut error, cli, arguments);
    } else if error.kind() == ErrorKind::InvalidSubcommand {
        suggest_command(&mut error);
    }
    if diagnostics::are_json() && error.use_stderr() {
        diagnostics::print(&error.render().to_string());
    } else {
        let _ = error.print();
    }
    error.use_stderr()
}

/// An option of another command, or of another tool. clap's own tip, `-- --port`, would pass it on as a value.
fn suggest_option(error: &mut Error, cli: &Command, arguments: &[String]) {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return };
    let option = option.split('=').next().unwrap_or(option).to_owned();
    let command = subcommand(cli, arguments);
    let tip = OPTIONS
        .iter()
        .find(|row| row.option == option && row.commands.contains(&command.as_str()))
        .map(|row| row.tip.to_owned())
        .or_else(|| commands_with(cli, &option));
    let _ = error.remove(ContextKind::Suggested);
    if let Some(tip) = tip {
        let _ = error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    }
}

/// A command that other tools have.
fn suggest_command(error: &mut Error) {
    let Some(ContextValue::String(found)) = error.get(ContextKind::InvalidSubcommand) else { return };
    let Some(row) = COMMANDS.iter().find(|row| row.names.contains(&found.as_str())) else { return };
    let _ = error.remove(ContextKind::SuggestedSubcommand);
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(row.tip)]));
}

/// The name of the command that was called; empty without one.
fn subcommand(cli: &Command, arguments: &[String]) -> String {
    let named = arguments.iter().skip(1).find(|argument| cli.find_subcommand(argument).is_some());
    named.cloned().unwrap_or_default()
}

/// "`--keys` is an option of …", from the commands themselves.
fn commands_with(cli: &Command, option: &str) -> Option<String> {
    let name = option.strip_prefix("--")?;
    let mut found: Vec<String> = Vec::new();
    for command in cli.get_subcommands() {
        let deeper =
            command.get_subcommands().map(|one| (format!("{} {}", command.get_name(), one.get_name()), one));
        for (path, one) in std::iter::once((command.get_name().to_owned(), command)).chain(deeper) {
            if one.get_arguments().any(|argument| argument.get_long() == Some(name)) {
                found.push(format!("`frontgate {path}`"));
            }
        }
    }
    (!found.is_empty()).then(|| format!("`{option}` is an option of {}", found.join(", ")))
}

/// What an option that a command doesn't have is called there.
struct OptionTip {
    option: &'static str,
    commands: &'static [&'static str],
    tip: &'static str,
}

const OPTIONS: [OptionTip; 8] = [
    OptionTip {
        option: "--port",
        commands: &["serve", "test"],
        tip: "`--listen 127.0.0.1:PORT` takes an address and a port",
    },
    OptionTip {
        option: "-p",
        commands: &["serve", "test"],
        tip: "`--listen 127.0.0.1:PORT` takes an address and a port",
    },
    OptionTip {
        option: "--origin",
        commands: &["dev"],
        tip: "the origin is an argument: `frontgate dev http://localhost:3000`",
    },
    OptionTip {
        option: "--origin",
        commands: &["serve"],
        tip: "origins are in config.toml; `frontgate dev http://localhost:3000` needs no file",
    },
    OptionTip {
        option: "--config",
        commands: &["dev"],
        tip: "`frontgate serve --config FILE --test-mode` runs a configuration",
    },
    OptionTip {
        option: "--keys",
        commands: &["serve", "check"],
        tip: "keys are in config.toml ([[public-keys]]); `--config FILE` names it",
    },
    OptionTip {
        option: "--key",
        commands: &["sign"],
        tip: "`--private-key FILE` and `--key-pair-id ID`, or `--keys DIR`",
    },
    OptionTip {
        option: "--tls",
        commands: &["serve"],
        tip: "TLS listeners are in config.toml ([[server.https]]); `frontgate dev --tls` needs no certificate",
    },
];

/// What a command of another tool is called here.
struct CommandTip {
    names: &'static [&'static str],
    tip: &'static str,
}

const COMMANDS: [CommandTip; 6] = [
    CommandTip { names: &["version"], tip: "`frontgate --version` prints the version" },
    CommandTip {
        names: &["init", "new", "setup", "start", "up"],
        tip: "`frontgate dev` needs no file; `frontgate serve` runs ./config.toml",
    },
    CommandTip { names: &["run", "proxy", "server"], tip: "`frontgate serve` runs ./config.toml" },
    CommandTip {
        names: &["validate", "configtest", "config"],
        tip: "`frontgate check` reads a configuration and lists its faults",
    },
    CommandTip {
        names: &["verify", "why", "debug", "inspect", "decode"],
        tip: "`frontgate explain URL` shows why a link is denied",
    },
    CommandTip { names: &["genkey", "generate", "key"], tip: "`frontgate keygen` creates a key pair" },
];
