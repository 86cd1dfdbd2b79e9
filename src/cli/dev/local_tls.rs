//! `dev --tls`: a certificate of the local authority for each name that a viewer asks for.
//!
//! One with `*.localhost` would do for curl, but browsers take no wildcard right below a top-level domain (Chromium and
//! Firefox: `ERR_CERT_COMMON_NAME_INVALID`). So each name gets its own at its first handshake.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use moka::sync::Cache;
use rcgen::KeyPair;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::authority::{Age, Authority, is_local};
use crate::cli::keys::create;
use crate::tls::{self, Certificate, SecurityPolicy};

/// What a listener presents, and the authority that vouches for it.
pub(super) struct LocalTls {
    pub(super) config: Arc<ServerConfig>,
    pub(super) authority_file: PathBuf,
    /// Whether the authority has to be trusted yet.
    pub(super) age: Age,
}

impl LocalTls {
    /// Takes the authority of a folder, or creates one; certificates are issued anew at each start, so that none expires
    /// while it is used.
    pub(super) fn prepare(folder: &Path, hosts: &[String]) -> anyhow::Result<Self> {
        let authority = Authority::open(folder, hosts)?;
        let key = KeyPair::generate()?;
        let usual = ["localhost", "*.localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let further = hosts.iter().filter(|host| !usual.contains(host)).cloned();
        let names: Vec<String> = usual.iter().cloned().chain(further).collect();
        let leaf = authority.issue(names, &key)?.pem();
        for (name, pem, mode) in
            [("localhost.pem", &leaf, 0o644), ("localhost.key", &key.serialize_pem(), 0o600)]
        {
            replace(&folder.join(name), pem, mode)?;
        }
        let usual = Certificate::from_pem(leaf.as_bytes(), key.serialize_pem().as_bytes())?;
        let (authority_file, age) = (authority.file.clone(), authority.age);
        let issued = Cache::new(MAX_ISSUED);
        let resolver =
            IssuedByName { authority, key, usual: usual.certified_key(), hosts: hosts.to_vec(), issued };
        let config = tls::server_config_by(Arc::new(resolver), SecurityPolicy::default())
            .map_err(|error| anyhow!("TLS can't be set up: {error}"))?;
        Ok(Self { config, authority_file, age })
    }
}

/// Issues a certificate for each name below `.localhost`, and for each host of the command line.
struct IssuedByName {
    authority: Authority,
    /// The one key of all certificates.
    key: KeyPair,
    /// For addresses, which no handshake names, and for foreign names.
    usual: Arc<CertifiedKey>,
    hosts: Vec<String>,
    issued: Cache<String, Arc<CertifiedKey>>,
}

impl IssuedByName {
    fn for_name(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let name = name.to_ascii_lowercase();
        if !is_local(&name) && !self.hosts.contains(&name) {
            return None;
        }
        let issue = || -> anyhow::Result<_> {
            let pem = self.authority.issue(vec![name.clone()], &self.key)?.pem();
            let certificate = Certificate::from_pem(pem.as_bytes(), self.key.serialize_pem().as_bytes())?;
            Ok(certificate.certified_key())
        };
        let issued = self.issued.try_get_with(name.clone(), issue);
        issued.map_err(|error| tracing::warn!(name, %error, "no certificate could be issued")).ok()
    }
}

impl ResolvesServerCert for IssuedByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let own = hello.server_name().and_then(|name| self.for_name(name));
        Some(own.unwrap_or_else(|| Arc::clone(&self.usual)))
    }
}

impl fmt::Debug for IssuedByName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IssuedByName(…)")
    }
}

fn replace(file: &Path, pem: &str, mode: u32) -> anyhow::Result<()> {
    if file.exists() {
        fs::remove_file(file).with_context(|| format!("{} can't be replaced", file.display()))?;
    }
    create(file, pem, mode)
}

/// More names than a page of a developer has; a further one costs one signature.
const MAX_ISSUED: u64 = 1_000;
