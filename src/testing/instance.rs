//! A running edge with the keys that it trusts. Blocks where it works; [`Edge`](super::Edge) is the same for async tests.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::Method;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::settings::{Prepared, check_origins};
use super::{Changes, ExplainRequest, KeyPair, KeyType, Options, OriginRequest, StartError};
use crate::clock;
use crate::config::ListenerKind;
use crate::distribution::{BaseUrl, Exposed};
use crate::edge::control::store::ReloadError;
use crate::edge::observe::denial_explainer::Explainer;
use crate::edge::observe::origin_requests::OriginRequestLog;
use crate::edge::{self, Edge, Listeners, Workers};
use crate::explain::{Budget, Explanation, InvalidRequest, OwnedRequest};
use crate::viewer::Host;

/// A Frontgate that runs in this process until it is dropped.
#[derive(Debug)]
pub(crate) struct Instance {
    edge: Arc<Edge>,
    asked: Arc<OriginRequestLog>,
    address: SocketAddr,
    stop: CancellationToken,
    workers: Mutex<Option<Workers>>,
    state: Mutex<InstanceState>,
    /// Of the key files; they go with this.
    folder: TempDir,
}

#[derive(Debug)]
struct InstanceState {
    options: Options,
    /// Those that are trusted; the last one signs.
    keys: Vec<KeyPair>,
}

