//! What the system says of this process, in the names that all exporters use.

/// What could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::edge) struct Process {
    /// Of all threads, in user code and in the system.
    pub(in crate::edge) cpu_seconds: Option<f64>,
    pub(in crate::edge) resident_bytes: Option<u64>,
    pub(in crate::edge) virtual_bytes: Option<u64>,
    pub(in crate::edge) open_files: Option<u64>,
    pub(in crate::edge) max_files: Option<u64>,
    pub(in crate::edge) threads: Option<u64>,
}

impl Process {
    /// From `/proc`; nothing where there is none.
    pub(in crate::edge) fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        let open_files = std::fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as u64);
        Self {
            cpu_seconds: std::fs::read_to_string("/proc/self/stat").ok().and_then(|stat| cpu_seconds(&stat)),
            resident_bytes: field("VmRSS:").map(|kib| kib * 1024),
            virtual_bytes: field("VmSize:").map(|kib| kib * 1024),
            // Without the one that lists them.
            open_files: open_files.map(|count| count.saturating_sub(1)),
            max_files: max_files(),
            threads: field("Threads:"),
        }
    }
}

/// The command's name stands in brackets and may hold any character; user and system time are the 12th and 13th field
/// after it.
#[expect(clippy::cast_precision_loss, reason = "exact for 2^53 hundredths of a second")]
fn cpu_seconds(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some((ticks()? + ticks()?) as f64 / USER_HZ)
}

#[cfg(unix)]
fn max_files() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

#[cfg(not(unix))]
fn max_files() -> Option<u64> {
    None
}

/// What Linux counts in towards programs, on all of its usual machines.
const USER_HZ: f64 = 100.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_are_found_behind_any_name() {
        let stat = "1 (a) b) c) S 0 1 1 0 -1 4194560 1 2 3 4 250 50 0 0 20";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(cpu_seconds("nonsense"), None);
    }
}
