//! `frontgate dev`: the proxy with no file at all, and a signed link to open.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args;

use super::keys::{KeyPair, fresh_id};
use super::paint::Paint;
use super::proxy::{Proxy, prepare_ready_file};
use super::{Global, answer};
use crate::access::encoding;
use crate::clock;
use crate::config::{self, ServerSettings, Settings};
use crate::distribution::behavior::{AllowedMethods, CacheBehavior, Restriction, ViewerProtocolPolicy};
use crate::distribution::key::{HashAlgorithm, KeyGroup, KeyTolerance, PublicKey, PublicKeyId};
use crate::distribution::origin::{Origin, OriginId, OriginLocation, OriginTimeouts};
use crate::distribution::{BaseUrl, Distribution, Distributions, LastFit, UnknownHost};
use crate::epoch::EpochSeconds;
use crate::origin::directory::Directory;
use crate::sign::{PrivateKey, Terms, signed_url, signing_values};

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  frontgate dev                          # before an embedded demo site
  frontgate dev http://localhost:3000    # before your application
  frontgate dev ./public --listen 127.0.0.1:0 --ready-file ready.json
Everything is private but /public/*; the request headers X-Frontgate-Now and X-Frontgate-Viewer-Ip
set the time and the viewer's address of one request.")]
pub(super) struct Dev {
    /// A URL or a directory [default: a demo site in the binary]
    origin: Option<String>,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Written once the listener accepts: pid and address as JSON
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// The folder of the key pair, which is made when there is none
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
            listen: vec![self.listen],
            workers: 0,
            shutdown_grace: ServerSettings::default().shutdown_grace,
            reload_from: None,
            ready_file: self.ready_file,
            test_mode: true,
            test_mode_on_any_address: self.test_mode_on_any_address,
        };
        let bound = proxy.bind()?;
        let address = *bound.addresses().first().context("nothing to listen on")?;
        let pairs = key_pairs(&self.keys)?;
        let pair = pairs.first().context("no key pair")?;
        if let OriginLocation::Directory(folder) = &location {
            Directory::new(folder, &path, std::slice::from_ref(&self.keys))
                .with_context(|| format!("{} can't be served", folder.display()))?;
        }
        let settings = settings(&pairs, &self.keys, &location, path, address)?;
        let banner = banner(pair, &location, address, Paint(global.colored(&std::io::stdout())))?;
        bound.serve(&settings, || answer(&banner))
    }
}

/// What ORIGIN means, and the path of its URL.
fn origin(given: Option<&str>) -> anyhow::Result<(OriginLocation, String)> {
    let Some(given) = given else { return Ok((OriginLocation::Demo, String::new())) };
    if let Some((scheme, rest)) = given.split_once("://") {
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let location = config::location(&format!("{scheme}://{authority}"), Path::new(""))
            .map_err(|expected| anyhow!("{given} can't be an origin: expected {expected}"))?;
        let path = path.trim_end_matches('/');
        let path = config::origin_path(path).map_err(|expected| {
            anyhow!("{given} can't be an origin: its path is {path}, expected {expected}")
        })?;
        return Ok((location, path));
    }
    if given == "demo:" || given.starts_with("file:") {
        let location = config::location(given, Path::new(""));
        return Ok((
            location.map_err(|expected| anyhow!("{given} can't be an origin: expected {expected}"))?,
            String::new(),
        ));
    }
    if Path::new(given).is_dir() {
        return Ok((OriginLocation::Directory(PathBuf::from(given)), String::new()));
    }
    let hint = if given.contains(':') { format!("; did you mean http://{given}?") } else { String::new() };
    bail!("{given} is no directory and no URL{hint}")
}

/// The pairs that are there, or a fresh one.
fn key_pairs(folder: &Path) -> anyhow::Result<Vec<KeyPair>> {
    let found = KeyPair::all_in(folder)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let is_new = !folder.exists();
    let pair = KeyPair::write(folder, &fresh_id()?, PrivateKey::generate_rsa()?)?;
    let ignore = folder.join(".gitignore");
    // A folder that was there before is somebody's own: not all of it is to be ignored.
    if is_new {
        fs::write(&ignore, "# Keys of frontgate dev: never to be committed.\n*\n")
            .with_context(|| format!("{} can't be written", ignore.display()))?;
    }
    Ok(vec![pair])
}

fn settings(
    pairs: &[KeyPair],
    key_folder: &Path,
    location: &OriginLocation,
    path: String,
    address: SocketAddr,
) -> anyhow::Result<Settings> {
    let mut keys = Vec::new();
    for pair in pairs {
        let key =
            PublicKey::from_pem(PublicKeyId::new(&pair.id), &pair.key.public_pem()?, KeyTolerance::default());
        keys.push(Arc::new(key.with_context(|| format!("the key {}", pair.private_file.display()))?));
    }
    let group = Arc::new(KeyGroup { id: "dev".to_owned(), keys });
    let has_index = !matches!(location, OriginLocation::Http { .. });
    let behavior = |path_pattern, restriction| CacheBehavior {
        path_pattern,
        target_origin: OriginId::new(ORIGIN),
        restriction,
        allowed_methods: AllowedMethods::All,
        viewer_protocol_policy: ViewerProtocolPolicy::AllowAll,
    };
    let distribution = Distribution {
        id: "dev".to_owned(),
        domain_name: DOMAIN_NAME.to_owned(),
        aliases: Vec::new(),
        public_base_urls: bases(address)?,
        default_root_object: has_index.then(|| "index.html".to_owned()),
        origins: vec![Arc::new(Origin {
            id: OriginId::new(ORIGIN),
            location: location.clone(),
            path,
            custom_headers: Vec::new(),
            timeouts: OriginTimeouts::default(),
        })],
        behaviors: vec![behavior(Some(PUBLIC_PATHS.parse()?), Restriction::Open)],
        default_behavior: behavior(None, Restriction::Signed(vec![group])),
        last_fit: LastFit::default(),
    };
    Ok(Settings {
        server: ServerSettings::default(),
        verified_policies_size: config::DEFAULT_VERIFIED_POLICIES_SIZE,
        distributions: Arc::new(Distributions {
            list: vec![Arc::new(distribution)],
            unknown_host: UnknownHost::Only,
        }),
        warnings: Vec::new(),
        secrets: vec![key_folder.to_owned()],
    })
}

/// Contract 1: `http://127.0.0.1:PORT` and `http://localhost:PORT`.
fn bases(address: SocketAddr) -> anyhow::Result<Vec<BaseUrl>> {
    let hosts = ["127.0.0.1", "localhost"];
    hosts.iter().map(|host| Ok(BaseUrl::parse(&format!("http://{host}:{}", address.port()))?)).collect()
}

fn banner(
    pair: &KeyPair,
    location: &OriginLocation,
    address: SocketAddr,
    paint: Paint,
) -> anyhow::Result<String> {
    let (before, shown) = match location {
        OriginLocation::Http { authority, .. } => (format!("http://{authority}"), "/".to_owned()),
        OriginLocation::Directory(folder) => (folder.display().to_string(), first_file(folder)),
        OriginLocation::Demo => ("the demo site".to_owned(), "/".to_owned()),
    };
    let host = if address.ip().is_unspecified() { "127.0.0.1".to_owned() } else { host_of(address) };
    let base = format!("http://{host}:{}", address.port());
    let url = format!("{base}{shown}");
    let end = EpochSeconds(clock::now().0 + LINK_LIFETIME.as_secs());
    let terms = Terms::Canned { expires: end };
    let values = signing_values(&url, &terms, &pair.key, &pair.id, HashAlgorithm::Sha1)?;
    let link = signed_url(&url, &values);
    let broken = break_signature(&values).map(|values| signed_url(&url, &values)).unwrap_or_default();
    let (id, private, public) = (&pair.id, pair.private_file.display(), pair.public_file.display());
    let mut text = String::new();
    let _ = write!(
        text,
        "\n{title} before {before}, on {base}\n\n\
         \x20 key id       {id}\n  private key  {private}\n  public       {PUBLIC_PATHS}; everything else needs a signature\n\n\
         A signed link, good until {end}:\n  {link}\n\n\
         The same with one character changed, which is denied:\n  {broken}\n\n\
         Why? Ask with a link between the quotes:\n  frontgate explain --public-key {id}={public} '…'\n\n",
        title = paint.bold("Frontgate"),
        link = paint.green(&link),
    );
    text.push_str(&snippets(pair, &url));
    Ok(text)
}

/// Lines that sign with this key in Python and in JavaScript.
fn snippets(pair: &KeyPair, url: &str) -> String {
    let (id, private) = (&pair.id, pair.private_file.display().to_string());
    let (module, scheme) = match pair.key {
        PrivateKey::Rsa(_) => ("padding", "padding.PKCS1v15(), hashes.SHA1()"),
        PrivateKey::Ecdsa(_) => ("ec", "ec.ECDSA(hashes.SHA1())"),
    };
    format!(
        "Python (pip install boto3 cryptography):\n\
         \x20 from datetime import datetime, timedelta, timezone\n\
         \x20 from botocore.signers import CloudFrontSigner\n\
         \x20 from cryptography.hazmat.primitives import hashes, serialization\n\
         \x20 from cryptography.hazmat.primitives.asymmetric import {module}\n\
         \x20 key = serialization.load_pem_private_key(open({private:?}, \"rb\").read(), None)\n\
         \x20 signer = CloudFrontSigner({id:?}, lambda m: key.sign(m, {scheme}))\n\
         \x20 print(signer.generate_presigned_url({url:?}, datetime.now(timezone.utc) + timedelta(hours=1)))\n\n\
         JavaScript (npm install @aws-sdk/cloudfront-signer):\n\
         \x20 import {{ readFileSync }} from \"node:fs\";\n\
         \x20 import {{ getSignedUrl }} from \"@aws-sdk/cloudfront-signer\";\n\
         \x20 console.log(getSignedUrl({{ url: {url:?}, keyPairId: {id:?},\n\
         \x20   privateKey: readFileSync({private:?}), dateLessThan: new Date(Date.now() + 3600e3) }}));\n\n"
    )
}

fn host_of(address: SocketAddr) -> String {
    if address.is_ipv6() { format!("[{}]", address.ip()) } else { address.ip().to_string() }
}

/// The same values with another first character of the signature.
fn break_signature(values: &[(&'static str, String)]) -> Option<Vec<(&'static str, String)>> {
    let mut broken = values.to_vec();
    let (_, signature) = broken.iter_mut().find(|(name, _)| *name == "Signature")?;
    let other = if signature.starts_with('A') { "B" } else { "A" };
    signature.replace_range(..1, other);
    encoding::decode(signature.as_bytes()).ok()?;
    Some(broken)
}

/// Something to open in a folder: its index, else its first file.
fn first_file(folder: &Path) -> String {
    if folder.join("index.html").is_file() {
        return "/".to_owned();
    }
    let names = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = names.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut names: Vec<String> = names.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    let encoded = names.first().map(|name| percent_encoding::utf8_percent_encode(name, PATH).to_string());
    format!("/{}", encoded.unwrap_or_default())
}

/// What a file's name needs encoded in a path.
const PATH: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const ORIGIN: &str = "origin";
const PUBLIC_PATHS: &str = "/public/*";
/// A name that no viewer can look up (RFC 6761), so that the bases are the only ones.
const DOMAIN_NAME: &str = "frontgate.invalid";
/// Long enough for a day of work.
const LINK_LIFETIME: Duration = Duration::from_secs(86_400);