impl Instance {
    /// Starts one that accepts connections when this returns.
    ///
    /// # Errors
    /// [`StartError`] with the remedy.
    pub(crate) fn start(options: Options, explains_in_log: bool) -> Result<Self, StartError> {
        if !options.listen.ip().is_loopback() {
            return Err(StartError::Usage(format!(
                "{} is not a loopback address: requests choose their time and address here, which strangers must not",
                options.listen
            )));
        }
        let folder = tempfile::Builder::new().prefix("frontgate-test-").tempdir();
        let folder = folder.map_err(StartError::system("a folder for the keys can't be made"))?;
        // A key takes a while: what is wrong with the rest is said before one is made.
        let prepared = Prepared::of(&options, folder.path())?;
        let id = options.key_pair_id.as_deref();
        let key = match &options.private_key {
            Some(file) => KeyPair::read(file, id, folder.path())?,
            None => KeyPair::generate(options.key_type, id, folder.path())?,
        };
        let listeners = Listeners::bind(&[(options.listen, ListenerKind::PLAIN)], 1);
        let listeners = listeners.map_err(|error| StartError::Listen(told(&error)))?;
        let address = listeners.addresses.first().map_or(options.listen, |(address, _)| *address);
        let keys = vec![key];
        let settings = prepared.with(&keys, address)?;
        if options.check_origin {
            check_origins(&settings)?;
        }
        let asked = Arc::new(OriginRequestLog::default());
        let mut edge = Edge::new(&settings, true);
        edge.origin_requests = Some(Arc::clone(&asked));
        if explains_in_log {
            let explainer = Explainer::start(edge.recorder.clone())
                .map_err(StartError::system("causes can't be searched for"))?;
            edge.explainer = Some(Arc::new(explainer));
        }
        let (edge, stop) = (Arc::new(edge), CancellationToken::new());
        let workers = edge::start(listeners, &edge, Duration::ZERO, &stop);
        let workers = workers.map_err(StartError::system("the edge can't begin"))?;
        Ok(Self {
            edge,
            asked,
            address,
            stop,
            workers: Mutex::new(Some(workers)),
            state: Mutex::new(InstanceState { options, keys }),
            folder,
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://` and [`Instance::address`].
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The pair to sign with: the newest one.
    pub(crate) fn key(&self) -> KeyPair {
        self.state().keys.last().cloned().expect("an edge has a key")
    }

    /// The environment variables that tell a program of it.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        let key = self.key();
        vec![
            ("FRONTGATE_URL", self.url()),
            ("FRONTGATE_KEY_PAIR_ID", key.id().to_owned()),
            ("FRONTGATE_PRIVATE_KEY_FILE", key.private_file().display().to_string()),
            ("FRONTGATE_PUBLIC_KEY_FILE", key.public_file().display().to_string()),
        ]
    }

    /// What the origin was asked after the request of that number; 0 for all. The last 10,000 are kept.
    pub(crate) fn requests(&self, since: u64) -> Vec<OriginRequest> {
        self.asked.since(since)
    }

    /// Makes a fresh pair to sign with. The ones from before stay trusted.
    ///
    /// # Errors
    /// [`StartError`]; then nothing has changed.
    pub(crate) fn rotate_key(&self, kind: KeyType) -> Result<KeyPair, StartError> {
        let key = KeyPair::generate(kind, None, self.folder.path())?;
        let mut state = self.state();
        state.keys.push(key.clone());
        if let Err(error) = self.apply(&state) {
            state.keys.pop();
            return Err(error);
        }
        Ok(key)
    }

    /// Trusts a pair no longer.
    ///
    /// # Errors
    /// [`StartError::Usage`] for an id that no trusted pair has, and for the last one.
    pub(crate) fn revoke_key(&self, id: &str) -> Result<(), StartError> {
        let mut state = self.state();
        let at = state.keys.iter().position(|key| key.id() == id);
        let known: Vec<&str> = state.keys.iter().map(KeyPair::id).collect();
        let Some(at) = at else {
            let known = known.join(", ");
            return Err(StartError::Usage(format!("the key {id} isn't trusted; trusted are {known}")));
        };
        if known.len() == 1 {
            return Err(StartError::Usage(format!(
                "{id} is the only key: rotate first, then revoke the old one"
            )));
        }
        let revoked = state.keys.remove(at);
        if let Err(error) = self.apply(&state) {
            state.keys.insert(at, revoked);
            return Err(error);
        }
        Ok(())
    }

    /// Takes another configuration, or another origin; requests in flight keep theirs.
    ///
    /// # Errors
    /// [`StartError`]; then the one from before goes on.
    pub(crate) fn reload(&self, changes: Changes) -> Result<(), StartError> {
        let mut state = self.state();
        if changes.public.is_some() && (changes.config.is_some() || state.options.config.is_some()) {
            let why = "public paths are the configuration's own: they can't be given beside it";
            return Err(StartError::Usage(why.to_owned()));
        }
        let options = changes.applied_to(state.options.clone());
        let next = InstanceState { options, keys: state.keys.clone() };
        self.apply(&next)?;
        *state = next;
        Ok(())
    }

    /// What becomes of a request, and why. Takes as long as the search for its mistake, two seconds at most.
    ///
    /// # Errors
    /// [`InvalidRequest`] for what is no URL.
    pub(crate) fn explain(&self, question: &ExplainRequest) -> Result<Explanation, InvalidRequest> {
        let url = self.absolute(&question.url);
        let (mut inquiry, _) = OwnedRequest::of_url(&url, question.at.unwrap_or_else(clock::now))?;
        // As it would be sent: nothing is encoded on the way.
        if let Some((_, rest)) = url.split_once("://")
            && let Some(at) = rest.find('/')
            && rest.is_ascii()
        {
            rest[at..].split('#').next().unwrap_or_default().clone_into(&mut inquiry.target);
        }
        inquiry.method = question.method.clone().unwrap_or(Method::GET);
        inquiry.address = question.ip.unwrap_or(inquiry.address);
        inquiry.country = question.country;
        inquiry.cookies = question.cookies.iter().map(|cookies| cookies.clone().into_bytes()).collect();
        let distributions = Arc::clone(&self.edge.config.load().distributions);
        let begun = Instant::now();
        let effort = Budget { is_out_of_time: &|| begun.elapsed() > SEARCH, ..Budget::WITHOUT_CLOCK };
        Ok(inquiry.explain(&distributions, &effort))
    }

    /// A path that fits a pattern and needs no signature; none where all of them need one. Without a host, in any distribution.
    ///
    /// # Errors
    /// A sentence, for a pattern that is none, a host that nobody answers for, and where nobody can tell.
    pub(crate) fn exposed(&self, pattern: &str, host: Option<&str>) -> Result<Option<Exposed>, String> {
        if pattern.contains("://") || !pattern.starts_with(['/', '*', '?']) {
            return Err(format!(
                "{pattern:?} is not a path pattern: expected one that begins with `/`, without a host"
            ));
        }
        let parsed =
            pattern.parse().map_err(|error| format!("{pattern:?} is not a path pattern: {error}"))?;
        let distributions = Arc::clone(&self.edge.config.load().distributions);
        let Some(host) = host else {
            return distributions.exposed(&parsed).map_err(|error| error.to_string());
        };
        let named = Host::parse(host).map_err(|_| format!("{host:?} is not a host with an optional port"))?;
        let answering = distributions.by_host(&named);
        let (one, _) = answering.ok_or_else(|| format!("no distribution serves the host {host:?}"))?;
        one.exposed(&parsed).map_err(|error| error.to_string())
    }

    /// Whether a link for that host is one for this edge: its own address, or a name that its configuration has.
    pub(crate) fn answers_for(&self, host: &Host<'_>) -> bool {
        let distributions = Arc::clone(&self.edge.config.load().distributions);
        let of_base = |base: &BaseUrl| base.host_name().eq_ignore_ascii_case(host.name());
        host.is_local_or_address()
            || distributions
                .list
                .iter()
                .any(|one| one.has_name(host.name()) || one.public_base_urls.iter().any(of_base))
    }

    /// A URL of this edge for a path; other URLs as they are.
    pub(crate) fn absolute(&self, url: &str) -> String {
        if url.starts_with('/') { format!("{}{url}", self.url()) } else { url.to_owned() }
    }

    /// Ends it: what is in flight is cut. Returns when the port is free.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
        if let Some(explainer) = &self.edge.explainer {
            explainer.stop();
        }
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(workers) = workers {
            // A thread that failed has nothing more to say: it has ended, which is what is wanted.
            let _ = workers.join();
        }
    }

    /// Ends it and removes its key files, whoever still holds it.
    pub(crate) fn discard(&self) {
        self.stop();
        // Whatever can't be removed is in a folder for what may be.
        let _ = std::fs::remove_dir_all(self.folder.path());
    }

    fn apply(&self, state: &InstanceState) -> Result<(), StartError> {
        let read = || Prepared::of(&state.options, self.folder.path())?.with(&state.keys, self.address);
        self.edge.config.reload(read).map(drop).map_err(|error| match error {
            ReloadError::Invalid(error) => error,
            // An edge of a test fixes no keys.
            ReloadError::NeedsRestart(changes) => StartError::Config(changes.join("\n")),
        })
    }

    fn state(&self) -> MutexGuard<'_, InstanceState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.stop();
    }
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text
}

