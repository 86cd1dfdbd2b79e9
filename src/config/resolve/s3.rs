//! `s3 = { … }` of an origin.

use std::net::IpAddr;

use http::{HeaderName, HeaderValue, Method};

use super::origin_servers::{no_meaning, server};
use super::{Fault, Faults, KeyPath, Material};
use crate::config::declared;
use crate::config::material::aws_credentials;
use crate::distribution::Distribution;
use crate::distribution::behavior::{AllowedMethods, CacheBehavior};
use crate::distribution::origin::{
    AwsCredentialSource, Endpoint, HttpServer, OriginLocation, OriginProtocol, S3Bucket, Signing,
};

/// A bucket, and what comes before its objects' paths.
pub(super) fn bucket(
    path: &KeyPath,
    declared: &declared::Bucket,
    material: &mut Material,
    faults: &mut Faults,
) -> Option<(S3Bucket, String)> {
    let path_style = declared.path_style;
    let name = faults.parsed(&path.key("bucket"), &declared.bucket, |text| bucket_name(text, path_style));
    let region = faults.parsed(&path.key("region"), &declared.region, region_name);
    let at_endpoint = path.key("endpoint");
    let endpoint = declared.endpoint.as_ref().map(|text| {
        faults.parsed(&at_endpoint, text, |text| {
            server(text).ok_or("http://host[:port] or https://host[:port], without the bucket")
        })
    });
    let signing = signing(path, declared, material, faults);
    let (name, region) = (name?, region?);
    let (at, endpoint) = match endpoint {
        Some(endpoint) => (&at_endpoint, endpoint?),
        None => (path, aws(&region)?),
    };
    let (server, prefix) = match path_style {
        true => (endpoint, format!("/{name}")),
        false => (below(at, &name, endpoint, faults)?, String::new()),
    };
    Some((S3Bucket { server, is_named_by_path: path_style, region, signing: signing? }, prefix))
}

/// The server as the bucket's own name names it.
fn below(path: &KeyPath, bucket: &str, server: HttpServer, faults: &mut Faults) -> Option<HttpServer> {
    if server.host.parse::<IpAddr>().is_ok() {
        let fault = Fault::at(path, "a bucket's name can't come before an address");
        let fault = fault.found(server.host).expected("a host name, or `path-style = true`");
        faults.error(fault.help("most storage other than Amazon S3 needs `path-style = true`"));
        return None;
    }
    if bucket.contains('.') && server.uses_tls() {
        let fault = Fault::at(path, "no wildcard certificate is for a bucket's name with a dot");
        faults.warning(fault.found(bucket).help("path-style = true"));
    }
    let host = format!("{bucket}.{}", server.host);
    let named = |mut endpoint: Endpoint| {
        let authority = format!("{bucket}.{}", endpoint.authority.to_str().ok()?);
        endpoint.authority = HeaderValue::from_str(&authority).ok()?;
        Some(endpoint)
    };
    let protocol = match server.protocol {
        OriginProtocol::HttpOnly(http) => OriginProtocol::HttpOnly(named(http)?),
        OriginProtocol::HttpsOnly(https) => OriginProtocol::HttpsOnly(named(https)?),
        OriginProtocol::MatchViewer { http, https } => {
            OriginProtocol::MatchViewer { http: named(http)?, https: named(https)? }
        }
    };
    Some(HttpServer { host, protocol, ..server })
}

fn signing(
    path: &KeyPath,
    declared: &declared::Bucket,
    material: &mut Material,
    faults: &mut Faults,
) -> Option<Signing> {
    type Make = fn(AwsCredentialSource) -> Signing;
    let make = faults.parsed(&path.key("sign"), &declared.sign, |text| match text {
        "always" => Ok(Some(Signing::Always as Make)),
        "no-override" => Ok(Some(Signing::NoOverride as Make)),
        "never" => Ok(None),
        _ => Err("\"always\", \"never\" or \"no-override\""),
    })?;
    let (profile, file) = (&declared.profile, &declared.credentials_file);
    let Some(make) = make else {
        for (key, value) in [("profile", profile), ("credentials-file", file)] {
            if value.is_some() {
                no_meaning(&path.key(key), key, "requests that are never signed", faults);
            }
        }
        return Some(Signing::Never);
    };
    let file = file.as_ref().map(|file| material.path(file));
    let source = aws_credentials::source(file, profile.as_deref());
    if let AwsCredentialSource::File { path, .. } = &source {
        material.secrets.push(path.clone());
    }
    if let Err(error) = aws_credentials::read(&source) {
        let fault = Fault::at(path, format!("no credentials to sign with: {error}"));
        let fault = fault.expected(
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, or aws_access_key_id and \
             aws_secret_access_key in a profile of ~/.aws/credentials",
        );
        faults.error(fault.help(
            "`credentials-file` and `profile` name others; `sign = \"never\"` is for what everybody may read",
        ));
        return None;
    }
    Some(make(source))
}

/// Headers that would contradict the signature.
pub(super) fn signed_by_us(
    origin: &KeyPath,
    location: &OriginLocation,
    headers: &[(HeaderName, HeaderValue)],
    faults: &mut Faults,
) {
    if !location.is_signed_for() {
        return;
    }
    for (name, _) in headers.iter().filter(|(name, _)| SIGNATURE_HEADERS.contains(&name.as_str())) {
        let fault = Fault::at(origin, format!("`{name}` can't be a custom header here"));
        faults.error(fault.help("the signature sets it; `sign = \"never\"` leaves it to you"));
    }
}

