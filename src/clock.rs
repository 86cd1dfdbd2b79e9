//! The only place that reads the wall clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use crate::epoch::EpochSeconds;

/// The present, in whole seconds; zero on a machine whose clock stands before 1970. `frontgate dev --now` moves it.
#[must_use]
pub fn now() -> EpochSeconds {
    EpochSeconds(system().0.saturating_add_signed(MOVED.load(Ordering::Relaxed)))
}

/// The present by the system's clock, whatever [`start_at`] said: for certificates and for what other servers check.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one clock; everything else takes the time as an argument")]
pub fn system() -> EpochSeconds {
    SystemTime::now().into()
}

/// Lets the present of this process begin at a time and go on from there.
pub fn start_at(time: EpochSeconds) {
    MOVED.store(time.0.cast_signed().saturating_sub(system().0.cast_signed()), Ordering::Relaxed);
}

/// When it was so long ago.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one clock; everything else takes the time as an argument")]
pub fn before(span: Duration) -> SystemTime {
    let (real, moved) = (SystemTime::now(), MOVED.load(Ordering::Relaxed));
    let by = Duration::from_secs(moved.unsigned_abs());
    let now = if moved < 0 { real.checked_sub(by) } else { real.checked_add(by) };
    let now = now.unwrap_or(real);
    now.checked_sub(span).unwrap_or(now)
}

/// Seconds by which the present differs from the system's clock.
static MOVED: AtomicI64 = AtomicI64::new(0);
