//! `frontgate explain`: what would become of a URL, check by check. Contract 1 and 7.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use http::Method;
use serde_json::{Value, json};

use super::dev;
use super::paint::Paint;
use super::{DENIED, Global, WRONG, answer, report};
use crate::clock;
use crate::config;
use crate::distribution::key::{KeyGroup, KeyTolerance, PublicKey, PublicKeyId};
use crate::distribution::{Distribution, Distributions, UnknownHost};
use crate::epoch::EpochSeconds;
use crate::explain::{Cause, Check, Effort, Explanation, Inquiry, Outcome, Verdict};
use crate::viewer::Country;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  frontgate explain 'https://media.example.com/a.mp4?Expires=…&Signature=…&Key-Pair-Id=…'
  frontgate explain 'https://…' --public-key K2JCJMDEHXQW5F=keys/K2JCJMDEHXQW5F.public.pem --at +2h
  frontgate explain 'https://…' --cookie 'CloudFront-Policy=…; CloudFront-Signature=…'
  frontgate explain 'http://localhost:8080/…' --keys .frontgate    # a link of `frontgate dev`
Exit status: 0 allowed, 1 denied, 2 wrong usage.")]
pub(super) struct Explain {
    /// The URL as it is requested, signing parameters included
    url: String,
    /// The value of a Cookie header (repeatable)
    #[arg(long, value_name = "NAME=VALUE; …")]
    cookie: Vec<String>,
    /// The time of the judgement: RFC 3339, Unix seconds, `now`, or a distance such as +2h
    #[arg(long, value_name = "TIME", default_value = "now", allow_hyphen_values = true)]
    at: String,
    /// The viewer's address
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    ip: IpAddr,
    /// The country that the viewer is in, for a distribution that looks at it
    #[arg(long, value_name = "CODE", value_parser = country)]
    country: Option<Country>,
    /// Judge as a browser's preflight
    #[arg(long, conflicts_with = "method")]
    preflight: bool,
    /// The request's method
    #[arg(long, value_name = "M", default_value = "GET")]
    method: Method,
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "config.toml")]
    config: PathBuf,
    /// A trusted key, in place of a configuration (repeatable)
    #[arg(long, value_name = "ID=FILE", conflicts_with = "config")]
    public_key: Vec<String>,
    /// The keys of `frontgate dev`: judge as it does
    #[arg(long, value_name = "DIR", conflicts_with_all = ["config", "public_key"])]
    keys: Option<PathBuf>,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(super) fn run(self, global: Global) -> anyhow::Result<ExitCode> {
        let at = EpochSeconds::parse(&self.at, clock::now()).map_err(|error| anyhow!("--at: {error}"))?;
        let (inquiry, notes) = Inquiry::of_url(&self.url, at)?;
        let inquiry = self.asked_as_given(inquiry);
        let (scheme, host) = (inquiry.scheme, inquiry.host()?);
        let distributions = if let Some(folder) = &self.keys {
            dev::distributions(folder, &[(scheme, host.port().unwrap_or(scheme.default_port()))])?
        } else if self.public_key.is_empty() {
            match config::load(&self.config) {
                Ok(settings) => settings.distributions,
                Err(invalid) => {
                    report("error", &invalid.errors);
                    tell!(
                        "error: {invalid}; without a configuration: --public-key ID=FILE, or --keys DIR for links of `frontgate dev`"
                    );
                    return Ok(ExitCode::from(WRONG));
                }
            }
        } else {
            Arc::new(only(host.name(), &self.public_key)?)
        };
        for note in &notes {
            tell!("note: {note}");
        }
        let explanation = inquiry.explain(&distributions, &Effort::WITHOUT_CLOCK)?;
        if self.json {
            answer(&format!("{}\n", as_json(&explanation)))?;
        } else {
            answer(&as_text(&explanation, Paint(global.colored(&std::io::stdout()))))?;
        }
        Ok(match explanation.verdict {
            Verdict::Allow => ExitCode::SUCCESS,
            Verdict::Barred(_) | Verdict::Deny(_) => ExitCode::from(DENIED),
        })
    }
}

impl Explain {
    /// The inquiry with what the command line says of the viewer.
    fn asked_as_given(&self, inquiry: Inquiry) -> Inquiry {
        let cookies = self.cookie.iter().map(|value| value.strip_prefix("Cookie:").unwrap_or(value).trim());
        Inquiry {
            method: if self.preflight { Method::OPTIONS } else { self.method.clone() },
            cookies: cookies.map(|value| value.as_bytes().to_vec()).collect(),
            address: self.ip,
            country: self.country,
            is_preflight: self.preflight,
            ..inquiry
        }
    }
}

fn country(text: &str) -> Result<Country, &'static str> {
    Country::parse(text).ok_or("expected a two-letter code, such as DE")
}

