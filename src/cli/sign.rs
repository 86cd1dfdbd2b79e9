//! `frontgate sign`: signed URLs and signed cookies on the command line.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

use super::output::{Global, write_stdout};
use crate::sign::signed_url;

mod signer;
mod what;

use what::What;

#[derive(Debug, Subcommand)]
pub(super) enum Sign {
    /// Print one signed URL
    Url(SignUrl),
    /// Print the signing cookies for a URL
    Cookies(SignCookies),
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  frontgate sign url 'http://127.0.0.1:8080/image.svg'      # for 1h, with the key of `frontgate dev`
  frontgate sign url 'https://media.example.com/a.mp4' --key-pair-id K2JCJMDEHXQW5F \\
      --private-key keys/K2JCJMDEHXQW5F.private.pem --expires-in '2 hours'
  frontgate sign url 'https://media.example.com/a.mp4' --resource 'https://media.example.com/*' \\
      --ip 203.0.113.0/24 --not-before now --expires 2033-01-01 --keys keys")]
pub(super) struct SignUrl {
    #[command(flatten)]
    what: What,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  frontgate sign cookies 'https://media.example.com/' --resource 'https://media.example.com/*' \\
      --keys keys --expires-in 2h --format curl")]
pub(super) struct SignCookies {
    #[command(flatten)]
    what: What,
    /// How to print them
    #[arg(long, value_name = "FORMAT", default_value = "cookie-header")]
    format: CookieFormat,
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
enum CookieFormat {
    CookieHeader,
    SetCookie,
    Curl,
    Json,
}

impl Sign {
    pub(super) fn run(self, global: Global) -> anyhow::Result<ExitCode> {
        match self {
            Self::Url(command) => command.run(global.quiet),
            Self::Cookies(command) => command.run(global.quiet),
        }
    }
}

impl SignUrl {
    fn run(&self, quiet: bool) -> anyhow::Result<ExitCode> {
        let (terms, values) = self.what.sign(quiet)?;
        let url = signed_url(&self.what.url, &values);
        if self.json {
            let policy = terms.policy(&self.what.url);
            let policy = String::from_utf8_lossy(&policy);
            let expires = terms.expires().map(|end| end.0);
            write_stdout(&format!("{}\n", json!({"url": url, "policy": policy, "expires": expires})))?;
        } else {
            write_stdout(&format!("{url}\n"))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl SignCookies {
    fn run(&self, quiet: bool) -> anyhow::Result<ExitCode> {
        let format = if self.json { CookieFormat::Json } else { self.format };
        if format != CookieFormat::SetCookie && (self.domain.is_some() || self.path.is_some()) {
            bail!("--domain and --path belong to --format set-cookie");
        }
        for (option, value) in [("--domain", &self.domain), ("--path", &self.path)] {
            if value.as_deref().is_some_and(|value| {
                value.bytes().any(|byte| !byte.is_ascii_graphic() || b";,".contains(&byte))
            }) {
                bail!(
                    "{option}: {:?} can't be in a cookie: expected printable ASCII without `;` and `,`",
                    value.as_deref().unwrap_or("")
                );
            }
        }
        let (_, values) = self.what.sign(quiet)?;
        let cookies: Vec<(String, String)> =
            values.into_iter().map(|(name, value)| (format!("CloudFront-{name}"), value)).collect();
        let pairs =
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        write_stdout(&match format {
            CookieFormat::CookieHeader => format!("Cookie: {pairs}\n"),
            CookieFormat::Curl => format!("-b '{pairs}'\n"),
            CookieFormat::SetCookie => cookies
                .iter()
                .map(|(name, value)| format!("Set-Cookie: {}\n", self.set_cookie(name, value)))
                .collect(),
            CookieFormat::Json => {
                let map: Map<String, Value> =
                    cookies.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
                format!("{}\n", Value::from(map))
            }
        })?;
        Ok(ExitCode::SUCCESS)
    }

    /// As AWS's guide advises (cloudfront 4): secure, out of reach of scripts, for the session only.
    fn set_cookie(&self, name: &str, value: &str) -> String {
        let mut cookie = cookie::Cookie::build((name, value)).http_only(true);
        cookie = cookie.path(self.path.as_deref().unwrap_or("/"));
        if let Some(domain) = &self.domain {
            cookie = cookie.domain(domain.as_str());
        }
        cookie.secure(self.what.url.starts_with("https:")).build().to_string()
    }
}
