//! How many connections a thread may take, so that what the system allows in open files is enough for viewers and for the
//! origins that their requests need.

use crate::config::Limits;
use crate::edge::origin::http::MAX_IDLE;

/// The target of this module's log lines.
#[cfg(feature = "proxy")]
pub(crate) const LOG_TARGET: &str = module_path!();

/// What each thread may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Connections of viewers.
    pub viewers: usize,
    /// Requests that origins answer at a time, each with a connection or a file.
    pub origins: usize,
    /// Connections to origins that are kept without a request.
    pub idle: usize,
}

impl Capacity {
    /// Divides the files that the system allows to this process; none where there is no limit.
    #[must_use]
    pub fn of(limits: &Limits, workers: usize, files: Option<u64>) -> Self {
        let wanted = Self { viewers: limits.connections, origins: limits.origin_connections, idle: MAX_IDLE };
        let Some(files) = files else { return wanted };
        let files = usize::try_from(files).unwrap_or(usize::MAX);
        let each = files.saturating_sub(OF_THE_PROCESS) / workers.max(1);
        let each = each.saturating_sub(OF_A_THREAD);
        if wanted.files() <= each {
            return wanted;
        }
        // A third for origins: a request needs its viewer's connection and another one.
        let origins = wanted.origins.min(each / 3).max(LEAST);
        let idle = wanted.idle.min(each / 16);
        let viewers = wanted.viewers.min(each.saturating_sub(origins + idle)).max(LEAST);
        Self { viewers, origins, idle }
    }

    /// The same by what the system allows now; says so where that is less than what is configured.
    #[must_use]
    pub fn now(limits: &Limits, workers: usize) -> Self {
        let files = open_files();
        let found = Self::of(limits, workers, files);
        let Self { viewers, origins, .. } = found;
        if (viewers, origins) != (limits.connections, limits.origin_connections) {
            let wanted =
                Self { viewers: limits.connections, origins: limits.origin_connections, idle: MAX_IDLE };
            let needed = (wanted.files() + OF_A_THREAD) * workers + OF_THE_PROCESS;
            tracing::warn!(
                open_files = files,
                needed,
                workers,
                connections_per_worker = viewers,
                origin_connections_per_worker = origins,
                "the limit of open files (RLIMIT_NOFILE) is too low for `connections-per-worker` and \
                 `origin-connections-per-worker`; serving with lower limits. Raise it (`LimitNOFILE=`, `ulimit -n`) or \
                 lower both keys"
            );
        }
        found
    }

    fn files(self) -> usize {
        self.viewers + self.origins + self.idle
    }
}

#[cfg(unix)]
fn open_files() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

#[cfg(not(unix))]
fn open_files() -> Option<u64> {
    None
}

/// The admin listener's connections, logs, the configuration's files while they are read again.
const OF_THE_PROCESS: usize = 192;
/// Listeners, the runtime's own, and folders on the way to a file.
const OF_A_THREAD: usize = 64;
/// However few files there are: else nothing could be answered.
const LEAST: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_enough_for_viewers_and_origins() {
        let limits = Limits::default();
        for (files, workers, viewers, origins) in [
            (None, 64, 16_384, 4_096),
            (Some(1_048_576), 8, 16_384, 4_096),
            (Some(20_000), 2, 6_304, 3_280),
            (Some(1_024), 2, 213, 117),
            (Some(100), 2, 4, 4),
        ] {
            let found = Capacity::of(&limits, workers, files);
            assert_eq!((found.viewers, found.origins), (viewers, origins), "{files:?}");
            if let Some(files) = files.filter(|files| *files > 1_000) {
                let used = (found.files() + OF_A_THREAD) * workers + OF_THE_PROCESS;
                assert!(used as u64 <= files, "{files}: {used}");
            }
        }
    }
}
