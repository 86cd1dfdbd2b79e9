//! What `dev` prints: where it listens, links to open, and with `-v` lines that sign with its key.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::authority::Age;
use super::local_tls::LocalTls;
use super::rules::Access;
use super::site::Site;
use crate::access::encoding;
use crate::cli::keys::KeyPairFiles;
use crate::clock;
use crate::distribution::key::HashAlgorithm;
use crate::distribution::origin::{HttpServer, OriginLocation, S3Bucket};
use crate::edge::dev::cookie_link;
use crate::epoch::EpochSeconds;
use crate::explain::report::Paint;
use crate::sign::{PrivateKey, Terms, signed_url, signing_values};
use crate::viewer::Scheme;

/// What there is to show.
pub(super) struct BannerFacts<'a> {
    pub(super) pair: &'a KeyPairFiles,
    pub(super) site: &'a Site,
    /// What links begin with.
    pub(super) base: &'a str,
    pub(super) key_folder: &'a Path,
    pub(super) location: &'a OriginLocation,
    pub(super) path: &'a str,
    pub(super) console: Option<SocketAddr>,
    pub(super) plain: SocketAddr,
    /// Where TLS is spoken.
    pub(super) tls: Option<&'a LocalTls>,
    /// Usual ports that others have.
    pub(super) replaced_ports: Vec<u16>,
    pub(super) is_clock_moved: bool,
    pub(super) is_verbose: bool,
}

/// At most nine lines, unless more is asked for: with one of the log about the origin they are ten.
pub(super) fn banner(given: &BannerFacts<'_>, paint: Paint) -> anyhow::Result<String> {
    let BannerFacts { pair, key_folder, base, .. } = *given;
    let (origin, shown) = in_front_of(given);
    let url = format!("{base}{shown}");
    let end = EpochSeconds(clock::now().0 + LINK_LIFETIME.as_secs());
    let sign = |url: &str| {
        signing_values(url, &Terms::Canned { expires: end }, &pair.key, &pair.id, HashAlgorithm::Sha1)
    };
    let values = sign(&url)?;
    let opening = format!("{base}{}", cookie_link::PATH);
    let mut text = format!("{} in front of {origin}, on {base}, in test mode", paint.bold("Frontgate"));
    if given.is_clock_moved {
        let _ = write!(text, "; the clock starts at {}", clock::now());
    }
    for port in &given.replaced_ports {
        let _ = write!(text, " ({port} is in use)");
    }
    let mut line = |name: &str, value: &str| {
        let _ = write!(text, "\n  {name:13}{value}");
    };
    if let Some(address) = given.console {
        line("console", &format!("http://{address}/"));
    }
    line("key", &format!("{}, {}", pair.id, pair.private_file.display()));
    line("private", &private(given.site));
    if let Some(tls) = given.tls {
        let trust = match tls.age {
            Age::Kept => "trusted once by",
            Age::First => "new, to be trusted once:",
            Age::Replacement => "replaced for --host, must be trusted anew:",
        };
        let plain = host_of(given.plain);
        line("tls", &format!("{trust} {} (how: -v); http://{plain} too", tls.authority_file.display()));
    }
    line("why denied", &format!("frontgate explain --keys {} '…'", key_folder.display()));
    line("signed link", &paint.green(&signed_url(&url, &values)).to_string());
    line("with cookies", &signed_url(&opening, &sign(&opening)?));
    if let Some(broken) = break_signature(&values) {
        line("tampered", &signed_url(&url, &broken));
    }
    text.push('\n');
    if given.is_verbose {
        if let Some(tls) = given.tls {
            text.push_str(&how_to_trust(&tls.authority_file));
        }
        text.push_str(&snippets(pair, &url));
    }
    Ok(text)
}

/// What answers, and a path to open there.
fn in_front_of(given: &BannerFacts<'_>) -> (String, String) {
    match given.location {
        OriginLocation::Http(HttpServer { socket: Some(path), .. }) => {
            (format!("unix:{}", path.display()), "/".to_owned())
        }
        OriginLocation::Http(server) | OriginLocation::S3(S3Bucket { server, .. }) => {
            let (scheme, endpoint) = server.endpoint(Scheme::Http);
            let authority = endpoint.authority.to_str().unwrap_or_default();
            (format!("{scheme}://{authority}{}", given.path), "/".to_owned())
        }
        OriginLocation::Directory(folder) => (folder.display().to_string(), first_file(folder)),
        OriginLocation::Handler => ("a function".to_owned(), "/".to_owned()),
        OriginLocation::Demo(_) => ("the demo site".to_owned(), "/".to_owned()),
    }
}

