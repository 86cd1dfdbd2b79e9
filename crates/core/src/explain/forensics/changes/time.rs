//! The end that was signed, where another one was sent.

use super::change::{Change, Dimension, Memo};
use crate::explain::forensics::candidate::Candidate;
use crate::explain::mistakes::mistake::Mistake;

/// Milliseconds, and a clock in another time zone.
pub(in crate::explain) fn units_and_zones<'c>(is_custom: bool) -> Dimension<'c> {
    // A policy carries its own end, so that any other is another policy.
    let mistake = if is_custom { Mistake::PolicyNotTheSignedOne } else { Mistake::ExpiresDiffers };
    let mut changes = vec![
        changed(mistake, 1, |seconds| seconds.checked_mul(1_000)),
        changed(mistake, 1, |milliseconds| {
            (milliseconds >= MIN_MILLISECONDS).then_some(milliseconds / 1_000)
        }),
    ];
    let zones = (1..=14).map(|hours| (if hours <= 12 { 1 } else { 2 }, hours * 60));
    for (cost, minutes) in zones.chain(BROKEN_ZONES.map(|minutes| (2, minutes))) {
        for sign in [1, -1] {
            changes.push(shifted(Mistake::TimeZone, cost, sign * minutes * 60));
        }
    }
    changes.extend([1, -1, 2, -2, 60, -60].map(|seconds| shifted(mistake, 2, seconds)));
    changes
}

fn shifted<'c>(mistake: Mistake, cost: u8, seconds: i64) -> Change<'c> {
    changed(mistake, cost, move |time| time.checked_add(seconds))
}

fn changed<'c>(mistake: Mistake, cost: u8, change: impl Fn(i64) -> Option<i64> + 'c) -> Change<'c> {
    let memo = Memo::default();
    let change = move |time: &str| Some(change(time.parse().ok()?)?.to_string());
    Change::new(mistake, cost, move |candidate| {
        let time = memo.of(&candidate.time, &change)??;
        Some(Candidate { time, ..candidate.clone() })
    })
}

/// Other ends, the nearest first: every second of an hour, every minute of two days, every hour of two months, every day of
/// years. They are tried alone: in combinations there are too many.
pub(in crate::explain) fn elsewhere() -> impl Iterator<Item = i64> {
    let span = |step: i64, count: i64| (1..=count).flat_map(move |n| [n * step, -n * step]);
    span(1, 3_600).chain(span(60, 2 * 24 * 60)).chain(span(3_600, 60 * 24)).chain(span(86_400, 365 * 4))
}

/// Zones that are no whole hours from UTC, in minutes: from Newfoundland to the Chatham Islands.
const BROKEN_ZONES: [i64; 12] = [150, 210, 270, 330, 345, 390, 525, 570, 585, 630, 765, 825];
/// From here on a number is hardly one of seconds.
const MIN_MILLISECONDS: i64 = 100_000_000_000;
