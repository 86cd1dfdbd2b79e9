//! Ends that are no number of seconds, or hardly one: durations, dates in words, values that were never set.

use std::time::Duration;

use super::fixes::usual_fix;
use super::mistake::{Diagnosis, Mistake};
use super::value_forms::unquoted;
use crate::access::excerpt::excerpt;
use crate::epoch::EpochSeconds;

/// Why a text in place of a number of seconds isn't one.
pub(in crate::explain) fn unreadable(place: &str, text: &str) -> Diagnosis {
    let plain = text.trim();
    let inner =
        unquoted(plain.as_bytes()).and_then(|inner| std::str::from_utf8(inner).ok()).unwrap_or(plain).trim();
    let of = |mistake: Mistake| {
        let shown = excerpt(text.trim(), MAX_SHOWN);
        Diagnosis::proven(mistake, format!("{place} is `{shown}`: {}", usual_fix(mistake)))
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if inner.is_empty() || UNSET.iter().any(|word| word.eq_ignore_ascii_case(inner)) {
        return of(Mistake::UnsetTime);
    }
    if is_digits(plain) && plain != text {
        return of(Mistake::TrailingSpace);
    }
    if is_digits(inner) && inner != plain {
        return of(Mistake::QuotedValue);
    }
    if is_duration(inner) {
        return of(Mistake::Duration);
    }
    if is_out_of_range(inner) {
        // Below zero, or above the largest end that there is.
        let fix = format!("{place} is `{}`: write seconds from 0 to {}", excerpt(inner, MAX_SHOWN), i64::MAX);
        return Diagnosis::proven(Mistake::PolicyStructure, fix);
    }
    if inner.parse::<f64>().is_ok() && inner.bytes().any(|byte| byte.is_ascii_digit()) {
        return of(Mistake::FractionalTime);
    }
    if is_date(inner) {
        return of(Mistake::DateInWords);
    }
    Diagnosis { proven: false, ..of(Mistake::DateInWords) }
}

/// Numbers with what parts a date between them, and nothing else but letters.
fn is_date(text: &str) -> bool {
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).count();
    let is_parted = text.contains(['-', '/', ':', '.', ' ']);
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "-/:.,+ ()".contains(c));
    numbers >= 2 && is_parted && is_plain
}

/// A whole number that is no end. Messages show `1790003600.0` as 1790003600, so that one within the range had a fraction.
fn is_out_of_range(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_whole && !text.parse::<i64>().is_ok_and(|seconds| seconds >= 0)
}

/// `1h`, `30 minutes`, `PT1H`, `+3600`.
fn is_duration(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let signed = lower.strip_prefix('+').unwrap_or(&lower);
    if signed.len() < lower.len() && signed.bytes().all(|byte| byte.is_ascii_digit()) && !signed.is_empty() {
        return true;
    }
    let body = signed.strip_prefix('p').map_or(signed, |rest| rest.trim_start_matches('t'));
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    let unit = body[digits..].trim_start_matches([' ', '.']);
    let word = unit.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    // `3D1790003600` is a time behind an escaped `=`, not three days.
    let ends_in_number = unit.bytes().last().is_some_and(|byte| byte.is_ascii_digit());
    digits > 0 && UNITS.contains(&word) && !ends_in_number
}

/// What an end in the past may have been meant as; none where it is an ordinary one.
pub(in crate::explain) fn misunderstood_end(
    now: EpochSeconds,
    end: EpochSeconds,
) -> Option<(Option<Mistake>, String)> {
    // A judgement at a time that isn't one of today tells nothing of what was meant.
    if end.0 >= DECEMBER_1970 || now.0 < YEAR_2001 {
        return None;
    }
    let seconds = end.0;
    if seconds == 0 {
        return Some((Some(Mistake::UnsetTime), "the end is 1970: a time that was never set".to_owned()));
    }
    let is_date = (20_000_101..=21_001_231).contains(&seconds)
        && (1..=12).contains(&(seconds / 100 % 100))
        && (1..=31).contains(&(seconds % 100));
    if is_date {
        let hint = format!("{seconds} looks like a date written as digits: write the seconds since 1970");
        return Some((Some(Mistake::DateInWords), hint));
    }
    let is_round = seconds.is_multiple_of(3_600)
        || seconds < SMALL && seconds.is_multiple_of(60)
        || ROUND.contains(&seconds);
    let meant = EpochSeconds(seconds.saturating_mul(1_000));
    // Seconds divided by 1000, as of an API that takes milliseconds, come to 1.0 million in 2001 and 2.0 million in 2033.
    if (MIN_THOUSANDTH..MAX_THOUSANDTH).contains(&seconds) && !is_round {
        let hint = format!(
            "a signer that takes milliseconds was given seconds, or divided twice? That would be {meant}"
        );
        return Some((None, hint));
    }
    let days = EpochSeconds(seconds.saturating_mul(86_400));
    if !is_round && days.since(now).max(now.since(days)) < FAR {
        let hint = format!("{seconds} looks like a number of days: write seconds. That would mean {days}");
        return Some((None, hint));
    }
    let minutes = EpochSeconds(seconds.saturating_mul(60));
    if !is_round && minutes.since(now).max(now.since(minutes)) < FAR {
        let hint =
            format!("{seconds} looks like a number of minutes: write seconds. That would mean {minutes}");
        return Some((None, hint));
    }
    (seconds < JANUARY_1970).then(|| {
        let end = EpochSeconds(now.0.saturating_add(seconds));
        let hint = format!(
            "{seconds} looks like a duration, not a time: {seconds} seconds from now is {}, {end}",
            end.0
        );
        (Some(Mistake::Duration), hint)
    })
}