/// Which paths need a signature, in one line.
fn private(site: &Site) -> String {
    let listed = |access: Access| {
        let rules = site.rules.list().iter().filter(|rule| rule.access == access);
        rules.map(|rule| rule.pattern.as_str()).collect::<Vec<_>>().join(", ")
    };
    match (site.rules.otherwise(), listed(Access::Private), listed(Access::Public)) {
        (Access::Private, _, public) => format!("everything but {public}"),
        (Access::Public, private, public) if public.is_empty() => private,
        (Access::Public, ..) => {
            let rules = site.rules.list().iter().map(|rule| match rule.access {
                Access::Private => rule.pattern.as_str().to_owned(),
                Access::Public => format!("not {}", rule.pattern.as_str()),
            });
            format!("{} (the first that fits counts)", rules.collect::<Vec<_>>().join(", "))
        }
    }
}

/// What links begin with: TLS where it is spoken, and the first host of the command line.
pub(super) fn base(plain: SocketAddr, secure: Option<SocketAddr>, host: Option<&str>) -> String {
    let (scheme, address) = match secure {
        Some(address) => (Scheme::Https, address),
        None => (Scheme::Http, plain),
    };
    let authority = match host {
        Some(host) if address.port() == scheme.default_port() => host.to_owned(),
        Some(host) => format!("{host}:{}", address.port()),
        None if address.port() == scheme.default_port() => {
            let authority = host_of(address);
            authority.rsplit_once(':').map_or(authority.as_str(), |(host, _)| host).to_owned()
        }
        None => host_of(address),
    };
    format!("{scheme}://{authority}")
}

/// Lines that sign with this key in Python and in JavaScript.
fn snippets(pair: &KeyPairFiles, url: &str) -> String {
    let (id, private) = (&pair.id, pair.private_file.display().to_string());
    let (module, scheme) = match *pair.key {
        PrivateKey::Rsa(_) => ("padding", "padding.PKCS1v15(), hashes.SHA1()"),
        PrivateKey::Ecdsa(_) => ("ec", "ec.ECDSA(hashes.SHA1())"),
    };
    format!(
        "\n# Python (pip install boto3 cryptography)\n\
         from datetime import datetime, timedelta, timezone\n\
         from botocore.signers import CloudFrontSigner\n\
         from cryptography.hazmat.primitives import hashes, serialization\n\
         from cryptography.hazmat.primitives.asymmetric import {module}\n\
         key = serialization.load_pem_private_key(open({private:?}, \"rb\").read(), None)\n\
         signer = CloudFrontSigner({id:?}, lambda m: key.sign(m, {scheme}))\n\
         print(signer.generate_presigned_url({url:?}, datetime.now(timezone.utc) + timedelta(hours=1)))\n\n\
         // JavaScript (npm install @aws-sdk/cloudfront-signer; save as .mjs)\n\
         import {{ readFileSync }} from \"node:fs\";\n\
         import {{ getSignedUrl }} from \"@aws-sdk/cloudfront-signer\";\n\
         console.log(getSignedUrl({{ url: {url:?}, keyPairId: {id:?},\n\
         \x20 privateKey: readFileSync({private:?}), dateLessThan: new Date(Date.now() + 3600e3) }}));\n\n"
    )
}

/// For browsers, which stop at an authority that they don't know.
fn how_to_trust(authority: &Path) -> String {
    let file = authority.display();
    format!(
        "\nTrust this machine's authority, once; it can vouch for localhost and the hosts of --host and nothing else:\n\
         \x20 curl             --cacert {file}\n\
         \x20 Debian, Ubuntu   sudo cp {file} /usr/local/share/ca-certificates/frontgate.crt && sudo update-ca-certificates\n\
         \x20 macOS            sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {file}\n\
         \x20 Chromium, Linux  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n frontgate -i {file}\n\
         \x20 Firefox, Chrome  import it as an authority in the settings\n\
         \x20 Node, Python     NODE_EXTRA_CA_CERTS={file}, SSL_CERT_FILE={file}\n"
    )
}

/// `host:port` for a URL; this machine where every address is listened on.
pub(super) fn host_of(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("127.0.0.1:{}", address.port()),
        false => address.to_string(),
    }
}

/// The same values with another first character of the signature.
fn break_signature(values: &[(&'static str, String)]) -> Option<Vec<(&'static str, String)>> {
    let mut broken = values.to_vec();
    let (_, signature) = broken.iter_mut().find(|(name, _)| *name == "Signature")?;
    let other = if signature.starts_with('A') { "B" } else { "A" };
    signature.replace_range(..1, other);
    encoding::decode(signature.as_bytes()).ok()?;
    Some(broken)
}

/// Something to open in a folder: its index, else its first file.
fn first_file(folder: &Path) -> String {
    if folder.join("index.html").is_file() {
        return "/".to_owned();
    }
    let names = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = names.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut names: Vec<String> = names.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    let encoded = names.first().map(|name| percent_encoding::utf8_percent_encode(name, PATH).to_string());
    format!("/{}", encoded.unwrap_or_default())
}

/// What a file's name needs encoded in a path.
const PATH: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Long enough for a day of work.
const LINK_LIFETIME: Duration = Duration::from_secs(86_400);
