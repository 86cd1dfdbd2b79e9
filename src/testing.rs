//! A Frontgate within a test's own process: signed links in a project's tests, offline, without sleeping.
//!
//! ```
//! # mod my_app {
//! #     use frontgate::{EpochSeconds, sign::*};
//! #     pub fn link(url: &str, id: &str, key: &str, end: u64) -> Result<String, SignError> {
//! #         let terms = Terms::Canned { expires: EpochSeconds(end) };
//! #         let key = PrivateKey::from_pem(key)?;
//! #         Ok(signed_url(url, &signing_values(url, &terms, &key, id, HashAlgorithm::Sha1)?))
//! #     }
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let edge = frontgate::testing::Edge::start("echo:").await?;
//! let link = my_app::link(&format!("{}/film.mp4", edge.url()), &edge.key_pair_id(), &edge.private_key_pem(), 2000000000)?;
//! edge.assert_valid_until(&link, 2000000000).await;
//! # Ok(())
//! # }
//! ```
//!
//! Requests at another time and from another address, and the reasons of denials:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use frontgate::testing::{Edge, Origin};
//!
//! let edge = Edge::start(Origin::Echo).await?;
//! let link = edge.sign("/members/film.mp4", "+1h")?;
//! edge.assert_allowed(&link).await;
//! edge.at("+1h").assert_denied(&link, "expired").await;
//! edge.from_ip([203, 0, 113, 9]).assert_denied("/members/film.mp4", "missing-key-pair-id").await;
//! edge.assert_private("/members/*").await;
//! assert_eq!(edge.requests()[0].target, "/members/film.mp4");
//! # Ok(())
//! # }
//! ```
//!
//! The edge has its own sockets and its own thread, so any client can use it. It stops when it is dropped.

pub(crate) mod ask;
mod assertions;
mod echo;
mod edge;
mod instance;
mod key_pair;
mod options;
mod question;
mod reasons;
mod settings;
mod viewer;
mod when;

pub use ask::{AskError, Response};
pub use edge::{Builder, Edge};
pub(crate) use instance::Instance;
pub use key_pair::{KeyPair, KeyType};
pub(crate) use options::Options;
pub use options::{Changes, Origin};
pub(crate) use question::ExplainRequest;
pub use reasons::REASONS;
pub use viewer::Viewer;
pub use when::When;

#[cfg(feature = "proxy")]
pub(crate) use {echo::fields, key_pair::fresh_id};

pub use crate::config::Handler;
pub use crate::edge::observe::origin_requests::OriginRequest;

/// Why an edge could not start, or not be changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The origin is none.
    #[error("{0}")]
    Origin(String),
    /// Nothing accepts connections at the origin.
    #[error(
        "the origin {origin} accepts no connection ({error}): start it before the edge, or start the edge without \
         checking the origin"
    )]
    DeadOrigin {
        /// Where it should be.
        origin: String,
        /// What came of it.
        error: std::io::Error,
    },
    /// The configuration has faults; each is a line.
    #[error("{0}")]
    Config(String),
    /// A key can't be used.
    #[error("{0}")]
    Key(String),
    /// An option is wrong.
    #[error("{0}")]
    Usage(String),
    /// The address is taken.
    #[error("{0}; port 0 takes a free one")]
    Listen(String),
    /// The system refused.
    #[error("{0}")]
    System(String),
}

impl StartError {
    fn key<E: std::fmt::Display>(of: &str) -> impl Fn(E) -> Self + use<E> {
        let of = of.to_owned();
        move |error| Self::Key(format!("{of}: {error}"))
    }

    fn system<E: std::fmt::Display>(what: &str) -> impl Fn(E) -> Self + use<E> {
        let what = what.to_owned();
        move |error| Self::System(format!("{what}: {error}"))
    }
}
