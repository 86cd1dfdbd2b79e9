//! The configuration that runs, and the sources that may replace it.

#[cfg(feature = "proxy")]
pub mod config_file;
#[cfg(feature = "proxy")]
mod file_watch;
pub mod reload_counts;
pub mod snapshot;
