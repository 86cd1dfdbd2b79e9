//! What is allowed as CloudFront allows it, and is a mistake all the same. A warning never changes a decision, and is never
//! the cause of a denial.

use std::fmt;

use super::UnverifiedPolicy;
use super::credentials::Credentials;
use super::deny_reason::DenyReason;
use super::encoding::{Decoded, has_standard_characters};
use super::policy::{Condition, Policy};
use crate::epoch::{EpochSeconds, LAST_DATED_SECOND};

/// Something that works and isn't meant. Displays as a sentence with the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Times beyond [`LAST_DATED_SECOND`]: counted in milliseconds, most often. Such a link is open for thousands of years.
    Milliseconds {
        /// Where each stands, and what stands there.
        times: Vec<(&'static str, u64)>,
    },
    /// Values in standard base64, whole or in part. They are decoded (cloudfront 3.1, `[INFER, strong]`), but the documented
    /// form is another one.
    PlainBase64 {
        /// The names of the values.
        values: Vec<&'static str>,
    },
}

impl Warning {
    /// Its name in `explain --json`, the log and `X-Frontgate-Warning`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Milliseconds { .. } => "milliseconds",
            Self::PlainBase64 { .. } => "plain-base64",
        }
    }

    /// What is to be said of a request's signing values, whatever becomes of it. `text` is the decoded `Policy`
    /// ([`super::policy_text`]).
    #[must_use]
    pub fn of(sent: &Credentials<'_>, text: &Result<Option<Decoded>, DenyReason>) -> Vec<Self> {
        let claimed = match text {
            Ok(text) => UnverifiedPolicy::read(sent, text.as_deref()).ok(),
            Err(_) => None,
        };
        let times = claimed.and_then(|claimed| match &claimed {
            UnverifiedPolicy::Canned { condition, .. } => Self::of_condition("Expires", condition),
            UnverifiedPolicy::Custom { policy, .. } => Self::of_condition("DateLessThan", &policy.condition),
        });
        times.into_iter().chain(Self::of_encoding(sent, text)).collect()
    }

    /// What is to be said of a policy's text; nothing where it isn't understood.
    #[must_use]
    pub fn of_policy(text: &[u8]) -> Option<Self> {
        Self::of_condition("DateLessThan", &Policy::parse(text).ok()?.condition)
    }

    fn of_condition(end: &'static str, condition: &Condition) -> Option<Self> {
        let begin = condition.date_greater_than.map(|begin| ("DateGreaterThan", begin.0));
        let times: Vec<_> = std::iter::once((end, condition.date_less_than.0))
            .chain(begin)
            .filter(|(_, seconds)| *seconds > LAST_DATED_SECOND)
            .collect();
        (!times.is_empty()).then_some(Self::Milliseconds { times })
    }

    /// Only of values that are decoded: one that isn't shows nothing.
    fn of_encoding(sent: &Credentials<'_>, text: &Result<Option<Decoded>, DenyReason>) -> Option<Self> {
        let is_standard = |value: &Option<std::borrow::Cow<'_, [u8]>>| {
            value.as_deref().is_some_and(has_standard_characters)
        };
        let signature = is_standard(&sent.signature) && super::signature(sent).is_ok();
        let policy = is_standard(&sent.policy) && text.is_ok();
        let values = [("Policy", policy), ("Signature", signature)];
        let values: Vec<_> = values.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect();
        (!values.is_empty()).then_some(Self::PlainBase64 { values })
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Milliseconds { times } => {
                for (place, seconds) in times {
                    let verb = if *place == "DateGreaterThan" { "denies" } else { "allows" };
                    write!(
                        f,
                        "{place} is {seconds}: CloudFront {verb} it until the year {}. ",
                        year(*seconds)
                    )?;
                }
                let meant = times.first().and_then(|(_, seconds)| meant(*seconds));
                write!(
                    f,
                    "CloudFront counts seconds; {}",
                    meant.as_deref().unwrap_or("is there a digit too many?")
                )
            }
            Self::PlainBase64 { values } => write!(
                f,
                "{} in standard base64: it is decoded, but CloudFront documents `-` for `+`, `~` for `/` and `_` for `=`",
                if values.len() == 1 {
                    format!("{} is", values[0])
                } else {
                    format!("{} are", values.join(" and "))
                }
            ),
        }
    }
}

/// What was meant, if the number was counted in a smaller unit.
fn meant(count: u64) -> Option<String> {
    let mut seconds = count;
    for unit in ["milliseconds", "microseconds", "nanoseconds"] {
        seconds /= 1000;
        if (PLAUSIBLE_SINCE..=LAST_DATED_SECOND).contains(&seconds) {
            return Some(format!("read as {unit} it is {} ({seconds})", EpochSeconds(seconds)));
        }
    }
    None
}