const SEARCH: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Origin;

    #[test]
    fn every_change_of_a_running_edge_is_a_version_and_keeps_its_unchanged_origin() {
        let origin = Origin::At("http://127.0.0.1:9".to_owned());
        let options = Options { origin: Some(origin), check_origin: false, ..Options::default() };
        let instance = Instance::start(options, false).unwrap();
        let store = &instance.edge.config;
        let key = instance.key();
        instance.rotate_key(KeyType::Ecdsa).unwrap();
        instance.revoke_key(key.id()).unwrap();
        let public = Changes { public: Some(vec!["/open/*".to_owned()]), ..Changes::default() };
        instance.reload(public).unwrap();
        assert_eq!(store.load().version.number(), 4);
        assert_eq!(store.load().origin_versions.defined_in(store.load().version), 0);

        let unreadable = Changes { origin: Some(Origin::At("nonsense:".to_owned())), ..Changes::default() };
        assert!(instance.reload(unreadable).is_err());
        assert_eq!(store.load().version.number(), 4);
        let other =
            Changes { origin: Some(Origin::At("http://127.0.0.1:10".to_owned())), ..Changes::default() };
        instance.reload(other).unwrap();
        assert_eq!(store.load().version.number(), 5);
        assert_eq!(store.load().origin_versions.defined_in(store.load().version), 1);
    }
}
