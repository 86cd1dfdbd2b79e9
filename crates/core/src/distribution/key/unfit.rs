//! A text or a file that isn't the key that was expected: what it is, and the command that converts it.

use super::conversion;
use super::format::{Format, of_bytes, of_der, of_label, of_text, openssh_algorithm};
use super::half::Half;
use super::pem::{Block, BrokenPem, Content};

/// A text or a file that isn't the key that was expected. It never repeats key material.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct UnfitKey {
    expected: &'static str,
    found: String,
    help: Option<String>,
}

impl UnfitKey {
    pub fn new(half: Half, found: impl Into<String>, help: impl Into<Option<String>>) -> Self {
        let expected = match half {
            Half::Public => "an RSA or P-256 public key in PEM (`-----BEGIN PUBLIC KEY-----`)",
            Half::Private => "an RSA or P-256 private key in PEM (`-----BEGIN PRIVATE KEY-----`)",
        };
        Self { expected, found: found.into(), help: help.into() }
    }

    fn of(half: Half, format: Format) -> Self {
        Self::new(half, format.to_string(), conversion::help(format, half).map(str::to_owned))
    }

    /// What the text or the file is instead.
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }

    /// How to get a key that fits, mostly a command; `KEY` stands for the file.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// A text without any PEM block.
    pub fn without_block(half: Half, text: &str) -> Self {
        Self::of(half, of_text(text))
    }

    /// A file that is no text.
    pub fn binary(half: Half, bytes: &[u8]) -> Self {
        let format = of_bytes(bytes);
        let form = if matches!(format, Format::Der(_)) { " in DER, the binary form" } else { "" };
        let Self { found, help, .. } = Self::of(half, format);
        Self::new(half, found + form, help)
    }

    /// PEM that is damaged.
    pub fn broken(half: Half, broken: &BrokenPem) -> Self {
        let again =
            || "copy the whole file again, from `-----BEGIN` to the end of the `-----END` line".to_owned();
        let (label, found) = match broken {
            BrokenPem::Cut { label } => {
                (label, format!("the block `{label}` without its `-----END {label}-----`"))
            }
            BrokenPem::Labels { begin, end } => {
                (begin, format!("a block that begins as `{begin}` and ends as `{end}`"))
            }
            BrokenPem::NotBase64 { label, at: Some(at) } => {
                (label, format!("the block `{label}`: its character {at} isn't base64"))
            }
            BrokenPem::NotBase64 { label, at: None } => {
                (label, format!("the block `{label}`: its base64 is incomplete"))
            }
        };
        match of_label(label) {
            Some(format @ (Format::Pgp | Format::OpenSshPrivate(_))) => Self::of(half, format),
            Some(_) | None => Self::new(half, found, again()),
        }
    }

    /// A block that holds another thing than its half of a pair, or than its label says.
    pub fn block(half: Half, block: &Block) -> Self {
        let label = block.label.as_str();
        let Content::Der(der) = &block.content else { return Self::of(half, Format::Encrypted) };
        let held = of_der(der);
        match (of_label(label), held) {
            (Some(Format::OpenSshPrivate(_)), _) => {
                Self::of(half, Format::OpenSshPrivate(openssh_algorithm(der)))
            }
            (Some(Format::Der(expected)), Some(Format::Der(held))) if expected != held => {
                let help = format!(
                    "write `{}` in place of `{label}`, in both lines: sed 's/ {label}-----/ {}-----/' KEY > NEW",
                    held.label(),
                    held.label()
                );
                Self::new(half, format!("{} under the label `{label}`", held.name()), help)
            }
            // Its own structure, which couldn't be read all the same.
            (Some(Format::Der(expected)), Some(_))
                if expected.is(half) && held == Some(Format::Der(expected)) =>
            {
                let help = "openssl pkey -check -noout -in KEY shows what is wrong; where a curve has explicit parameters: \
                            openssl pkey -in KEY -ec_param_enc named_curve -out NEW";
                Self::new(
                    half,
                    format!("the block `{label}`: its values are not those of a key"),
                    help.to_owned(),
                )
            }
            (Some(Format::Der(_)), Some(Format::Encrypted)) => Self::of(half, Format::Encrypted),
            (Some(Format::Der(expected)), None) => {
                let again = "copy the whole file again; what the block holds is damaged".to_owned();
                Self::new(half, format!("the block `{label}`, which doesn't hold {}", expected.name()), again)
            }
            (Some(format), _) | (None, Some(format)) => Self::of(half, format),
            (None, None) => Self::new(half, format!("a block `{label}`"), None),
        }
    }

    /// Several keys where one is expected.
    pub fn several(half: Half, count: usize) -> Self {
        let help = "write each key to a file of its own".to_owned();
        Self::new(half, format!("{count} keys"), help)
    }
}
