//! `frontgate dev`: the proxy without a configuration file, and a signed link to open.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use clap::Args;

use super::keys::{KeyPairFiles, fresh_id};
use super::output::{Global, write_stdout};
use super::proxy::{Bound, prepare_ready_file};
use crate::clock;
use crate::config::{self, AdminSettings, HttpsListener, Settings};
use crate::distribution::origin::OriginLocation;
use crate::distribution::{BaseUrl, Distributions, MAX_PUBLIC_BASE_URLS};
use crate::edge::state::dev_signer::DevSigner;
use crate::epoch::EpochSeconds;
use crate::explain::report::Paint;
use crate::sign::PrivateKey;
use crate::viewer::Host;

mod authority;
mod banner;
mod console;
mod listen;
mod local_tls;
mod origin;
mod rules;
mod site;
mod state;

use banner::{BannerFacts, banner, base};
use console::ConsoleAddress;
use listen::Listen;
use local_tls::LocalTls;
use rules::{GivenRules, Rules};
use site::{Files, Hosts, Site, behind};
use state::DevState;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  frontgate dev                                # in front of an embedded demo site
  frontgate dev 3000 --private '/media/*'      # in front of http://localhost:3000; only /media/* needs a signature
  frontgate dev --tls --host app.shop.localhost --host media.shop.localhost
  frontgate dev s3://films --endpoint http://127.0.0.1:9000
  frontgate dev ./public --listen 127.0.0.1:0 --ready-file ready.json
