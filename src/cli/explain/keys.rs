//! Which keys and distributions links are judged by.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};

use crate::cli::dev;
use crate::cli::output::report;
use crate::config;
use crate::distribution::key::half::Half;
use crate::distribution::key::{KeyGroup, KeyTolerance, PublicKey, PublicKeyId};
use crate::distribution::{Distribution, Distributions, UnknownHost};
use crate::explain::OwnedRequest;

/// Where trust comes from.
pub(super) enum Trust {
    /// A configuration, or the keys and the `dev.json` of `dev`.
    Configured(Arc<Distributions>),
    /// These keys, for every URL.
    Keys(Arc<KeyGroup>),
    /// Nothing was given.
    Nothing,
}

impl Trust {
    /// By what the command line says: `config` where it names a file, `public_keys` as `ID=FILE`.
    ///
    /// # Errors
    /// For what can't be read; none where nothing was given and nothing is there.
    pub(super) fn given(
        config: Option<&Path>,
        public_keys: &[String],
        folder: Option<&Path>,
    ) -> anyhow::Result<Self> {
        if let Some(folder) = folder {
            return Ok(Self::Configured(dev::distributions(folder)?));
        }
        if !public_keys.is_empty() {
            let keys =
                public_keys.iter().map(|given| public_key(given)).collect::<anyhow::Result<Vec<_>>>()?;
            return Ok(Self::Keys(Arc::new(KeyGroup { id: "--public-key".to_owned(), keys })));
        }
        let by_default = Path::new(DEFAULT_CONFIG);
        if config.is_none() && !by_default.exists() {
            return Ok(Self::Nothing);
        }
        match config::load(config.unwrap_or(by_default)) {
            Ok(settings) => Ok(Self::Configured(settings.distributions)),
            Err(invalid) => {
                report("error", &invalid.errors);
                bail!(
                    "{invalid}; without a configuration: --public-key ID=FILE, or --keys DIR for links of `frontgate dev`"
                );
            }
        }
    }

    /// Whether no key is known.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    /// The distributions that answer an inquiry.
    pub(super) fn for_inquiry(&self, inquiry: &OwnedRequest) -> anyhow::Result<Arc<Distributions>> {
        let host = inquiry.host()?;
        match self {
            Self::Configured(distributions) => Ok(Arc::clone(distributions)),
            Self::Keys(group) => Ok(Arc::new(only(host.name(), group))),
            Self::Nothing => {
                let nobody = Arc::new(KeyGroup { id: "none".to_owned(), keys: Vec::new() });
                Ok(Arc::new(only(host.name(), &nobody)))
            }
        }
    }
}

/// A distribution whose only base is the URL's own and which trusts these keys everywhere.
fn only(host: &str, group: &Arc<KeyGroup>) -> Distributions {
    let distribution = Distribution::private(host, host, Arc::clone(group));
    Distributions {
        list: vec![Arc::new(distribution)],
        unknown_host: UnknownHost::Only,
        ..Distributions::default()
    }
}

fn public_key(given: &str) -> anyhow::Result<Arc<PublicKey>> {
    let (id, file) =
        given.split_once('=').with_context(|| format!("--public-key {given:?}: expected ID=FILE"))?;
    let pem = config::read_key_file(Path::new(file), Half::Public)
        .with_context(|| format!("the public key {} can't be read", config::shown(Path::new(file))))?;
    match PublicKey::from_pem(PublicKeyId::new(id), &pem, KeyTolerance::default()) {
        Ok(key) => Ok(Arc::new(key)),
        Err(error) => {
            let help = error.help().map(|help| format!("\n  help      {help}")).unwrap_or_default();
            bail!("the public key {file} can't be used: {error}{help}")
        }
    }
}

const DEFAULT_CONFIG: &str = "config.toml";
