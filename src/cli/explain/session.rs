//! Explains links one after another, and counts what was found.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use http::Method;

use super::judged::Judged;
use super::keys::Trust;
use super::options::Explain;
use super::{json, text};
use crate::cli::output::{DENIED, WRONG, write_stdout};
use crate::edge::observe::known_paths;
use crate::epoch::EpochSeconds;
use crate::explain::report::Paint;
use crate::explain::{Budget, ExplainedVerdict, OwnedRequest, Searched};
use crate::paste::{Link, LinkSink, Problem, cookie_field};

/// What the command line asked for, and what came of it so far.
pub(super) struct ExplainSession<'e> {
    pub(super) asked: &'e Explain,
    pub(super) trust: Trust,
    /// For what has no time of its own.
    pub(super) now: EpochSeconds,
    /// For everything.
    pub(super) at: Option<EpochSeconds>,
    pub(super) paint: Paint,
    pub(super) is_quiet: bool,
    /// The first link, until it is known whether there are more.
    held: Option<Link>,
    /// Why no link can be taken any more.
    failed: Option<anyhow::Error>,
    links: usize,
    problems: usize,
    is_denied: bool,
    by_cause: BTreeMap<String, usize>,
    /// What the searches have taken so far.
    searching: Cell<Duration>,
}

impl<'e> ExplainSession<'e> {
    pub(super) fn new(asked: &'e Explain, trust: Trust, now: EpochSeconds, at: Option<EpochSeconds>) -> Self {
        Self {
            asked,
            searching: Cell::default(),
            trust,
            now,
            at,
            paint: Paint(false),
            is_quiet: false,
            held: None,
            failed: None,
            links: 0,
            problems: 0,
            is_denied: false,
            by_cause: BTreeMap::new(),
        }
    }

    /// Explains what was held back, sums up, and says how it ended.
    ///
    /// # Errors
    /// Where the answer can't be written.
    pub(super) fn finish(mut self) -> anyhow::Result<ExitCode> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if let Some(link) = self.held.take() {
            self.explain(link, None)?;
        }
        if self.links > 1 {
            let summary = text::summary(self.links, &self.by_cause);
            if self.asked.json {
                tell!("{}", summary.trim_end());
            } else {
                write_stdout(&format!("\n{summary}"))?;
            }
        }
        if self.problems > MAX_PROBLEMS {
            tell!("error: … and {} more that can't be read", self.problems - MAX_PROBLEMS);
        }
        Ok(match (self.problems, self.is_denied) {
            (0, false) => ExitCode::SUCCESS,
            (0, true) => ExitCode::from(DENIED),
            (1.., _) => ExitCode::from(WRONG),
        })
    }

    /// `number` where it is one of several.
    fn explain(&mut self, link: Link, number: Option<usize>) -> anyhow::Result<()> {
        if number.is_none_or(|number| number == 1) && self.trust.is_nothing() {
            self.note(
                "no public key is known, so key and signature can't be checked: \
                 --public-key ID=FILE, --keys DIR or --config FILE",
            );
        }
        let place = link.place.clone();
        // Many mistakes in one log are mostly one mistake.
        let limit = if number.is_some() { EACH_OF_MANY } else { THE_ONLY_ONE };
        let judged = match self.judge(link, limit) {
            Ok(judged) => judged,
            Err(error) => {
                self.count_problem(&format!("{place}: {error:#}"));
                return Ok(());
            }
        };
        for note in &judged.notes {
            match number {
                Some(_) => self.note(&format!("{place}: {note}")),
                None => self.note(note),
            }
        }
        self.is_denied |=
            matches!(judged.explanation.verdict, ExplainedVerdict::Deny(_) | ExplainedVerdict::Rejected(_));
        *self.by_cause.entry(cause_of(&judged)).or_default() += 1;
        if self.asked.json {
            write_stdout(&format!("{}\n", json::object(&judged, number, self.asked.timeline)))
        } else {
            write_stdout(&text::block(&judged, number, self.asked.timeline, self.paint))
        }
    }

    pub(super) fn judge(&self, mut link: Link, limit: Duration) -> anyhow::Result<Judged> {
        let at = self.at.or(link.at).unwrap_or(self.now);
        let mut notes = std::mem::take(&mut link.notes);
        link.cookies.extend(self.asked.cookie.iter().map(|value| cookie_field(value)));
        let (mut inquiry, changed) = self.inquiry(&link, at)?;
        notes.extend(changed);
        let distributions = self.trust.for_inquiry(&inquiry)?;
        inquiry.unknown.keys |= self.trust.is_nothing();
        inquiry.surroundings.known_paths = known_paths::near(&inquiry, &distributions, None);
        let begun = Instant::now();
        let limit = limit.min(ALL_OF_MANY.saturating_sub(self.searching.get()));
        let effort = Budget { is_out_of_time: &|| begun.elapsed() > limit, ..Budget::WITHOUT_CLOCK };
        let explanation = inquiry.explain(&distributions, &effort);
        self.searching.set(self.searching.get() + begun.elapsed());
        if explanation.searched == Searched::GaveUp {
            notes.push("the search for what was signed was given up: its budget was used".to_owned());
        }
        let url = format!("{}://{}{}", inquiry.scheme, inquiry.authority, inquiry.target);
        let url = crate::redact::redacted(&url).into_owned();
        let works = inquiry.link_that_works(&explanation);
        Ok(Judged { link, url, explanation, works, notes })
    }

    fn inquiry(&self, link: &Link, at: EpochSeconds) -> anyhow::Result<(OwnedRequest, Vec<String>)> {
        let (mut inquiry, changed) = link.inquiry(at)?;
        inquiry.is_preflight = self.asked.preflight || (link.is_preflight && self.asked.method.is_none());
        match (&self.asked.method, self.asked.preflight) {
            (_, true) => inquiry.method = Method::OPTIONS,
            (Some(method), false) => inquiry.method = method.clone(),
            (None, false) => {}
        }
        if let Some(address) = self.asked.ip {
            inquiry.address = address;
        }
        inquiry.country = self.asked.country;
        Ok((inquiry, changed))
    }

    fn count_problem(&mut self, text: &str) {
        self.problems += 1;
        if self.problems <= MAX_PROBLEMS {
            tell!("error: {text}");
        }
    }
}

