//! `frontgate check`: what a configuration means, and everything that is wrong with it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::paint::Paint;
use super::{Global, WRONG, answer, report};
use crate::config::{self, Fault, InvalidConfig, Settings};
use crate::distribution::Distribution;
use crate::distribution::behavior::{CacheBehavior, Restriction};

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  frontgate check
  frontgate check --config staging.toml --json
Exit status: 0 without errors (warnings alone are 0), 2 with errors.")]
pub(super) struct Check {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "config.toml")]
    config: PathBuf,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(self, global: Global) -> anyhow::Result<ExitCode> {
        let loaded = config::load(&self.config);
        let status = if loaded.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(WRONG) };
        if self.json {
            answer(&format!("{}\n", as_json(&loaded)))?;
            return Ok(status);
        }
        match &loaded {
            Ok(settings) => {
                report("warning", &settings.warnings);
                answer(&as_text(settings, Paint(global.colored(&std::io::stdout()))))?;
            }
            Err(invalid) => {
                report("warning", &invalid.warnings);
                report("error", &invalid.errors);
                tell!("error: {invalid}");
            }
        }
        Ok(status)
    }
}

fn as_text(settings: &Settings, paint: Paint) -> String {
    let mut text = String::new();
    for distribution in &settings.distributions.list {
        let names: Vec<&str> = names(distribution).collect();
        let _ = writeln!(text, "{}  {}", paint.bold(&distribution.id), names.join(", "));
        let width = distribution.all_behaviors().map(|one| one.pattern().len()).max().unwrap_or(1);
        for behavior in distribution.all_behaviors() {
            let (word, keys) = match &behavior.restriction {
                Restriction::Open => (paint.red("public "), String::new()),
                Restriction::Signed(groups) => {
                    let groups: Vec<&str> = groups.iter().map(|group| group.id.as_str()).collect();
                    (
                        paint.green("private"),
                        format!("  {} ({})", keys(behavior).join(", "), groups.join(", ")),
                    )
                }
            };
            let _ =
                writeln!(text, "  {:width$}  {word}  → {}{keys}", behavior.pattern(), behavior.target_origin);
        }
    }
    text
}

fn names(distribution: &Distribution) -> impl Iterator<Item = &str> {
    distribution.aliases.iter().map(String::as_str).chain([distribution.domain_name.as_str()])
}

/// The ids of the keys that a behavior trusts, each once.
fn keys(behavior: &CacheBehavior) -> Vec<&str> {
    let mut ids: Vec<&str> = Vec::new();
    for key in behavior.restriction.keys() {
        if !ids.contains(&key.id().as_str()) {
            ids.push(key.id().as_str());
        }
    }
    ids
}

fn as_json(loaded: &Result<Settings, InvalidConfig>) -> Value {
    let (list, errors, warnings) = match loaded {
        Ok(settings) => (settings.distributions.list.as_slice(), [].as_slice(), &settings.warnings),
        Err(invalid) => ([].as_slice(), invalid.errors.as_slice(), &invalid.warnings),
    };
    let behavior = |one: &CacheBehavior| json!({"path-pattern": one.pattern(), "private": one.is_private(), "keys": keys(one)});
    let distributions: Vec<Value> = list
        .iter()
        .map(|one| json!({"id": one.id, "behaviors": one.all_behaviors().map(behavior).collect::<Vec<_>>()}))
        .collect();
    let faults = |faults: &[Fault]| faults.iter().map(fault).collect::<Vec<_>>();
    json!({"distributions": distributions, "errors": faults(errors), "warnings": faults(warnings)})
}

fn fault(fault: &Fault) -> Value {
    json!({
        "file": fault.file.display().to_string(),
        "line": (fault.line > 0).then_some(fault.line),
        "column": (fault.column > 0).then_some(fault.column),
        "message": fault.message,
        "found": fault.found,
        "expected": fault.expected,
        "help": fault.help,
    })
}
