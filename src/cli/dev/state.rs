//! `DIR/dev.json`: what the last `dev` with these keys served, so that `explain --keys DIR` judges as it does.

use std::fs;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use serde::{Deserialize, Serialize};

use super::rules::{Access, AccessRule, Rules};
use super::site::{Files, Hosts, Site};
use crate::distribution::BaseUrl;
use crate::distribution::cors::AllowedOrigins;

/// The file's content.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct DevState {
    listeners: ListenersOf,
    hosts: Vec<String>,
    base_urls: Vec<String>,
    /// In the order in which they are tried.
    patterns: Vec<Pattern>,
    /// For paths that no pattern fits.
    otherwise: Access,
    #[serde(default)]
    cors: Vec<String>,
    #[serde(default)]
    default_root_object: Option<String>,
    /// Whose files may have been signed in place of the one that was requested.
    #[serde(default)]
    files: Files,
    admin_url: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ListenersOf {
    http: Vec<SocketAddr>,
    https: Vec<SocketAddr>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Pattern {
    pattern: String,
    access: Access,
}

impl DevState {
    /// Of a `dev` that is about to serve.
    pub(super) fn of(
        site: &Site,
        cors: &[String],
        plain: SocketAddr,
        secure: Option<SocketAddr>,
        admin: Option<SocketAddr>,
    ) -> Self {
        let hosts = match &site.hosts {
            Hosts::Named(names) => names.clone(),
            Hosts::Any => Vec::new(),
        };
        let pattern =
            |rule: &AccessRule| Pattern { pattern: rule.pattern.as_str().to_owned(), access: rule.access };
        Self {
            listeners: ListenersOf { http: vec![plain], https: secure.into_iter().collect() },
            hosts,
            base_urls: site.base_urls.iter().map(ToString::to_string).collect(),
            patterns: site.rules.list().iter().map(pattern).collect(),
            otherwise: site.rules.otherwise(),
            cors: cors.to_vec(),
            default_root_object: site.default_root_object.clone(),
            files: site.files.clone(),
            admin_url: admin.map(|address| format!("http://{address}/")),
        }
    }

    /// Writes it, whole or not at all.
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let file = folder.join(NAME);
        let partial = folder.join(format!("{NAME}.{}.tmp", std::process::id()));
        let text = serde_json::to_string_pretty(self)?;
        let written = fs::write(&partial, text + "\n").and_then(|()| fs::rename(&partial, &file));
        if written.is_err() {
            let _ = fs::remove_file(&partial);
        }
        written.with_context(|| format!("{} can't be written", file.display()))
    }

    /// Reads the one of a folder of keys; none where there is none.
    fn read(folder: &Path) -> anyhow::Result<Option<Self>> {
        let file = folder.join(NAME);
        let mut text = String::new();
        match fs::File::open(&file) {
            Ok(opened) => opened.take(MAX_BYTES).read_to_string(&mut text).map(|_| ()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => Err(error),
        }
        .with_context(|| format!("{} can't be read", file.display()))?;
        let state = serde_json::from_str(&text);
        state.map(Some).with_context(|| {
            format!("{} is not as `frontgate dev` writes it; delete it, or start `dev` again", file.display())
        })
    }

    fn site(self) -> anyhow::Result<Site> {
        let mut rules = Vec::new();
        for Pattern { pattern, access } in self.patterns {
            rules.push(AccessRule { pattern: pattern.parse()?, access });
        }
        let rules = Rules::of(rules)?;
        if rules.otherwise() != self.otherwise {
            bail!("its patterns and `otherwise` contradict each other");
        }
        let base_urls = self.base_urls.iter().map(|text| BaseUrl::parse(text));
        let listeners = self.listeners.http.iter().chain(&self.listeners.https);
        Ok(Site {
            ports: listeners.map(SocketAddr::port).collect(),
            rules,
            hosts: Hosts::Named(self.hosts),
            base_urls: base_urls.collect::<Result<_, _>>()?,
            cors: allowed(&self.cors)?,
            default_root_object: self.default_root_object,
            files: self.files,
        })
    }
}

/// What links of a folder's keys are judged by: its `dev.json`; without one, everything but `/public/*` is private and
/// every URL's own base counts.
pub(super) fn site(folder: &Path) -> anyhow::Result<Site> {
    match DevState::read(folder)? {
        Some(state) => state.site().with_context(|| {
            let file = folder.join(NAME);
            format!("{} can't be used; delete it, or start `dev` again", file.display())
        }),
        None => Ok(Site {
            ports: Vec::new(),
            rules: Rules::of(Vec::new())?,
            hosts: Hosts::Any,
            base_urls: Vec::new(),
            cors: None,
            default_root_object: None,
            files: Files::Unknown,
        }),
    }
}

/// The origins of `--cors`; none where it wasn't given.
pub(super) fn allowed(given: &[String]) -> anyhow::Result<Option<AllowedOrigins>> {
    if given.is_empty() {
        return Ok(None);
    }
    if given.iter().any(|text| text == "any") {
        return Ok(Some(AllowedOrigins::Echoed));
    }
    let patterns = given.iter().map(|text| {
        let unfit = || anyhow!("--cors {text:?}: expected `any` or an origin, such as http://localhost:5173");
        let text = text.strip_suffix('/').unwrap_or(text);
        text.contains("://").then(|| text.parse().ok()).flatten().ok_or_else(unfit)
    });
    Ok(Some(AllowedOrigins::Listed(patterns.collect::<anyhow::Result<_>>()?)))
}

const NAME: &str = "dev.json";
/// Far more than a command line has.
const MAX_BYTES: u64 = 1 << 20;
