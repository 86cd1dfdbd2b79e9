//! The configuration that runs, and the sources that may replace it.

pub mod by_ids;
#[cfg(feature = "proxy")]
pub mod config_file;
#[cfg(feature = "proxy")]
mod file_watch;
pub mod fixed_keys;
pub mod origin_versions;
pub mod reload_counts;
pub mod snapshot;
pub mod store;
pub mod version;
