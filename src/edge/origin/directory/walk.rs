//! From the root to a file, one name at a time.
//!
//! Each folder is opened by a single name, relative to the one before and without following links; a link's target is
//! read, and its names are walked in the same way. So every name on the way is seen and every folder on the way is
//! held, whatever is renamed meanwhile: no step can leave the root, and no link can lead to what is hidden. The kernel's
//! `openat2` could confine the way too, but not look at the names on it.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, open, openat, readlinkat, stat, statat};
use rustix::io::{Errno, Result};

use super::path::FilePath;

/// A way through a root.
#[derive(Debug)]
pub(super) struct Walk {
    /// The folders from the root to where the walk is; never empty.
    trail: Vec<OwnedFd>,
    /// What is still to be walked; the next name is the last.
    left: Vec<Vec<u8>>,
    /// Links that were followed.
    links: usize,
    /// How deep `/.well-known/` may lie.
    prefix: usize,
    /// The folders of keys, and what else is never shown, as they are now.
    secrets: Vec<Stat>,
}

impl Walk {
    /// Stands at the root.
    pub(super) fn begin(root: &Path, prefix: usize, secrets: &[PathBuf]) -> Result<Self> {
        let secrets = secrets.iter().filter_map(|folder| stat(or_here(folder)).ok()).collect();
        let root = open(or_here(root), FOLDER, Mode::empty())?;
        Ok(Self { trail: vec![root], left: Vec::new(), links: 0, prefix, secrets })
    }

    /// Whether the folder that was reached is one of keys.
    pub(super) fn is_among_keys(&self) -> Result<bool> {
        Ok(self.is_secret(&fstat(self.here()?)?))
    }

    fn is_secret(&self, found: &Stat) -> bool {
        self.secrets.iter().any(|secret| secret.st_dev == found.st_dev && secret.st_ino == found.st_ino)
    }

    /// Walks to a regular file and opens it for reading.
    pub(super) fn open(mut self, path: &FilePath) -> Result<OwnedFd> {
        if self.is_among_keys()? {
            return Err(NOT_THERE);
        }
        self.left = path.names().iter().rev().cloned().collect();
        while let Some(name) = self.left.pop() {
            if name == b".." {
                self.climb()?;
                continue;
            }
            if self.is_hidden(&name) {
                return Err(NOT_THERE);
            }
            let found = self.file_type(&name)?;
            if found.is_symlink() {
                self.follow(&name)?;
            } else if found.is_dir() {
                self.enter(&name)?;
            } else if found.is_file() && self.left.is_empty() {
                return self.open_file(&name);
            } else {
                return Err(NOT_THERE);
            }
        }
        Err(NOT_THERE)
    }

    fn here(&self) -> Result<&OwnedFd> {
        self.trail.last().ok_or(NOT_THERE)
    }

    /// Names that begin with `.`, but for the one folder that is there to be public (RFC 8615); and the private keys
    /// that `keygen` writes, wherever they lie.
    fn is_hidden(&self, name: &[u8]) -> bool {
        let is_well_known = name == b".well-known" && self.trail.len() == self.prefix + 1;
        let is_key = name.to_ascii_lowercase().ends_with(b".private.pem");
        is_key || name.starts_with(b".") && !is_well_known
    }

