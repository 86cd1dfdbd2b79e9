//! What an edge of a test is to be.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use http::{Request, Response};

use super::echo;
use super::key_pair::KeyType;
use crate::config::Handler;

/// What stands behind the edge.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Origin {
    /// Answers every path with 200 and, as JSON, what it was asked.
    #[default]
    Echo,
    /// A URL such as `http://127.0.0.1:9000`, a folder, `demo:` or `echo:`.
    At(String),
    /// A function: [`Origin::handler`] makes one.
    #[doc(hidden)]
    Handler(Handler),
}

impl Origin {
    /// A function of the test: it gets each request with its whole body (8 MiB at most). A panic of its own is a 500.
    pub fn handler<H, F>(handle: H) -> Self
    where
        H: Fn(Request<Vec<u8>>) -> F + Send + Sync + 'static,
        F: Future<Output = Response<Vec<u8>>> + Send + 'static,
    {
        Self::Handler(Handler::new(handle))
    }
}

impl From<&str> for Origin {
    fn from(at: &str) -> Self {
        if at == echo::NAME { Self::Echo } else { Self::At(at.to_owned()) }
    }
}

impl From<String> for Origin {
    fn from(at: String) -> Self {
        Self::from(at.as_str())
    }
}

impl From<&Path> for Origin {
    fn from(folder: &Path) -> Self {
        Self::At(format!("file:{}", folder.display()))
    }
}

impl From<PathBuf> for Origin {
    fn from(folder: PathBuf) -> Self {
        Self::from(folder.as_path())
    }
}

impl From<SocketAddr> for Origin {
    fn from(address: SocketAddr) -> Self {
        Self::At(format!("http://{address}"))
    }
}

/// Everything that can be said of an edge before it starts.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// What stands behind it; with a configuration, in the place of every origin of that.
    pub(crate) origin: Option<Origin>,
    /// A `config.toml`; without one, everything but [`Options::public`] is private.
    pub(crate) config: Option<PathBuf>,
    /// The bases that links are signed for, beside the edge's own.
    pub(crate) base_urls: Vec<String>,
    /// Path patterns that need no signature; not with a configuration.
    pub(crate) public: Option<Vec<String>>,
    /// Where it listens; port 0 takes a free one.
    pub(crate) listen: SocketAddr,
    /// Which kind of key is made.
    pub(crate) key_type: KeyType,
    /// The id that the key gets.
    pub(crate) key_pair_id: Option<String>,
    /// A private key to use in place of a fresh one.
    pub(crate) private_key: Option<PathBuf>,
    /// Whether an origin that accepts no connections is an error at the start.
    pub(crate) check_origin: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            origin: None,
            config: None,
            base_urls: Vec::new(),
            public: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            key_type: KeyType::default(),
            key_pair_id: None,
            private_key: None,
            check_origin: true,
        }
    }
}

/// What a reload changes; what isn't set stays.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Changes {
    /// Another `config.toml`, or the same one read again.
    pub config: Option<PathBuf>,
    /// Another origin.
    pub origin: Option<Origin>,
    /// Other bases beside the edge's own.
    pub base_urls: Option<Vec<String>>,
    /// Other public paths.
    pub public: Option<Vec<String>>,
}

impl Changes {
    /// Reads another `config.toml`, or the same one again.
    #[must_use]
    pub fn config(self, file: impl Into<PathBuf>) -> Self {
        Self { config: Some(file.into()), ..self }
    }

    /// Puts another origin behind the edge.
    #[must_use]
    pub fn origin(self, origin: impl Into<Origin>) -> Self {
        Self { origin: Some(origin.into()), ..self }
    }

    /// Sets the base URLs beside the edge's own, each `scheme://host[:port]`.
    #[must_use]
    pub fn base_urls<I: Into<String>>(self, urls: impl IntoIterator<Item = I>) -> Self {
        Self { base_urls: Some(urls.into_iter().map(Into::into).collect()), ..self }
    }

    /// Sets the path patterns that need no signature, by CloudFront's wildcards `*` and `?`.
    #[must_use]
    pub fn public<I: Into<String>>(self, patterns: impl IntoIterator<Item = I>) -> Self {
        Self { public: Some(patterns.into_iter().map(Into::into).collect()), ..self }
    }

    pub(super) fn applied_to(self, mut options: Options) -> Options {
        options.config = self.config.or(options.config);
        options.origin = self.origin.or(options.origin);
        options.base_urls = self.base_urls.unwrap_or(options.base_urls);
        options.public = self.public.or(options.public);
        options
    }
}
