//! How a response ended, and who is told then.

use std::rc::Rc;
use std::sync::Arc;

use super::diagnostic::Diagnostic;
use super::line::{Ending, Line};
use super::result_types::ResultTypes;
use super::{format, recorded};
use crate::edge::facts::events::RequestEvent;
use crate::edge::observe::denial_explainer::{self, Question};

impl Line {
    /// Whether Frontgate answered by itself, the response isn't whole, or the storage refused our signature.
    pub(super) fn is_notable(&self) -> bool {
        self.cause.is_some() || self.is_refused_by_storage || !matches!(self.ending, Ending::Complete)
    }

    /// Tells the console and stderr. Both hear of a denial's cause once it is found.
    fn tell(&mut self) {
        let observer = Rc::clone(&self.observer);
        let mut said = observer.says(self.is_notable()).then(|| Diagnostic::of(self));
        let denied = self.denied_by.take().and_then(|by| Some((by, self.inquiry.clone()?)));
        let recorded =
            observer.recorder().map(|recorder| (Arc::clone(recorder), recorder.keep(recorded::record(self))));
        let Some(((distributions, inquiry), explainer)) = denied.zip(observer.explainer()) else {
            return said.iter().for_each(|said| said.say(None));
        };
        if !observer.says_causes() {
            said.take().iter().for_each(|said| said.say(None));
        }
        explainer.denied(Question { inquiry: *inquiry, distributions }, move |answer| {
            let cause = denial_explainer::sentence(&answer);
            if let Some(said) = said {
                said.say(Some(&cause));
            }
            if let Some((recorder, record)) = recorded {
                recorder.explained(&record, cause);
            }
        });
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let outcome = ResultTypes::of(self);
        if let (Some(log), Some(request)) = (self.observer.access_log(), &self.request) {
            log.write(format::line(self, request, &outcome, log.settings()));
        }
        self.observer.request_ended(&RequestEvent {
            place: self.place.as_deref(),
            method: &self.method,
            status: self.status,
            result: outcome.result,
            key: self.key.as_ref().map(|(key, _)| &**key),
            cause: self.cause.as_ref(),
            sent: self.sent,
            interrupted: match self.ending {
                Ending::Complete => None,
                Ending::Broken(_) => Some("origin"),
                Ending::Aborted => Some("viewer"),
            },
        });
        self.tell();
    }
}
