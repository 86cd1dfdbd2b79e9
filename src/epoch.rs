//! Time as CloudFront's policies have it, and the ways in which people write it.
//!
//! Nothing here reads a clock: whoever judges a request passes the time in.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Whole seconds since 1970-01-01T00:00:00Z, the unit of `Expires` and `AWS:EpochTime`.
///
/// Displays as RFC 3339 in UTC where the calendar reaches that far, else as the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EpochSeconds(pub u64);

impl EpochSeconds {
    /// Reads RFC 3339, Unix seconds, `now`, or a distance from `now` such as `+2h` or `-5m`.
    ///
    /// # Errors
    /// [`InvalidTime`] says what was expected; milliseconds are recognised and named.
    pub fn parse(text: &str, now: Self) -> Result<Self, InvalidTime> {
        let time = Self::parse_any(text, now)?;
        if time.0 > LAST_DATED_SECOND {
            return Err(InvalidTime { found: text.to_owned(), cause: TimeFault::OutOfRange });
        }
        Ok(time)
    }

    fn parse_any(text: &str, now: Self) -> Result<Self, InvalidTime> {
        let invalid = |cause| InvalidTime { found: text.to_owned(), cause };
        if text == "now" {
            return Ok(now);
        }
        if let Some(distance) = text.strip_prefix('+') {
            let later = parse_duration(distance).map_err(|_| invalid(TimeFault::Unreadable))?;
            return now
                .0
                .checked_add(later.as_secs())
                .map(Self)
                .ok_or_else(|| invalid(TimeFault::OutOfRange));
        }
        if let Some(distance) = text.strip_prefix('-') {
            let earlier = parse_duration(distance).map_err(|_| invalid(TimeFault::Unreadable))?;
            return now
                .0
                .checked_sub(earlier.as_secs())
                .map(Self)
                .ok_or_else(|| invalid(TimeFault::OutOfRange));
        }
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::parse_digits(text).map_err(invalid);
        }
        let timestamp: Timestamp = text.parse().map_err(|_| invalid(TimeFault::Unreadable))?;
        u64::try_from(timestamp.as_second()).map(Self).map_err(|_| invalid(TimeFault::OutOfRange))
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

/// Reads a length of time: `90s`, `2h`, `7d`, `1h30m`; milliseconds as `250ms`.
///
/// # Errors
/// [`InvalidDuration`] when a number has no unit, the unit is unknown, or the sum overflows.
pub fn parse_duration(text: &str) -> Result<Duration, InvalidDuration> {
    let invalid = || InvalidDuration { found: text.to_owned() };
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let amount: u64 = rest[..digits].parse().map_err(|_| invalid())?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let millis: u64 = match &rest[..letters] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return Err(invalid()),
        };
        rest = &rest[letters..];
        let part = amount.checked_mul(millis).map(Duration::from_millis).ok_or_else(invalid)?;
        total = total.checked_add(part).ok_or_else(invalid)?;
    }
    if text.is_empty() { Err(invalid()) } else { Ok(total) }
}

/// A time that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no time: {cause}{}", correction(.found))]
pub struct InvalidTime {
    /// What was given.
    pub found: String,
    /// What is wrong with it.
    pub cause: TimeFault,
}

/// What was probably meant: a date without a time, or a distance without its sign.
fn correction(found: &str) -> String {
    let is_date = found.len() == 10
        && found.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    match (is_date, parse_duration(found)) {
        (true, _) => format!("; did you mean {found}T00:00:00Z?"),
        (false, Ok(_)) => format!("; did you mean +{found}?"),
        (false, Err(_)) => String::new(),
    }
}

/// Why a time can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeFault {
    /// Neither a date nor a number nor a distance.
    #[error(
        "expected RFC 3339 (2026-11-24T10:00:00Z), Unix seconds, `now`, or a distance such as `+2h` or `-5m`"
    )]
    Unreadable,
    /// Thirteen digits: what JavaScript's `Date.now()` and Java's `currentTimeMillis()` return.
    #[error("13 digits are milliseconds; CloudFront counts seconds, so divide by 1000")]
    Milliseconds,
    /// Before 1970, or later than [`LAST_DATED_SECOND`].
    #[error("expected a moment between 1970 and Unix second 9223372036")]
    OutOfRange,
}

/// A length of time that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no duration: expected a number with a unit, such as `90s`, `2h` or `7d`")]
pub struct InvalidDuration {
    /// What was given.
    pub found: String,
}

/// The last number of seconds that CloudFront takes in `Expires`, `DateLessThan` and `DateGreaterThan`: 2^63 - 1.
///
/// Semantics 1.2: a streaming service's cookies of 2023 carry milliseconds in a custom policy, their signatures verify, and
/// they opened (`[INFER]`); the guide of 2026 names this number. For the canned form `[ASSUMED]`.
pub const MAX_EPOCH_SECONDS: u64 = 9_223_372_036_854_775_807;

/// The last second that people can mean, 2262-04-11T23:47:16Z, which the guide names beside [`MAX_EPOCH_SECONDS`].
///
/// A time beyond it was counted in milliseconds, or has a digit too many: it is refused where people type one, and warned of
/// where it was signed.
pub const LAST_DATED_SECOND: u64 = 9_223_372_036;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: EpochSeconds = EpochSeconds(1_000_000);

    #[test]
    fn times_are_read_as_documented() {
        for (text, expected) in [
            ("now", Ok(1_000_000)),
            ("+2h", Ok(1_007_200)),
            ("-5m", Ok(999_700)),
            ("1767225600", Ok(1_767_225_600)),
            ("2026-01-01T00:00:00Z", Ok(1_767_225_600)),
            ("2026-01-01T01:00:00+01:00", Ok(1_767_225_600)),
            ("2026-01-01T00:00:00.999Z", Ok(1_767_225_600)),
            ("1767225600000", Err(TimeFault::Milliseconds)),
            ("9223372037", Err(TimeFault::OutOfRange)),
            ("2300-01-01T00:00:00Z", Err(TimeFault::OutOfRange)),
            ("+200000d", Err(TimeFault::OutOfRange)),
            ("-100d", Err(TimeFault::OutOfRange)),
            ("1969-12-31T23:59:58Z", Err(TimeFault::OutOfRange)),
            ("2026-01-01", Err(TimeFault::Unreadable)),
            ("", Err(TimeFault::Unreadable)),
            ("+", Err(TimeFault::Unreadable)),
            ("tomorrow", Err(TimeFault::Unreadable)),
        ] {
            let found = EpochSeconds::parse(text, NOW).map(|time| time.0).map_err(|error| error.cause);
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn durations_are_read_as_documented() {
        for (text, seconds) in
            [("90s", Some(90)), ("2h", Some(7200)), ("7d", Some(604_800)), ("1h30m", Some(5400))]
        {
            assert_eq!(parse_duration(text).ok().map(|d| d.as_secs()), seconds, "{text}");
        }
        for text in ["", "5", "h", "2 h", "-2h", "99999999999999999999s", "2y", "é"] {
            assert!(parse_duration(text).is_err(), "{text}");
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
