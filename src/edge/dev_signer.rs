//! What `dev` signs with, for the console: the pair that its own links are made with.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::sign::PrivateKey;

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

impl fmt::Debug for DevSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DevSigner({})", self.key_pair_id)
    }
}