/// A distribution whose only base is the URL's own and which trusts these keys everywhere.
fn only(host: &str, public_keys: &[String]) -> anyhow::Result<Distributions> {
    let mut keys = Vec::new();
    for given in public_keys {
        let (id, file) =
            given.split_once('=').with_context(|| format!("--public-key {given:?}: expected ID=FILE"))?;
        let pem = config::read_key_file(Path::new(file))
            .with_context(|| format!("the public key {file} can't be read"))?;
        match PublicKey::from_pem(PublicKeyId::new(id), &pem, KeyTolerance::default()) {
            Ok(key) => keys.push(Arc::new(key)),
            Err(error) => bail!("the public key {file} can't be used: {error}"),
        }
    }
    let group = Arc::new(KeyGroup { id: "--public-key".to_owned(), keys });
    let distribution = Distribution::private(host, host, group);
    Ok(Distributions { list: vec![Arc::new(distribution)], unknown_host: UnknownHost::Only })
}

/// What the viewer would get: status, code, message and reason (contract 7).
fn verdict(explanation: &Explanation) -> (u16, Option<&'static str>, Option<String>, Option<&'static str>) {
    match &explanation.verdict {
        Verdict::Allow => (200, None, None, None),
        Verdict::Deny(reason) => {
            let answer = reason.answer();
            (403, Some(answer.code()), Some(answer.message().to_owned()), Some(reason.name()))
        }
        Verdict::Barred(barrier) => (barrier.status(), None, Some(barrier.to_string()), Some(barrier.name())),
    }
}

fn as_json(explanation: &Explanation) -> Value {
    let (status, code, message, reason) = verdict(explanation);
    let policy =
        explanation.policy.as_deref().map(|text| serde_json::from_str(text).unwrap_or(Value::from(text)));
    let checks: Vec<Value> = explanation.checks.iter().map(check_as_json).collect();
    json!({
        "decision": if explanation.verdict == Verdict::Allow { "allow" } else { "deny" },
        "status": status,
        "code": code,
        "message": message,
        "reason": reason,
        "at": explanation.at.to_string(),
        "viewer-ip": explanation.viewer_ip.to_string(),
        "distribution": explanation.distribution,
        "behavior": explanation.behavior,
        "key-pair-id": explanation.key_pair_id,
        "policy": policy,
        "checks": checks,
        "causes": explanation.causes().into_iter().map(cause_as_json).collect::<Vec<_>>(),
    })
}

fn cause_as_json(cause: &Cause) -> Value {
    let mut json = json!({"mistake": cause.mistake.as_str(), "proven": cause.proven});
    for (name, value) in
        [("signed-by", &cause.signed_by), ("signed", &cause.signed), ("requested", &cause.requested)]
    {
        if let Some(value) = value {
            json[name] = Value::from(value.as_str());
        }
    }
    json["fix"] = Value::from(cause.fix.as_str());
    json
}

fn check_as_json(check: &Check) -> Value {
    json!({
        "check": check.name,
        "outcome": check.outcome.as_str(),
        "expected": check.expected,
        "found": check.found,
        "hint": check.hint,
    })
}

fn as_text(explanation: &Explanation, paint: Paint) -> String {
    let mut text = String::new();
    let (at, ip) = (explanation.at, explanation.viewer_ip);
    let _ = writeln!(text, "judged at {at} for viewer {ip}");
    if let (Some(distribution), Some(behavior)) = (&explanation.distribution, &explanation.behavior) {
        let access = if explanation.is_private { "private" } else { "public: nothing to check" };
        let _ = writeln!(text, "distribution {distribution}, behavior `{behavior}` ({access})");
    }
    if let Some(policy) = &explanation.policy {
        let _ = writeln!(text, "policy {}", printable(policy.trim_end()));
    }
    if !explanation.checks.is_empty() {
        text.push('\n');
    }
    for check in &explanation.checks {
        write_check(&mut text, check, paint);
    }
    let (status, code, message, reason) = verdict(explanation);
    let _ = match (code, message, reason) {
        (Some(code), Some(message), Some(reason)) => {
            writeln!(text, "\n{}: {status} {code} ({message}), reason {reason}", paint.red("denied"))
        }
        (None, Some(message), Some(reason)) => {
            writeln!(text, "\n{}: {status}, reason {reason}: {message}", paint.red("denied"))
        }
        (_, _, None) | (_, None, _) => writeln!(text, "\n{}", paint.green("allowed")),
    };
    text
}

/// What a stranger chose must not steer the terminal.
fn printable(text: &str) -> String {
    let shown =
        |c: char| if c.is_control() && c != '\n' { c.escape_unicode().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
}

fn write_check(text: &mut String, check: &Check, paint: Paint) {
    let name = check.name;
    let (found, expected) = (printable(&check.found), printable(&check.expected));
    let _ = match check.outcome {
        Outcome::Pass => writeln!(text, "{}  {name:18}  {found}", paint.green("pass")),
        Outcome::Skipped => {
            writeln!(text, "{}  {}", paint.dim("skip"), paint.dim(&format!("{name:18}  {found}")))
        }
        Outcome::Fail => writeln!(text, "{}  {}", paint.red("FAIL"), paint.bold(name)),
    };
    if check.outcome != Outcome::Skipped {
        let _ = writeln!(text, "{}", paint.dim(&format!("        expected  {expected}")));
    }
    if check.outcome == Outcome::Fail {
        let _ = writeln!(text, "        found     {found}");
    }
    if let Some(hint) = &check.hint {
        let _ = writeln!(text, "        hint      {}", printable(hint).replace('\n', "\n                  "));
    }
}
