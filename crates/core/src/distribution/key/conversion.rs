//! How each format becomes what CloudFront and its signers take: PEM, as SPKI or PKCS#8. `KEY` is the file that is there,
//! `NEW` the one that is made; tests/interop/key_files.rs runs each command.

use super::format::{Format, SshAlgorithm, Structure};
use super::half::Half;

/// The command, or a sentence where there is none.
pub(super) fn help(format: Format, half: Half) -> Option<&'static str> {
    match (format, half) {
        (
            Format::OpenSshPrivate(SshAlgorithm::Other(_)) | Format::OpenSshPublic(SshAlgorithm::Other(_)),
            _,
        )
        | (Format::Pgp | Format::XmlKey, _) => Some(NEW_PAIR),
        (Format::JavaKeystore, _) => Some(
            "make it PKCS#12 first: keytool -importkeystore -srckeystore KEY -destkeystore NEW -deststoretype PKCS12",
        ),
        (Format::Base64OfPem, _) => Some("base64 -d KEY > NEW"),
        (Format::Utf16, _) => Some(
            "save it as UTF-8 (PowerShell: Set-Content -Encoding ascii): iconv -f UTF-16 -t UTF-8 KEY > NEW",
        ),
        (Format::OtherDashes, _) => Some(
            "write hyphens in place of dashes, five on both sides: `-----BEGIN …-----`, `-----END …-----`",
        ),
        (Format::Html, _) => Some("was it downloaded from a page that requires a sign-in first?"),
        (Format::Empty | Format::UnknownText | Format::UnknownBytes, _) => None,
        (format, Half::Public) => public(format),
        (format, Half::Private) => private(format),
    }
}

fn public(format: Format) -> Option<&'static str> {
    Some(match format {
        Format::Der(Structure::Spki) => "openssl pkey -pubin -inform DER -in KEY -out NEW",
        Format::Der(Structure::Pkcs1Public) => {
            "openssl rsa -RSAPublicKey_in -inform DER -in KEY -pubout -out NEW"
        }
        Format::Der(Structure::Pkcs8 | Structure::Pkcs1Private | Structure::Sec1) | Format::Encrypted => {
            "this half signs and stays secret; the public one: openssl pkey -in KEY -pubout -out NEW"
        }
        Format::Der(Structure::Certificate) => "openssl x509 -in KEY -pubkey -noout > NEW",
        Format::Der(Structure::Request) => "openssl req -in KEY -pubkey -noout > NEW",
        Format::Der(Structure::Pkcs7) => {
            "openssl pkcs7 -in KEY -print_certs | openssl x509 -pubkey -noout > NEW"
        }
        Format::Pkcs12 => "openssl pkcs12 -in KEY -clcerts -nokeys | openssl x509 -pubkey -noout > NEW",
        Format::Putty => "puttygen KEY -O public-openssh -o OLD && ssh-keygen -e -m PKCS8 -f OLD > NEW",
        Format::OpenSshPrivate(_) | Format::OpenSshPublic(_) => "ssh-keygen -e -m PKCS8 -f KEY > NEW",
        Format::Ssh2Public => "ssh-keygen -i -f KEY > OLD && ssh-keygen -e -m PKCS8 -f OLD > NEW",
        Format::JsonWebKey => JWK_TO_PUBLIC,
        Format::BareBase64 => "base64 -d KEY | openssl pkey -pubin -inform DER -out NEW",
        Format::JavaKeystore
        | Format::Pgp
        | Format::XmlKey
        | Format::Base64OfPem
        | Format::Utf16
        | Format::OtherDashes
        | Format::Html
        | Format::Empty
        | Format::UnknownText
        | Format::UnknownBytes => return None,
    })
}

fn private(format: Format) -> Option<&'static str> {
    Some(match format {
        Format::Der(Structure::Pkcs8 | Structure::Pkcs1Private | Structure::Sec1) => {
            "openssl pkey -inform DER -in KEY -out NEW"
        }
        Format::Der(Structure::Certificate | Structure::Request | Structure::Pkcs7) => {
            "a certificate has no private key; name the file with the key that it was made for"
        }
        Format::Der(Structure::Spki | Structure::Pkcs1Public)
        | Format::OpenSshPublic(_)
        | Format::Ssh2Public => {
            "this is the public half, which only verifies; name the file with the private one"
        }
        Format::Encrypted => "decrypt it first: openssl pkey -in KEY -out NEW",
        Format::Pkcs12 => "openssl pkcs12 -in KEY -nocerts -nodes -out NEW",
        Format::Putty => "puttygen KEY -O private-openssh -o NEW && ssh-keygen -p -N '' -m PEM -f NEW",
        Format::OpenSshPrivate(_) => {
            "this converts and decrypts it in place: ssh-keygen -p -N '' -m PEM -f KEY"
        }
        Format::JsonWebKey => JWK_TO_PRIVATE,
        Format::BareBase64 => "base64 -d KEY | openssl pkey -inform DER -out NEW",
        Format::JavaKeystore
        | Format::Pgp
        | Format::XmlKey
        | Format::Base64OfPem
        | Format::Utf16
        | Format::OtherDashes
        | Format::Html
        | Format::Empty
        | Format::UnknownText
        | Format::UnknownBytes => return None,
    })
}

/// For keys that no conversion makes fit.
pub const NEW_PAIR: &str =
    "CloudFront takes RSA of 2048 bits and ECDSA on P-256; `frontgate keygen` makes such a pair";
const JWK_TO_PUBLIC: &str = "node -e 'const c=require(\"crypto\"),j=JSON.parse(require(\"fs\").readFileSync(\"KEY\"));\
    process.stdout.write(c.createPublicKey({key:j.keys?j.keys[0]:j,format:\"jwk\"}).export({type:\"spki\",format:\"pem\"}))' > NEW";
const JWK_TO_PRIVATE: &str = "node -e 'const c=require(\"crypto\"),j=JSON.parse(require(\"fs\").readFileSync(\"KEY\"));\
    process.stdout.write(c.createPrivateKey({key:j.keys?j.keys[0]:j,format:\"jwk\"}).export({type:\"pkcs8\",format:\"pem\"}))' > NEW";
