//! An explanation as text for people, and as JSON for programs.

pub(crate) mod diff;
mod json;
mod paint;
mod response_summary;
mod text;

pub use json::json;
pub use paint::Paint;
pub use response_summary::ResponseSummary;
pub use text::{causes, checks, place, printable, text, verdict, warnings};
