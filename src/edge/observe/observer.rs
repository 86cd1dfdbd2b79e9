//! Whom one thread tells of its requests: the log on stderr, the access log, the counts, the console. Where nobody wants to
//! know, nothing is remembered of a request.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::Method;

use super::denial_explainer::Explainer;
use super::metrics::{Metrics, ThreadCounts};
use super::recent_requests::Recorder;
use super::request_log::AccessLog;
use crate::distribution::Route;
use crate::distribution::key::PublicKeyId;
use crate::distribution::origin::Origin;
use crate::edge::response::reply::Cause;
use crate::edge::state::shared::Edge;

/// Who is told.
#[derive(Debug)]
pub struct Observer {
    stderr: Said,
    access_log: Option<AccessLog>,
    counts: Option<Arc<ThreadCounts>>,
    recorder: Option<Arc<Recorder>>,
    explainer: Option<Arc<Explainer>>,
    /// Whether lines on stderr say why the signature check denied: in test mode.
    says_causes: bool,
}

/// Which requests have a line on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Nothing,
    /// Those that Frontgate answered by itself or that broke off.
    Notable,
    Everything,
}

/// A request that has ended, for the counts.
pub(in crate::edge) struct Told<'a> {
    pub(in crate::edge) place: Option<&'a Place>,
    pub(in crate::edge) method: &'a Method,
    /// 0 without a response.
    pub(in crate::edge) status: u16,
    pub(in crate::edge) result: &'static str,
    pub(in crate::edge) key: Option<&'a Key>,
    pub(in crate::edge) cause: Option<&'a Cause>,
    pub(in crate::edge) sent: u64,
    /// Who broke the response off.
    pub(in crate::edge) interrupted: Option<&'static str>,
}

impl Observer {
    /// Tells what is on at the start.
    #[must_use]
    pub fn new(edge: &Edge) -> Rc<Self> {
        let stderr = if tracing::enabled!(target: "access", tracing::Level::DEBUG) {
            Said::Everything
        } else if tracing::enabled!(target: "access", tracing::Level::INFO) {
            Said::Notable
        } else {
            Said::Nothing
        };
        Rc::new(Self {
            stderr,
            access_log: edge.access_log.clone(),
            counts: edge.metrics.as_ref().map(Metrics::thread),
            recorder: edge.recorder.clone(),
            explainer: edge.explainer.clone(),
            says_causes: edge.test_mode && stderr != Said::Nothing,
        })
    }

    /// Whether anybody wants to know of requests.
    #[must_use]
    pub fn wants_requests(&self) -> bool {
        self.stderr != Said::Nothing
            || self.access_log.is_some()
            || self.counts.is_some()
            || self.recorder.is_some()
    }

    /// What keeps requests for the console, if it is on.
    pub(in crate::edge) fn recorder(&self) -> Option<&Arc<Recorder>> {
        self.recorder.as_ref()
    }

    /// What explains denials, where somebody wants to know.
    pub(in crate::edge) fn explainer(&self) -> Option<&Explainer> {
        self.explainer.as_deref().filter(|_| self.says_causes || self.recorder.is_some())
    }

    /// Whether a denial's line on stderr waits for its cause.
    pub(in crate::edge) fn says_causes(&self) -> bool {
        self.says_causes
    }

    /// The access log, if there is one.
    #[must_use]
    pub fn access_log(&self) -> Option<&AccessLog> {
        self.access_log.as_ref()
    }

    /// Whether anybody wants to know which origins are asked.
    #[must_use]
    pub fn wants_origins(&self) -> bool {
        self.counts.is_some() || self.recorder.is_some()
    }

    pub(in crate::edge) fn says(&self, is_notable: bool) -> bool {
        match self.stderr {
            Said::Nothing => false,
            Said::Notable => is_notable,
            Said::Everything => true,
        }
    }

    pub(in crate::edge) fn request_ended(&self, told: &Told<'_>) {
        if let Some(counts) = &self.counts {
            counts.request(told);
        }
    }

