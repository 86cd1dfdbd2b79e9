//! `frontgate health`: whether a running proxy is ready, for container health checks and scripts.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use http::{HeaderMap, Method, StatusCode};
use tokio::net::lookup_host;
use tokio::time::timeout;

use super::output::DENIED;
use crate::redact::redacted_by_shape;
use crate::testing::ask::Ask;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  frontgate health
  frontgate health http://127.0.0.1:9090
  HEALTHCHECK CMD [\"frontgate\", \"health\", \"http://127.0.0.1:9090\"]    # in a Dockerfile
Exit status: 0 ready, 1 not ready or no answer within 2 seconds, 2 wrong usage.")]
pub(super) struct HealthCommand {
    /// The admin listener; `/health/ready` is requested unless the URL has a path
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:9090")]
    url: String,
}

impl HealthCommand {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let url = with_path(&self.url)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let answered = runtime.block_on(async { timeout(PATIENCE, status(&url)).await });
        // A lookup that hangs would hold the runtime's end back; the process ends without it.
        runtime.shutdown_background();
        let reason = match answered {
            Ok(Ok(StatusCode::OK)) => return Ok(ExitCode::SUCCESS),
            Ok(Ok(status)) => format!("{url} responded {status}"),
            Ok(Err(error)) => format!("{url} did not respond: {error:#}"),
            Err(_) => format!("{url} did not respond within {} seconds", PATIENCE.as_secs()),
        };
        tell!("error: not ready: {reason}");
        Ok(ExitCode::from(DENIED))
    }
}

/// The URL to request.
fn with_path(url: &str) -> anyhow::Result<String> {
    let Some(rest) = url.strip_prefix("http://") else {
        let host = url.rsplit("://").next().unwrap_or(url).trim_start_matches(':');
        let is_port = host.parse::<u16>().is_ok_and(|port| port > 0);
        let machine = if is_port { "127.0.0.1:" } else { "" };
        bail!(
            "expected the URL of an admin listener, found {:?}\n  help      use http://{machine}{}",
            redacted_by_shape(url),
            redacted_by_shape(host)
        );
    };
    Ok(match rest.split_once('/') {
        Some((_, path)) if !path.is_empty() => url.to_owned(),
        Some(_) => format!("{url}health/ready"),
        None => format!("{url}/health/ready"),
    })
}

async fn status(url: &str) -> anyhow::Result<StatusCode> {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let host = rest.split('/').next().unwrap_or(rest);
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let address = if has_port { host.to_owned() } else { format!("{host}:80") };
    let mut found = lookup_host(&address).await.with_context(|| format!("{address} can't be resolved"))?;
    let Some(address) = found.next() else { bail!("{address} has no address") };
    let ask = Ask { method: Method::GET, url, headers: HeaderMap::new(), body: Vec::new(), head_only: true };
    Ok(ask.send(address).await?.status)
}

/// Seconds that `frontgate health` waits for a response.
const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_without_a_path_means_the_readiness_check() {
        for (given, expected) in [
            ("http://127.0.0.1:9090", "http://127.0.0.1:9090/health/ready"),
            ("http://[::1]:9090/", "http://[::1]:9090/health/ready"),
            ("http://localhost:9090/health/live", "http://localhost:9090/health/live"),
        ] {
            assert_eq!(with_path(given).unwrap(), expected);
        }
        for (given, advice) in [
            ("localhost:9090", "use http://localhost:9090"),
            ("9090", "use http://127.0.0.1:9090"),
            (":9090", "use http://127.0.0.1:9090"),
        ] {
            let error = with_path(given).unwrap_err().to_string();
            assert!(error.ends_with(advice), "{error}");
        }
        assert!(with_path("https://localhost:9090").is_err());
    }
}
