//! Lengths of time as people write them.

use std::time::Duration;

use jiff::Span;
use jiff::fmt::friendly::SpanParser;

/// Reads a length of time: `90s`, `2h`, `7d`, `1h30m`, milliseconds as `250ms`; or as jiff's friendly form has it: `1week`,
/// `2 hours`, `1 day, 12 hours`. A week is 7 × 24 h and a day 24 h.
///
/// # Errors
/// [`InvalidDuration`] when a number has no unit, the unit is unknown or differs in length (months, years), there is a sign or
/// `ago`, or the sum overflows.
pub fn parse_duration(text: &str) -> Result<Duration, InvalidDuration> {
    compact(text)
        .or_else(|| friendly(text))
        .ok_or_else(|| InvalidDuration { found: text.to_owned(), cause: DurationFault::of(text) })
}

/// Numbers with units of one or two letters, in any order.
fn compact(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let amount: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let millis: u64 = match &rest[..letters] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return None,
        };
        rest = &rest[letters..];
        total = total.checked_add(amount.checked_mul(millis).map(Duration::from_millis)?)?;
    }
    (!text.is_empty()).then_some(total)
}

fn friendly(text: &str) -> Option<Duration> {
    let begins_with_a_number = text.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    if !begins_with_a_number || is_past(text) {
        return None;
    }
    let span = span(text)?;
    if has_calendar_units(&span) || span.is_negative() {
        return None;
    }
    let seconds = [
        (i64::from(span.get_weeks()), 604_800),
        (i64::from(span.get_days()), 86_400),
        (i64::from(span.get_hours()), 3_600),
        (span.get_minutes(), 60),
        (span.get_seconds(), 1),
    ];
    let mut total = Duration::ZERO;
    for (count, length) in seconds {
        let part = u64::try_from(count).ok()?.checked_mul(length)?;
        total = total.checked_add(Duration::from_secs(part))?;
    }
    let [millis, micros, nanos] =
        [span.get_milliseconds(), span.get_microseconds(), span.get_nanoseconds()].map(u64::try_from);
    total
        .checked_add(Duration::from_millis(millis.ok()?))?
        .checked_add(Duration::from_micros(micros.ok()?))?
        .checked_add(Duration::from_nanos(nanos.ok()?))
}

fn span(text: &str) -> Option<Span> {
    SpanParser::new().parse_span(text).ok()
}

fn has_calendar_units(span: &Span) -> bool {
    span.get_months() != 0 || span.get_years() != 0
}

/// Also where the length is zero, which has no sign.
fn is_past(text: &str) -> bool {
    text.trim_end().ends_with("ago")
}

/// A length of time that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a duration: {cause}")]
pub struct InvalidDuration {
    /// What was given.
    pub found: String,
    /// What is wrong with it.
    pub cause: DurationFault,
}

/// Why a length of time can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationFault {
    /// Neither form.
    #[error("expected a number with a unit, such as `90s`, `2h`, `7d` or `1 week`")]
    Unreadable,
    /// A number without a unit.
    #[error("it has no unit; expected for example `90s`, `2h`, `7d` or `1 week`")]
    BareNumber,
    /// Months or years.
    #[error(
        "months and years differ in length; expected weeks, days or smaller units, such as `30d` or `52 weeks`"
    )]
    Calendar,
    /// A sign before it.
    #[error("a duration has no sign; expected for example `90s`, `2h`, `7d` or `1 week`")]
    Sign,
    /// `ago` behind it.
    #[error("a duration is not in the past; expected it without `ago`, such as `2h` or `1 week`")]
    Past,
}

impl DurationFault {
    fn of(text: &str) -> Self {
        if text.starts_with(['+', '-']) {
            Self::Sign
        } else if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            Self::BareNumber
        } else if is_past(text) {
            Self::Past
        } else if span(text).is_some_and(|span| has_calendar_units(&span)) {
            Self::Calendar
        } else {
            Self::Unreadable
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_as_documented() {
        for (text, seconds) in [
            ("90s", 90),
            ("2h", 7200),
            ("7d", 604_800),
            ("1h30m", 5400),
            ("30m1h", 5400),
            ("1w", 604_800),
            ("1week", 604_800),
            ("2 weeks", 1_209_600),
            ("1 week 2 days", 777_600),
            ("2 hours", 7200),
            ("2 hrs", 7200),
            ("1 hour 30 minutes", 5400),
            ("1 hour, 30 minutes", 5400),
            ("1 day", 86_400),
            ("45 min", 2700),
            ("90 secs", 90),
            ("1.5 hours", 5400),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("250 milliseconds"), Ok(Duration::from_millis(250)));
    }

    #[test]
    fn what_is_no_duration_is_refused_with_its_reason() {
        use DurationFault::{BareNumber, Calendar, Past, Sign, Unreadable};
        for (text, fault) in [
            ("", Unreadable),
            ("5", BareNumber),
            ("3600", BareNumber),
            ("1.5", BareNumber),
            ("h", Unreadable),
            ("-2h", Sign),
            ("+2h", Sign),
            ("- 2 hours", Sign),
            ("2 hours ago", Past),
            ("0s ago", Past),
            ("1 month", Calendar),
            ("2y", Calendar),
            ("1 year 3 days", Calendar),
            ("99999999999999999999s", Unreadable),
            ("2 fortnights", Unreadable),
            ("PT2H", Unreadable),
            ("é", Unreadable),
            ("2h é", Unreadable),
        ] {
            assert_eq!(parse_duration(text).map_err(|error| error.cause), Err(fault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn both_forms_of_a_length_agree(
            weeks in 0u32..500,
            days in 0u32..5_000,
            hours in 0u32..50_000,
            minutes in 0u32..100_000,
            seconds in 0u32..1_000_000,
        ) {
            let short = format!("{weeks}w{days}d{hours}h{minutes}m{seconds}s");
            let long = format!("{weeks} weeks, {days} days, {hours} hours, {minutes} minutes, {seconds} seconds");
            let total = u64::from(weeks) * 604_800
                + u64::from(days) * 86_400
                + u64::from(hours) * 3_600
                + u64::from(minutes) * 60
                + u64::from(seconds);
            prop_assert_eq!(parse_duration(&short), Ok(Duration::from_secs(total)));
            prop_assert_eq!(parse_duration(&long), Ok(Duration::from_secs(total)));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[-+]?[0-9. ]{0,12}[a-zé ]{0,12}|\\PC{0,30}") {
            if let Err(error) = parse_duration(&text) {
                prop_assert!(!error.to_string().is_empty());
            }
        }

        #[test]
        fn months_years_signs_and_the_past_are_never_taken(count in 1u32..1000, unit in "(s|h|days|weeks)") {
            for text in [
                format!("{count} months"),
                format!("{count}mo"),
                format!("{count} years {count}{unit}"),
                format!("-{count}{unit}"),
                format!("{count}{unit} ago"),
                count.to_string(),
            ] {
                prop_assert!(parse_duration(&text).is_err(), "{}", text);
            }
        }
    }
}
