//! The edge of an async test.

use std::net::SocketAddr;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Changes, Instance, KeyPair, KeyType, Options, Origin, OriginRequest, StartError, Viewer, When};
use crate::distribution::key::HashAlgorithm;
use crate::sign::{PrivateKey, SignError, Terms, signed_url, signing_values};

/// A running Frontgate before an origin. It is a [`Viewer`] too: the one of now, on this machine. It ends when it is dropped.
#[derive(Debug)]
pub struct Edge {
    viewer: Viewer,
}

/// Viewers of it that are left find nobody.
impl Drop for Edge {
    fn drop(&mut self) {
        self.instance.discard();
    }
}

impl Deref for Edge {
    type Target = Viewer;

    fn deref(&self) -> &Viewer {
        &self.viewer
    }
}

impl Edge {
    /// Starts one before an origin: a URL, a folder or a function. It accepts connections when this returns.
    ///
    /// # Errors
    /// [`StartError`] with the remedy.
    pub async fn start(origin: impl Into<Origin>) -> Result<Self, StartError> {
        Self::builder().origin(origin).start().await
    }

    /// Everything that can be chosen.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Its base URL, as in `http://127.0.0.1:40113`.
    #[must_use]
    pub fn url(&self) -> String {
        self.instance.url()
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.instance.address()
    }

    /// The pair to sign with: the newest one.
    #[must_use]
    pub fn key_pair(&self) -> KeyPair {
        self.instance.key()
    }

    /// The id that goes into links.
    #[must_use]
    pub fn key_pair_id(&self) -> String {
        self.key_pair().id().to_owned()
    }

    /// The private key as PKCS#8 PEM.
    #[must_use]
    pub fn private_key_pem(&self) -> String {
        self.key_pair().private_pem().to_owned()
    }

    /// Where the private key lies.
    #[must_use]
    pub fn private_key_file(&self) -> PathBuf {
        self.key_pair().private_file().to_owned()
    }

    /// The environment variables that tell a program of it: `FRONTGATE_URL` and so on.
    #[must_use]
    pub fn env(&self) -> Vec<(&'static str, String)> {
        self.instance.env()
    }

    /// A link with a canned policy, for where the test isn't about the signer. `url` may be a path.
    ///
    /// # Errors
    /// [`SignError`] for a URL that can't be signed.
    ///
    /// # Panics
    /// For an end that isn't a time.
    pub fn sign(&self, url: &str, expires: impl Into<When>) -> Result<String, SignError> {
        let url = self.instance.absolute(url);
        let pair = self.key_pair();
        let terms = Terms::Canned { expires: super::viewer::seconds(&expires.into()) };
        let key = PrivateKey::from_pem(pair.private_pem())?;
        Ok(signed_url(&url, &signing_values(&url, &terms, &key, pair.id(), HashAlgorithm::Sha1)?))
    }

    /// What the origin was asked so far, by assertions too; the last 10,000.
    #[must_use]
    pub fn requests(&self) -> Vec<OriginRequest> {
        self.instance.requests(0)
    }

    /// Makes a fresh pair to sign with. The ones from before stay trusted.
    ///
    /// # Errors
    /// [`StartError`]; then nothing has changed.
    pub fn rotate_key(&self) -> Result<KeyPair, StartError> {
        self.instance.rotate_key(KeyType::Rsa)
    }

    /// Trusts a pair no longer.
    ///
    /// # Errors
    /// [`StartError::Usage`] for an id that no trusted pair has, and for the last one.
    pub fn revoke_key(&self, id: &str) -> Result<(), StartError> {
        self.instance.revoke_key(id)
    }

    /// Takes another configuration, or another origin.
    ///
    /// # Errors
    /// [`StartError`]; then the one from before goes on.
    pub fn reload(&self, changes: Changes) -> Result<(), StartError> {
        self.instance.reload(changes)
    }

    /// Ends it now. What is in flight is cut.
    pub fn stop(self) {
        drop(self);
    }
}

/// Says what an [`Edge`] is to be.
#[derive(Clone, Debug, Default)]
pub struct Builder(Options);

impl Builder {
    /// What stands behind it.
    #[must_use]
    pub fn origin(mut self, origin: impl Into<Origin>) -> Self {
        self.0.origin = Some(origin.into());
        self
    }

    /// A `config.toml`. Whatever is private in it trusts the edge's key, too; an origin that is given stands in for its origins.
    #[must_use]
    pub fn config(mut self, file: impl Into<PathBuf>) -> Self {
        self.0.config = Some(file.into());
        self
    }

    /// A base that links are signed for, such as `https://media.example.com`.
    #[must_use]
    pub fn base_url(mut self, base: impl Into<String>) -> Self {
        self.0.base_urls.push(base.into());
        self
    }

    /// A path pattern that needs no signature, in place of `/public/*`.
    #[must_use]
    pub fn public(mut self, pattern: impl Into<String>) -> Self {
        self.0.public.get_or_insert_default().push(pattern.into());
        self
    }

    /// Where it listens.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.0.listen = address;
        self
    }

    /// Which kind of key is made.
    #[must_use]
    pub fn key_type(mut self, kind: KeyType) -> Self {
        self.0.key_type = kind;
        self
    }

    /// A private key to use in place of a fresh one, and its id.
    #[must_use]
    pub fn private_key(mut self, file: impl Into<PathBuf>, id: impl Into<String>) -> Self {
        self.0.private_key = Some(file.into());
        self.0.key_pair_id = Some(id.into());
        self
    }

    /// Whether an origin that accepts no connections is an error at the start; it is, unless this says otherwise.
    #[must_use]
    pub fn check_origin(mut self, check: bool) -> Self {
        self.0.check_origin = check;
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// [`StartError`] with the remedy.
    pub async fn start(self) -> Result<Edge, StartError> {
        // Making a key takes a moment of a core.
        let started = tokio::task::spawn_blocking(|| Instance::start(self.0, false)).await;
        let instance = started.map_err(|error| StartError::System(error.to_string()))??;
        Ok(Edge { viewer: Viewer::new(Arc::new(instance)) })
    }
}