/// Whatever the storage's key may do, every client can request at a public `/`; only the proxy's own denial of calls that
/// are not for an object is in between.
pub(super) fn open_buckets(one: &Distribution, faults: &mut Faults) {
    let root = one.behavior_for("/");
    let is_root_object = one.default_root_object.is_some();
    if root.is_private() || is_root_object || !one.all_behaviors().any(CacheBehavior::is_private) {
        return;
    }
    let Some(target) = one.target(&root.target_origin) else { return };
    for origin in target.origins().filter(|origin| origin.location.is_signed_for()) {
        let message =
            format!("`/` of `{}` is public in front of the bucket of the origin `{}`", one.id, origin.id);
        let fault = Fault::of_all(message).found(format!(
            "behavior `{}`, allowed-methods {}",
            root.pattern(),
            root.allowed_methods.names().join(", ")
        ));
        faults.warning(fault.help(format!(
            "give the storage's key no more rights than {} on the objects (no s3:ListBucket), set \
             `default-root-object`, or make the behavior private",
            rights(root.allowed_methods),
        )));
    }
}

/// What a key must be allowed for the methods of a behavior.
fn rights(methods: AllowedMethods) -> String {
    let needed =
        [(Method::GET, "s3:GetObject"), (Method::PUT, "s3:PutObject"), (Method::DELETE, "s3:DeleteObject")];
    needed
        .iter()
        .filter(|(method, _)| methods.allows(method))
        .map(|(_, right)| *right)
        .collect::<Vec<_>>()
        .join(", ")
}

/// As S3 names buckets; before the path also as older ones, and other storage's, are named.
pub(crate) fn bucket_name(text: &str, path_style: bool) -> Result<String, &'static str> {
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    let wide = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let fits = if path_style { text.bytes().all(wide) } else { text.bytes().all(lower) };
    let begins = text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    let ends = text.as_bytes().last().is_some_and(u8::is_ascii_alphanumeric);
    match fits && begins && ends && text.len() <= MAX_BUCKET && !text.contains("..") {
        true => Ok(text.to_owned()),
        false => Err("the name of a bucket: small letters, digits, dots and hyphens, at most 63"),
    }
}

pub(crate) fn region_name(text: &str) -> Result<String, &'static str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    match !text.is_empty() && text.len() <= MAX_BUCKET && text.bytes().all(fits) {
        true => Ok(text.to_owned()),
        false => Err("a region, such as \"us-east-1\", which storage without regions takes too"),
    }
}

/// Amazon's own server for a region.
fn aws(region: &str) -> Option<HttpServer> {
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    server(&format!("https://s3.{region}.amazonaws.com{china}"))
}

/// A label of a host name.
const MAX_BUCKET: usize = 63;
const SIGNATURE_HEADERS: [&str; 4] =
    ["authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::distribution::origin::OriginLocation;
    use crate::viewer::Scheme;

    /// Host header, name, port and path of an origin with these keys; or the first error.
    fn origin(s3: &str, more: &str) -> Result<(String, String, u16, String), String> {
        let text = format!(
            "[[distributions]]\nid = \"E\"\ndomain-name = \"a.example.com\"\n\
             [[distributions.origins]]\nid = \"o\"\ns3 = {{ sign = \"never\", {s3} }}\n{more}\n\
             [distributions.default-cache-behavior]\ntarget-origin = \"o\"\n"
        );
        let settings = crate::config::parse(Path::new("config.toml"), &text);
        let settings = settings.map_err(|invalid| invalid.errors[0].to_string())?;
        let origin = &settings.distributions.list[0].origins[0];
        let OriginLocation::S3(bucket) = &origin.location else { return Err("no bucket".to_owned()) };
        let (_, endpoint) = bucket.server.endpoint(Scheme::Http);
        let authority = endpoint.authority.to_str().unwrap().to_owned();
        Ok((authority, bucket.server.host.clone(), endpoint.port, origin.path.clone()))
    }

    #[test]
    fn a_bucket_is_named_by_the_host_or_by_the_path() {
        for (s3, more, authority, host, port, path) in [
            (
                r#"bucket = "media", region = "eu-central-1""#,
                "",
                "media.s3.eu-central-1.amazonaws.com",
                "media.s3.eu-central-1.amazonaws.com",
                443,
                "",
            ),
            (
                r#"bucket = "media", region = "cn-north-1", path-style = true"#,
                "origin-path = \"/a\"",
                "s3.cn-north-1.amazonaws.com.cn",
                "s3.cn-north-1.amazonaws.com.cn",
                443,
                "/media/a",
            ),
            (
                r#"bucket = "media", region = "r", endpoint = "http://storage:8333""#,
                "origin-path = \"/a\"",
                "media.storage:8333",
                "media.storage",
                8333,
                "/a",
            ),
            (
                r#"bucket = "Old_Bucket", region = "r", endpoint = "https://[::1]:8333", path-style = true"#,
                "",
                "[::1]:8333",
                "::1",
                8333,
                "/Old_Bucket",
            ),
        ] {
            let expected = (authority.to_owned(), host.to_owned(), port, path.to_owned());
            assert_eq!(origin(s3, more), Ok(expected), "{s3}");
        }
    }
}
