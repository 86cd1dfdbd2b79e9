//! Certificates: warnings at check, start and reload; the metric; what can't be used; how docs/certificates.md makes them.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::foreign::signers;
use crate::support::{Edge, frontgate, root, stderr, stdout, wait_for};

const DAY: i64 = 86_400;

/// Writes `NAME.pem` and `NAME.key` for names, good from one time to another, in seconds from now. Returns the end.
fn make(folder: &Path, name: &str, names: &[&str], from: i64, to: i64) -> i64 {
    let script = r#"
import datetime, ipaddress, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
stem, begin, end, *names = sys.argv[1:]
now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
begin, end = (now + datetime.timedelta(seconds=int(one)) for one in (begin, end))
key = ec.generate_private_key(ec.SECP256R1())
subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end)
if names:
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
certificate = builder.sign(key, hashes.SHA256())
open(stem + ".pem", "wb").write(certificate.public_bytes(Encoding.PEM))
open(stem + ".key", "wb").write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
print(int(end.timestamp()))
"#;
    let mut python = Command::new(signers().join("venv/bin/python"));
    python.args(["-c", script]).arg(folder.join(name)).args([from.to_string(), to.to_string()]).args(names);
    let output = python.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output).trim().parse().unwrap()
}

fn site(certificates: &[&str], names: &str) -> String {
    let pair = |name: &&str| format!("{{ certificate = \"{name}.pem\", private-key = \"{name}.key\" }}");
    let pairs: Vec<String> = certificates.iter().map(pair).collect();
    format!(
        "[[server.https]]\nlisten = [\"127.0.0.1:0\"]\ncertificates = [{}]\n[admin]\nlisten = \"127.0.0.1:0\"\n\
         [[distributions]]\nid = \"E\"\n{names}\n[[distributions.origins]]\nid = \"o\"\nurl = \"demo:\"\n\
         [distributions.default-cache-behavior]\ntarget-origin = \"o\"\n",
        pairs.join(", ")
    )
}

fn check(folder: &Path, config: &str) -> (Option<i32>, Vec<Value>, Vec<Value>) {
    std::fs::write(folder.join("config.toml"), config).unwrap();
    let output = frontgate().current_dir(folder).args(["check", "--json"]).output().unwrap();
    let json: Value =
        serde_json::from_str(&stdout(&output)).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    let list = |kind: &str| json[kind].as_array().unwrap().clone();
    (output.status.code(), list("errors"), list("warnings"))
}

#[test]
fn check_warns_of_what_viewers_refuse_now_or_soon() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    let name = &["media.example.com"][..];
    for (file, from, to, words) in [
        ("good", -DAY, 15 * DAY, None),
        ("long-ago", -2300 * DAY, -2200 * DAY, Some("the certificate expired at 20")),
        ("just", -DAY, -60, Some("the certificate expired at 20")),
        ("today", -DAY, 3600, Some("expires in less than a day, at 20")),
        ("tomorrow", -DAY, DAY + 3600, Some("expires in 1 day, at 20")),
        ("soon", -DAY, 14 * DAY - 3600, Some("expires in 13 days, at 20")),
        ("early", DAY, 100 * DAY, Some("isn't valid before 20")),
    ] {
        make(folder, file, name, from, to);
        let (code, _, warnings) = check(folder, &site(&[file], "domain-name = \"media.example.com\""));
        assert_eq!((code, warnings.len()), (Some(0), usize::from(words.is_some())), "{file}: {warnings:?}");
        if let Some(words) = words {
            assert!(warnings[0]["message"].as_str().unwrap().contains(words), "{file}: {warnings:?}");
            assert_eq!(
                (&warnings[0]["line"], &warnings[0]["found"]),
                (&3.into(), &format!("\"{file}.pem\"").into())
            );
            assert!(warnings[0]["help"].is_string(), "{warnings:?}");
        }
    }
}

