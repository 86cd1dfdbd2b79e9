//! The keys of S3-compatible storage: where they lie, as AWS's own tools look for them, and how they are read.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs, io};

use ini::{Ini, ParseOption};

use crate::distribution::origin::AwsCredentialSource;

/// What requests are signed with.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// No credentials, with the place that was looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CredentialsError {
    #[error("{SECRET_ACCESS_KEY} or {ACCESS_KEY_ID} is not set in the environment")]
    Environment,
    #[error("the credentials file {} can't be read: {source}", .path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("the credentials file {} is not an INI file: line {line}", .path.display())]
    NotIni { path: PathBuf, line: usize },
    #[error("the credentials file {} has no profile [{profile}]", .path.display())]
    NoProfile { path: PathBuf, profile: String },
    #[error("the profile [{profile}] of {} lacks `{key}`", .path.display())]
    Incomplete { path: PathBuf, profile: String, key: &'static str },
    #[error("the credentials of {place} have characters that no header may hold")]
    Unusable { place: String },
}

/// Where keys are looked for: the file or the profile that is named, else the environment if it has any, else the file
/// and the profile that AWS's tools take.
pub(crate) fn source(file: Option<PathBuf>, profile: Option<&str>) -> AwsCredentialSource {
    let has_keys = set(ACCESS_KEY_ID).is_some() || set(SECRET_ACCESS_KEY).is_some();
    if file.is_none() && profile.is_none() && has_keys {
        return AwsCredentialSource::Environment;
    }
    let named = file.or_else(|| set("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from));
    let path = named.unwrap_or_else(|| {
        let home = env::home_dir().unwrap_or_else(|| PathBuf::from("/"));
        home.join(".aws/credentials")
    });
    let profile = profile.map(str::to_owned).or_else(|| set("AWS_PROFILE"));
    AwsCredentialSource::File { path, profile: profile.unwrap_or_else(|| "default".to_owned()) }
}

/// Reads the keys.
pub(crate) fn read(source: &AwsCredentialSource) -> Result<Credentials, CredentialsError> {
    let (credentials, place) = match source {
        AwsCredentialSource::Environment => {
            let (Some(access_key_id), Some(secret_access_key)) = (set(ACCESS_KEY_ID), set(SECRET_ACCESS_KEY))
            else {
                return Err(CredentialsError::Environment);
            };
            let session_token = set("AWS_SESSION_TOKEN");
            (Credentials { access_key_id, secret_access_key, session_token }, "the environment".to_owned())
        }
        AwsCredentialSource::File { path, profile } => {
            let unreadable = |source| CredentialsError::Unreadable { path: path.clone(), source };
            let text = fs::read_to_string(path).map_err(unreadable)?;
            (from_text(&text, path, profile)?, path.display().to_string())
        }
    };
    let fits = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    let token_fits = credentials.session_token.as_deref().is_none_or(fits);
    match fits(&credentials.access_key_id) && fits(&credentials.secret_access_key) && token_fits {
        true => Ok(credentials),
        false => Err(CredentialsError::Unusable { place }),
    }
}

fn from_text(text: &str, path: &Path, profile: &str) -> Result<Credentials, CredentialsError> {
    // As the SDKs read it: a value is what stands there, quotes and backslashes too.
    let plain = ParseOption { enabled_quote: false, enabled_escape: false, ..ParseOption::default() };
    // The error's own text may quote the line, and with it a secret.
    let not_ini =
        |error: ini::ParseError| CredentialsError::NotIni { path: path.to_owned(), line: error.line };
    let file = Ini::load_from_str_opt(text, plain).map_err(not_ini)?;
    let section = file
        .section(Some(profile))
        .ok_or_else(|| CredentialsError::NoProfile { path: path.to_owned(), profile: profile.to_owned() })?;
    let value = |key| section.get(key).map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned);
    let required = |key| {
        value(key).ok_or_else(|| CredentialsError::Incomplete {
            path: path.to_owned(),
            profile: profile.to_owned(),
            key,
        })
    };
    Ok(Credentials {
        access_key_id: required("aws_access_key_id")?,
        secret_access_key: required("aws_secret_access_key")?,
        session_token: value("aws_session_token"),
    })
}

/// What tells that a file may have changed.
pub(crate) fn stamp(metadata: &fs::Metadata) -> Option<(SystemTime, u64)> {
    Some((metadata.modified().ok()?, metadata.len()))
}

fn set(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

const ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
        # comment\n\
        [default]\n\
        aws_access_key_id = AKIDEXAMPLE\n\
        aws_secret_access_key=wJal/rXUtn+FEMI\\K7#x\"y\n\n\
        [media]\n\
        aws_access_key_id=ASIA\n\
        aws_secret_access_key = s\n\
        aws_session_token = t+/=\n\
        [half]\n\
        aws_access_key_id = A\n\
        aws_secret_access_key =\n";

    #[test]
    fn a_profile_is_read_as_it_stands() {
        for (profile, expected) in [
            ("default", Ok(("AKIDEXAMPLE", "wJal/rXUtn+FEMI\\K7#x\"y", None))),
            ("media", Ok(("ASIA", "s", Some("t+/=")))),
            ("half", Err("the profile [half] of c lacks `aws_secret_access_key`")),
            ("none", Err("the credentials file c has no profile [none]")),
        ] {
            let read = from_text(FILE, Path::new("c"), profile);
            let read = read
                .as_ref()
                .map_err(ToString::to_string)
                .map(|read| (&*read.access_key_id, &*read.secret_access_key, read.session_token.as_deref()));
            assert_eq!(read, expected.map_err(str::to_owned), "{profile}");
        }
    }

    #[test]
    fn secrets_are_in_no_message() {
        let broken = from_text("[default]\nSECRETSECRET", Path::new("c"), "default").unwrap_err();
        let read = from_text(FILE, Path::new("c"), "media").unwrap();
        let texts = format!("{broken} {broken:?} {read:?}");
        assert!(!texts.contains("SECRET") && !texts.contains("t+/="), "{texts}");
    }
}
