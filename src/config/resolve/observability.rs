//! `[access-log]`, `[admin]` and `[server] reload`: what is recorded of requests, and when the files are read again.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::{Fault, Faults, KeyPath, Material};
use crate::config::declared;
use crate::config::material::files::{self, FileError};
use crate::config::settings::{AccessLogFormat, AccessLogSettings, AdminSettings, AdminToken};

/// Resolves `[access-log]`; none where nothing is logged.
pub(super) fn access_log(
    root: &KeyPath,
    declared: Option<&declared::AccessLog>,
    material: &mut Material,
    faults: &mut Faults,
) -> Option<AccessLogSettings> {
    let (path, declared) = (root.key("access-log"), declared?);
    let format = faults.parsed(&path.key("format"), &declared.format, |text| match text {
        "cloudfront" => Ok(Some(AccessLogFormat::CloudFront)),
        "json" => Ok(Some(AccessLogFormat::Json)),
        "off" => Ok(None),
        _ => Err("\"cloudfront\", \"json\" or \"off\""),
    });
    let file = declared.file.as_ref().filter(|file| *file != "-");
    let file = file.and_then(|file| log_file(&path.key("file"), file, material, faults));
    let signatures = faults.parsed(&path.key("signatures"), &declared.signatures, |text| match text {
        "redacted" => Ok(false),
        "full" => Ok(true),
        _ => Err("\"redacted\" or \"full\""),
    });
    // A directory origin must not serve the log of requests.
    material.secrets.extend(file.clone());
    Some(AccessLogSettings {
        format: format??,
        file,
        full_signatures: signatures.unwrap_or_default(),
        include_cookies: declared.include_cookies,
    })
}

fn log_file(path: &KeyPath, file: &str, material: &Material, faults: &mut Faults) -> Option<PathBuf> {
    let place = material.path(file);
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !file.is_empty() && folder.is_dir() && !place.is_dir() {
        return Some(place);
    }
    let fault = Fault::at(path, "the access log can't be written there").found_text(file);
    faults.error(fault.expected("\"-\" (stdout) or a file in a folder that exists"));
    None
}

/// Resolves `[admin]`.
pub(super) fn admin(
    root: &KeyPath,
    declared: Option<&declared::Admin>,
    material: &mut Material,
    faults: &mut Faults,
) -> Option<AdminSettings> {
    let (path, declared) = (root.key("admin"), declared?);
    let at_listen = path.key("listen");
    let expected = "an IP address and a port, such as \"127.0.0.1:9090\"";
    let listen =
        faults.parsed(&at_listen, &declared.listen, |text| text.parse::<SocketAddr>().map_err(|_| expected));
    let token = declared
        .token_file
        .as_ref()
        .and_then(|file| admin_token(&path.key("token-file"), file, material, faults));
    let listen = listen?;
    if declared.token_file.is_none() && !listen.ip().is_loopback() {
        let fault = Fault::at(&at_listen, "the admin listener is open to others without a token");
        let fault = fault.found(format!("\"{listen}\""));
        let fault = fault.expected("a loopback address, or `token-file` beside it");
        faults.error(fault.help("`head -c 32 /dev/urandom | base64 > admin.token` makes one"));
    }
    Some(AdminSettings { listen, token, console: declared.console })
}

fn admin_token(
    path: &KeyPath,
    file: &str,
    material: &mut Material,
    faults: &mut Faults,
) -> Option<AdminToken> {
    let file = material.path(faults.known(path, file)?);
    material.secrets.push(file.clone());
    material.watch(&file);
    match read_token(&file) {
        Ok(token) => Some(token),
        Err(FileError { message, help }) => {
            let fault = Fault::at(path, format!("the admin token can't be read: {message}"));
            let fault = fault.found(file.display()).expected(format!(
                "a file with one line of {MIN_TOKEN} to {MAX_TOKEN} visible ASCII characters"
            ));
            faults.error(fault.maybe_help(help));
            None
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
    Ok(AdminToken::new(token))
}

/// Fewer characters could be guessed.
const MIN_TOKEN: usize = 16;
/// Bytes; more than any generator of tokens writes.
const MAX_TOKEN: u64 = 1024;
