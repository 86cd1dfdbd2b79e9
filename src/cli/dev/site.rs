//! What `dev` serves and how its links are judged: one distribution, made of the command line or of `DIR/dev.json`, so that
//! the proxy, its console and `explain --keys DIR` judge alike.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use http::HeaderValue;
use serde::{Deserialize, Serialize};

use super::rules::{Access, Rules};
use crate::cli::keys::KeyPairFiles;
use crate::distribution::behavior::{AllowedMethods, CacheBehavior, Restriction, Switches};
use crate::distribution::cors::{AllowedOrigins, Cors};
use crate::distribution::key::{KeyGroup, KeyTolerance, PublicKey, PublicKeyId};
use crate::distribution::origin::{Origin, OriginId, OriginLocation, OriginTimeouts};
use crate::distribution::response_headers_policy::ResponseHeadersPolicy;
use crate::distribution::{BaseUrl, Distribution, Distributions, UnknownHost};
use crate::edge::dev::cookie_link;

/// Everything but the keys and the origin.
#[derive(Debug)]
pub(super) struct Site {
    /// Which paths need a signature.
    pub(super) rules: Rules,
    /// Which hosts count beside `localhost` and addresses.
    pub(super) hosts: Hosts,
    /// What links may be signed for beside the URL that is requested.
    pub(super) base_urls: Vec<BaseUrl>,
    /// Whose scripts may read responses.
    pub(super) cors: Option<AllowedOrigins>,
    /// Where it listens: links are often signed for the other listener's port.
    pub(super) ports: Vec<u16>,
    /// What `/` shows.
    pub(super) default_root_object: Option<String>,
    /// The files that the origin has.
    pub(super) files: Files,
}

/// The files of an origin, as far as they are known without a request to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Files {
    /// A server's or a bucket's.
    #[default]
    Unknown,
    /// The demo site's.
    Demo,
    /// A folder's.
    Folder(PathBuf),
}

impl Files {
    pub(super) fn of(location: &OriginLocation) -> Self {
        match location {
            OriginLocation::Demo(_) => Self::Demo,
            // Another process may read the file from another folder.
            OriginLocation::Directory(folder) => {
                Self::Folder(folder.canonicalize().unwrap_or_else(|_| folder.clone()))
            }
            OriginLocation::Http(_) | OriginLocation::S3(_) | OriginLocation::Handler => Self::Unknown,
        }
    }

    fn location(&self) -> Option<OriginLocation> {
        match self {
            Self::Unknown => None,
            Self::Demo => Some(OriginLocation::Demo(None)),
            Self::Folder(folder) => Some(OriginLocation::Directory(folder.clone())),
        }
    }
}

/// The hosts whose URLs may be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hosts {
    /// `localhost`, addresses and these names.
    Named(Vec<String>),
    /// All: nothing is known of the `dev` that made the keys.
    Any,
}

impl Site {
    /// The distributions that judge: one.
    pub(super) fn distributions(&self, pairs: &[KeyPairFiles]) -> anyhow::Result<Distributions> {
        let origin = self.files.location().map(|location| behind(location, String::new()));
        self.with(pairs, origin.into_iter().collect())
    }

    /// The same with an origin behind it.
    pub(super) fn with(
        &self,
        pairs: &[KeyPairFiles],
        origins: Vec<Arc<Origin>>,
    ) -> anyhow::Result<Distributions> {
        let distribution = Distribution { origins, ..self.distribution(pairs)? };
        let (unknown_host, accepted_hosts) = match &self.hosts {
            Hosts::Named(names) => (UnknownHost::Only, names.clone()),
            Hosts::Any => (UnknownHost::Named(0), Vec::new()),
        };
        let list = vec![Arc::new(distribution)];
        let listener_ports = self.ports.clone();
        Ok(Distributions { list, unknown_host, accepted_hosts, listener_ports, ..Distributions::default() })
    }

    fn distribution(&self, pairs: &[KeyPairFiles]) -> anyhow::Result<Distribution> {
        let group = Arc::new(KeyGroup { id: "dev".to_owned(), keys: trusted(pairs)? });
        let private = Distribution::private("dev", DOMAIN_NAME, group);
        let usual = CacheBehavior {
            response_headers_policy: self.cors.clone().map(|origins| Arc::new(granting(origins))),
            switches: Switches { preflight_without_credentials: self.cors.is_some(), ..Switches::default() },
            ..private.default_behavior.clone()
        };
        let with = |access: Access| {
            let restriction = match access {
                Access::Private => usual.restriction.clone(),
                Access::Public => Restriction::Open,
            };
            CacheBehavior { restriction, ..usual.clone() }
        };
        // Never forwarded, and private whatever the rules say: `cookie_link` answers it.
        let own = CacheBehavior {
            path_pattern: Some(cookie_link::PATTERN.parse()?),
            allowed_methods: AllowedMethods::GetHead,
            ..private.default_behavior.clone()
        };
        let ruled = self
            .rules
            .list()
            .iter()
            .map(|rule| CacheBehavior { path_pattern: Some(rule.pattern.clone()), ..with(rule.access) });
        Ok(Distribution {
            behaviors: [own].into_iter().chain(ruled).collect(),
            default_behavior: with(self.rules.otherwise()),
            public_base_urls: self.base_urls.clone(),
            default_root_object: self.default_root_object.clone(),
            ..private
        })
    }
}

fn trusted(pairs: &[KeyPairFiles]) -> anyhow::Result<Vec<Arc<PublicKey>>> {
    let read = |pair: &KeyPairFiles| {
        let pem = pair.key.public_pem()?;
        let key = PublicKey::from_pem(PublicKeyId::new(&pair.id), &pem, KeyTolerance::default());
        Ok(Arc::new(key.with_context(|| format!("the key {}", pair.private_file.display()))?))
    };
    pairs.iter().map(read).collect()
}

/// `--cors`: with credentials, and for whatever a script wants to send.
fn granting(origins: AllowedOrigins) -> ResponseHeadersPolicy {
    let listed = |text| Some(HeaderValue::from_static(text));
    let cors = Cors {
        allow_origins: origins,
        allow_credentials: true,
        allow_methods: listed("GET, HEAD, OPTIONS, PUT, POST, PATCH, DELETE"),
        allow_headers: None,
        echoes_headers: true,
        expose_headers: listed(
            "Accept-Ranges, Content-Length, Content-Range, Content-Type, Date, ETag, Last-Modified, X-Cache",
        ),
        exposes_on_preflights_only: false,
        max_age: None,
        overrides: true,
    };
    ResponseHeadersPolicy { id: "dev".to_owned(), cors: Some(cors), ..ResponseHeadersPolicy::default() }
}

/// A name that no viewer can look up (RFC 6761): no host that is sent is the distribution's own.
const DOMAIN_NAME: &str = "frontgate.invalid";

/// An origin at a place, with no other settings.
pub(super) fn behind(location: OriginLocation, path: String) -> Arc<Origin> {
    let id = OriginId::new("origin");
    Arc::new(Origin { id, location, path, custom_headers: Vec::new(), timeouts: OriginTimeouts::default() })
}
