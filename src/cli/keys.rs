//! Key pairs as files: `ID.private.pem` and `ID.public.pem`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use clap::ValueEnum;

use crate::config;
use crate::config::material::files::FileError;
use crate::distribution::key::PublicKeyId;
use crate::distribution::key::half::Half;
use crate::sign::PrivateKey;
use crate::testing;

/// The kinds of keys, as options name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum KeyOption {
    Rsa,
    Ecdsa,
}

/// A key pair and where it lies.
pub(super) struct KeyPairFiles {
    pub(super) id: String,
    pub(super) key: Arc<PrivateKey>,
    pub(super) private_file: PathBuf,
    pub(super) public_file: PathBuf,
}

impl KeyPairFiles {
    /// Writes both halves; neither replaces a file that is there. In a folder that is made for them, git ignores what
    /// `ignored` matches.
    pub(super) fn write(folder: &Path, id: &str, key: PrivateKey, ignored: &str) -> anyhow::Result<Self> {
        let (private_file, public_file) = files(folder, id);
        let (private_pem, public_pem) = (key.to_pem()?, key.public_pem()?);
        let is_new = !folder.exists();
        fs::create_dir_all(folder)
            .map_err(|error| FileError::of_writing(folder, &error))
            .with_context(|| format!("the folder {} can't be created", folder.display()))?;
        if is_new {
            // A folder that was there before is somebody's own, with rules of its own.
            let ignore = format!("# Private keys are never to be committed.\n{ignored}\n");
            create(&folder.join(".gitignore"), &ignore, 0o644)?;
        }
        if public_file.exists() {
            bail!("{} is there already; keys are never overwritten", public_file.display());
        }
        create(&private_file, &private_pem, 0o600)?;
        if let Err(error) = create(&public_file, &public_pem, 0o644) {
            // Half a pair would block the next try; this half was made a moment ago, by this call.
            let _ = fs::remove_file(&private_file);
            return Err(error);
        }
        Ok(Self { id: id.to_owned(), key: Arc::new(key), private_file, public_file })
    }

    /// Every pair in a folder, by name; none where there is no folder.
    pub(super) fn all_in(folder: &Path) -> anyhow::Result<Vec<Self>> {
        ids_in(folder)?.iter().map(|id| Self::read(folder, id)).collect()
    }

    /// The id and the private half of the first pair in a folder; none where there is none.
    pub(super) fn first_in(folder: &Path) -> anyhow::Result<Option<(String, PrivateKey)>> {
        let Some(id) = ids_in(folder)?.into_iter().next() else { return Ok(None) };
        let key = read_private(&files(folder, &id).0)?;
        Ok(Some((id, key)))
    }

    fn read(folder: &Path, id: &str) -> anyhow::Result<Self> {
        let (private_file, public_file) = files(folder, id);
        let key = read_private(&private_file)?;
        if !public_file.exists() {
            create(&public_file, &key.public_pem()?, 0o644)?;
        }
        Ok(Self { id: id.to_owned(), key: Arc::new(key), private_file, public_file })
    }
}

/// The ids of a folder's pairs, by name.
fn ids_in(folder: &Path) -> anyhow::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => bail!(
            "--keys: {}: expected a folder of key pairs, found a file\n  help      name the folder that it lies in",
            folder.display()
        ),
        Err(error) => {
            let error = FileError::of(folder, &error);
            return Err(error).with_context(|| format!("the folder {} can't be read", folder.display()));
        }
    };
    let mut ids = Vec::new();
    for entry in entries {
        let name =
            entry.with_context(|| format!("the folder {} can't be read", folder.display()))?.file_name();
        ids.extend(name.to_str().and_then(|name| name.strip_suffix(PRIVATE)).map(str::to_owned));
    }
    ids.sort();
    if let Some(id) = ids.iter().find(|id| !PublicKeyId::is_well_formed(id)) {
        bail!(
            "{}/{id}{PRIVATE}: a key's id, the name before {PRIVATE}, is letters and digits only",
            folder.display()
        );
    }
    Ok(ids)
}

/// Reads a private key's file.
pub(super) fn read_private(file: &Path) -> anyhow::Result<PrivateKey> {
    let pem = config::read_key_file(file, Half::Private)
        .with_context(|| format!("the private key {} can't be read", config::shown(file)))?;
    PrivateKey::from_pem(&pem).map_err(|error| {
        let help = error.help().map(|help| format!("\n  help      {help}")).unwrap_or_default();
        anyhow!("{}: {error}{help}", file.display())
    })
}

/// A fresh id in AWS's form.
pub(super) fn fresh_id() -> anyhow::Result<String> {
    Ok(testing::fresh_id()?)
}

fn files(folder: &Path, id: &str) -> (PathBuf, PathBuf) {
    (folder.join(format!("{id}{PRIVATE}")), folder.join(format!("{id}{PUBLIC}")))
}

/// Writes a file that isn't there yet.
pub(super) fn create(file: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let written = options.open(file).and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{} is there already; keys are never overwritten", file.display())
        }
        written => written
            .map_err(|error| FileError::of_writing(file, &error))
            .with_context(|| format!("{} can't be written", file.display())),
    }
}

const PRIVATE: &str = ".private.pem";
const PUBLIC: &str = ".public.pem";