/// The year of a moment, also far beyond every calendar.
fn year(seconds: u64) -> u64 {
    1970 + seconds / SECONDS_IN_A_YEAR
}

/// Of the Gregorian calendar, on average.
const SECONDS_IN_A_YEAR: u64 = 31_556_952;
/// 2001-09-09: CloudFront is younger.
const PLAUSIBLE_SINCE: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;
    use crate::access::encoding::encode;
    use crate::access::policy_text;

    fn names(sent: &Credentials<'_>) -> Vec<&'static str> {
        Warning::of(sent, &policy_text(sent)).iter().map(Warning::name).collect()
    }

    fn canned(expires: &str, signature: &str) -> Vec<&'static str> {
        let bytes = |text: &str| Some(Cow::Owned(text.as_bytes().to_vec()));
        names(&Credentials { expires: bytes(expires), signature: bytes(signature), ..Credentials::default() })
    }

    fn policy(condition: &str) -> Vec<u8> {
        format!(r#"{{"Statement":[{{"Resource":"https://a/?b","Condition":{{{condition}}}}}]}}"#).into_bytes()
    }

    #[test]
    fn each_warning_needs_its_evidence() {
        for (expires, signature, expected) in [
            ("1767290400", "-~~-AA__", vec![]),
            ("9223372036", "-~~-AA__", vec![]),
            ("9223372037", "-~~-AA__", vec!["milliseconds"]),
            ("1767290400000", "+//+AA==", vec!["milliseconds", "plain-base64"]),
            ("9223372036854775807", "", vec!["milliseconds"]),
            ("9223372036854775808", "", vec![]),
            ("soon", "+//+AA==", vec!["plain-base64"]),
            ("1767290400", "-//-AA__", vec!["plain-base64"]),
            // Nothing is said of what isn't decoded.
            ("1767290400", "+/ +AA==", vec![]),
            ("1767290400", "a=b", vec![]),
        ] {
            assert_eq!(canned(expires, signature), expected, "{expires} {signature}");
        }
    }

    #[test]
    fn the_times_of_a_custom_policy_count_and_expires_beside_it_does_not() {
        let less = |seconds: u64| format!(r#""DateLessThan":{{"AWS:EpochTime":{seconds}}}"#);
        let greater = |seconds: u64| format!(r#","DateGreaterThan":{{"AWS:EpochTime":{seconds}}}"#);
        let seconds = 1_682_089_199;
        for (condition, expected) in [
            (less(seconds), vec![]),
            (less(seconds * 1000), vec!["milliseconds"]),
            (less(seconds) + &greater(seconds * 1000), vec!["milliseconds"]),
            (less(seconds * 1000) + &greater(1), vec!["milliseconds"]),
        ] {
            let text = policy(&condition);
            let sent = Credentials {
                policy: Some(Cow::Owned(encode(&text).into_bytes())),
                expires: Some(Cow::Borrowed(b"1682089199000")),
                ..Credentials::default()
            };
            assert_eq!(names(&sent), expected, "{condition}");
            assert_eq!(Warning::of_policy(&text).is_some(), !expected.is_empty());
        }
    }

    #[test]
    fn a_warning_says_how_long_and_what_was_meant() {
        for (seconds, words) in [
            (
                1_682_089_199_000,
                ["until the year 55273", "read as milliseconds it is 2023-04-21T14:59:59Z (1682089199)"],
            ),
            (1_682_089_199_000_000, ["until the year", "read as microseconds it is 2023"]),
            (1_682_089_199_000_000_000, ["until the year", "read as nanoseconds it is 2023"]),
            (11_795_996_908, ["until the year 2343", "a digit too many?"]),
        ] {
            let text = Warning::Milliseconds { times: vec![("Expires", seconds)] }.to_string();
            assert!(words.iter().all(|word| text.contains(word)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn milliseconds_are_warned_of_exactly_beyond_the_calendar(seconds: u64) {
            let is_taken = seconds <= crate::epoch::MAX_EPOCH_SECONDS;
            let expected = is_taken && seconds > LAST_DATED_SECOND;
            prop_assert_eq!(canned(&seconds.to_string(), "").contains(&"milliseconds"), expected);
        }

        #[test]
        fn no_value_makes_a_warning_panic(expires in "[0-9]{1,25}", signature in ".{0,40}") {
            for warning in canned(&expires, &signature) {
                prop_assert!(["milliseconds", "plain-base64"].contains(&warning));
            }
        }
    }
}
