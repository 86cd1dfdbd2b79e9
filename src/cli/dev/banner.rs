//! What `dev` prints: a link to open, the same one broken, and lines that sign with its key.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::PUBLIC_PATHS;
use crate::access::encoding;
use crate::cli::keys::KeyPair;
use crate::clock;
use crate::distribution::key::HashAlgorithm;
use crate::distribution::origin::{OriginLocation, S3Bucket};
use crate::epoch::EpochSeconds;
use crate::explain::report::Paint;
use crate::sign::{PrivateKey, Terms, signed_url, signing_values};
use crate::viewer::Scheme;

/// What there is to show.
pub(super) struct Shown<'a> {
    pub(super) pair: &'a KeyPair,
    pub(super) key_folder: &'a Path,
    pub(super) location: &'a OriginLocation,
    pub(super) path: &'a str,
    pub(super) console: Option<SocketAddr>,
    pub(super) plain: SocketAddr,
    /// Where TLS is spoken, and the file of the authority behind it.
    pub(super) secure: Option<(SocketAddr, &'a Path)>,
}

pub(super) fn banner(given: &Shown<'_>, paint: Paint) -> anyhow::Result<String> {
    let Shown { pair, key_folder, location, path, .. } = *given;
    let (before, shown) = match location {
        OriginLocation::Http(server) | OriginLocation::S3(S3Bucket { server, .. }) => {
            let (scheme, endpoint) = server.endpoint(Scheme::Http);
            let authority = endpoint.authority.to_str().unwrap_or_default();
            (format!("{scheme}://{authority}{path}"), "/".to_owned())
        }
        OriginLocation::Directory(folder) => (folder.display().to_string(), first_file(folder)),
        OriginLocation::Handler(_) => ("a function".to_owned(), "/".to_owned()),
        OriginLocation::Demo => ("the demo site".to_owned(), "/".to_owned()),
    };
    let base = base(given.plain, given.secure.map(|(address, _)| address));
    let url = format!("{base}{shown}");
    let end = EpochSeconds(clock::now().0 + LINK_LIFETIME.as_secs());
    let terms = Terms::Canned { expires: end };
    let values = signing_values(&url, &terms, &pair.key, &pair.id, HashAlgorithm::Sha1)?;
    let link = signed_url(&url, &values);
    let broken = break_signature(&values).map(|values| signed_url(&url, &values)).unwrap_or_default();
    let (id, private, keys) = (&pair.id, pair.private_file.display(), key_folder.display());
    let console =
        given.console.map(|address| format!("  console      http://{address}/\n")).unwrap_or_default();
    let mut text = String::new();
    let _ = write!(
        text,
        "\n{title} before {before}, on {base}\n\n\
         \x20 key id       {id}\n  private key  {private}\n  public       {PUBLIC_PATHS}; everything else needs a signature\n{console}\n\
         A signed link, good until {end}:\n  {link}\n\n\
         The same with one character changed, which is denied:\n  {broken}\n\n\
         Why? Ask with a link between the quotes:\n  frontgate explain --keys {keys} '…'\n\n",
        title = paint.bold("Frontgate"),
        link = paint.green(&link),
    );
    if let Some((_, authority)) = given.secure {
        text.push_str(&how_to_trust(authority, &format!("http://{}", host_of(given.plain))));
    }
    text.push_str(&snippets(pair, &url));
    Ok(text)
}

/// What links begin with.
pub(super) fn base(plain: SocketAddr, secure: Option<SocketAddr>) -> String {
    match secure {
        Some(address) => format!("https://{}", host_of(address)),
        None => format!("http://{}", host_of(plain)),
    }
}

/// Lines that sign with this key in Python and in JavaScript.
fn snippets(pair: &KeyPair, url: &str) -> String {
    let (id, private) = (&pair.id, pair.private_file.display().to_string());
    let (module, scheme) = match *pair.key {
        PrivateKey::Rsa(_) => ("padding", "padding.PKCS1v15(), hashes.SHA1()"),
        PrivateKey::Ecdsa(_) => ("ec", "ec.ECDSA(hashes.SHA1())"),
    };
    format!(
        "# Python (pip install boto3 cryptography)\n\
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
fn how_to_trust(authority: &Path, plain: &str) -> String {
    let file = authority.display();
    format!(
        "Trust this machine's authority, once; it can vouch for localhost and nothing else:\n\
         \x20 curl             --cacert {file}\n\
         \x20 Debian, Ubuntu   sudo cp {file} /usr/local/share/ca-certificates/frontgate.crt && sudo update-ca-certificates\n\
         \x20 macOS            sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {file}\n\
         \x20 Firefox, Chrome  import it as an authority in the settings\n\
         \x20 Node, Python     NODE_EXTRA_CA_CERTS={file}, SSL_CERT_FILE={file}\n\
         Plain HTTP goes on: {plain}\n\n"
    )
}

/// `host:port` for a URL; where everybody is listened to, this machine.
fn host_of(address: SocketAddr) -> String {
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