    pub(in crate::edge) fn origin_answered(
        &self,
        origin: &OriginName,
        after: Duration,
        failure: Option<&'static str>,
    ) {
        match (&self.counts, failure) {
            (None, _) => {}
            (Some(counts), None) => counts.origin_answered(origin.number, after),
            (Some(counts), Some(failure)) => counts.origin_failed(origin.number, failure),
        }
    }

    /// A viewer has connected; it is over when what this returns is dropped.
    #[must_use]
    pub fn connection(&self, protocol: &'static str) -> Option<OpenConnection> {
        let counts = self.counts.as_ref()?;
        counts.connected(protocol);
        Some(OpenConnection { counts: Arc::clone(counts), protocol })
    }

    /// Something came that hyper refused by itself, because it isn't HTTP.
    pub fn not_http(&self) {
        if let Some(counts) = &self.counts {
            counts.not_http();
        }
    }

    fn number<T>(&self, intern: impl FnOnce(&ThreadCounts) -> T) -> Option<T> {
        self.counts.as_deref().map(intern)
    }
}

/// A viewer's connection that is counted as open.
#[derive(Debug)]
pub struct OpenConnection {
    counts: Arc<ThreadCounts>,
    protocol: &'static str,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.counts.disconnected(self.protocol);
    }
}

/// A behavior of a distribution, by name.
#[derive(Debug)]
pub(in crate::edge) struct Place {
    pub(in crate::edge) distribution: Arc<str>,
    pub(in crate::edge) domain_name: String,
    pub(in crate::edge) behavior: Arc<str>,
    /// As the counts know it.
    pub(in crate::edge) number: u32,
}

/// A key that a distribution trusts, by name.
#[derive(Debug)]
pub(in crate::edge) struct Key {
    pub(in crate::edge) id: Arc<str>,
    /// As the counts know it.
    pub(in crate::edge) number: u32,
}

/// An origin of a distribution.
#[derive(Debug)]
pub(in crate::edge) struct OriginName {
    pub(in crate::edge) id: Arc<str>,
    /// As the counts know it.
    pub(in crate::edge) number: u32,
}

/// The names of one configuration, looked up by where it keeps them: it lives as long as they do. Of this thread alone,
/// so that no count of references is written by two cores.
#[derive(Debug, Default)]
pub struct Names {
    places: Cache<usize, Place>,
    keys: Cache<(usize, usize), Key>,
    origins: Cache<usize, OriginName>,
}

type Cache<K, V> = RefCell<HashMap<K, Rc<V>, foldhash::fast::RandomState>>;

impl Names {
    pub(in crate::edge) fn place(&self, observer: &Observer, route: &Route<'_, '_>) -> Rc<Place> {
        known(&self.places, std::ptr::from_ref(route.behavior) as usize, || {
            let (distribution, behavior) = (&route.distribution.id, route.behavior.pattern());
            Place {
                number: observer.number(|counts| counts.place(distribution, behavior)).unwrap_or(0),
                distribution: distribution.as_str().into(),
                domain_name: route.distribution.domain_name.clone(),
                behavior: behavior.into(),
            }
        })
    }

    pub(in crate::edge) fn key(&self, observer: &Observer, place: &Place, id: &PublicKeyId) -> Rc<Key> {
        let at = (std::ptr::from_ref(place) as usize, std::ptr::from_ref(id) as usize);
        known(&self.keys, at, || Key {
            number: observer.number(|counts| counts.key(&place.distribution, id.as_str())).unwrap_or(0),
            id: id.as_str().into(),
        })
    }

    pub(in crate::edge) fn origin(
        &self,
        observer: &Observer,
        place: &Place,
        origin: &Origin,
    ) -> Rc<OriginName> {
        known(&self.origins, std::ptr::from_ref(origin) as usize, || OriginName {
            id: origin.id.as_str().into(),
            number: observer
                .number(|counts| counts.origin(&place.distribution, origin.id.as_str()))
                .unwrap_or(0),
        })
    }
}

fn known<K: Hash + Eq, V>(cache: &Cache<K, V>, at: K, make: impl FnOnce() -> V) -> Rc<V> {
    Rc::clone(cache.borrow_mut().entry(at).or_insert_with(|| Rc::new(make())))
}
