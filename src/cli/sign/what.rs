//! What is to be signed: the URL, until when, for whom, by which key.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::{Args, ValueEnum};
use ipnet::Ipv4Net;

use super::signer::{Signer, SignerOptions};
use crate::access::policy::{Policy, SourceIp};
use crate::access::resource::Resource;
use crate::access::warning::Warning;
use crate::clock;
use crate::distribution::key::HashAlgorithm;
use crate::epoch::{EpochSeconds, parse_duration};
use crate::sign::{Terms, check_url, signing_values, wildcard_in_canned};
use crate::viewer::{Base, SignedUrl, Target};

/// Names and values of signing parameters.
type Values = Vec<(&'static str, String)>;

/// What both forms take.
#[derive(Args, Debug)]
pub(super) struct What {
    /// The URL, exactly as it will be requested
    pub(super) url: String,
    #[command(flatten)]
    signer: SignerOptions,
    /// The end: RFC 3339, a date (midnight UTC), Unix seconds, `now`, or a distance such as +2h
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    expires: Option<String>,
    /// The end, from now: 90s, 2h, 7d, '1 week' [default: 1h]
    #[arg(long, value_name = "DURATION", conflicts_with = "expires", allow_hyphen_values = true)]
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
    /// Sign a canned policy for a URL that contains `*`, which opens everything that it matches
    #[arg(long)]
    wildcard_in_canned: bool,
    /// The hash; sha256 adds Hash-Algorithm
    #[arg(long, default_value = "sha1")]
    hash: Hash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Hash {
    Sha1,
    Sha256,
}

impl What {
    /// Signs it. What works and is hardly meant is said on stderr, unless that is to be quiet.
    pub(super) fn sign(&self, quiet: bool) -> anyhow::Result<(Terms, Values)> {
        check_url(&self.url)?;
        let terms = self.terms()?;
        if matches!(terms, Terms::Canned { .. })
            && !self.wildcard_in_canned
            && let Some(why) = wildcard_in_canned(&self.url)
        {
            bail!(
                "{why}\n  help      --resource '{}' signs a wildcard as such; write a literal `*` as `%2A`; --wildcard-in-canned \
                 signs this link all the same",
                self.url
            );
        }
        let Signer { key_pair_id, key } = self.signer.signer()?;
        let hash = match self.hash {
            Hash::Sha1 => HashAlgorithm::Sha1,
            Hash::Sha256 => HashAlgorithm::Sha256,
        };
        let values = signing_values(&self.url, &terms, &key, &key_pair_id, hash)?;
        let has_end = self.expires.is_some() || self.expires_in.is_some() || self.policy.is_some();
        if let (false, false, Some(end)) = (has_end, quiet, terms.expires()) {
            tell!("note: valid for {DEFAULT_LENGTH}, until {end}; --expires-in sets another length");
        }
        Ok((terms, values))
    }

    fn terms(&self) -> anyhow::Result<Terms> {
        if let Some(file) = &self.policy {
            return terms_of(file);
        }
        let now = clock::now();
        let time = |name: &str, text: &str| {
            EpochSeconds::parse(text, now).map_err(|error| anyhow!("--{name}: {error}"))
        };
        let expires = match &self.expires {
            Some(text) => time("expires", text)?,
            None => {
                let length = self.expires_in.as_deref().unwrap_or(DEFAULT_LENGTH);
                let length = parse_duration(length).map_err(|error| anyhow!("--expires-in: {error}"))?;
                time("expires-in", &now.0.saturating_add(length.as_secs()).to_string())?
            }
        };
        let not_before = self.not_before.as_deref().map(|text| time("not-before", text)).transpose()?;
        if not_before.is_some_and(|begin| begin >= expires) {
            tell!("warning: --not-before is not before the end: what is signed is never valid");
        }
        let ip = self.ip.as_deref().map(ip_range).transpose()?;
        if let Some(resource) = self.resource.as_deref() {
            check_resource(resource)?;
            if !opens(resource, &self.url) {
                tell!(
                    "warning: the Resource {resource} doesn't match {}: what is signed doesn't grant access to it",
                    self.url
                );
            }
        }
        Ok(Terms::new(&self.url, expires, not_before, ip, self.resource.as_deref()))
    }
}

/// A file's text is signed all the same where CloudFront wouldn't understand it, or where it isn't meant.
fn terms_of(file: &Path) -> anyhow::Result<Terms> {
    let policy =
        std::fs::read(file).with_context(|| format!("the policy {} can't be read", file.display()))?;
    let expires = match Policy::parse(&policy) {
        Ok(policy) => Some(policy.condition.date_less_than),
        Err(fault) => {
            tell!("warning: CloudFront responds to this policy with MalformedPolicy: {fault}");
            None
        }
    };
    if let Some(warning) = Warning::of_policy(&policy) {
        tell!("warning: {}: {warning}", warning.name());
    }
    Ok(Terms::Custom { expires, policy })
}

fn ip_range(text: &str) -> anyhow::Result<Ipv4Net> {
    match SourceIp::parse(text) {
        Some(SourceIp::V4(range)) => Ok(range),
        Some(SourceIp::V6(_)) => {
            bail!(
                "--ip: expected an IPv4 address or range, found IPv6 ({text}), which CloudFront's policies don't support"
            )
        }
        None => bail!("--ip: expected an IPv4 address or range such as 203.0.113.0/24, found {text:?}"),
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
            "--resource: expected http://, https:// or *, then printable ASCII without quotes, backslashes and #, found \
             {resource:?}"
        );
    }
    Ok(())
}

/// As in the console.
const DEFAULT_LENGTH: &str = "1h";
