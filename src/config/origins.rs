//! `[[distributions.origins]]`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use super::Loader;
use super::distributions::DISTRIBUTION_KEYS;
use super::files::FileError;
use super::origin_servers::server;
use super::reader::Reader;
use super::unix_socket;
use crate::distribution::origin::{Origin, OriginId, OriginLocation, OriginTimeouts};
use crate::epoch::parse_duration;

impl Loader<'_, '_> {
    /// The origins by id; one that has a fault is there without a value, so that naming it is no second fault.
    pub(super) fn origins(&mut self, table: &mut Reader<'_, '_>) -> BTreeMap<String, Option<Arc<Origin>>> {
        let mut origins = BTreeMap::new();
        for mut one in table.tables(self.faults, "origins", "[[distributions.origins]]") {
            let id = one.required(self.faults, "id");
            let location = self.origin_location(&mut one);
            let path = one.parsed(self.faults, "origin-path", origin_path);
            let custom_headers = self.custom_headers(&mut one);
            let timeouts = self.timeouts(&mut one);
            if let Some((location, _)) = &location {
                self.signed_by_us(location, &custom_headers, &one);
            }
            one.finish(self.faults, DISTRIBUTION_KEYS);
            let Some(id) = id else { continue };
            let origin = location.map(|(location, prefix)| {
                Arc::new(Origin {
                    id: OriginId::new(id.value),
                    location,
                    path: prefix + path.as_ref().map_or("", |path| &path.value),
                    custom_headers,
                    timeouts,
                })
            });
            if origins.insert(id.value.to_owned(), origin).is_some() {
                let fault = self.faults.at(&id.span, format!("origin `{}` is defined twice", id.value));
                self.faults.error(fault);
            }
        }
        if origins.is_empty() {
            let fault = self.faults.at(&table.span(), "the distribution has no origin");
            self.faults.error(fault.expected("[[distributions.origins]]"));
        }
        origins
    }

    fn custom_headers(&mut self, table: &mut Reader<'_, '_>) -> Vec<(HeaderName, HeaderValue)> {
        let Some(headers) = table.table(self.faults, "custom-headers", "custom-headers") else {
            return Vec::new();
        };
        let mut parsed = Vec::new();
        for (name, value) in headers.free_strings(self.faults) {
            match (name.value.parse::<HeaderName>(), value.value.parse::<HeaderValue>()) {
                (Ok(header), Ok(value)) if !is_ours(&header) && !ORIGIN_KEYS.contains(&header.as_str()) => {
                    parsed.push((header, value));
                }
                (Ok(header), Ok(_)) if ORIGIN_KEYS.contains(&header.as_str()) => {
                    let fault = self
                        .faults
                        .at(&name.span, format!("`{}` is a key of the origin, not a header", name.value));
                    self.faults.error(fault.help("write it above `[distributions.origins.custom-headers]`"));
                }
                (Ok(_), Ok(_)) => {
                    let fault =
                        self.faults.at(&name.span, format!("`{}` can't be a custom header", name.value));
                    self.faults.error(fault.help("it is set by the proxy itself"));
                }
                (Err(_), _) => {
                    let fault = self.faults.at(&name.span, "this is not the name of a header");
                    self.faults.error(fault.found(format!("{:?}", name.value)));
                }
                (_, Err(_)) => {
                    let fault = self
                        .faults
                        .at(&value.span, format!("the value of `{}` is not a header value", name.value));
                    self.faults.error(fault.expected("visible ASCII characters and spaces"));
                }
            }
        }
        parsed
    }

    fn timeouts(&mut self, table: &mut Reader<'_, '_>) -> OriginTimeouts {
        let mut timeouts = OriginTimeouts::default();
        if let Some(attempts) = table.integer(self.faults, "connection-attempts") {
            match u32::try_from(attempts.value) {
                Ok(count @ 1..=3) => timeouts.connection_attempts = count,
                Ok(_) | Err(_) => {
                    let fault = self.faults.at(&attempts.span, "`connection-attempts` is out of range");
                    self.faults.error(fault.found(attempts.value).expected("1 to 3"));
                }
            }
        }
        let mut seconds = |key, most: u64, slot: &mut Duration| {
            let read = |text: &str| match parse_duration(text) {
                Ok(time) if time >= MIN_TIMEOUT && time <= Duration::from_secs(most) => Ok(time),
                Ok(_) => Err(format!("100ms to {most}s")),
                Err(error) => Err(error.to_string()),
            };
            if let Some(time) = table.time(self.faults, key, read) {
                *slot = time.value;
            }
        };
        seconds("connection-timeout", 10, &mut timeouts.connection);
        seconds("response-timeout", 120, &mut timeouts.response);
        seconds("keep-alive-timeout", 120, &mut timeouts.keep_alive);
        timeouts
    }
}

/// An origin as a command or a test names it: a URL, whose path goes before that of requests, or a folder.
///
/// # Errors
/// A sentence.
pub(crate) fn origin(given: &str) -> Result<(OriginLocation, String), String> {
    let here = std::path::Path::new("");
    let unfit = |expected: String| format!("{given} can't be an origin: expected {expected}");
    if let Some((scheme, rest)) = given.split_once("://").filter(|(scheme, _)| *scheme != "file") {
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let location = location(&format!("{scheme}://{authority}"), here).map_err(unfit)?;
        let path = path.trim_end_matches('/');
        let path = origin_path(path).map_err(|expected| {
            format!("{given} can't be an origin: its path is {path}, expected {expected}")
        })?;
        return Ok((location, path));
    }
    if given == "demo:" || given.starts_with("file:") || given.starts_with("unix:") {
        return Ok((location(given, here).map_err(unfit)?, String::new()));
    }
    if let Some(folder) = directory(Path::new(given)) {
        return folder.map(|folder| (OriginLocation::Directory(folder), String::new()));
    }
    let hint = url_meant(given).map(|url| format!("; did you mean {url}?")).unwrap_or_default();
    Err(format!("{given} can't be an origin: expected a folder or a URL{hint}"))
}

