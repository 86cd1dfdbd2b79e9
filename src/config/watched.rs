//! The files that a configuration was read from, each as it was right before: so that what is written while they are read,
//! or before anybody watches them, is a change as well.

use std::fs;
use std::path::{Path, PathBuf};
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
        let state = fs::metadata(&path)
            .ok()
            .and_then(|meta| Some((identity(&path)?, meta.len(), meta.modified().ok())));
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

#[cfg(unix)]
pub(crate) fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}

#[cfg(not(unix))]
pub(crate) fn identity(path: &Path) -> Option<Identity> {
    path.exists().then_some((0, 0))
}
