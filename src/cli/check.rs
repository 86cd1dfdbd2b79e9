//! `frontgate check`: what a configuration means, and everything that is wrong with it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::output::{Global, WRONG, report, write_stdout};
use crate::config::{self, Fault, InvalidConfig, Settings};
use crate::distribution::behavior::{CacheBehavior, Restriction};
use crate::distribution::origin_request_policy::OriginRequestPolicy;
use crate::distribution::{Distribution, GeoRestriction};
use crate::explain::report::Paint;
use crate::viewer::Country;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  frontgate check
  frontgate check --config staging.toml --json
  frontgate check --print-config       # with every default, with ${NAME} unexpanded
Exit status: 0 without errors (warnings alone are 0), 2 with errors.")]
pub(super) struct CheckCommand {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "config.toml")]
    config: PathBuf,
    /// As `serve --test-mode` would
    #[arg(long)]
    test_mode: bool,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
    /// Print the effective configuration as TOML, with every default; `${NAME}` stays as it is written
    #[arg(long, conflicts_with = "json")]
    print_config: bool,
}

impl CheckCommand {
    pub(super) fn run(self, global: Global) -> anyhow::Result<ExitCode> {
        let loaded = config::load(&self.config).and_then(|settings| settings.fit_for(self.test_mode));
        let status = if loaded.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(WRONG) };
        if self.json {
            write_stdout(&format!("{}\n", as_json(&loaded)))?;
            return Ok(status);
        }
        match &loaded {
            Ok(settings) => {
                report("warning", &settings.warnings);
                if self.print_config {
                    let declared = settings.declared.as_ref().clone().effective();
                    write_stdout(&config::to_toml(&declared).map_err(anyhow::Error::msg)?)?;
                    return Ok(status);
                }
                write_stdout(&as_text(settings, Paint(global.colored(&std::io::stdout()))))?;
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
        if let Some(restriction) = &distribution.geo_restriction {
            let _ = writeln!(text, "  {}", countries(restriction));
        }
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
            let _ = writeln!(
                text,
                "  {:width$}  {word}  → {}{keys}{}",
                behavior.pattern(),
                behavior.target_origin,
                policies(behavior)
            );
        }
    }
    text
}

/// The policies that were chosen, other than the default one.
fn policies(behavior: &CacheBehavior) -> String {
    let mut text = String::new();
    if behavior.origin_request_policy.id() != OriginRequestPolicy::default().id() {
        let _ = write!(text, "  request policy {}", behavior.origin_request_policy.id());
    }
    if let Some(policy) = &behavior.response_headers_policy {
        let _ = write!(text, "  response policy {}", policy.id);
    }
    text
}

fn countries(restriction: &GeoRestriction) -> String {
    let (word, list) = match restriction {
        GeoRestriction::Allow(list) => ("shown only in", list),
        GeoRestriction::Block(list) => ("not shown in", list),
    };
    let codes: Vec<&str> = list.iter().map(Country::as_str).collect();
    format!("{word} {}", codes.join(", "))
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
    let behavior = |one: &CacheBehavior| {
        let mut told = json!({"path-pattern": one.pattern(), "private": one.is_private(), "keys": keys(one)});
        if one.origin_request_policy.id() != OriginRequestPolicy::default().id() {
            told["origin-request-policy"] = one.origin_request_policy.id().into();
        }
        if let Some(policy) = &one.response_headers_policy {
            told["response-headers-policy"] = policy.id.as_str().into();
        }
        told
    };
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
