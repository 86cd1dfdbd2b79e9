//! From what a test says to what an edge runs.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{KeyPair, Options, Origin, StartError, echo};
use crate::config::{self, Handler, InvalidConfig, Settings};
use crate::distribution::behavior::{CacheBehavior, Restriction};
use crate::distribution::key::{KeyGroup, PublicKey};
use crate::distribution::origin::{Origin as Configured, OriginLocation, OriginTimeouts};
use crate::distribution::{BaseUrl, Distribution, Distributions};
use crate::viewer::Scheme;

/// What was said, read: everything but where the edge listens and whom it trusts.
pub(super) struct Prepared {
    settings: Settings,
    bases: Vec<BaseUrl>,
    /// In the place of every origin of the settings.
    origin: Option<(OriginLocation, String)>,
}

impl Prepared {
    pub(super) fn of(options: &Options, key_folder: &Path) -> Result<Self, StartError> {
        let mut settings = match &options.config {
            Some(file) => of_file(file)?,
            None => plain(options)?,
        };
        let bases = options.base_urls.iter().map(|text| base(text));
        let bases = bases.collect::<Result<_, _>>()?;
        let origin = match (&options.origin, &options.config) {
            (None, Some(_)) => None,
            (given, _) => Some(given.as_ref().unwrap_or(&Origin::Echo)),
        };
        settings.handler = origin.and_then(handler);
        let origin = origin.map(|origin| located(origin, key_folder)).transpose()?;
        settings.secrets.push(key_folder.to_owned());
        settings.access_log = None;
        settings.admin = None;
        settings.server.https.clear();
        Ok(Self { settings, bases, origin })
    }

    /// The settings of an edge that listens there and trusts these keys.
    pub(super) fn with(mut self, keys: &[KeyPair], address: SocketAddr) -> Result<Settings, StartError> {
        let keys: Vec<Arc<PublicKey>> = keys.iter().map(|pair| Arc::clone(&pair.trusted)).collect();
        let own = ["127.0.0.1", "localhost"].map(|host| base(&format!("http://{host}:{}", address.port())));
        let bases: Vec<BaseUrl> =
            own.into_iter().chain(self.bases.into_iter().map(Ok)).collect::<Result<_, _>>()?;
        let group = Arc::new(KeyGroup { id: "test".to_owned(), keys: keys.clone() });
        let before = &self.settings.distributions;
        let is_only = before.list.len() == 1;
        let change = Change { group: &group, bases: &bases, origin: self.origin.as_ref(), is_only };
        self.settings.distributions = Arc::new(Distributions {
            list: before.list.iter().map(|one| Arc::new(change.of(one))).collect(),
            unknown_host: before.unknown_host,
            accepted_hosts: before.accepted_hosts.clone(),
            listener_ports: before.listener_ports.clone(),
            all_keys: before.all_keys.iter().cloned().chain(keys).collect(),
        });
        Ok(self.settings)
    }
}

fn base(text: &str) -> Result<BaseUrl, StartError> {
    BaseUrl::parse(text).map_err(|error| StartError::Usage(format!("the base URL {text}: {error}")))
}

fn of_file(file: &Path) -> Result<Settings, StartError> {
    let told = |invalid: InvalidConfig| {
        let faults: Vec<String> = invalid.errors.iter().map(ToString::to_string).collect();
        StartError::Config(faults.join("\n"))
    };
    config::load(file).and_then(|settings| settings.fit_for(true)).map_err(told)
}

/// Without a file: everything is private but what is said to be public, as with `frontgate dev`.
/// The keys come later, to whatever is private.
fn plain(options: &Options) -> Result<Settings, StartError> {
    let group = Arc::new(KeyGroup { id: "own".to_owned(), keys: Vec::new() });
    let private = Distribution::private("test", DOMAIN_NAME, group);
    let patterns = options.public.clone().unwrap_or_else(|| vec![PUBLIC_PATHS.to_owned()]);
    let behaviors = patterns.iter().map(|pattern| {
        let parsed = pattern.parse();
        let parsed = parsed.map_err(|error| StartError::Usage(format!("the public path {pattern}: {error}")));
        Ok(CacheBehavior {
            path_pattern: Some(parsed?),
            restriction: Restriction::Open,
            ..private.default_behavior.clone()
        })
    });
    let behaviors = behaviors.collect::<Result<Vec<_>, StartError>>()?;
    let origin = Configured {
        id: private.default_behavior.target_origin.clone(),
        location: OriginLocation::Demo(None),
        path: String::new(),
        custom_headers: Vec::new(),
        timeouts: OriginTimeouts::default(),
    };
    let distribution = Distribution { behaviors, origins: vec![Arc::new(origin)], ..private };
    Ok(Settings::of_one(distribution))
}

