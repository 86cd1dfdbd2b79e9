//! `[access-log]`, `[admin]` and `[server] reload`: what is told of requests, and when the files are read again.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{self, FileError};
use super::reader::{Placed, Reader};
use super::{Fault, Loader};

/// `[access-log]`: a line for each request, in a file of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessLogSettings {
    /// How a line is written.
    pub format: AccessLogFormat,
    /// Where to; stdout without a path.
    pub file: Option<PathBuf>,
    /// Whether signatures and policies are written as they were sent.
    pub full_signatures: bool,
    /// Whether cookies are written at all (CloudFront's `IncludeCookies`).
    pub include_cookies: bool,
}

/// How a line of the access log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLogFormat {
    /// CloudFront's standard log, version 1: 33 fields between tabs (semantics 9.7).
    CloudFront,
    /// A JSON object for each request, with the same names.
    Json,
}

/// `[admin]`: where metrics, health and the console are served.
#[derive(Clone, Debug)]
pub struct AdminSettings {
    /// The address; another one needs a restart.
    pub listen: SocketAddr,
    /// What a request must bear; needed where others can reach the address.
    pub token: Option<AdminToken>,
    /// Whether the console is there, and requests are kept for it.
    pub console: bool,
}

/// A secret that opens the admin listener.
#[derive(Clone)]
pub struct AdminToken(Arc<str>);

impl AdminToken {
    /// Whether somebody brought this token; takes the same time for every wrong one of its length.
    #[must_use]
    pub fn is(&self, brought: &[u8]) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(self.0.as_bytes(), brought).is_ok()
    }
}

impl PartialEq for AdminToken {
    fn eq(&self, other: &Self) -> bool {
        self.is(other.0.as_bytes())
    }
}

#[cfg(test)]
impl AdminToken {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AdminToken(…)")
    }
}

/// `[server] reload`: what makes the files be read again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReloadOn {
    /// A change of one of them, and SIGHUP.
    #[default]
    Watch,
    /// SIGHUP alone.
    Signal,
}

impl ReloadOn {
    pub(super) fn from_name(name: &str) -> Result<Self, &'static str> {
        match name {
            "watch" => Ok(Self::Watch),
            "signal" => Ok(Self::Signal),
            _ => Err("\"watch\" or \"signal\""),
        }
    }
}

impl Loader<'_, '_> {
    pub(super) fn access_log(&mut self, root: &mut Reader<'_, '_>) -> Option<AccessLogSettings> {
        let mut table = root.table(self.faults, "access-log", "[access-log]")?;
        let format = table.parsed(self.faults, "format", |text| match text {
            "cloudfront" => Ok(Some(AccessLogFormat::CloudFront)),
            "json" => Ok(Some(AccessLogFormat::Json)),
            "off" => Ok(None),
            _ => Err("\"cloudfront\", \"json\" or \"off\""),
        });
        let file = table.string(self.faults, "file");
        let file = file.filter(|file| file.value != "-").and_then(|file| self.log_file(&file));
        let signatures = table.parsed(self.faults, "signatures", |text| match text {
            "redacted" => Ok(false),
            "full" => Ok(true),
            _ => Err("\"redacted\" or \"full\""),
        });
        let include_cookies = table.boolean(self.faults, "include-cookies");
        table.finish(self.faults, &[]);
        // A directory origin must not show who asked for what.
        self.secrets.extend(file.clone());
        Some(AccessLogSettings {
            format: format.map_or(Some(AccessLogFormat::CloudFront), |format| format.value)?,
            file,
            full_signatures: signatures.is_some_and(|full| full.value),
            include_cookies,
        })
    }

    fn log_file(&mut self, file: &Placed<&str>) -> Option<PathBuf> {
        let path = self.folder.join(file.value);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !file.value.is_empty() && folder.is_dir() && !path.is_dir() {
            return Some(path);
        }
        let fault = self.faults.at(&file.span, "the access log can't be written there");
        let fault = fault.found(format!("{:?}", file.value));
        self.faults.error(fault.expected("\"-\" (stdout) or a file in a folder that exists"));
        None
    }

    pub(super) fn admin(&mut self, root: &mut Reader<'_, '_>) -> Option<AdminSettings> {
        let mut table = root.table(self.faults, "admin", "[admin]")?;
        let listen = table.required(self.faults, "listen").and_then(|_| {
            let expected = "an IP address and a port, such as \"127.0.0.1:9090\"";
            table.parsed(self.faults, "listen", |text| text.parse::<SocketAddr>().map_err(|_| expected))
        });
        let file = table.string(self.faults, "token-file");
        let token = file.as_ref().and_then(|file| self.admin_token(file));
        let console = table.flag(self.faults, "console").is_none_or(|console| console.value);
        table.finish(self.faults, &[]);
        let listen = listen?;
        self.listeners.push(listen.clone());
        if file.is_none() && !listen.value.ip().is_loopback() {
            let fault = self.faults.at(&listen.span, "the admin listener is open to others without a token");
            let fault = fault.found(format!("\"{}\"", listen.value));
            let fault = fault.expected("a loopback address, or `token-file` beside it");
            self.faults.error(fault.help("`head -c 32 /dev/urandom | base64 > admin.token` makes one"));
        }
        Some(AdminSettings { listen: listen.value, token, console })
    }

    fn admin_token(&mut self, file: &Placed<&str>) -> Option<AdminToken> {
        let path = self.folder.join(file.value);
        self.secrets.push(path.clone());
        self.watch(&path);
        match read_token(&path) {
            Ok(token) => Some(token),
            Err(FileError { message, help }) => {
                let fault = self.faults.at(&file.span, format!("the admin token can't be read: {message}"));
                let fault = fault.found(path.display()).expected(format!(
                    "a file with one line of {MIN_TOKEN} to {MAX_TOKEN} visible ASCII characters"
                ));
                self.faults.error(Fault { help, ..fault });
                None
            }
        }
    }
}

fn read_token(path: &Path) -> Result<AdminToken, FileError> {
    let bytes = files::read(path, MAX_TOKEN + 2)?;
    let text = String::from_utf8(bytes).unwrap_or_default();
    let token = text.trim_end_matches(['\r', '\n']);
    if token.len() < MIN_TOKEN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let help = Some("`head -c 32 /dev/urandom | base64 > admin.token` writes one".to_owned());
        return Err(FileError { message: "it holds no token".to_owned(), help });
    }
    Ok(AdminToken(token.into()))
}

/// Fewer characters could be guessed.
const MIN_TOKEN: usize = 16;
/// Bytes; more than any generator of tokens writes.
const MAX_TOKEN: u64 = 1024;
