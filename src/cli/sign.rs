//! `frontgate sign`: signed URLs and signed cookies on the command line.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use ipnet::Ipv4Net;
use serde_json::{Map, Value, json};

use super::{answer, keys};
use crate::access::policy::{Policy, SourceIp};
use crate::access::resource::Resource;
use crate::clock;
use crate::distribution::key::{HashAlgorithm, PublicKeyId};
use crate::epoch::{EpochSeconds, parse_duration};
use crate::sign::{Terms, check_url, signed_url, signing_values};
use crate::viewer::{Base, SignedUrl, Target};

#[derive(Debug, Subcommand)]
pub(super) enum Sign {
    /// Print one signed URL
    Url(SignUrl),
    /// Print the signing cookies for a URL
    Cookies(SignCookies),
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  frontgate sign url 'https://media.example.com/a.mp4' --key-pair-id K2JCJMDEHXQW5F \\
      --private-key keys/K2JCJMDEHXQW5F.private.pem --expires-in 2h
  frontgate sign url 'https://media.example.com/a.mp4' --resource 'https://media.example.com/*' \\
      --ip 203.0.113.0/24 --not-before now --expires 2026-12-31T00:00:00Z \\
      --key-pair-id K2JCJMDEHXQW5F --private-key keys/K2JCJMDEHXQW5F.private.pem")]
pub(super) struct SignUrl {
    #[command(flatten)]
    what: What,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  frontgate sign cookies 'https://media.example.com/*' --resource 'https://media.example.com/*' \\
      --key-pair-id K2JCJMDEHXQW5F --private-key keys/K2JCJMDEHXQW5F.private.pem \\
      --expires-in 2h --format curl")]
pub(super) struct SignCookies {
    #[command(flatten)]
    what: What,
    /// How to print them
    #[arg(long, value_name = "FORMAT", default_value = "cookie-header")]
    format: Format,
    /// The cookies' Domain (set-cookie only)
    #[arg(long)]
    domain: Option<String>,
    /// The cookies' Path (set-cookie only)
    #[arg(long)]
    path: Option<String>,
    /// The same as --format json
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    CookieHeader,
    SetCookie,
    Curl,
    Json,
}

/// What both forms take.
#[derive(Args, Debug)]
struct What {
    /// The URL, exactly as it will be requested
    url: String,
    /// The public key's id
    #[arg(long, value_name = "ID")]
    key_pair_id: String,
    // With hyphens, so that a key's own text, which begins with five, is not repeated by clap's error.
    /// The private key, PEM
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    private_key: PathBuf,
    /// The end: RFC 3339, Unix seconds, `now`, or a distance such as +2h
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    expires: Option<String>,
    /// The end, from now: 90s, 2h, 7d
    #[arg(long, value_name = "DURATION", conflicts_with = "expires")]
    expires_in: Option<String>,
    /// The beginning (makes a custom policy)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    not_before: Option<String>,
    /// The viewer's IPv4 address or range (makes a custom policy)
    #[arg(long, value_name = "CIDR")]
    ip: Option<String>,
    /// Which URLs, with the wildcards * and ? (makes a custom policy)
    #[arg(long, value_name = "PATTERN")]
    resource: Option<String>,
    /// A custom policy, signed byte for byte as it stands in the file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["expires", "expires_in", "not_before", "ip", "resource"])]
    policy: Option<PathBuf>,
    /// The hash; sha256 adds Hash-Algorithm
    #[arg(long, default_value = "sha1")]
    hash: Hash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Hash {
    Sha1,
    Sha256,
}

type Values = Vec<(&'static str, String)>;

impl What {
    fn sign(&self) -> anyhow::Result<(Terms, Values)> {
        check_url(&self.url)?;
        if !PublicKeyId::is_well_formed(&self.key_pair_id) {
            bail!(
                "--key-pair-id: {:?} is no public key's id: letters and digits, such as K2JCJMDEHXQW5F",
                self.key_pair_id
            );
        }
        let terms = self.terms()?;
        if matches!(terms, Terms::Canned { .. }) && self.url.contains('*') {
            tell!(
                "warning: a canned policy has no wildcards: this opens {} and nothing else; --resource has them",
                self.url
            );
        }
        let key = keys::read_private(&self.private_key)?;
        let hash = match self.hash {
            Hash::Sha1 => HashAlgorithm::Sha1,
            Hash::Sha256 => HashAlgorithm::Sha256,
        };
        let values = signing_values(&self.url, &terms, &key, &self.key_pair_id, hash)?;
        Ok((terms, values))
    }

    fn terms(&self) -> anyhow::Result<Terms> {
        if let Some(file) = &self.policy {
            let policy = std::fs::read(file)
                .with_context(|| format!("the policy {} can't be read", file.display()))?;
            return Ok(Terms::Custom { expires: end_of(&policy), policy });
        }
        let now = clock::now();
        let time = |name: &str, text: &str| {
            EpochSeconds::parse(text, now).map_err(|error| anyhow::anyhow!("--{name}: {error}"))
        };
        let expires = match (&self.expires, &self.expires_in) {
            (Some(text), _) => time("expires", text)?,
            (None, Some(text)) => {
                let length =
                    parse_duration(text).map_err(|error| anyhow::anyhow!("--expires-in: {error}"))?;
                time("expires-in", &now.0.saturating_add(length.as_secs()).to_string())?
            }
            (None, None) => {
                bail!("a signature needs an end: --expires TIME or --expires-in DURATION (or --policy FILE)")
            }
        };
        let not_before = self.not_before.as_deref().map(|text| time("not-before", text)).transpose()?;
        let ip = self.ip.as_deref().map(ip_range).transpose()?;
        if let Some(resource) = self.resource.as_deref() {
            check_resource(resource)?;
            if !opens(resource, &self.url) {
                tell!(
                    "warning: the Resource {resource} doesn't match {}: what is signed doesn't open it",
                    self.url
                );
            }
        }
        Ok(Terms::new(&self.url, expires, not_before, ip, self.resource.as_deref()))
    }
}

/// The end that a policy's text states; a text that CloudFront wouldn't understand is signed all the same.
fn end_of(policy: &[u8]) -> Option<EpochSeconds> {
    match Policy::parse(policy) {
        Ok(policy) => Some(policy.condition.date_less_than),
        Err(fault) => {
            tell!("warning: CloudFront answers MalformedPolicy to this policy: {fault}");
            None
        }
    }
}

fn ip_range(text: &str) -> anyhow::Result<Ipv4Net> {
    match SourceIp::parse(text) {
        Some(SourceIp::V4(range)) => Ok(range),
        Some(SourceIp::V6(_)) => bail!("--ip: {text} is IPv6, which CloudFront's policies don't support"),
        None => bail!("--ip: {text:?} is no IPv4 address or range, such as 203.0.113.0/24"),
    }
}

/// Whether a Resource is for a URL; one that itself has wildcards stands for many.
fn opens(resource: &str, url: &str) -> bool {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (authority, target) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let base = Base { scheme, authority };
    let fits = |Target { path, query }| Resource::new(resource).matches(&SignedUrl { base, path, query });
    resource == url || Target::parse(target).is_some_and(fits)
}

fn check_resource(resource: &str) -> anyhow::Result<()> {
    let fits = resource.starts_with(['*']) || resource.contains("://");
    if !fits || resource.bytes().any(|byte| !byte.is_ascii_graphic() || b"\"\\#".contains(&byte)) {
        bail!(
            "--resource: {resource:?} can't be a Resource; expected http://, https:// or *, then printable ASCII \
             without quotes, backslashes and #"
        );
    }
    Ok(())
}

impl Sign {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Url(command) => command.run(),
            Self::Cookies(command) => command.run(),
        }
    }
}

impl SignUrl {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let (terms, values) = self.what.sign()?;
        let url = signed_url(&self.what.url, &values);
        if self.json {
            let policy = terms.policy(&self.what.url);
            let policy = String::from_utf8_lossy(&policy);
            let expires = terms.expires().map(|end| end.0);
            answer(&format!("{}\n", json!({"url": url, "policy": policy, "expires": expires})))?;
        } else {
            answer(&format!("{url}\n"))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl SignCookies {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let format = if self.json { Format::Json } else { self.format };
        if format != Format::SetCookie && (self.domain.is_some() || self.path.is_some()) {
            bail!("--domain and --path belong to --format set-cookie");
        }
        for (option, value) in [("--domain", &self.domain), ("--path", &self.path)] {
            if value.as_deref().is_some_and(|value| {
                value.bytes().any(|byte| !byte.is_ascii_graphic() || b";,".contains(&byte))
            }) {
                bail!(
                    "{option}: {:?} can't stand in a cookie: expected printable ASCII without `;` and `,`",
                    value.as_deref().unwrap_or("")
                );
            }
        }
        let (_, values) = self.what.sign()?;
        let cookies: Vec<(String, String)> =
            values.into_iter().map(|(name, value)| (format!("CloudFront-{name}"), value)).collect();
        let pairs =
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        answer(&match format {
            Format::CookieHeader => format!("Cookie: {pairs}\n"),
            Format::Curl => format!("-b '{pairs}'\n"),
            Format::SetCookie => cookies
                .iter()
                .map(|(name, value)| format!("Set-Cookie: {}\n", self.set_cookie(name, value)))
                .collect(),
            Format::Json => {
                let map: Map<String, Value> =
                    cookies.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
                format!("{}\n", Value::from(map))
            }
        })?;
        Ok(ExitCode::SUCCESS)
    }

    /// As AWS's guide advises (semantics 4): secure, out of reach of scripts, for the session only.
    fn set_cookie(&self, name: &str, value: &str) -> String {
        let mut cookie = cookie::Cookie::build((name, value)).http_only(true);
        cookie = cookie.path(self.path.as_deref().unwrap_or("/"));
        if let Some(domain) = &self.domain {
            cookie = cookie.domain(domain.as_str());
        }
        cookie.secure(self.what.url.starts_with("https:")).build().to_string()
    }
}
