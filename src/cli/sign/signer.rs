//! Which key signs: an id and a file, or the first pair of a folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use crate::cli::keys::{self, KeyPairFiles};
use crate::distribution::key::PublicKeyId;
use crate::sign::PrivateKey;

/// The key, as the command line names it.
#[derive(Args, Debug)]
pub(super) struct SignerOptions {
    /// The public key's id
    #[arg(long, value_name = "ID", requires = "private_key")]
    key_pair_id: Option<String>,
    // With hyphens, so that a key's own text, which begins with five, is not repeated by clap's error.
    /// The private key, PEM
    #[arg(long, value_name = "FILE", requires = "key_pair_id", allow_hyphen_values = true)]
    private_key: Option<PathBuf>,
    /// A folder of key pairs, of which the first one signs [default: .frontgate where it exists]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["key_pair_id", "private_key"])]
    keys: Option<PathBuf>,
}

/// A private key and the id under which its public half is known.
pub(super) struct Signer {
    pub(super) key_pair_id: String,
    pub(super) key: PrivateKey,
}

impl SignerOptions {
    /// # Errors
    /// Where no key is named and none is found, and for one that can't be read.
    pub(super) fn signer(&self) -> anyhow::Result<Signer> {
        let signer = match (&self.key_pair_id, &self.private_key) {
            (Some(id), Some(file)) => named(id, file)?,
            _ => self.first_of_folder()?,
        };
        if let Some(unfit) = signer.key.unfit() {
            tell!("warning: CloudFront denies every link of this key: {unfit}");
        }
        Ok(signer)
    }

    fn first_of_folder(&self) -> anyhow::Result<Signer> {
        let by_default = Path::new(BY_DEFAULT);
        let folder = match &self.keys {
            Some(folder) => folder,
            None if by_default.is_dir() => by_default,
            None => bail!(
                "no key is named, and there is no folder {BY_DEFAULT}\n  help      --key-pair-id ID --private-key FILE, or --keys DIR \
                 for a folder that `frontgate dev` or `frontgate keygen --out DIR` made"
            ),
        };
        let first = KeyPairFiles::first_in(folder)?;
        let Some((key_pair_id, key)) = first else {
            bail!(
                "{}: expected a key pair (ID.private.pem), found none\n  help      `frontgate keygen --out {}` makes one",
                folder.display(),
                folder.display()
            );
        };
        Ok(Signer { key_pair_id, key })
    }
}

fn named(id: &str, file: &Path) -> anyhow::Result<Signer> {
    if !PublicKeyId::is_well_formed(id) {
        bail!(
            "--key-pair-id: expected a public key's id (letters and digits, such as K2JCJMDEHXQW5F), found {id:?}"
        );
    }
    let key = keys::read_private(file).with_context(|| "--private-key")?;
    Ok(Signer { key_pair_id: id.to_owned(), key })
}

const BY_DEFAULT: &str = ".frontgate";