    /// Asked before anything is opened: opening a device can have effects, and a FIFO waits.
    fn file_type(&self, name: &[u8]) -> Result<FileType> {
        let stat = statat(self.here()?, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(FileType::from_raw_mode(stat.st_mode))
    }

    /// Only a link's target can climb; a request's path can't.
    fn climb(&mut self) -> Result<()> {
        if self.trail.len() == 1 {
            return Err(NOT_THERE);
        }
        self.trail.pop();
        Ok(())
    }

    fn follow(&mut self, name: &[u8]) -> Result<()> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(Errno::LOOP);
        }
        let target = readlinkat(self.here()?, name, Vec::new())?.into_bytes();
        if target.starts_with(b"/") {
            return Err(NOT_THERE);
        }
        let names = target.split(|&byte| byte == b'/').rev();
        self.left.extend(names.filter(|name| !matches!(*name, b"" | b".")).map(<[u8]>::to_vec));
        Ok(())
    }

    fn enter(&mut self, name: &[u8]) -> Result<()> {
        let folder = openat(self.here()?, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
        self.trail.push(folder);
        if self.trail.len() > MAX_DEPTH || self.is_among_keys()? {
            return Err(NOT_THERE);
        }
        Ok(())
    }

    fn open_file(&self, name: &[u8]) -> Result<OwnedFd> {
        let file = openat(self.here()?, name, FILE, Mode::empty())?;
        let stat = fstat(&file)?;
        let is_shown = FileType::from_raw_mode(stat.st_mode).is_file() && !self.is_secret(&stat);
        if is_shown { Ok(file) } else { Err(NOT_THERE) }
    }
}

/// The empty path is the working folder: the parent of a plain file name.
fn or_here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

/// What is refused is not told apart from what doesn't exist.
const NOT_THERE: Errno = Errno::NOENT;

/// `O_PATH`: walking through a folder needs the right to search it, not to list it.
#[cfg(target_os = "linux")]
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Non-blocking, in case a FIFO took the file's place since it was looked at.
const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// As many as Linux follows in one path.
const MAX_LINKS: usize = 40;
/// Each level holds a descriptor while the walk lasts.
const MAX_DEPTH: usize = 128;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use rustix::fs::{CWD, mkfifoat};

    use super::*;

    /// What may have been put in a name's place after it was looked at.
    #[test]
    fn a_place_that_changed_meanwhile_is_not_entered_or_opened() {
        let base = tempfile::tempdir().unwrap();
        let root = base.path().join("root");
        fs::create_dir_all(base.path().join("outside")).unwrap();
        fs::create_dir(&root).unwrap();
        fs::write(base.path().join("outside/secret"), "SECRET").unwrap();
        symlink("../outside", root.join("folder")).unwrap();
        symlink("../outside/secret", root.join("file")).unwrap();
        mkfifoat(CWD, root.join("fifo"), Mode::RUSR | Mode::WUSR).unwrap();
        let mut walk = Walk::begin(&root, 0, &[]).unwrap();
        for name in ["file", "fifo", "folder"] {
            assert!(walk.open_file(name.as_bytes()).is_err(), "{name}");
            assert!(walk.enter(name.as_bytes()).is_err(), "{name}");
        }
    }

    #[test]
    fn a_walk_is_bounded() {
        let root = tempfile::tempdir().unwrap();
        let deep = |names: usize| format!("/{}file", "d/".repeat(names));
        fs::create_dir_all(root.path().join("d/".repeat(MAX_DEPTH))).unwrap();
        for names in [MAX_DEPTH - 1, MAX_DEPTH] {
            fs::write(root.path().join(&deep(names)[1..]), "").unwrap();
        }
        fs::write(root.path().join("link0"), "").unwrap();
        for number in 1..=MAX_LINKS + 1 {
            let target = format!("link{}", number - 1);
            symlink(target, root.path().join(format!("link{number}"))).unwrap();
        }
        for (path, found) in [
            (deep(MAX_DEPTH - 1), true),
            (deep(MAX_DEPTH), false),
            (format!("/link{MAX_LINKS}"), true),
            (format!("/link{}", MAX_LINKS + 1), false),
        ] {
            let walk = Walk::begin(root.path(), 0, &[]).unwrap();
            let opened = walk.open(&FilePath::parse(&path).unwrap());
            assert_eq!(opened.is_ok(), found, "{path}");
        }
    }

    #[test]
    fn the_folder_of_a_plain_file_name_is_the_working_folder() {
        let here = Walk::begin(Path::new(""), 0, &[PathBuf::new()]).unwrap();
        assert!(here.is_among_keys().unwrap());
    }
}
