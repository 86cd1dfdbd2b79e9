//! The proxy itself: listeners, protocols, the request, its origins, and what is recorded of it.
//!
//! Each module is a room that imports only rooms below it:
//! `console → listen → http → request → dev → upstream → response → state → observe → control → limits → origin → representation → facts → io`.

pub mod console;
pub mod control;
pub mod dev;
pub mod facts;
pub mod http;
pub mod io;
pub mod limits;
pub mod listen;
pub mod observe;
pub mod origin;
pub mod representation;
pub mod request;
pub mod response;
pub mod state;
pub mod upstream;

pub use control::snapshot::Snapshot;
pub use listen::listener::Listeners;
pub use listen::threads::{Workers, start};
pub use state::shared::Edge;
