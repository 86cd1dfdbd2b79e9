//! The only place that reads the wall clock.

use std::time::{Duration, SystemTime};

use crate::epoch::EpochSeconds;

/// The present, in whole seconds; zero on a machine whose clock stands before 1970.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one clock; everything else takes the time as an argument")]
pub fn now() -> EpochSeconds {
    SystemTime::now().into()
}

/// When it was so long ago.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one clock; everything else takes the time as an argument")]
pub fn before(span: Duration) -> SystemTime {
    let now = SystemTime::now();
    now.checked_sub(span).unwrap_or(now)
}
