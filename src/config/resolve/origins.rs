//! `[[distributions.origins]]`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use super::origin_servers::{self, server};
use super::{ById, Fault, Faults, KeyPath, Material, s3, unix_socket};
use crate::config::declared::{self, Time};
use crate::config::material::files::FileError;
use crate::distribution::origin::{Origin, OriginId, OriginLocation, OriginTimeouts};
use crate::epoch::parse_duration;

/// Resolves the origins of a distribution.
pub(super) fn origins(
    distribution: &KeyPath,
    declared: &[declared::Origin],
    material: &mut Material,
    faults: &mut Faults,
) -> ById<Origin> {
    let mut origins = BTreeMap::new();
    for (number, one) in declared.iter().enumerate() {
        let path = distribution.key("origins").item(number);
        let at_id = path.key("id");
        let origin = self::resolved(&path, one, material, faults);
        let Some(id) = faults.known(&at_id, &one.id) else { continue };
        if origins.insert(id.to_owned(), origin.map(Arc::new)).is_some() {
            faults.error(Fault::at(&at_id, format!("origin `{id}` is defined twice")));
        }
    }
    if origins.is_empty() {
        let fault = Fault::at(distribution, "the distribution has no origin");
        faults.error(fault.expected("[[distributions.origins]]"));
    }
    origins
}

fn resolved(
    path: &KeyPath,
    declared: &declared::Origin,
    material: &mut Material,
    faults: &mut Faults,
) -> Option<Origin> {
    let location = origin_servers::location(path, declared, material, faults);
    let own_path = faults.parsed(&path.key("origin-path"), &declared.origin_path, origin_path);
    let custom_headers = custom_headers(&path.key("custom-headers"), declared, faults);
    let timeouts = timeouts(path, declared, faults);
    let (location, prefix) = location?;
    s3::signed_by_us(path, &location, &custom_headers, faults);
    Some(Origin {
        id: OriginId::new(&declared.id),
        location,
        path: prefix + own_path.as_deref().unwrap_or_default(),
        custom_headers,
        timeouts,
    })
}

fn custom_headers(
    path: &KeyPath,
    declared: &declared::Origin,
    faults: &mut Faults,
) -> Vec<(HeaderName, HeaderValue)> {
    let mut parsed = Vec::new();
    for (name, value) in &declared.custom_headers {
        let path = path.key(name);
        match (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            (Ok(header), Ok(_)) if ORIGIN_KEYS.contains(&header.as_str()) => {
                let fault = Fault::at_key(&path, format!("`{name}` is a key of the origin, not a header"));
                faults.error(fault.help("write it above `[distributions.origins.custom-headers]`"));
            }
            (Ok(header), Ok(_)) if is_ours(&header) => {
                let fault = Fault::at_key(&path, format!("`{name}` can't be a custom header"));
                faults.error(fault.help("it is set by the proxy itself"));
            }
            (Ok(header), Ok(value)) => parsed.push((header, value)),
            (Err(_), _) => {
                faults.error(Fault::at_key(&path, "this is not the name of a header").found_text(name));
            }
            (_, Err(_)) => {
                let fault = Fault::at(&path, format!("the value of `{name}` is not a header value"));
                faults.error(fault.expected("visible ASCII characters and spaces"));
            }
        }
    }
    parsed
}

fn timeouts(path: &KeyPath, declared: &declared::Origin, faults: &mut Faults) -> OriginTimeouts {
    let standard = OriginTimeouts::default();
    let attempts = match u32::try_from(declared.connection_attempts) {
        Ok(count @ 1..=3) => count,
        Ok(_) | Err(_) => {
            let path = path.key("connection-attempts");
            let fault = Fault::at(&path, "`connection-attempts` is out of range");
            faults.error(fault.found(declared.connection_attempts).expected("1 to 3"));
            standard.connection_attempts
        }
    };
    let mut seconds = |key: &str, time: &Time, most: u64, or: Duration| {
        let read = |text: &str| match parse_duration(text) {
            Ok(time) if time >= MIN_TIMEOUT && time <= Duration::from_secs(most) => Ok(time),
            Ok(_) => Err(format!("100ms to {most}s")),
            Err(error) => Err(error.to_string()),
        };
        faults.parsed(&path.key(key), &time.0, read).unwrap_or(or)
    };
    OriginTimeouts {
        connection_attempts: attempts,
        connection: seconds("connection-timeout", &declared.connection_timeout, 10, standard.connection),
        response: seconds("response-timeout", &declared.response_timeout, 120, standard.response),
        keep_alive: seconds("keep-alive-timeout", &declared.keep_alive_timeout, 120, standard.keep_alive),
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
