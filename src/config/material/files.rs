//! Files that are read at start: a regular one, of a sensible size, and why one can't be read.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use crate::distribution::key::{UnfitKey, half::Half};

/// Why a file can't be read or isn't what was expected, and how to fix it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileError {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help      {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FileError {}

impl FileError {
    /// What the system says, and for a lack of rights, whose they are.
    pub(crate) fn of(path: &Path, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            return Self::other("it doesn't exist");
        }
        if error.kind() == io::ErrorKind::PermissionDenied
            && let Some((message, help)) = permissions::explain(path)
        {
            return Self { message, help: Some(help) };
        }
        Self { message: error.to_string(), help: None }
    }

    /// The same for a file or a folder that can't be created.
    pub(crate) fn of_writing(path: &Path, error: &io::Error) -> Self {
        let help = Some(WRITABLE.to_owned());
        if error.kind() == io::ErrorKind::PermissionDenied
            && let Some(message) = permissions::explain_writing(path)
        {
            return Self { message, help };
        }
        let is_the_place =
            [io::ErrorKind::ReadOnlyFilesystem, io::ErrorKind::NotADirectory].contains(&error.kind());
        Self { message: error.to_string(), help: help.filter(|_| is_the_place) }
    }

    fn other(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }
}

/// Reads a regular file of at most `max` bytes.
///
/// # Errors
/// As the system says, or what it is instead.
pub(crate) fn read(path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    let meta = fs::metadata(path).map_err(|error| FileError::of(path, &error))?;
    if meta.is_dir() {
        return Err(FileError::other("expected a file, found a directory"));
    }
    if !meta.is_file() {
        return Err(FileError::other("it is not a regular file"));
    }
    if meta.len() > max {
        return Err(FileError::other(format!("expected at most {max} bytes, found {}", meta.len())));
    }
    fs::read(path).map_err(|error| FileError::of(path, &error))
}

/// Whether a name of a file is the text of a key, and no name.
pub(crate) fn is_pem(name: &str) -> bool {
    name.contains("-----BEGIN") || name.contains('\n') || name.len() > 1024
}

/// A file as messages name it. Where the key itself was given in place of its file, it is not repeated.
pub(crate) fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    match is_pem(&text) {
        true => "(the text of a key, where the name of its file is expected)".to_owned(),
        false => text.into_owned(),
    }
}

/// Reads a key's file.
///
/// # Errors
/// As the system says, or what it is instead of text.
pub(crate) fn read_key_file(path: &Path, half: Half) -> Result<String, FileError> {
    let bytes = read(path, MAX_KEY_FILE)?;
    String::from_utf8(bytes).map_err(|error| {
        let unfit = UnfitKey::binary(half, error.as_bytes());
        FileError { message: unfit.to_string(), help: unfit.help().map(str::to_owned) }
    })
}

const WRITABLE: &str = "name a folder that this user can write to: `--keys DIR` (of `keygen`: `--out DIR`)";
/// A key's PEM has at most some thousand bytes.
const MAX_KEY_FILE: u64 = 64 << 10;

#[cfg(unix)]
mod permissions {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::path::Path;

    use rustix::process::geteuid;

    /// Which file or directory refuses, its mode and owner, and who this process is.
    pub(super) fn explain(path: &Path) -> Option<(String, String)> {
        let absolute = std::path::absolute(path).ok()?;
        // The topmost one that can't be entered; without one, it is the file itself.
        let mut ancestors: Vec<&Path> = absolute.ancestors().skip(1).collect();
        ancestors.reverse();
        let closed = ancestors.into_iter().find(|folder| fs::metadata(folder.join(".")).is_err());
        let refused = closed.unwrap_or(&absolute);
        let meta = fs::metadata(refused).ok()?;
        let (mode, owner) = (meta.permissions().mode() & 0o7777, user(meta.uid()));
        let us_id = geteuid().as_raw();
        let us = user(us_id);
        let what = match closed {
            Some(folder) => format!("the directory {} can't be entered", folder.display()),
            None => "permission denied".to_owned(),
        };
        let rights = if meta.is_dir() { "rx" } else { "r" };
        Some((
            format!("{what}: it has mode {mode:04o} and belongs to {owner}; this process is {us}"),
            format!(
                "run as that user, or allow this one: setfacl -m u:{us_id}:{rights} {}",
                refused.display()
            ),
        ))
    }

    /// The nearest folder that exists, its mode and owner, and who this process is.
    pub(super) fn explain_writing(path: &Path) -> Option<String> {
        let absolute = std::path::absolute(path).ok()?;
        let (folder, meta) = absolute.ancestors().find_map(|one| Some((one, fs::metadata(one).ok()?)))?;
        Some(format!(
            "permission denied: {} has mode {:04o} and belongs to {}; this process is {}",
            folder.display(),
            meta.permissions().mode() & 0o7777,
            user(meta.uid()),
            user(geteuid().as_raw())
        ))
    }

    /// `name (uid 1000)`, or `uid 1000` where the system has no name for it.
    fn user(uid: u32) -> String {
        let names = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let name = names.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
        });
        name.map_or_else(|| format!("uid {uid}"), |name| format!("{name} (uid {uid})"))
    }
}

#[cfg(not(unix))]
mod permissions {
    pub(super) fn explain(_: &std::path::Path) -> Option<(String, String)> {
        None
    }

    pub(super) fn explain_writing(_: &std::path::Path) -> Option<String> {
        None
    }
}
