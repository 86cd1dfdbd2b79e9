//! The sinks of one thread's requests: the log on stderr, the access log, the counts, the console. Where no sink is on,
//! nothing of a request is kept.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::access_log::AccessLog;
use super::denial_explainer::Explainer;
use super::metrics::counts::ThreadCounts;
use super::recent_requests::Recorder;
use crate::edge::facts::events::{OriginLabel, RequestEvent};

/// Where one thread reports its requests.
#[derive(Debug)]
pub struct Observer {
    sinks: Sinks,
    stderr: LogLevel,
    /// Whether lines on stderr say why the signature check denied: in test mode.
    says_causes: bool,
}

/// What is on beside the log on stderr.
#[derive(Debug, Default)]
pub struct Sinks {
    /// The access log.
    pub access_log: Option<AccessLog>,
    /// This thread's counts.
    pub counts: Option<Arc<ThreadCounts>>,
    /// What keeps requests for the console.
    pub recorder: Option<Arc<Recorder>>,
    /// What explains denials.
    pub explainer: Option<Arc<Explainer>>,
}

/// Which requests have a line on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LogLevel {
    Off,
    /// Those that Frontgate answered by itself or that broke off.
    Notable,
    All,
}

impl LogLevel {
    /// As the subscriber of `tracing` is set now.
    fn current() -> Self {
        if tracing::enabled!(target: "access", tracing::Level::DEBUG) {
            Self::All
        } else if tracing::enabled!(target: "access", tracing::Level::INFO) {
            Self::Notable
        } else {
            Self::Off
        }
    }
}

impl Observer {
    /// Of one thread, with the log level as it is at the start.
    #[must_use]
    pub fn new(sinks: Sinks, test_mode: bool) -> Rc<Self> {
        let stderr = LogLevel::current();
        Rc::new(Self { sinks, stderr, says_causes: test_mode && stderr != LogLevel::Off })
    }

    /// Whether anybody wants to know of requests.
    #[must_use]
    pub fn wants_requests(&self) -> bool {
        self.stderr != LogLevel::Off
            || self.sinks.access_log.is_some()
            || self.sinks.counts.is_some()
            || self.sinks.recorder.is_some()
    }

    /// What keeps requests for the console, if it is on.
    pub(in crate::edge) fn recorder(&self) -> Option<&Arc<Recorder>> {
        self.sinks.recorder.as_ref()
    }

    /// What explains denials, where that is enabled.
    pub(in crate::edge) fn explainer(&self) -> Option<&Explainer> {
        self.sinks.explainer.as_deref().filter(|_| self.says_causes || self.sinks.recorder.is_some())
    }

    /// Whether a denial's line on stderr waits for its cause.
    pub(in crate::edge) fn says_causes(&self) -> bool {
        self.says_causes
    }

    /// The access log, if there is one.
    #[must_use]
    pub fn access_log(&self) -> Option<&AccessLog> {
        self.sinks.access_log.as_ref()
    }

    /// Whether anybody wants to know which origins are asked.
    #[must_use]
    pub fn wants_origins(&self) -> bool {
        self.sinks.counts.is_some() || self.sinks.recorder.is_some()
    }

    pub(in crate::edge) fn says(&self, is_notable: bool) -> bool {
        match self.stderr {
            LogLevel::Off => false,
            LogLevel::Notable => is_notable,
            LogLevel::All => true,
        }
    }

    pub(in crate::edge) fn request_ended(&self, event: &RequestEvent<'_>) {
        if let Some(counts) = &self.sinks.counts {
            counts.request(event);
        }
    }

    pub(in crate::edge) fn origin_answered(
        &self,
        origin: &OriginLabel,
        after: Duration,
        failure: Option<&'static str>,
    ) {
        match (&self.sinks.counts, failure) {
            (None, _) => {}
            (Some(counts), None) => counts.origin_answered(origin.number, after),
            (Some(counts), Some(failure)) => counts.origin_failed(origin.number, failure),
        }
    }

    /// A viewer has connected; it is over when what this returns is dropped.
    #[must_use]
    pub fn connection(&self, protocol: &'static str) -> Option<OpenConnection> {
        let counts = self.sinks.counts.as_ref()?;
        counts.connected(protocol);
        Some(OpenConnection { counts: Arc::clone(counts), protocol })
    }

    /// Something came that hyper refused by itself, because it isn't HTTP.
    pub fn not_http(&self) {
        if let Some(counts) = &self.sinks.counts {
            counts.not_http();
        }
    }

    pub(super) fn number<T>(&self, intern: impl FnOnce(&ThreadCounts) -> T) -> Option<T> {
        self.sinks.counts.as_deref().map(intern)
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