impl ExplainSession<'_> {
    fn take(&mut self, link: Link) -> anyhow::Result<()> {
        self.links += 1;
        if self.links == 1 {
            self.held = Some(link);
            return Ok(());
        }
        if let Some(first) = self.held.take() {
            self.explain(first, Some(1))?;
        }
        self.explain(link, Some(self.links))
    }
}

impl LinkSink for ExplainSession<'_> {
    fn link(&mut self, link: Link) -> ControlFlow<()> {
        match self.take(link) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn problem(&mut self, problem: Problem) {
        self.count_problem(&problem.to_string());
    }

    fn note(&mut self, note: &str) {
        if !self.is_quiet {
            tell!("note: {note}");
        }
    }
}

/// What a link is counted under.
fn cause_of(judged: &Judged) -> String {
    let explanation = &judged.explanation;
    match &explanation.verdict {
        ExplainedVerdict::Allow if judged.link.status == Some(403) => {
            "allowed here, though the viewer got 403".to_owned()
        }
        ExplainedVerdict::Allow => "allowed".to_owned(),
        ExplainedVerdict::Undecided => "undecided".to_owned(),
        ExplainedVerdict::Rejected(rejection) => rejection.name().to_owned(),
        ExplainedVerdict::Deny(reason) => {
            let first = explanation.causes().first().map(|cause| cause.mistake.as_str());
            first.unwrap_or(reason.name()).to_owned()
        }
    }
}

const MAX_PROBLEMS: usize = 20;
/// For the search of what was signed.
const THE_ONLY_ONE: Duration = Duration::from_secs(2);
const EACH_OF_MANY: Duration = Duration::from_millis(200);
/// For all of a file or a log; what comes after is judged, and not searched.
const ALL_OF_MANY: Duration = Duration::from_secs(60);
