//! The files that a configuration was read from, each as it was right before: so that what is written while they are read,
//! or before anybody watches them, is a change as well.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

/// A file, and what it was when it was looked at, without what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedFile {
    /// Where it is, or should be.
    pub path: PathBuf,
    /// None where it wasn't there.
    state: Option<(Identity, u64, Option<SystemTime>)>,
}

impl WatchedFile {
    /// Looks at it; whoever reads it does so afterwards.
    #[must_use]
    pub fn look(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let meta = fs::metadata(&path).ok();
        let state = meta.map(|meta| (identity_of(&meta), meta.len(), meta.modified().ok()));
        Self { path, state }
    }

    /// The same file as it is now.
    #[must_use]
    pub fn now(&self) -> Self {
        Self::look(self.path.as_path())
    }
}

/// Which file this is, whatever its name.
pub(crate) type Identity = (u64, u64);

#[cfg(feature = "proxy")]
pub(crate) fn identity(path: &std::path::Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|meta| identity_of(&meta))
}

#[cfg(unix)]
fn identity_of(meta: &fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (meta.dev(), meta.ino())
}

#[cfg(not(unix))]
fn identity_of(_: &fs::Metadata) -> Identity {
    (0, 0)
}