/// The function that responds.
fn handler(origin: &Origin) -> Option<Handler> {
    match origin {
        Origin::Echo => Some(echo::origin()),
        Origin::Handler(handler) => Some(handler.clone()),
        Origin::At(_) => None,
    }
}

/// Where requests go, and with which path before theirs.
fn located(origin: &Origin, key_folder: &Path) -> Result<(OriginLocation, String), StartError> {
    let Origin::At(given) = origin else { return Ok((OriginLocation::Handler, String::new())) };
    let (location, path) = config::origin(given).map_err(StartError::Origin)?;
    let location = config::servable(location, &[key_folder.to_owned()])
        .map_err(|expected| StartError::Origin(format!("{given} can't be served: expected {expected}")))?;
    Ok((location, path))
}

/// What a test changes in a distribution.
struct Change<'a> {
    group: &'a Arc<KeyGroup>,
    bases: &'a [BaseUrl],
    origin: Option<&'a (OriginLocation, String)>,
    /// Whether it is the only distribution: else nobody knows which one a base of the test is for.
    is_only: bool,
}

impl Change<'_> {
    fn of(&self, one: &Distribution) -> Distribution {
        let bases = if self.is_only { self.bases } else { &[] };
        Distribution {
            public_base_urls: one.public_base_urls.iter().chain(bases).cloned().collect(),
            origins: one.origins.iter().map(|origin| self.origin(origin)).collect(),
            behaviors: one.behaviors.iter().map(|behavior| self.behavior(behavior)).collect(),
            default_behavior: self.behavior(&one.default_behavior),
            ..one.clone()
        }
    }

    fn origin(&self, origin: &Arc<Configured>) -> Arc<Configured> {
        let Some((location, path)) = self.origin else { return Arc::clone(origin) };
        Arc::new(Configured { location: location.clone(), path: path.clone(), ..(**origin).clone() })
    }

    /// Whatever is private trusts the test's keys, too. What is public stays so.
    fn behavior(&self, behavior: &CacheBehavior) -> CacheBehavior {
        let restriction = match &behavior.restriction {
            Restriction::Open => Restriction::Open,
            Restriction::Signed(groups) => {
                Restriction::Signed(groups.iter().chain([self.group]).cloned().collect())
            }
        };
        CacheBehavior { restriction, ..behavior.clone() }
    }
}

/// Whether every HTTP origin accepts a connection.
pub(super) fn check_origins(settings: &Settings) -> Result<(), StartError> {
    for origin in settings.distributions.list.iter().flat_map(|one| &one.origins) {
        let Some(server) = origin.location.server() else { continue };
        let (_, endpoint) = server.endpoint(Scheme::Http);
        #[cfg(unix)]
        if let Some(path) = &server.socket {
            let dead = |error| StartError::DeadOrigin { origin: format!("unix:{}", path.display()), error };
            std::os::unix::net::UnixStream::connect(path).map_err(dead)?;
            continue;
        }
        let connect = || {
            let mut error = std::io::Error::other("the name has no address");
            for address in (server.host.as_str(), endpoint.port).to_socket_addrs()? {
                match TcpStream::connect_timeout(&address, CONNECT) {
                    Ok(_) => return Ok(()),
                    Err(failed) => error = failed,
                }
            }
            Err(error)
        };
        let (scheme, _) = server.endpoint(Scheme::Http);
        let origin = format!("{scheme}://{}:{}", server.host, endpoint.port);
        connect().map_err(|error| StartError::DeadOrigin { origin, error })?;
    }
    Ok(())
}

const PUBLIC_PATHS: &str = "/public/*";
/// A name that no viewer can look up (RFC 6761), so that the bases are the only ones.
const DOMAIN_NAME: &str = "frontgate.invalid";
const CONNECT: Duration = Duration::from_secs(1);