/// What languages and forms write for a time that was never set.
const UNSET: [&str; 11] = [
    "undefined",
    "null",
    "none",
    "nil",
    "nan",
    "infinity",
    "false",
    "true",
    "invalid date",
    "[object object]",
    "nat",
];
/// Characters of a value in a message.
const MAX_SHOWN: usize = 64;
const UNITS: [&str; 20] = [
    "s", "sec", "secs", "second", "seconds", "m", "min", "mins", "minute", "minutes", "h", "hr", "hrs",
    "hour", "hours", "d", "day", "days", "week", "weeks",
];
/// An end before it is a duration, or a time in another unit: minutes since 1970 come to it in 2027.
const DECEMBER_1970: u64 = 33_000_000;
const YEAR_2001: u64 = 1_000_000_000;
const JANUARY_1970: u64 = 33 * 86_400;
const MIN_THOUSANDTH: u64 = 1_000_000;
const MAX_THOUSANDTH: u64 = 4_200_000;
/// Below it durations are often a number of minutes.
const SMALL: u64 = 86_400;
/// Durations that people write without a unit.
const ROUND: [u64; 8] = [10, 15, 30, 45, 100, 500, 1_000, 10_000];
/// A time that was meant lies within some years of now.
const FAR: Duration = Duration::from_secs(4 * 365 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_place_of_seconds_are_named() {
        for (text, name) in [
            ("2026-11-30", "date-in-words"),
            ("2026-11-30T00:00:00Z", "date-in-words"),
            ("Mon, 30 Nov 2026 00:00:00 GMT", "date-in-words"),
            ("11/30/2026", "date-in-words"),
            ("1790003600.5", "fractional-time"),
            ("1.7900036e9", "fractional-time"),
            ("-3600", "policy-structure"),
            ("9223372036854775808", "policy-structure"),
            ("3D1790003600", "date-in-words"),
            ("NaN", "unset-time"),
            ("undefined", "unset-time"),
            ("", "unset-time"),
            ("Invalid Date", "unset-time"),
            ("1h", "duration"),
            ("+3600", "duration"),
            ("30 minutes", "duration"),
            ("PT1H", "duration"),
            ("1790003600 ", "trailing-space"),
            ("1790003600\n", "trailing-space"),
            ("\"1790003600\"", "quoted-value"),
            ("tomorrow", "date-in-words"),
        ] {
            assert_eq!(unreadable("Expires", text).mistake.as_str(), name, "{text}");
        }
        assert!(!unreadable("Expires", "tomorrow").proven);
    }

    #[test]
    fn ends_in_1970_are_durations_or_other_units() {
        let now = EpochSeconds(1_790_000_000);
        for (end, word) in [
            (0, "never set"),
            (3_600, "duration"),
            (86_400, "duration"),
            (604_800, "duration"),
            (2_592_000, "duration"),
            (300, "duration"),
            (1_790_003, "milliseconds"),
            (20_717, "days"),
            (29_833_393, "minutes"),
            (20_261_130, "date"),
        ] {
            let (_, hint) = misunderstood_end(now, EpochSeconds(end)).unwrap();
            assert!(hint.contains(word), "{end}: {hint}");
        }
        assert_eq!(misunderstood_end(now, EpochSeconds(1_780_000_000)), None);
        let (mistake, _) = misunderstood_end(now, EpochSeconds(1_790_003)).unwrap();
        assert_eq!(mistake, None);
    }
}
