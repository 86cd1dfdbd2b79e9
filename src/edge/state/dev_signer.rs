//! What `dev` signs with, for the console: the pair that its own links are made with.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::clock;
use crate::distribution::key::HashAlgorithm;
use crate::epoch::EpochSeconds;
use crate::sign::{PrivateKey, Terms, check_url, signed_url, signing_values};

/// A key pair that makes links for this proxy. The key itself is shown nowhere.
pub struct DevSigner {
    /// What links name.
    pub key_pair_id: String,
    /// What signs them.
    pub key: Arc<PrivateKey>,
    /// What links begin with, such as `http://127.0.0.1:8080`.
    pub base: String,
    /// Where the private key lies, for lines that sign with it.
    pub key_file: PathBuf,
}

impl DevSigner {
    /// A link to a path of this proxy with a canned policy for an hour; none for a path that can't be signed.
    #[must_use]
    pub fn link(&self, path: &str) -> Option<String> {
        self.signed(&format!("{}{path}", self.base))
    }

    /// The same for a whole URL.
    #[must_use]
    pub fn signed(&self, url: &str) -> Option<String> {
        check_url(url).ok()?;
        let values = self.values(url, &Terms::Canned { expires: in_an_hour() })?;
        Some(signed_url(url, &values))
    }

    /// Names and values of the signing cookies for everything below a base such as `http://127.0.0.1:8080`, for an hour.
    #[must_use]
    pub fn cookies(&self, base: &str) -> Option<Vec<(String, String)>> {
        let resource = format!("{base}/*");
        let terms = Terms::new(&resource, in_an_hour(), None, None, Some(&resource));
        let values = self.values(&resource, &terms)?;
        Some(values.into_iter().map(|(name, value)| (format!("CloudFront-{name}"), value)).collect())
    }

    fn values(&self, url: &str, terms: &Terms) -> Option<Vec<(&'static str, String)>> {
        signing_values(url, terms, &self.key, &self.key_pair_id, HashAlgorithm::Sha1).ok()
    }
}

fn in_an_hour() -> EpochSeconds {
    EpochSeconds(clock::now().0.saturating_add(3_600))
}

impl fmt::Debug for DevSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DevSigner({})", self.key_pair_id)
    }
}
