//! ORIGIN of `dev`: a URL, a port, a bucket, a socket or a folder, as people write them.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{anyhow, bail};

use super::banner::host_of;
use crate::cli::keys::KeyPairFiles;
use crate::config;
use crate::config::material::aws_credentials as credentials;
use crate::distribution::origin::{DemoGuide, OriginLocation, S3Bucket, Signing};

/// What the command line says of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Given<'a> {
    /// ORIGIN.
    pub(super) origin: Option<&'a str>,
    /// `--endpoint`, of a bucket.
    pub(super) endpoint: Option<&'a str>,
    /// `--region`, of a bucket.
    pub(super) region: Option<&'a str>,
}

/// What it means, and the path before that of requests.
pub(super) fn read(given: Given<'_>) -> anyhow::Result<(OriginLocation, String)> {
    let bucket = given.origin.and_then(|origin| origin.strip_prefix("s3://"));
    if let Some(bucket) = bucket {
        return in_bucket(bucket, given);
    }
    for (option, value) in [("--endpoint", given.endpoint), ("--region", given.region)] {
        if value.is_some() {
            bail!("{option} belongs to a bucket: `frontgate dev s3://BUCKET {option} …`");
        }
    }
    let Some(origin) = given.origin else { return Ok((OriginLocation::Demo(None), String::new())) };
    let is_written_as_url = origin.contains("://") || KINDS.iter().any(|kind| origin.starts_with(kind));
    if let Some(url) = as_url(origin) {
        return config::origin(&url).map_err(|error| anyhow!(error));
    }
    if !is_written_as_url && !Path::new(origin).exists() {
        return Err(missing(origin));
    }
    if !is_written_as_url && Path::new(origin).is_file() {
        bail!(
            "{origin} can't be an origin: expected a folder, found a file\nhelp: give the folder that it lies in"
        );
    }
    config::origin(origin).map_err(|error| anyhow!(error))
}

/// The demo learns which key signs for it, and where; every other origin stays what it is.
pub(super) fn guided(
    location: OriginLocation,
    pair: &KeyPairFiles,
    key_folder: &Path,
    base: &str,
    console: Option<SocketAddr>,
) -> OriginLocation {
    if !matches!(location, OriginLocation::Demo(_)) {
        return location;
    }
    OriginLocation::Demo(Some(Arc::new(DemoGuide {
        base: base.to_owned(),
        key_pair_id: pair.id.clone(),
        key_file: pair.private_file.clone(),
        key_folder: key_folder.to_owned(),
        console: console.map(|address| format!("http://{}", host_of(address))),
    })))
}

/// A text that is no folder, no port and no URL, with what was probably meant.
fn missing(origin: &str) -> anyhow::Error {
    let unfit = |what: &str, help: String| anyhow!("{origin} can't be an origin: {what}\nhelp: {help}");
    for scheme in ["http", "https"] {
        let rest = origin.strip_prefix(scheme).and_then(|rest| rest.strip_prefix(':'));
        if let Some(rest) = rest {
            let url = format!("{scheme}://{}", rest.trim_start_matches('/'));
            return unfit(&format!("expected `//` after `{scheme}:`"), format!("did you mean {url}?"));
        }
    }
    let is_number = !origin.is_empty() && origin.bytes().all(|byte| byte.is_ascii_digit());
    if is_number || origin.contains(':') {
        let port = origin.rsplit(':').next().unwrap_or(origin);
        let what = format!("expected a port from 1 to 65535, found {port:?}");
        return unfit(&what, "such as 3000, :3000 or localhost:3000".to_owned());
    }
    let host = origin.split('/').next().unwrap_or(origin);
    let is_host_like = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    if is_host_like && (host == "localhost" || host.trim_start_matches('.').contains('.')) {
        let help = format!("a server is written with its scheme: http://{origin}");
        return unfit("there is no such folder", help);
    }
    unfit("it doesn't exist", format!("expected {KINDS_EXPECTED}"))
}

/// The URL of `3000`, `:3000` and `localhost:3000[/path]`.
fn as_url(origin: &str) -> Option<String> {
    let is_port = |text: &str| text.parse::<u16>().is_ok_and(|port| port > 0);
    if is_port(origin.strip_prefix(':').unwrap_or(origin)) {
        return Some(format!("http://localhost:{}", origin.trim_start_matches(':')));
    }
    let authority = origin.split('/').next().unwrap_or_default();
    let (host, port) = authority.rsplit_once(':')?;
    (!host.is_empty() && is_port(port)).then(|| format!("http://{origin}"))
}