/// The URL of a server that is written as its port, or as its host and port.
fn url_meant(given: &str) -> Option<String> {
    let is_port = |text: &str| text.parse::<u16>().is_ok_and(|port| port > 0);
    if is_port(given.strip_prefix(':').unwrap_or(given)) {
        return Some(format!("http://localhost:{}", given.trim_start_matches(':')));
    }
    let (host, port) = given.rsplit_once(':')?;
    (!host.is_empty() && !host.contains('/') && is_port(port)).then(|| format!("http://{given}"))
}

/// A directory that can be read; none for what isn't written as a path and is none.
fn directory(path: &Path) -> Option<Result<PathBuf, String>> {
    let unfit = |problem: &str| Some(Err(format!("{} can't be an origin: {problem}", path.display())));
    if path.is_dir() {
        return Some(match std::fs::read_dir(path) {
            Ok(_) => Ok(path.to_owned()),
            Err(error) => {
                Err(format!("{} can't be an origin: {}", path.display(), FileError::of(path, &error)))
            }
        });
    }
    if path.is_file() {
        return unfit("expected a directory, found a file\n  help      name the directory that it is in");
    }
    let text = path.to_string_lossy();
    let is_path = text.starts_with(['.', '/', '~']) || (text.contains('/') && !text.contains(':'));
    if !is_path {
        return None;
    }
    match std::fs::metadata(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            unfit(&FileError::of(path, &error).to_string())
        }
        Err(_) => {
            unfit("it doesn't exist\n  help      expected a directory or a URL such as http://localhost:3000")
        }
        Ok(_) => unfit("it is neither a directory nor a file"),
    }
}

/// Reads an origin's `url`; a `file:` one belongs to `folder`.
pub(super) fn location(text: &str, folder: &std::path::Path) -> Result<OriginLocation, String> {
    if text == "demo:" {
        return Ok(OriginLocation::Demo(None));
    }
    if let Some(path) = text.strip_prefix("file:") {
        let path = folder.join(path.strip_prefix("//").unwrap_or(path));
        return match path.is_dir() {
            true => Ok(OriginLocation::Directory(path)),
            false if path.is_file() => Err(format!("a folder; {} is a file", path.display())),
            false => Err(format!("a folder; {} doesn't exist", path.display())),
        };
    }
    if let Some(path) = text.strip_prefix("unix:") {
        return unix_socket::location(path, folder);
    }
    if let Some(path) = text.strip_prefix("http://unix:") {
        return Err(format!("\"unix:{path}\" for a Unix socket"));
    }
    let meant = if folder.join(text).is_dir() { Some(format!("file:{text}")) } else { url_meant(text) };
    let hint = match meant {
        Some(meant) => format!("; did you mean {meant:?}?"),
        None if text.starts_with("s3://") => {
            "; a bucket is `s3 = { bucket = \"…\", region = \"…\" }` in place of `url`".to_owned()
        }
        None => String::new(),
    };
    server(text).map(OriginLocation::Http).ok_or_else(|| {
        format!(
            "http://host[:port], https://host[:port], \"unix:/run/app.sock\", \"file:./folder\" or \"demo:\" (a path belongs in `origin-path`){hint}"
        )
    })
}

/// A folder in which keys lie isn't served: all that would come of it is refusals.
pub(crate) fn servable(location: OriginLocation, secrets: &[PathBuf]) -> Result<OriginLocation, String> {
    if let OriginLocation::Directory(folder) = &location {
        // The parent of a plain file name is the empty path: here.
        let real = |path: &Path| path.join(".").canonicalize().ok();
        let here = real(folder);
        if here.is_some() && secrets.iter().any(|secret| real(secret) == here) {
            return Err(format!("a folder without keys; public keys lie in {}", folder.display()));
        }
    }
    Ok(location)
}

/// Reads an origin's own path.
fn origin_path(text: &str) -> Result<String, &'static str> {
    let fits = text.is_empty() || (text.starts_with('/') && !text.ends_with('/'));
    let clean = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#*".contains(&byte));
    if fits && clean {
        Ok(text.to_owned())
    } else {
        Err("nothing, or a path that begins with `/` and doesn't end with it")
    }
}

/// Headers that framing or the proxy's own work depend on.
fn is_ours(name: &HeaderName) -> bool {
    [
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "te",
        "upgrade",
        "expect",
        "via",
        "x-amz-cf-id",
    ]
    .contains(&name.as_str())
}

/// What may have been meant for the table around `custom-headers`.
const ORIGIN_KEYS: [&str; 11] = [
    "url",
    "s3",
    "protocol-policy",
    "http-port",
    "https-port",
    "certificate-authority",
    "origin-path",
    "connection-attempts",
    "connection-timeout",
    "response-timeout",
    "keep-alive-timeout",
];
/// CloudFront counts whole seconds from 1; tests want to wait less.
const MIN_TIMEOUT: Duration = Duration::from_millis(100);
