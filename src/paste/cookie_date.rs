//! Dates of the cookie attribute `Expires`, by the rules of RFC 6265, section 5.1.1.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::epoch::EpochSeconds;

/// The time; none where the text has no date and time of day. What lies before 1970 is taken for its beginning.
pub(super) fn parse(text: &str) -> Option<EpochSeconds> {
    let mut date = Parts::default();
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()).take(MAX_TOKENS) {
        date.take(token);
    }
    let Parts { time: Some((hour, minute, second)), day: Some(day), month: Some(month), year: Some(year) } =
        date
    else {
        return None;
    };
    let date = Date::new(year, month, day).ok().filter(|date| date.year() >= 1601)?;
    let time = Time::new(hour, minute, second, 0).ok()?;
    let time = TimeZone::UTC.to_timestamp(date.to_datetime(time)).ok()?;
    Some(EpochSeconds(u64::try_from(time.as_second()).unwrap_or(0)))
}

#[derive(Default)]
struct Parts {
    time: Option<(i8, i8, i8)>,
    day: Option<i8>,
    month: Option<i8>,
    year: Option<i16>,
}

impl Parts {
    fn take(&mut self, token: &str) {
        if self.time.is_none()
            && let Some(time) = time_of_day(token)
        {
            self.time = Some(time);
        } else if self.day.is_none()
            && let Some(day) = leading_digits(token, 1..=2).and_then(|digits| digits.parse().ok())
        {
            self.day = Some(day);
        } else if self.month.is_none()
            && let Some(month) = month(token)
        {
            self.month = Some(month);
        } else if self.year.is_none()
            && let Some(year) = leading_digits(token, 2..=4).and_then(|digits| digits.parse::<i16>().ok())
        {
            self.year = Some(match year {
                70..=99 => year + 1900,
                0..=69 => year + 2000,
                _ => year,
            });
        }
    }
}

fn time_of_day(token: &str) -> Option<(i8, i8, i8)> {
    let mut parts = token.splitn(3, ':').map(|part| leading_digits(part, 1..=2)?.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

fn month(token: &str) -> Option<i8> {
    let begin = token.get(..3)?.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| *month == begin)?;
    i8::try_from(at + 1).ok()
}

/// The digits at the beginning, where there are so many.
fn leading_digits(token: &str, count: std::ops::RangeInclusive<usize>) -> Option<&str> {
    let len = token.bytes().take_while(u8::is_ascii_digit).count();
    count.contains(&len).then(|| &token[..len])
}

fn is_delimiter(c: char) -> bool {
    matches!(c, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~')
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MAX_TOKENS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_form_that_servers_write() {
        for text in [
            "Wed, 21 Oct 2026 07:28:00 GMT",
            "Wed, 21-Oct-2026 07:28:00 GMT",
            "Wednesday, 21-Oct-26 07:28:00 GMT",
            "Wed Oct 21 07:28:00 2026",
            "21 oct 2026 7:28:0",
        ] {
            assert_eq!(parse(text), Some(EpochSeconds(1_792_567_680)), "{text}");
        }
        assert_eq!(parse("Thu, 01 Jan 1970 00:00:00 GMT"), Some(EpochSeconds(0)));
        for text in ["", "0", "-1", "tomorrow", "2026-10-21", "Wed, 32 Oct 2026 07:28:00 GMT"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
