//! `frontgate keygen`: a key pair, and the lines that make it known.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use super::keys::{KeyOption, KeyPairFiles, fresh_id};
use super::output::write_stdout;
use crate::distribution::key::PublicKeyId;
use crate::sign::PrivateKey;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  frontgate keygen --out keys
  frontgate keygen --type ecdsa --out keys --id K2JCJMDEHXQW5F")]
pub(super) struct Keygen {
    /// The kind of key: RSA 2048 or ECDSA P-256
    #[arg(long = "type", value_name = "TYPE", default_value = "rsa")]
    kind: KeyOption,
    /// The folder for both files
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// The public key's id [default: K and 13 random characters]
    #[arg(long)]
    id: Option<String>,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

impl Keygen {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let id = match self.id {
            Some(id) if PublicKeyId::is_well_formed(&id) => id,
            Some(id) => bail!(
                "{id:?} can't be a public key's id: expected letters and digits, such as K2JCJMDEHXQW5F"
            ),
            None => fresh_id()?,
        };
        let key = match self.kind {
            KeyOption::Rsa => PrivateKey::generate_rsa()?,
            KeyOption::Ecdsa => PrivateKey::generate_ecdsa()?,
        };
        let pair = KeyPairFiles::write(&self.out, &id, key, "*.private.pem")?;
        let (private, public) = (pair.private_file.display(), pair.public_file.display());
        if self.json {
            let json = serde_json::json!({
                "id": id, "private-key": private.to_string(), "public-key": public.to_string(),
            });
            write_stdout(&format!("{json}\n"))?;
        } else {
            write_stdout(&format!(
                "{id}\n\n# {private} signs; keep it secret. For config.toml:\n[[public-keys]]\nid = \"{id}\"\n\
                 file = {}\n\n[[key-groups]]\nid = \"signers\"\npublic-keys = [\"{id}\"]\n",
                toml_string(&public.to_string())
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A TOML string; JSON's escapes are TOML's too.
fn toml_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
