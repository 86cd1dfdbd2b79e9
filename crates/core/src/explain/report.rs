//! An explanation as it is told: to people, and to programs.

pub(crate) mod diff;
mod json;
mod paint;
mod response_summary;
mod text;

pub use json::json;
pub use paint::Paint;
pub use response_summary::ResponseSummary;
pub use text::{causes, checks, place, printable, text, verdict, warnings};
