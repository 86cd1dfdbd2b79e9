//! What a configuration names and does not hold: certificates, keys, tokens, and the files that they are in.

use std::path::{Path, PathBuf};

use super::fault::{Fault, Faults};
use super::key_path::KeyPath;

pub(crate) mod aws_credentials;
#[cfg_attr(not(feature = "proxy"), expect(dead_code, reason = "the command line uses the rest"))]
pub(crate) mod files;
mod handler;
mod watched_files;

pub use handler::Handler;
pub use watched_files::WatchedFile;
#[cfg(feature = "proxy")]
pub(crate) use watched_files::{Identity, identity};

/// The files of one configuration, collected while it is resolved.
#[derive(Debug)]
pub(super) struct Material {
    /// Where relative paths begin.
    folder: PathBuf,
    /// What directory origins never serve: files, and folders in which keys are.
    pub(super) secrets: Vec<PathBuf>,
    /// Every file that was read, as it was right before.
    pub(super) watched: Vec<WatchedFile>,
}

impl Material {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), secrets: Vec::new(), watched: Vec::new() }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A path of the configuration.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A file that is about to be read.
    pub(super) fn watch(&mut self, path: &Path) {
        self.watched.push(WatchedFile::look(path));
    }

    /// The same for a file of keys, whose folder no directory origin serves.
    pub(super) fn watch_keys(&mut self, path: &Path) {
        self.secrets.extend(path.parent().map(Path::to_owned));
        self.watch(path);
    }

    /// Reads a PEM file of keys.
    pub(super) fn read_pem(&mut self, at: &KeyPath, name: &str, faults: &mut Faults) -> Option<Vec<u8>> {
        let path = self.path(faults.known(at, name)?);
        self.watch_keys(&path);
        match files::read(&path, MAX_PEM) {
            Ok(pem) => Some(pem),
            Err(error) => {
                let fault = Fault::at(at, format!("a PEM file can't be read: {}", error.message));
                let fault = fault.found(files::shown(&path)).expected("a readable PEM file");
                faults.error(fault.maybe_help(error.help));
                None
            }
        }
    }
}

/// Bytes: a chain has some thousand, a bundle of all public authorities some hundred thousand.
pub(super) const MAX_PEM: u64 = 4 << 20;
