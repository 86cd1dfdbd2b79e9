//! Assertions about links. Each asks the edge over HTTP; what fails says what `frontgate explain` says.

use std::panic::Location;

use super::viewer::{MILLISECONDS, seconds};
use super::{AskError, Response, Viewer, When, reasons};
use crate::epoch::EpochSeconds;
use crate::explain::report::{self, Paint};
use crate::redact::redacted_by_shape;

/// A failed assertion's text.
type Failure = String;

impl Viewer {
    /// Asserts that the edge lets a GET for this URL through, whatever the origin answers.
    ///
    /// # Panics
    /// Where it doesn't, with what `frontgate explain` says; where a time of the link is in milliseconds, so that CloudFront
    /// allows it for thousands of years (unless [`Viewer::allow_warnings`]); and where the origin can't be reached.
    #[track_caller]
    pub fn assert_allowed<'a>(&'a self, url: &'a str) -> impl Future<Output = ()> + 'a {
        let place = Location::caller();
        async move { passed(self.is_allowed(url).await, place) }
    }

    /// Asserts that the edge refuses a GET for this URL for this reason; [`REASONS`](super::REASONS) has their names.
    ///
    /// # Panics
    /// Where it doesn't, with what `frontgate explain` says.
    #[track_caller]
    pub fn assert_denied<'a>(&'a self, url: &'a str, reason: &'a str) -> impl Future<Output = ()> + 'a {
        let place = Location::caller();
        async move { passed(self.is_denied(url, reason).await, place) }
    }

    /// Asserts that a link opens between two times, as its policy's `DateGreaterThan` and `DateLessThan` have them: not yet at
    /// `start` itself and no longer at `end`, since CloudFront compares strictly, but one second after and before these.
    /// With [`Viewer::assert_valid_until`] there is no beginning.
    ///
    /// # Panics
    /// Where one of the four isn't so, with what `frontgate explain` says.
    #[track_caller]
    pub fn assert_valid_between<'a>(
        &'a self,
        url: &'a str,
        start: impl Into<When>,
        end: impl Into<When>,
    ) -> impl Future<Output = ()> + 'a {
        let (place, start, end) = (Location::caller(), seconds(&start.into()), seconds(&end.into()));
        async move { passed(self.is_valid_between(url, Some(start), end).await, place) }
    }

    /// As [`Viewer::assert_valid_between`] for a link without a beginning.
    ///
    /// # Panics
    /// As that.
    #[track_caller]
    pub fn assert_valid_until<'a>(
        &'a self,
        url: &'a str,
        end: impl Into<When>,
    ) -> impl Future<Output = ()> + 'a {
        let (place, end) = (Location::caller(), seconds(&end.into()));
        async move { passed(self.is_valid_between(url, None, end).await, place) }
    }

    /// Asserts that no path that fits a pattern, such as `/members/*`, opens without a signature. This is proven from the
    /// configuration, not tried with a few paths; one path is asked for without credentials besides.
    ///
    /// # Panics
    /// Where one does, with a shortest such path; and where that can't be told.
    #[track_caller]
    pub fn assert_private<'a>(&'a self, pattern: &'a str) -> impl Future<Output = ()> + 'a {
        let place = Location::caller();
        async move { passed(self.is_private(pattern).await, place) }
    }

    async fn is_private(&self, pattern: &str) -> Result<(), Failure> {
        if let Some(exposed) = self.instance.exposed(pattern, None)? {
            return Err(format!(
                "{pattern}\nexpected to be private, but {} is public: it belongs to the behavior `{}` of the \
                 distribution {}",
                exposed.path, exposed.behavior, exposed.distribution
            ));
        }
        let path = pattern.replace(['*', '?'], "x");
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        let response = self.without_cookies().asked(&path).await?;
        match response.reason() {
            Some("missing-key-pair-id") => Ok(()),
            Some(other) => Err(self.failure(
                &format!("expected a signature to be required, but the request was denied: {other}"),
                &path,
            )),
            None => {
                Err(self.failure("expected to be private, but was let through without a signature", &path))
            }
        }
    }

    async fn is_allowed(&self, url: &str) -> Result<(), Failure> {
        let response = self.asked(url).await?;
        match response.reason() {
            None if self.may_open(&response) => Ok(()),
            None => {
                let warned = self.explain(url).ok().and_then(|explanation| {
                    Some(
                        explanation
                            .warnings
                            .into_iter()
                            .find(|warning| warning.name() == MILLISECONDS)?
                            .to_string(),
                    )
                });
                let warned = warned.unwrap_or_else(|| MILLISECONDS.to_owned());
                Err(self.failure(
                    &format!("expected to be allowed as it was meant, but {warned}; `allow_warnings()` lets it pass"),
                    url,
                ))
            }
            Some(reason) => Err(self.failure(
                &format!("expected to be allowed, but was denied: {}, {reason}", response.status.as_u16()),
                url,
            )),
        }
    }

    async fn is_denied(&self, url: &str, reason: &str) -> Result<(), Failure> {
        reasons::check(reason)?;
        let response = self.asked(url).await?;
        match response.reason() {
            Some(found) if found == reason => Ok(()),
            Some(found) => {
                Err(self
                    .failure(&format!("expected to be denied as {reason}, but was denied as {found}"), url))
            }
            None => Err(self.failure(
                &format!(
                    "expected to be denied as {reason}, but was allowed (the origin responded with {})",
                    response.status.as_u16()
                ),
                url,
            )),
        }
    }

    async fn is_valid_between(
        &self,
        url: &str,
        start: Option<EpochSeconds>,
        end: EpochSeconds,
    ) -> Result<(), Failure> {
        let first = EpochSeconds(start.map_or(1, |start| start.0.saturating_add(1)));
        if first >= end {
            return Err(format!(
                "no second lies between {} and {end}: both ends are exclusive, and the end comes after the start",
                start.unwrap_or(EpochSeconds(0))
            ));
        }
        let when = |time: u64, what: &str| (self.at(time), format!("{what}, {}", EpochSeconds(time)));
        let opens =
            [when(first.0, "one second after the start"), when(end.0 - 1, "one second before the end")];
        for (viewer, what) in opens {
            viewer.is_allowed(url).await.map_err(|failure| format!("{what}: {failure}"))?;
        }
        if let Some(start) = start {
            let (viewer, what) = when(start.0, "at the start");
            viewer.is_denied(url, "not-yet-valid").await.map_err(|failure| format!("{what}: {failure}"))?;
        }
        let (viewer, what) = when(end.0, "at the end");
        viewer.is_denied(url, "expired").await.map_err(|failure| format!("{what}: {failure}"))
    }

    async fn asked(&self, url: &str) -> Result<Response, Failure> {
        let response = self.head_of(url).await.map_err(|error: AskError| error.to_string())?;
        if response.reason() == Some(reasons::ORIGIN_ERROR) {
            return Err(format!(
                "the edge let the request through, but the origin gave no response ({}): is it running? \
                 The link itself is allowed",
                response.status
            ));
        }
        Ok(response)
    }

    fn failure(&self, what: &str, url: &str) -> Failure {
        let shown = redacted_by_shape(url);
        let explained = match self.explain(url) {
            Ok(explanation) => report::text(&explanation, Paint(false)),
            Err(error) => error.to_string(),
        };
        let indent = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") };
        let indented: String = explained.lines().map(indent).collect();
        format!("{shown}\n{what}\n\n{}", indented.trim_end())
    }
}

#[expect(clippy::panic, reason = "an assertion")]
fn passed(outcome: Result<(), Failure>, place: &Location<'_>) {
    if let Err(failure) = outcome {
        panic!("{failure}\n\n(asserted at {place})");
    }
}
