//! Times as tests say them.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::clock;
use crate::epoch::{EpochSeconds, InvalidTime};

/// A time: seconds since 1970, a clock's reading, or a text such as `2030-01-01T00:00:00Z`, `+2h`, `-5m` or `now`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When(String);

impl When {
    /// The second that is meant.
    ///
    /// # Errors
    /// [`InvalidTime`] for a text that says none, such as milliseconds.
    pub fn seconds(&self) -> Result<EpochSeconds, InvalidTime> {
        EpochSeconds::parse(&self.0, clock::now())
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for When {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for When {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<u64> for When {
    fn from(seconds: u64) -> Self {
        Self(seconds.to_string())
    }
}

impl From<EpochSeconds> for When {
    fn from(time: EpochSeconds) -> Self {
        Self::from(time.0)
    }
}

impl From<SystemTime> for When {
    fn from(time: SystemTime) -> Self {
        Self::from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }
}

/// So long after now.
impl From<Duration> for When {
    fn from(ahead: Duration) -> Self {
        Self(format!("+{}s", ahead.as_secs()))
    }
}