#[test]
fn check_warns_of_names_without_a_certificate() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    make(folder, "media", &["media.example.com", "localhost"], -DAY, 90 * DAY);
    make(folder, "wild", &["*.cdn.example.com"], -DAY, 90 * DAY);
    make(folder, "none", &[], -DAY, 90 * DAY);
    for (certificates, names, missing) in [
        (&["media"][..], "domain-name = \"media.example.com\"", &[][..]),
        (&["media"], "domain-name = \"MEDIA.example.com\"", &[]),
        (
            &["media"],
            "domain-name = \"d111111abcdef8.cloudfront.net\"\naliases = [\"media.example.com\"]",
            &[],
        ),
        (&["media"], "domain-name = \"localhost\"\naliases = [\"www.example.com\"]", &["www.example.com"]),
        (
            &["media"],
            "domain-name = \"localhost\"\naliases = [\"*.cdn.example.com\"]",
            &["*.cdn.example.com"],
        ),
        (&["media", "wild"], "domain-name = \"localhost\"\naliases = [\"*.cdn.example.com\"]", &[]),
        (
            &["wild"],
            "domain-name = \"a.cdn.example.com\"\naliases = [\"a.b.cdn.example.com\"]",
            &["a.b.cdn.example.com"],
        ),
        (&["none"], "domain-name = \"localhost\"", &["localhost"]),
    ] {
        let (code, errors, warnings) = check(folder, &site(certificates, names));
        assert_eq!((code, errors.len()), (Some(0), 0), "{errors:?}");
        let messages: Vec<&str> = warnings.iter().map(|one| one["message"].as_str().unwrap()).collect();
        let expected: Vec<String> = missing
            .iter()
            .map(|name| format!("no certificate of [[server.https]] is for `{name}`"))
            .collect();
        assert_eq!(messages, expected, "{certificates:?} {names}");
    }
    // Without a TLS listener there is nothing to cover.
    let plain = site(&[], "domain-name = \"localhost\"")
        .replace("[[server.https]]\nlisten = [\"127.0.0.1:0\"]\ncertificates = []\n", "");
    assert_eq!(check(folder, &plain).2, Vec::<Value>::new());
}

#[test]
fn start_and_reload_warn_and_the_metric_follows() {
    let dir = tempfile::tempdir().unwrap();
    // An hour less than three days, which is two whole ones however long the start takes.
    let first = make(dir.path(), "a", &["localhost"], -DAY, 3 * DAY - DAY / 24);
    let other = make(dir.path(), "b", &["localhost"], -DAY, 300 * DAY);
    std::fs::write(dir.path().join("config.toml"), site(&["a", "b"], "domain-name = \"localhost\"")).unwrap();
    let mut command = frontgate();
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    let edge = Edge::start(command, dir);
    wait_for(|| edge.log().contains("the certificate expires in 2 days").then_some(()));
    let metric = |file: &str| {
        let name = "frontgate_certificate_not_after_timestamp_seconds";
        let prefix = format!("{name}{{certificate=\"{file}\"}} ");
        let page = edge.admin_page("/metrics").text();
        page.lines().find_map(|line| line.strip_prefix(&prefix)).and_then(|end| end.parse::<i64>().ok())
    };
    assert_eq!((metric("a.pem"), metric("b.pem")), (Some(first), Some(other)));
    // An expired one is presented, and said; the files are read again by themselves.
    let made = tempfile::tempdir().unwrap();
    let expired = make(made.path(), "a", &["localhost"], -3 * DAY, -DAY);
    for file in ["a.key", "a.pem"] {
        std::fs::copy(made.path().join(file), edge.file(file)).unwrap();
    }
    wait_for(|| (metric("a.pem") == Some(expired)).then_some(()));
    wait_for(|| edge.log().contains("the certificate expired at").then_some(()));
}

#[test]
fn certificates_that_cannot_be_used_are_named_with_what_helps() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    let script = r#"
        set -e
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 90 \
            -addext subjectAltName=DNS:localhost -keyout good.key -out good.pem 2>/dev/null
        openssl x509 -in good.pem -outform DER -out der.pem
        openssl crl2pkcs7 -nocrl -certfile good.pem -out pkcs7.pem
        openssl pkcs12 -export -inkey good.key -in good.pem -passout pass: -out pkcs12.pem
        openssl req -new -key good.key -subj /CN=localhost -out request.pem
        openssl x509 -req -in request.pem -signkey good.key -days 90 -out v1.pem 2>/dev/null
        head -c 300 good.pem > cut.pem
        { printf -- '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'; } > garbage.pem
        openssl genrsa -out other.key 2048 2>/dev/null
        openssl pkey -in good.key -aes256 -passout pass:x -out encrypted.key
        openssl pkey -in good.key -outform DER -out der.key
        ssh-keygen -q -t ed25519 -N '' -f ssh.key
        : > empty.pem
    "#;
    let output = Command::new("sh").args(["-c", script]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let version = stdout(
        &Command::new("openssl")
            .args(["x509", "-noout", "-text", "-in"])
            .arg(folder.join("v1.pem"))
            .output()
            .unwrap(),
    );
    assert!(version.contains("Version: 1 "), "{version}");
    for (certificate, key, words) in [
        ("v1.pem", "good.key", vec!["X.509 version 3", "found version 1", "subjectAltName=DNS:"]),
        ("der.pem", "good.key", vec!["a certificate in DER", "openssl x509 -inform DER"]),
        ("pkcs7.pem", "good.key", vec!["PKCS#7", "openssl pkcs7"]),
        ("pkcs12.pem", "good.key", vec!["PKCS#12", "openssl pkcs12"]),
        ("request.pem", "good.key", vec!["found `CERTIFICATE REQUEST`"]),
        ("cut.pem", "good.key", vec!["cut short", "copy the whole file"]),
        ("garbage.pem", "good.key", vec!["damaged or no X.509 certificate"]),
        ("empty.pem", "good.key", vec!["holds no certificate"]),
        ("good.pem", "other.key", vec!["belongs to another certificate", "openssl pkey -in KEY -pubout"]),
        ("good.pem", "encrypted.key", vec!["an encrypted private key", "openssl pkey -in KEY -out NEW"]),
        ("good.pem", "der.key", vec!["(SEC1)", "openssl pkey -inform DER -in KEY -out NEW"]),
        ("good.pem", "ssh.key", vec!["OpenSSH private key"]),
        ("good.pem", "good.pem", vec!["a certificate", "has no private key"]),
    ] {
        let config =
            site(&["x"], "domain-name = \"localhost\"").replace("x.pem", certificate).replace("x.key", key);
        let (code, errors, _) = check(folder, &config);
        let text = format!("{errors:?}");
        assert_eq!((code, errors.len()), (Some(2), 1), "{certificate} {key}: {text}");
        assert!(words.iter().all(|word| text.contains(word)), "{certificate} {key} {words:?}: {text}");
        assert!(!text.contains("OtherError") && !text.contains("InvalidCertificate"), "{text}");
    }
    // Line ends that an environment variable left.
    for file in ["good.pem", "good.key"] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        std::fs::write(folder.join(format!("flat-{file}")), text.replace('\n', "\\n")).unwrap();
    }
    let (code, errors, warnings) = check(folder, &site(&["flat-good"], "domain-name = \"localhost\""));
    assert_eq!((code, errors.len(), warnings.len()), (Some(0), 0, 0), "{errors:?} {warnings:?}");
}

