//! Time as CloudFront's policies have it, and the ways in which people write it.
//!
//! Nothing here reads a clock: whoever judges a request passes the time in.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;

mod duration;
mod fault;

#[doc(hidden)]
pub use duration::{DurationFault, InvalidDuration, parse_duration};
pub use fault::InvalidTime;
#[doc(hidden)]
pub use fault::{LAST_DATED_SECOND, TimeFault};

/// Whole seconds since 1970-01-01T00:00:00Z, the unit of `Expires` and `AWS:EpochTime`.
///
/// Displays as RFC 3339 in UTC where the calendar reaches that far, else as the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EpochSeconds(pub u64);

impl EpochSeconds {
    /// Reads RFC 3339, a date (midnight UTC), Unix seconds, `now`, or a distance from `now` such as `+2h` or `-5m`.
    ///
    /// # Errors
    /// [`InvalidTime`] says what was expected; milliseconds are recognised and named.
    pub fn parse(text: &str, now: Self) -> Result<Self, InvalidTime> {
        match Self::parse_any(text, now) {
            Ok(time) if time.0 <= LAST_DATED_SECOND => Ok(time),
            Ok(_) => Err(InvalidTime { found: text.to_owned(), cause: TimeFault::OutOfRange }),
            Err(cause) => Err(InvalidTime { found: text.to_owned(), cause }),
        }
    }

    fn parse_any(text: &str, now: Self) -> Result<Self, TimeFault> {
        if text == "now" {
            return Ok(now);
        }
        if let Some(distance) = text.strip_prefix('+') {
            let later = now.0.checked_add(fault::distance(distance)?.as_secs());
            return later.map(Self).ok_or(TimeFault::OutOfRange);
        }
        if let Some(distance) = text.strip_prefix('-') {
            let earlier = now.0.checked_sub(fault::distance(distance)?.as_secs());
            return earlier.map(Self).ok_or(TimeFault::OutOfRange);
        }
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::parse_digits(text);
        }
        let timestamp = match fault::date(text)? {
            Some(date) => date.to_zoned_datetime(TimeZone::UTC).map(|midnight| midnight.timestamp()),
            None => text.parse(),
        };
        let timestamp: Timestamp = timestamp.map_err(|_| fault::unreadable(text))?;
        u64::try_from(timestamp.as_second()).map(Self).map_err(|_| TimeFault::OutOfRange)
    }

    fn parse_digits(digits: &str) -> Result<Self, TimeFault> {
        match digits.trim_start_matches('0').len() {
            13 => Err(TimeFault::Milliseconds),
            _ => digits.parse().ok().map(Self).ok_or(TimeFault::OutOfRange),
        }
    }

    /// As the `Date` header has it (RFC 9110, 5.6.7); none beyond the calendar.
    #[must_use]
    pub fn http_date(self) -> Option<String> {
        let timestamp = i64::try_from(self.0).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        timestamp.map(|timestamp| timestamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
    }

    /// The later of two moments, as a distance; zero when `earlier` isn't earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }
}

/// The whole seconds of a moment; zero for one before 1970.
impl From<SystemTime> for EpochSeconds {
    fn from(moment: SystemTime) -> Self {
        Self(moment.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }
}

impl fmt::Display for EpochSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match i64::try_from(self.0).ok().and_then(|seconds| Timestamp::from_second(seconds).ok()) {
            Some(timestamp) => {
                write!(f, "{}", timestamp.strftime("%Y-%m-%dT%H:%M:%SZ"))
            }
            None => write!(f, "{}", self.0),
        }
    }
}