Without --private and --public, everything but /public/* needs a signature. As at CloudFront, the URL that was signed
must be the one that is requested: http://127.0.0.1:8080 and http://localhost:8080 are two. The request headers
X-Frontgate-Now and X-Frontgate-Viewer-Ip, and the cookie Frontgate-Now, set time and address of one request.")]
pub(super) struct Dev {
    /// A URL, a port, a folder, s3://BUCKET or unix:PATH [default: a demo site in the binary]
    origin: Option<String>,
    #[command(flatten)]
    rules: GivenRules,
    #[command(flatten)]
    listen: Listen,
    /// One more name to answer for, such as media.shop.localhost; the first is in printed links (repeatable)
    #[arg(long = "host", value_name = "NAME", value_parser = host_name)]
    hosts: Vec<String>,
    /// What links are signed for where that isn't the URL requested: a tunnel, a container, production (repeatable)
    #[arg(long = "base-url", value_name = "URL", value_parser = BaseUrl::parse)]
    base_urls: Vec<BaseUrl>,
    /// Let scripts of this origin, or of `any`, read responses, with credentials (repeatable)
    #[arg(long, value_name = "ORIGIN|any")]
    cors: Vec<String>,
    /// Let the clock start at this time, such as +3h or 2033-01-01T00:00:00Z
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    now: Option<String>,
    /// The server of an s3:// origin that isn't Amazon's
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// The region of an s3:// origin [default: AWS_REGION, else us-east-1]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Where the console is shown, or `off` [default: 127.0.0.1:9090, or a free port where that is taken]
    #[arg(long, value_name = "ADDR", value_parser = ConsoleAddress::parse)]
    console: Option<ConsoleAddress>,
    /// Written once the listener accepts: pid and addresses as JSON
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// The folder of the key pairs: every one is trusted, the first signs; one is made when there is none
    #[arg(long, value_name = "DIR", default_value = ".frontgate")]
    keys: PathBuf,
    /// Test mode also on an address that others can reach
    #[arg(long)]
    test_mode_on_any_address: bool,
}

impl Dev {
    pub(super) fn run(self, global: Global) -> anyhow::Result<ExitCode> {
        self.prepare()?;
        let given = origin::Given {
            origin: self.origin.as_deref(),
            endpoint: self.endpoint.as_deref(),
            region: self.region.as_deref(),
        };
        let (location, path) = origin::read(given)?;
        let mut site = self.site(&location)?;
        let mut bound = self.listen.bind(self.ready_file.as_deref(), self.test_mode_on_any_address)?;
        bound.admin = ConsoleAddress::bind(self.console)?;
        let (plain, secure) = addresses(&bound)?;
        site.ports = [Some(plain), secure].into_iter().flatten().map(|address| address.port()).collect();
        let pairs = key_pairs(&self.keys)?;
        let pair = pairs.first().context("no key pair")?;
        let location = config::servable(location, std::slice::from_ref(&self.keys))
            .map_err(|expected| anyhow!("it can't be served: expected {expected}"))?;
        let tls = secure.map(|_| LocalTls::prepare(&self.keys, &self.hosts)).transpose()?;
        let console = bound.admin.as_ref().map(|admin| admin.address);
        let base = base(plain, secure, self.hosts.first().map(String::as_str));
        let location = origin::guided(location, pair, &self.keys, &base, console);
        let settings = settings(
            site.with(&pairs, vec![behind(location.clone(), path.clone())])?,
            &self.keys,
            &tls,
            console,
        );
        DevState::of(&site, &self.cors, plain, secure, console).write(&self.keys)?;
        let shown = BannerFacts {
            pair,
            site: &site,
            base: &base,
            console,
            key_folder: &self.keys,
            location: &location,
            path: &path,
            plain,
            tls: tls.as_ref(),
            replaced_ports: self.listen.replaced(plain, secure),
            is_clock_moved: self.now.is_some(),
            is_verbose: global.verbose > 0,
        };
        let banner = banner(&shown, Paint(global.colored(&std::io::stdout())))?;
        bound.dev_signer = Some(DevSigner {
            key_pair_id: pair.id.clone(),
            key: Arc::clone(&pair.key),
            base,
            key_file: pair.private_file.clone(),
        });
        bound.serve(&settings, || {
            listen::look_for(&location);
            if global.quiet { Ok(()) } else { write_stdout(&banner) }
        })
    }

    /// Clears the way for the file that says it is ready, and starts the clock of `--now`.
    fn prepare(&self) -> anyhow::Result<()> {
        if let Some(file) = &self.ready_file {
            prepare_ready_file(file)?;
        }
        if let Some(now) = &self.now {
            let time =
                EpochSeconds::parse(now, clock::system()).map_err(|error| anyhow!("--now: {error}"))?;
            clock::start_at(time);
        }
        Ok(())
    }

    fn site(&self, location: &OriginLocation) -> anyhow::Result<Site> {
        if self.base_urls.len() > MAX_PUBLIC_BASE_URLS {
            bail!("--base-url: expected at most {MAX_PUBLIC_BASE_URLS}, found {}", self.base_urls.len());
        }
        let has_index = !matches!(location, OriginLocation::Http(_));
        Ok(Site {
            rules: Rules::of(self.rules.0.clone())?,
            hosts: Hosts::Named(self.hosts.clone()),
            base_urls: self.base_urls.clone(),
            cors: state::allowed(&self.cors)?,
            ports: Vec::new(),
            files: Files::of(location),
            default_root_object: has_index.then(|| "index.html".to_owned()),
        })
    }
}

/// Where plain HTTP is spoken, and where TLS is.
fn addresses(bound: &Bound) -> anyhow::Result<(SocketAddr, Option<SocketAddr>)> {
    let of = |is_tls: bool| bound.addresses().iter().find(|(_, kind)| kind.tls.is_some() == is_tls);
    let (plain, secure) = (of(false).context("nothing to listen on")?, of(true));
    Ok((plain.0, secure.map(|(address, _)| *address)))
}

/// A name that requests may be for: no port, no scheme.
fn host_name(text: &str) -> Result<String, String> {
    let expected = || {
        format!("expected a host name without scheme and port, such as media.shop.localhost, found {text:?}")
    };
    match Host::parse(text) {
        Ok(host) if host.port().is_none() => Ok(text.to_ascii_lowercase()),
        Ok(_) | Err(_) => Err(expected()),
    }
}

/// The pairs that are there, or a fresh one.
fn key_pairs(folder: &Path) -> anyhow::Result<Vec<KeyPairFiles>> {
    let found = KeyPairFiles::all_in(folder)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let pair = KeyPairFiles::write(folder, &fresh_id()?, PrivateKey::generate_rsa()?, "*")?;
    Ok(vec![pair])
}

fn settings(
    distributions: Distributions,
    key_folder: &Path,
    tls: &Option<LocalTls>,
    console: Option<SocketAddr>,
) -> Settings {
    let mut settings = Settings::of(distributions);
    settings.secrets = vec![key_folder.to_owned()];
    settings.server.https.extend(tls.iter().map(|tls| HttpsListener {
        certificates: Vec::new(),
        listen: Vec::new(),
        proxy_protocol: false,
        tls: Arc::clone(&tls.config),
    }));
    settings.admin = console.map(|listen| AdminSettings { listen, token: None, console: true });
    settings
}

/// What `explain --keys DIR` judges links by: as the `dev` of these keys does.
pub(super) fn distributions(key_folder: &Path) -> anyhow::Result<Arc<Distributions>> {
    let pairs = KeyPairFiles::all_in(key_folder)?;
    if pairs.is_empty() {
        bail!("no key pair in {}: `frontgate dev` creates one", key_folder.display());
    }
    Ok(Arc::new(state::site(key_folder)?.distributions(&pairs)?))
}
