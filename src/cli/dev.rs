//! `frontgate dev`: the proxy with no file at all, and a signed link to open.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use clap::Args;

use super::keys::{KeyPair, fresh_id};
use super::proxy::{Proxy, prepare_ready_file};
use super::{Global, answer};
use crate::config::{self, AdminSettings, Door, HttpsListener, ServerSettings, Settings};
use crate::distribution::behavior::{CacheBehavior, Restriction};
use crate::distribution::key::{KeyGroup, KeyTolerance, PublicKey, PublicKeyId};
use crate::distribution::origin::{Origin, OriginLocation, OriginTimeouts};
use crate::distribution::{BaseUrl, Distribution, Distributions, UnknownHost};
use crate::edge::dev_signer::DevSigner;
use crate::explain::report::Paint;
use crate::sign::PrivateKey;
use crate::viewer::Scheme;

mod banner;
mod console;
mod local_tls;

use banner::{Shown, banner, base};
use console::Console;
use local_tls::LocalTls;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  frontgate dev                          # before an embedded demo site
  frontgate dev http://localhost:3000    # before your application
  frontgate dev --tls                    # https as well, on 127.0.0.1:8443
  frontgate dev ./public --listen 127.0.0.1:0 --ready-file ready.json
Everything is private but /public/*; other rules, names and keys belong into a config.toml for
`frontgate serve`. The request headers X-Frontgate-Now and X-Frontgate-Viewer-Ip set the time and
the viewer's address of one request. -q leaves out the log.")]
pub(super) struct Dev {
    /// A URL or a directory [default: a demo site in the binary]
    origin: Option<String>,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", value_parser = super::address, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Speak TLS too, with a certificate of a local authority [default address: 127.0.0.1:8443]
    #[arg(long, value_name = "ADDR", value_parser = super::address, num_args = 0..=1, require_equals = true,
          default_missing_value = "127.0.0.1:8443")]
    tls: Option<SocketAddr>,
    /// Where the console is shown, or `off` [default: 127.0.0.1:9090, or a free port where that is taken]
    #[arg(long, value_name = "ADDR", value_parser = Console::parse)]
    console: Option<Console>,
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
        if let Some(file) = &self.ready_file {
            prepare_ready_file(file)?;
        }
        let (location, path) = origin(self.origin.as_deref())?;
        let proxy = Proxy {
            listen: self.doors(),
            workers: 0,
            shutdown_grace: ServerSettings::default().shutdown_grace,
            listen_is_given: true,
            reload_from: None,
            ready_file: self.ready_file,
            test_mode: true,
            test_mode_on_any_address: self.test_mode_on_any_address,
        };
        let mut bound = proxy.bind()?;
        bound.admin = Console::bind(self.console)?;
        let address = |of_tls: bool| {
            bound
                .addresses()
                .iter()
                .find(|(_, door)| door.tls.is_some() == of_tls)
                .map(|(address, _)| *address)
        };
        let (plain, secure) = (address(false).context("nothing to listen on")?, address(true));
        let pairs = key_pairs(&self.keys)?;
        let pair = pairs.first().context("no key pair")?;
        let location = config::servable(location, std::slice::from_ref(&self.keys))
            .map_err(|expected| anyhow!("it can't be served: expected {expected}"))?;
        let tls = self.tls.map(|_| LocalTls::prepare(&self.keys)).transpose()?;
        let mut settings = settings(&pairs, &self.keys, &location, path.clone(), &ports(plain, secure))?;
        settings.server.https.extend(tls.iter().map(|tls| HttpsListener {
            listen: Vec::new(),
            proxy_protocol: false,
            tls: Arc::clone(&tls.config),
        }));
        let console = bound.admin.as_ref().map(|admin| admin.address);
        settings.admin = console.map(|listen| AdminSettings { listen, token: None, console: true });
        let shown = Shown {
            pair,
            console,
            key_folder: &self.keys,
            location: &location,
            path: &path,
            plain,
            secure: secure.zip(tls.as_ref().map(|tls| tls.authority_file.as_path())),
        };
        let banner = banner(&shown, Paint(global.colored(&std::io::stdout())))?;
        let base = base(plain, secure);
        bound.dev_signer = Some(DevSigner {
            key_pair_id: pair.id.clone(),
            key: Arc::clone(&pair.key),
            base,
            key_file: pair.private_file.clone(),
        });
        bound.serve(&settings, || answer(&banner))
    }
}

impl Dev {
    fn doors(&self) -> Vec<(SocketAddr, Door)> {
        let secure = self.tls.map(|address| (address, Door { proxy_protocol: false, tls: Some(0) }));
        [(self.listen, Door::PLAIN)].into_iter().chain(secure).collect()
    }
}

fn ports(plain: SocketAddr, secure: Option<SocketAddr>) -> Vec<(Scheme, u16)> {
    let secure = secure.map(|address| (Scheme::Https, address.port()));
    [(Scheme::Http, plain.port())].into_iter().chain(secure).collect()
}

/// What ORIGIN means, and the path of its URL.
fn origin(given: Option<&str>) -> anyhow::Result<(OriginLocation, String)> {
    let Some(given) = given else { return Ok((OriginLocation::Demo, String::new())) };
    config::origin(given).map_err(|error| anyhow!(error))
}

/// The pairs that are there, or a fresh one.
fn key_pairs(folder: &Path) -> anyhow::Result<Vec<KeyPair>> {
    let found = KeyPair::all_in(folder)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let pair = KeyPair::write(folder, &fresh_id()?, PrivateKey::generate_rsa()?, "*")?;
    Ok(vec![pair])
}

fn settings(
    pairs: &[KeyPair],
    key_folder: &Path,
    location: &OriginLocation,
    path: String,
    ports: &[(Scheme, u16)],
) -> anyhow::Result<Settings> {
    let has_index = !matches!(location, OriginLocation::Http(_));
    let private = distribution(pairs, ports)?;
    let origin = Origin {
        id: private.default_behavior.target_origin.clone(),
        location: location.clone(),
        path,
        custom_headers: Vec::new(),
        timeouts: OriginTimeouts::default(),
    };
    let distribution = Distribution {
        default_root_object: has_index.then(|| "index.html".to_owned()),
        origins: vec![Arc::new(origin)],
        ..private
    };
    Ok(Settings { secrets: vec![key_folder.to_owned()], ..Settings::of_one(distribution) })
}

/// What `explain` judges links of `dev` by.
pub(super) fn distributions(
    key_folder: &Path,
    ports: &[(Scheme, u16)],
) -> anyhow::Result<Arc<Distributions>> {
    let pairs = KeyPair::all_in(key_folder)?;
    if pairs.is_empty() {
        bail!("no key pair lies in {}: `frontgate dev` makes one", key_folder.display());
    }
    let list = vec![Arc::new(distribution(&pairs, ports)?)];
    Ok(Arc::new(Distributions { list, unknown_host: UnknownHost::Only, ..Distributions::default() }))
}

/// The one distribution of `dev`, as yet without an origin.
fn distribution(pairs: &[KeyPair], ports: &[(Scheme, u16)]) -> anyhow::Result<Distribution> {
    let mut keys = Vec::new();
    for pair in pairs {
        let key =
            PublicKey::from_pem(PublicKeyId::new(&pair.id), &pair.key.public_pem()?, KeyTolerance::default());
        keys.push(Arc::new(key.with_context(|| format!("the key {}", pair.private_file.display()))?));
    }
    let group = Arc::new(KeyGroup { id: "dev".to_owned(), keys });
    let private = Distribution::private("dev", DOMAIN_NAME, group);
    let public = CacheBehavior {
        path_pattern: Some(PUBLIC_PATHS.parse()?),
        restriction: Restriction::Open,
        ..private.default_behavior.clone()
    };
    Ok(Distribution { public_base_urls: bases(ports)?, behaviors: vec![public], ..private })
}

/// Contract 1: `http://127.0.0.1:PORT` and `http://localhost:PORT`; with TLS the same on https.
fn bases(ports: &[(Scheme, u16)]) -> anyhow::Result<Vec<BaseUrl>> {
    let bases = ports.iter().flat_map(|(scheme, port)| {
        ["127.0.0.1", "localhost"].map(|host| format!("{scheme}://{host}:{port}"))
    });
    bases.map(|base| Ok(BaseUrl::parse(&base)?)).collect()
}

const PUBLIC_PATHS: &str = "/public/*";
/// A name that no viewer can look up (RFC 6761), so that the bases are the only ones.
const DOMAIN_NAME: &str = "frontgate.invalid";