/// `BUCKET[/prefix]`, with the credentials that every tool of AWS reads.
fn in_bucket(text: &str, given: Given<'_>) -> anyhow::Result<(OriginLocation, String)> {
    let (name, prefix) = text.split_at(text.find('/').unwrap_or(text.len()));
    let is_path_style = given.endpoint.is_some() || name.contains('.');
    let unfit = |what: &str, found: &str, expected: &str| anyhow!("{what} {found:?}: expected {expected}");
    let name =
        config::bucket_name(name, is_path_style).map_err(|expected| unfit("s3://BUCKET:", name, expected))?;
    let named = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| std::env::var(name).ok());
    let region = given.region.map(str::to_owned).or(named).unwrap_or_else(|| USUAL_REGION.to_owned());
    let region = config::region_name(&region).map_err(|expected| unfit("--region", &region, expected))?;
    let endpoint = match given.endpoint {
        Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
        None if is_path_style => format!("https://s3.{region}.amazonaws.com"),
        None => format!("https://{name}.s3.{region}.amazonaws.com"),
    };
    let server = match config::origin(&endpoint) {
        Ok((OriginLocation::Http(server), path)) if path.is_empty() => server,
        _ => bail!(
            "--endpoint {endpoint:?}: expected http://host[:port] or https://host[:port], without the bucket"
        ),
    };
    let source = credentials::source(None, None);
    if let Err(error) = credentials::read(&source) {
        bail!(
            "no credentials to sign requests to the bucket: {error}\n\
             help: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write a profile in ~/.aws/credentials"
        );
    }
    let bucket = if is_path_style { format!("/{name}") } else { String::new() };
    let location = OriginLocation::S3(S3Bucket {
        server,
        is_named_by_path: is_path_style,
        region,
        signing: Signing::Always(source),
    });
    Ok((location, format!("{bucket}{}", prefix.trim_end_matches('/'))))
}

/// Where no option and no variable names one; storage without regions takes it, too.
const USUAL_REGION: &str = "us-east-1";

/// What begins another form than a folder's or a server's.
const KINDS: [&str; 3] = ["unix:", "file:", "demo:"];
const KINDS_EXPECTED: &str =
    "a folder, a URL such as http://localhost:3000, a port, s3://BUCKET or unix:PATH";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_hosts_with_ports_are_servers() {
        for (given, url) in [
            ("3000", Some("http://localhost:3000")),
            (":3000", Some("http://localhost:3000")),
            ("localhost:3000", Some("http://localhost:3000")),
            ("127.0.0.1:3000/app", Some("http://127.0.0.1:3000/app")),
            ("[::1]:3000", Some("http://[::1]:3000")),
            ("0", None),
            ("70000", None),
            ("./3000", None),
            ("http://localhost:3000", None),
            ("demo:", None),
            ("unix:/run/app.sock", None),
        ] {
            assert_eq!(as_url(given).as_deref(), url, "{given}");
        }
    }

    #[test]
    fn what_is_not_there_is_said_to_be_missing() {
        let error = |given| read(Given { origin: Some(given), ..Given::default() }).unwrap_err().to_string();
        assert!(error("./no-such-folder").contains("doesn't exist"));
        assert!(error("Cargo.toml").contains("found a file"));
        for (given, advice) in [
            (":0", "a port from 1 to 65535"),
            (":abc", "a port from 1 to 65535"),
            ("99999", "a port from 1 to 65535"),
            ("localhost:99999", "a port from 1 to 65535"),
            ("http:/localhost:3000", "did you mean http://localhost:3000?"),
            ("https:localhost", "did you mean https://localhost?"),
            ("localhost", "http://localhost"),
            ("media.example.com/app", "http://media.example.com/app"),
        ] {
            let found = error(given);
            assert!(found.contains(advice) && !found.contains("//:") && found.contains("help: "), "{found}");
        }
        let bucket = Given { origin: Some("s3://media"), endpoint: Some("foo"), ..Given::default() };
        assert!(read(bucket).unwrap_err().to_string().contains("expected http://host[:port]"));
        let region = Given { origin: Some("3000"), region: Some("eu-west-1"), ..Given::default() };
        assert!(read(region).unwrap_err().to_string().contains("s3://BUCKET"));
    }
}
