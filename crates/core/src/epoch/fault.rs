//! What is wrong with a time that somebody wrote.

use std::time::Duration;

use jiff::civil::{Date, DateTime};

use super::duration::{DurationFault, parse_duration};

/// A time that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("`{found}` is not a time: {cause}{}", correction(self))]
pub struct InvalidTime {
    /// What was given.
    pub found: String,
    /// What is wrong with it.
    #[doc(hidden)]
    pub cause: TimeFault,
}

/// Why a time can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeFault {
    /// Neither a date nor a number nor a distance.
    #[error(
        "expected RFC 3339 (2026-11-24T10:00:00Z), a date (2026-11-24), Unix seconds, `now`, or a distance such as `+2h` or \
         `-5m`"
    )]
    Unreadable,
    /// Thirteen digits: what JavaScript's `Date.now()` and Java's `currentTimeMillis()` return.
    #[error("13 digits are milliseconds; CloudFront counts seconds, so divide by 1000")]
    Milliseconds,
    /// Before 1970, or later than [`LAST_DATED_SECOND`].
    #[error("expected a moment between 1970 and Unix second {LAST_DATED_SECOND} (2262-04-11)")]
    OutOfRange,
    /// A month that no year has.
    #[error("{month} is not a month")]
    Month {
        /// Its number.
        month: i8,
    },
    /// A day that the month doesn't have.
    #[error("{year:04}-{month:02} has no day {day}")]
    Day {
        /// The year.
        year: i16,
        /// The month.
        month: i8,
        /// The day.
        day: i8,
    },
    /// A date with a time of day whose zone isn't known.
    #[error("it has no time zone")]
    NoZone,
    /// What follows the sign is no length of time.
    #[error("after the sign, {0}")]
    Distance(DurationFault),
}

pub(super) fn distance(text: &str) -> Result<Duration, TimeFault> {
    parse_duration(text).map_err(|error| TimeFault::Distance(error.cause))
}

/// The date that a text is, and nothing else; none for another text.
///
/// # Errors
/// For a text that begins with a date which the calendar doesn't have.
pub(super) fn date(text: &str) -> Result<Option<Date>, TimeFault> {
    let Some((year, month, day)) = text.get(..10).and_then(numbers) else { return Ok(None) };
    if !(1..=12).contains(&month) {
        return Err(TimeFault::Month { month });
    }
    let date = Date::new(year, month, day).map_err(|_| TimeFault::Day { year, month, day })?;
    Ok((text.len() == 10).then_some(date))
}

/// `2033-01-22`, with any digits.
fn numbers(text: &str) -> Option<(i16, i8, i8)> {
    let is_in_place = |(at, byte): (usize, u8)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    if !text.bytes().enumerate().all(is_in_place) {
        return None;
    }
    Some((text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?))
}

/// Why a text is no moment.
pub(super) fn unreadable(text: &str) -> TimeFault {
    if text.len() > 10 && text.parse::<DateTime>().is_ok() {
        TimeFault::NoZone
    } else {
        TimeFault::Unreadable
    }
}

/// What was probably meant: a time with its zone, or a distance with its sign.
fn correction(fault: &InvalidTime) -> String {
    let found = &fault.found;
    if fault.cause == TimeFault::NoZone {
        format!("; did you mean {found}Z?")
    } else if fault.cause == TimeFault::Unreadable && parse_duration(found).is_ok() {
        format!("; did you mean +{found}?")
    } else {
        String::new()
    }
}

/// The last second that people can mean, 2262-04-11T23:47:16Z, which the guide names beside [`super::MAX_EPOCH_SECONDS`].
///
/// A time beyond it was counted in milliseconds, or has a digit too many: it is refused where people type one, and warned of
/// where it was signed.
pub const LAST_DATED_SECOND: u64 = 9_223_372_036;
