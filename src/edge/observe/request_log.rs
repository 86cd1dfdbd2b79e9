//! What is known of one request, reported when its response has ended, however it ended: to the log on stderr, to the
//! access log, to the counts, to the console.

mod bodies;
mod diagnostic;
mod ending;
mod entry;
mod facts;
mod format;
mod head_length;
mod line;
mod recorded;
mod result_types;

pub use entry::RequestLogEntry;
