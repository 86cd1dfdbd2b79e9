//! From when to when a link opens, and where the judged time falls.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::access::policy::Policy;
use crate::epoch::EpochSeconds;
use crate::explain::{Explanation, Outcome};

/// The seconds in which the times of a policy are fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timeline {
    /// The first one; none where every time before the end will do.
    from: Option<EpochSeconds>,
    /// The first one that is too late.
    until: EpochSeconds,
    at: EpochSeconds,
    state: LinkState,
    /// What the clock would have to be moved by; none where that would change nothing.
    offset: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LinkState {
    Open,
    Expired,
    NotYetValid,
    Never,
}

impl LinkState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::Never => "never",
        }
    }
}

impl Timeline {
    /// None where no policy can be read.
    pub(super) fn of(explanation: &Explanation) -> Option<Self> {
        let policy = Policy::parse(explanation.policy.as_deref()?.as_bytes()).ok()?;
        let condition = policy.condition;
        // DateGreaterThan itself is too early (cloudfront 2.3).
        let from = condition.date_greater_than.map(|time| EpochSeconds(time.0.saturating_add(1)));
        let mut failed = explanation.checks.iter().filter(|check| check.outcome == Outcome::Fail);
        let is_only_time = failed.all(|check| matches!(check.name, "expiry" | "not-before"));
        Some(Self::new(from, condition.date_less_than, explanation.at, is_only_time))
    }

    fn new(from: Option<EpochSeconds>, until: EpochSeconds, at: EpochSeconds, is_only_time: bool) -> Self {
        let distance = |to: u64| i64::try_from(i128::from(to) - i128::from(at.0)).ok();
        let (state, offset) = match from {
            _ if until.0 == 0 => (LinkState::Never, None),
            Some(from) if from >= until => (LinkState::Never, None),
            Some(from) if at < from => (LinkState::NotYetValid, distance(from.0)),
            _ if at >= until => (LinkState::Expired, distance(until.0 - 1)),
            _ => (LinkState::Open, None),
        };
        Self { from, until, at, state, offset: offset.filter(|_| is_only_time) }
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "from": self.from.map(|from| from.to_string()),
            "until": self.until.to_string(),
            "state": self.state.as_str(),
            "offset-seconds": self.offset,
        })
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // Without a zone of the system's own, or a database of zones, jiff says UTC or an error.
        let zone = TimeZone::try_system().unwrap_or(TimeZone::UTC);
        let line = |name: &str, time: EpochSeconds| format!("  {name:7}  {time}   {}\n", local(time, &zone));
        text.push_str(&match self.from {
            Some(from) => line("opens", from),
            None => "  opens    at once: the policy has no DateGreaterThan\n".to_owned(),
        });
        text.push_str(&line("closes", self.until));
        text.push_str(&line("judged", self.at));
        let _ = writeln!(text, "  {}", self.bar());
        let _ = writeln!(text, "  {}", self.sentence());
        text
    }

    /// `[` opens, `)` closes, `*` is the judged time.
    fn bar(&self) -> String {
        let line = |open: &str| format!("{open}{})", "=".repeat(WIDTH));
        let open = if self.from.is_some() { "[" } else { "<" };
        match self.state {
            LinkState::Never => "(nothing)".to_owned(),
            LinkState::NotYetValid => format!("* - - {}", line(open)),
            LinkState::Expired => format!("{} - - *", line(open)),
            LinkState::Open => {
                let place = match self.from {
                    Some(from) => {
                        let (spent, all) = (self.at.0 - from.0, (self.until.0 - from.0).max(1));
                        usize::try_from(u128::from(spent) * WIDTH as u128 / u128::from(all)).unwrap_or(0)
                    }
                    None => WIDTH / 2,
                };
                let place = place.min(WIDTH - 1);
                format!("{open}{}*{})", "=".repeat(place), "=".repeat(WIDTH - 1 - place))
            }
        }
    }

    fn sentence(&self) -> String {
        match (self.state, self.offset) {
            (LinkState::Open, _) => {
                format!("the times fit; it closes in {}", span(self.until.0.saturating_sub(self.at.0)))
            }
            (LinkState::Never, _) => {
                "it is never valid: DateGreaterThan leaves no second before DateLessThan".to_owned()
            }
            (_, Some(offset)) => {
                let direction = if offset < 0 { "earlier" } else { "later" };
                let clock = span(offset.unsigned_abs());
                format!("opens if the clock were {clock} {direction} (offset {offset:+} s)")
            }
            (_, None) => "no other time would open it: it has other faults, too".to_owned(),
        }
    }
}

fn local(time: EpochSeconds, zone: &TimeZone) -> String {
    let timestamp = i64::try_from(time.0).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let Some(timestamp) = timestamp else { return "beyond the calendar".to_owned() };
    if *zone == TimeZone::UTC || zone.is_unknown() {
        return "(local time is UTC, or not known)".to_owned();
    }
    let zoned = timestamp.to_zoned_datetime(zone.clone());
    zoned.strftime("%Y-%m-%d %H:%M:%S %:z local").to_string()
}

/// A length of time to the second.
fn span(mut seconds: u64) -> String {
    let mut parts = Vec::new();
    for (name, unit) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if seconds >= unit || (unit == 1 && parts.is_empty()) {
            parts.push(format!("{} {name}", seconds / unit));
            seconds %= unit;
        }
    }
    parts.join(" ")
}

const WIDTH: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_is_the_least_that_opens_it() {
        let line = |from: Option<u64>, until, at, only| {
            let line = Timeline::new(from.map(EpochSeconds), EpochSeconds(until), EpochSeconds(at), only);
            assert!(line.text().lines().count() == 5, "{}", line.text());
            (line.state, line.offset)
        };
        assert_eq!(line(None, 100, 99, true), (LinkState::Open, None));
        assert_eq!(line(None, 100, 100, true), (LinkState::Expired, Some(-1)));
        assert_eq!(line(None, 100, 300, true), (LinkState::Expired, Some(-201)));
        assert_eq!(line(Some(50), 100, 49, true), (LinkState::NotYetValid, Some(1)));
        assert_eq!(line(Some(50), 100, 50, true), (LinkState::Open, None));
        assert_eq!(line(Some(50), 100, 0, false), (LinkState::NotYetValid, None));
        assert_eq!(line(Some(100), 100, 0, true), (LinkState::Never, None));
        assert_eq!(line(Some(u64::MAX), u64::MAX, 5, true), (LinkState::Never, None));
        assert_eq!(line(None, 0, 5, true), (LinkState::Never, None));
    }

    #[test]
    fn a_span_is_exact() {
        for (seconds, text) in [(0, "0 s"), (200, "3 m 20 s"), (90_061, "1 d 1 h 1 m 1 s"), (3600, "1 h")] {
            assert_eq!(span(seconds), text);
        }
    }
}