/// The last number of seconds that CloudFront takes in `Expires`, `DateLessThan` and `DateGreaterThan`: 2^63 - 1.
///
/// Cloudfront 1.2: a streaming service's cookies of 2023 carry milliseconds in a custom policy, their signatures verify, and
/// they opened (`[INFER]`); the guide of 2026 names this number. For the canned form `[ASSUMED]`.
#[doc(hidden)]
pub const MAX_EPOCH_SECONDS: u64 = 9_223_372_036_854_775_807;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: EpochSeconds = EpochSeconds(1_000_000);

    #[test]
    fn times_are_read_as_documented() {
        for (text, expected) in [
            ("now", Ok(1_000_000)),
            ("+2h", Ok(1_007_200)),
            ("+2 hours", Ok(1_007_200)),
            ("+1week", Ok(1_604_800)),
            ("-5m", Ok(999_700)),
            ("1767225600", Ok(1_767_225_600)),
            ("2026-01-01T00:00:00Z", Ok(1_767_225_600)),
            ("2026-01-01T01:00:00+01:00", Ok(1_767_225_600)),
            ("2026-01-01T00:00:00.999Z", Ok(1_767_225_600)),
            ("2026-01-01", Ok(1_767_225_600)),
            ("2028-02-29", Ok(1_835_395_200)),
            ("1767225600000", Err(TimeFault::Milliseconds)),
            ("9223372037", Err(TimeFault::OutOfRange)),
            ("2300-01-01T00:00:00Z", Err(TimeFault::OutOfRange)),
            ("2300-01-01", Err(TimeFault::OutOfRange)),
            ("1969-12-31", Err(TimeFault::OutOfRange)),
            ("+200000d", Err(TimeFault::OutOfRange)),
            ("-100d", Err(TimeFault::OutOfRange)),
            ("1969-12-31T23:59:58Z", Err(TimeFault::OutOfRange)),
            ("2026-13-01", Err(TimeFault::Month { month: 13 })),
            ("2026-00-01", Err(TimeFault::Month { month: 0 })),
            ("2026-13-01T00:00:00Z", Err(TimeFault::Month { month: 13 })),
            ("2026-02-30", Err(TimeFault::Day { year: 2026, month: 2, day: 30 })),
            ("2026-04-31T00:00:00Z", Err(TimeFault::Day { year: 2026, month: 4, day: 31 })),
            ("2026-01-01T00:00:00", Err(TimeFault::NoZone)),
            ("2026-01-01T25:00:00Z", Err(TimeFault::Unreadable)),
            ("2026-01-01x", Err(TimeFault::Unreadable)),
            ("", Err(TimeFault::Unreadable)),
            ("+", Err(TimeFault::Distance(DurationFault::Unreadable))),
            ("+5", Err(TimeFault::Distance(DurationFault::BareNumber))),
            ("+1 month", Err(TimeFault::Distance(DurationFault::Calendar))),
            ("--5m", Err(TimeFault::Distance(DurationFault::Sign))),
            ("tomorrow", Err(TimeFault::Unreadable)),
        ] {
            let found = EpochSeconds::parse(text, NOW).map(|time| time.0).map_err(|error| error.cause);
            assert_eq!(found, expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_date_of_the_calendar_is_its_midnight(seconds in 0..=LAST_DATED_SECOND / 86_400) {
            let midnight = EpochSeconds(seconds * 86_400);
            let text = midnight.to_string();
            prop_assert_eq!(EpochSeconds::parse(&text[..10], NOW), Ok(midnight));
            prop_assert_eq!(EpochSeconds::parse(&text, NOW), Ok(midnight));
        }

        /// What isn't a date of the calendar is refused, and no text makes the reader panic.
        #[test]
        fn what_is_taken_is_a_time(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}|[-+]?[0-9]{0,4} ?[a-z]{0,9}|\\PC{0,20}") {
            match EpochSeconds::parse(&text, NOW) {
                Ok(time) => prop_assert!(time.0 <= LAST_DATED_SECOND),
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
    }

    #[test]
    fn a_moment_displays_as_a_date_in_utc() {
        assert_eq!(EpochSeconds(1_767_225_600).to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(EpochSeconds(u64::MAX).to_string(), u64::MAX.to_string());
        assert_eq!(EpochSeconds(784_111_777).http_date().as_deref(), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(EpochSeconds(u64::MAX).http_date(), None);
    }
}