/// What curl says of a page over TLS by an authority.
fn over_tls(edge: &Edge, authority: &Path) -> String {
    let port = edge.https[0].port();
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--max-time", "20", "-o", "/dev/null", "-w", "%{http_code}", "--cacert"])
        .arg(authority);
    curl.arg("--connect-to").arg(format!("::127.0.0.1:{port}")).arg("https://media.example.com/index.html");
    let output = curl.output().unwrap();
    stdout(&output) + &stderr(&output)
}

#[test]
fn an_authority_is_made_as_the_page_says_and_the_hook_installs_a_renewal() {
    let dir = tempfile::tempdir().unwrap();
    let page = std::fs::read_to_string(root().join("docs/certificates.md")).unwrap();
    let run = |folder: &Path| {
        let blocks = page.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
        let blocks: Vec<&str> = blocks.collect();
        assert_eq!(blocks.len(), 2);
        for block in blocks {
            let output = Command::new("sh").args(["-ec", block]).current_dir(folder).output().unwrap();
            assert!(output.status.success(), "{block}: {}", stderr(&output));
        }
    };
    run(dir.path());
    let authority = dir.path().join("authority.pem");
    // As certbot has them: readable for root alone.
    let lineage = dir.path().join("live/media.example.com");
    std::fs::create_dir_all(&lineage).unwrap();
    let issued = |folder: &Path| {
        std::fs::copy(folder.join("media.example.com.pem"), lineage.join("fullchain.pem")).unwrap();
        std::fs::copy(folder.join("media.example.com.key"), lineage.join("privkey.pem")).unwrap();
    };
    let group = stdout(&Command::new("id").arg("-g").output().unwrap()).trim().to_owned();
    let tls = dir.path().join("tls");
    let deploy = || {
        let mut hook = Command::new(root().join("examples/certbot/deploy-hook.sh"));
        hook.env("RENEWED_LINEAGE", &lineage).env("FRONTGATE_TLS", &tls).env("FRONTGATE_GROUP", &group);
        let output = hook.output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    };
    issued(dir.path());
    deploy();
    let mut modes = Command::new("stat");
    modes.args(["-c", "%a %n", "media.example.com.pem", "media.example.com.key"]).current_dir(&tls);
    assert_eq!(stdout(&modes.output().unwrap()), "640 media.example.com.pem\n640 media.example.com.key\n");
    let folder = tempfile::tempdir().unwrap();
    let stem = tls.join("media.example.com").display().to_string();
    let config = site(&[&stem], "domain-name = \"media.example.com\"");
    std::fs::write(folder.path().join("config.toml"), config).unwrap();
    let mut command = frontgate();
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    let edge = Edge::start(command, folder);
    assert_eq!(over_tls(&edge, &authority), "200");
    assert!(!edge.log().contains("certificate"), "{}", edge.log());
    // A renewal by another authority: once the hook has run, the old one is refused and the new one is trusted.
    let renewed = tempfile::tempdir().unwrap();
    run(renewed.path());
    issued(renewed.path());
    deploy();
    wait_for(|| (over_tls(&edge, &renewed.path().join("authority.pem")) == "200").then_some(()));
    assert_ne!(over_tls(&edge, &authority), "200");
}
