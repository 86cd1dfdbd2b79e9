//! Moments and spans as the console writes them.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::html::{Html, html};
use crate::epoch::EpochSeconds;

/// The time of a day, with the date for programs and on asking.
pub(super) fn of_day(out: &mut Html, moment: SystemTime) {
    write(out, moment, "%H:%M:%S%.3f");
}

/// Date and time.
pub(super) fn in_full(out: &mut Html, moment: SystemTime) {
    write(out, moment, "%Y-%m-%d %H:%M:%S%.3f UTC");
}

/// Date and minute.
pub(super) fn to_minute(out: &mut Html, moment: SystemTime) {
    write(out, moment, "%Y-%m-%d %H:%M UTC");
}

fn write(out: &mut Html, moment: SystemTime, format: &str) {
    let Ok(moment) = Timestamp::try_from(moment) else { return };
    let full = moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
    // The script adds the reader's own time zone.
    html!(out; "<time datetime=\"" (full) "\" title=\"" (full) "\">" (moment.strftime(format)) "</time>");
}

/// A whole second.
pub(super) fn second(out: &mut Html, moment: EpochSeconds) {
    html!(out; "<time datetime=\"" (moment) "\">" (moment) "</time>");
}

/// Milliseconds, with as many digits as one can use.
pub(super) fn millis(span: Duration) -> String {
    let millis = span.as_secs_f64() * 1000.0;
    match millis {
        ..10.0 => format!("{millis:.2}"),
        ..100.0 => format!("{millis:.1}"),
        _ => format!("{millis:.0}"),
    }
}

/// Bytes as people say them.
pub(super) fn bytes(count: u64) -> String {
    let mut size = count as f64;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if size < 1000.0 || unit == "GB" {
            return if unit == "bytes" { format!("{count} bytes") } else { format!("{size:.1} {unit}") };
        }
        size /= 1000.0;
    }
    format!("{count} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes_are_short() {
        for (micros, text) in [(0, "0.00"), (412, "0.41"), (12_340, "12.3"), (1_234_000, "1234")] {
            assert_eq!(millis(Duration::from_micros(micros)), text);
        }
        for (count, text) in
            [(0, "0 bytes"), (999, "999 bytes"), (1_500, "1.5 kB"), (2_000_000_000_000, "2000.0 GB")]
        {
            assert_eq!(bytes(count), text);
        }
    }
}
