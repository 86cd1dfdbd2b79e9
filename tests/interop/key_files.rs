//! Keys in every form in which openssl, ssh-keygen, node and environment variables have them: read, or named with a command
//! that converts them, which is run here.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;

use crate::support::{frontgate, stderr, stdout, unprivileged};

/// A folder with one RSA key in every form: `private.*` and `public.*`.
static FORMS: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let script = r#"
        set -e
        openssl genrsa -out private.pem 2048 2>/dev/null
        openssl pkey -in private.pem -pubout -out public.pem
        openssl rsa -in private.pem -traditional -out private.pkcs1.pem 2>/dev/null
        openssl rsa -in private.pem -RSAPublicKey_out -out public.pkcs1.pem 2>/dev/null
        openssl ecparam -name prime256v1 -genkey -out private.sec1.pem
        openssl pkey -in private.sec1.pem -pubout -out public.ec.pem
        openssl pkey -in private.sec1.pem -out private.ec.pem

        openssl pkcs8 -topk8 -nocrypt -in private.pem -outform DER -out private.der
        openssl rsa -in private.pem -traditional -outform DER -out private.pkcs1.der 2>/dev/null
        openssl ec -in private.sec1.pem -outform DER -out private.sec1.der 2>/dev/null
        openssl pkey -pubin -in public.pem -outform DER -out public.der
        openssl rsa -in private.pem -RSAPublicKey_out -outform DER -out public.pkcs1.der 2>/dev/null
        openssl pkey -in private.pem -aes256 -passout pass:x -out private.encrypted.pem
        openssl rsa -in private.pem -traditional -aes256 -passout pass:x -out private.encrypted1.pem 2>/dev/null
        openssl pkcs8 -topk8 -in private.pem -outform DER -passout pass:x -out private.encrypted.der
        openssl req -new -x509 -key private.pem -subj /CN=x -days 3 -out certificate.pem
        openssl x509 -in certificate.pem -outform DER -out certificate.der
        openssl req -new -key private.pem -subj /CN=x -out request.pem
        openssl crl2pkcs7 -nocrl -certfile certificate.pem -out certificate.p7b
        openssl pkcs12 -export -inkey private.pem -in certificate.pem -passout pass:x -out both.p12
        openssl genpkey -algorithm ed25519 -out private.ed25519.pem
        openssl pkey -in private.ed25519.pem -pubout -out public.ed25519.pem
        openssl ecparam -name secp384r1 -genkey -noout -out private.p384.pem
        openssl pkey -in private.p384.pem -out private.p384-8.pem
        openssl ec -in private.p384.pem -pubout -out public.p384.pem 2>/dev/null
        openssl ecparam -name prime256v1 -genkey -noout -param_enc explicit -out private.explicit.pem
        sed 's/ENCRYPTED PRIVATE/PRIVATE/' private.encrypted.pem > private.encrypted-label.pem
        printf 'data:\n  tls.key: %s\n' "$(base64 -w0 private.pem)" > private.yaml
        sed 's/-----/—–—/g' private.pem > private.dashes
        sed 's/-----/----/g' public.pem > public.dashes
        openssl genpkey -algorithm rsa-pss -pkeyopt rsa_keygen_bits:2048 -out private.pss.pem 2>/dev/null

        cp private.pem ssh_key && chmod 600 ssh_key
        ssh-keygen -q -p -N '' -f ssh_key
        ssh-keygen -y -f ssh_key > public.ssh
        ssh-keygen -e -f ssh_key > public.ssh2
        cp ssh_key ssh_encrypted && chmod 600 ssh_encrypted
        ssh-keygen -q -t ed25519 -N '' -f ssh_ed25519
        base64 -w0 private.pem > private.base64
        base64 public.pem > public.base64
        grep -v -- ----- private.pem > private.bare
        grep -v -- ----- public.pem > public.bare
        sed 's/ PRIVATE KEY/ RSA PRIVATE KEY/' private.pem > private.label.pem
        sed 's/ RSA PUBLIC KEY/ PUBLIC KEY/' public.pkcs1.pem > public.label.pem
        iconv -f UTF-8 -t UTF-16 private.pem > private.utf16
        iconv -f UTF-8 -t UTF-16 public.pem > public.utf16
        printf '<!DOCTYPE html><html><body>Sign in</body></html>' > page.html
        printf '' > empty
        head -c 400 private.pem > private.cut
        head -c 400 public.pem > public.cut
        node -e '
            const c = require("crypto"), fs = require("fs");
            const key = c.createPrivateKey(fs.readFileSync("private.pem"));
            fs.writeFileSync("private.jwk", JSON.stringify(key.export({format: "jwk"})));
            fs.writeFileSync("public.jwk", JSON.stringify({keys: [c.createPublicKey(key).export({format: "jwk"})]}, null, 2));'
    "#;
    let output = Command::new("sh").args(["-c", script]).current_dir(dir.path()).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    dir
});

const URL: &str = "https://media.example.com/a";

fn form(name: &str) -> String {
    FORMS.path().join(name).display().to_string()
}

fn sign(private: &str) -> Output {
    let mut sign = frontgate();
    sign.args(["sign", "url", URL, "--key-pair-id", "K1", "--private-key", private, "--expires-in", "2h"]);
    sign.output().unwrap()
}

fn explain(public: &str, signed_by: &str) -> Output {
    let signed = sign(signed_by);
    assert!(signed.status.success(), "{}", stderr(&signed));
    let url = stdout(&signed);
    frontgate().args(["explain", url.trim(), "--public-key", &format!("K1={public}")]).output().unwrap()
}

/// As `sign` or as `explain`, whose link is signed by the key itself.
fn read(file: &str, half: &str) -> Output {
    match half {
        "private" => sign(file),
        _ => explain(file, &form("private.pem")),
    }
}

fn damages(pem: &str) -> Vec<(&'static str, String)> {
    let quoted = serde_json::Value::from(pem).to_string();
    vec![
        ("CRLF", pem.replace('\n', "\r\n")),
        ("CR alone", pem.replace('\n', "\r")),
        ("literal \\n", pem.replace('\n', "\\n")),
        ("literal \\r\\n", pem.replace('\n', "\\r\\n")),
        ("one line with spaces", pem.replace('\n', " ")),
        ("one line without", pem.replace('\n', "")),
        ("indented", pem.lines().map(|line| format!("\t  {line}  \n")).collect()),
        ("a BOM", format!("\u{feff}{pem}")),
        ("text around", format!("# the key of media\n\n{pem}\n-- \nBob\n")),
        (".env", format!("CLOUDFRONT_KEY={quoted}\n")),
        ("no last newline", pem.trim_end().to_owned()),
        ("blank lines", pem.replace('\n', "\n\n")),
        ("a URL's value", pem.replace(' ', "%20").replace('+', "%2B").replace('\n', "%0A")),
        ("a form's value", pem.replace('+', "%2B").replace(' ', "+").replace('\n', "%0D%0A")),
    ]
}

#[test]
fn keys_that_changed_on_the_way_are_read() {
    let dir = tempfile::tempdir().unwrap();
    for (private, public) in [
        ("private.pem", "public.pem"),
        ("private.pkcs1.pem", "public.pkcs1.pem"),
        ("private.sec1.pem", "public.ec.pem"),
        ("private.ec.pem", "public.ec.pem"),
    ] {
        let (private, public) = (form(private), form(public));
        let [privates, publics] =
            [&private, &public].map(|file| damages(&std::fs::read_to_string(file).unwrap()));
        for ((name, private_text), (_, public_text)) in privates.iter().zip(&publics) {
            let (one, other) = (dir.path().join("private"), dir.path().join("public"));
            std::fs::write(&one, private_text).unwrap();
            std::fs::write(&other, public_text).unwrap();
            let output = explain(&other.display().to_string(), &one.display().to_string());
            assert_eq!(output.status.code(), Some(0), "{name}: {}{}", stdout(&output), stderr(&output));
        }
    }
}

/// The command in a line of help, with files in place of its words.
fn command(said: &str, file: &str, new: &Path, old: &Path) -> String {
    let help =
        said.lines().find_map(|line| line.trim().strip_prefix("help ")).unwrap_or_else(|| panic!("{said}"));
    let starts = ["openssl ", "ssh-keygen ", "base64 ", "node ", "iconv ", "sed "];
    let at = starts.iter().filter_map(|start| help.find(start)).min().unwrap_or_else(|| panic!("{help}"));
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut filled = String::new();
    for word in help[at..].split_inclusive(|c| !is_word(c)) {
        let bare = word.trim_end_matches(|c| !is_word(c));
        let path = match bare {
            "KEY" if !filled.ends_with("PRIVATE ") && !filled.ends_with("PUBLIC ") => file,
            "NEW" => new.to_str().unwrap(),
            "OLD" => old.to_str().unwrap(),
            _ => bare,
        };
        filled += path;
        filled += &word[bare.len()..];
    }
    filled
        .replace("openssl pkcs12 ", "openssl pkcs12 -passin pass:x ")
        .replace("openssl pkey ", "openssl pkey -passin pass:x ")
}

#[test]
fn other_formats_are_named_with_a_command_that_converts_them() {
    let dir = tempfile::tempdir().unwrap();
    let (new, old) = (dir.path().join("new"), dir.path().join("old"));
    for (file, half, named) in [
        ("private.der", "private", "a private key (PKCS#8)"),
        ("private.pkcs1.der", "private", "an RSA private key (PKCS#1) in DER, the binary form"),
        ("private.sec1.der", "private", "an EC private key (SEC1)"),
        ("private.encrypted.pem", "private", "an encrypted private key"),
        ("private.encrypted1.pem", "private", "an encrypted private key"),
        ("private.encrypted.der", "private", "an encrypted private key"),
        ("both.p12", "private", "PKCS#12"),
        ("ssh_key", "private", "an OpenSSH private key (RSA)"),
        ("private.jwk", "private", "a JSON Web Key"),
        ("private.base64", "private", "encoded in base64 once more"),
        ("private.bare", "private", "base64 without its"),
        ("private.label.pem", "private", "a private key (PKCS#8) under the label `RSA PRIVATE KEY`"),
        ("private.utf16", "private", "UTF-16"),
        ("public.der", "public", "a public key (SPKI) in DER, the binary form"),
        ("public.pkcs1.der", "public", "an RSA public key (PKCS#1) in DER, the binary form"),
        ("private.pem", "public", "a private key (PKCS#8)"),
        ("private.der", "public", "a private key (PKCS#8)"),
        ("private.encrypted.pem", "public", "an encrypted private key"),
        ("certificate.pem", "public", "a certificate"),
        ("certificate.der", "public", "a certificate"),
        ("certificate.p7b", "public", "PKCS#7"),
        ("request.pem", "public", "a certificate request"),
        ("both.p12", "public", "PKCS#12"),
        ("ssh_encrypted", "public", "an OpenSSH private key (RSA)"),
        ("public.ssh", "public", "an OpenSSH public key (RSA)"),
        ("public.ssh2", "public", "an SSH2 public key"),
        ("public.jwk", "public", "a JSON Web Key"),
        ("public.base64", "public", "encoded in base64 once more"),
        ("public.bare", "public", "base64 without its"),
        ("public.label.pem", "public", "an RSA public key (PKCS#1) under the label `PUBLIC KEY`"),
        ("public.utf16", "public", "UTF-16"),
    ] {
        let output = read(&form(file), half);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{file} as {half}: {said}");
        assert!(said.contains(&format!("found {named}")) || said.contains(named), "{file} as {half}: {said}");
        // A copy, since one of them is converted in place.
        let copy = dir.path().join("copy");
        std::fs::copy(form(file), &copy).unwrap();
        let in_place = named.contains("OpenSSH") && half == "private";
        let command = command(&said, copy.to_str().unwrap(), &new, &old);
        let converted = Command::new("sh").args(["-c", &command]).output().unwrap();
        assert!(converted.status.success(), "{file}: {command}: {}", stderr(&converted));
        let made = if in_place { &copy } else { &new };
        // The one EC key has a public half of its own.
        let fits = if file.contains("sec1") { "private" } else { half };
        let output = read(made.to_str().unwrap(), fits);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{file}: {command}: {}{}",
            stdout(&output),
            stderr(&output)
        );
    }
}

#[test]
fn keys_that_no_command_makes_fit_are_named() {
    for (file, half, words) in [
        ("private.ed25519.pem", "private", vec!["Ed25519", "frontgate keygen"]),
        ("public.ed25519.pem", "public", vec!["Ed25519", "frontgate keygen"]),
        ("private.p384.pem", "private", vec!["P-384", "frontgate keygen"]),
        ("private.p384-8.pem", "private", vec!["P-384", "frontgate keygen"]),
        ("public.p384.pem", "public", vec!["P-384", "frontgate keygen"]),
        ("private.pss.pem", "private", vec!["RSASSA-PSS", "frontgate keygen"]),
        ("ssh_ed25519", "private", vec!["OpenSSH", "Ed25519", "frontgate keygen"]),
        ("ssh_ed25519.pub", "public", vec!["OpenSSH", "Ed25519", "frontgate keygen"]),
        ("public.pem", "private", vec!["a public key", "only verifies"]),
        ("public.der", "private", vec!["a public key", "only verifies"]),
        ("public.ssh", "private", vec!["OpenSSH public key", "only verifies"]),
        ("certificate.pem", "private", vec!["a certificate", "has no private key"]),
        ("certificate.der", "private", vec!["a certificate", "has no private key"]),
        ("private.cut", "private", vec!["without its `-----END PRIVATE KEY-----`", "copy the whole file"]),
        ("public.cut", "public", vec!["without its `-----END PUBLIC KEY-----`", "copy the whole file"]),
        (
            "private.explicit.pem",
            "private",
            vec!["its values are not those of a key", "-ec_param_enc named_curve"],
        ),
        ("private.encrypted-label.pem", "private", vec!["an encrypted private key"]),
        ("private.yaml", "private", vec!["encoded in base64 once more"]),
        ("private.dashes", "private", vec!["without its five hyphens"]),
        ("public.dashes", "public", vec!["without its five hyphens"]),
        ("page.html", "public", vec!["an HTML page"]),
        ("empty", "public", vec!["it is empty"]),
        ("empty", "private", vec!["it is empty"]),
    ] {
        let output = read(&form(file), half);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{file}: {said}");
        assert!(words.iter().all(|word| said.contains(word)), "{file} as {half}, {words:?}: {said}");
    }
}

#[test]
fn no_message_repeats_a_key() {
    let texts = ["private.pem", "private.cut", "private.label.pem", "private.jwk", "private.bare", "ssh_key"];
    for name in texts {
        let text = std::fs::read_to_string(form(name)).unwrap();
        let damaged = text.replace("MII", "M!I");
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        std::fs::write(&file, &damaged).unwrap();
        let path = file.display().to_string();
        let toml = serde_json::Value::from(damaged.as_str()).to_string();
        let config = |source: String| format!("[[public-keys]]\nid = \"K1\"\n{source}\n");
        let mut said = String::new();
        for half in ["private", "public"] {
            said += &stderr(&read(&path, half));
            // The text itself in place of its file.
            said += &stderr(&read(&text, half));
        }
        for source in [format!("pem = {toml}"), format!("file = {toml}"), format!("file = {path:?}")] {
            std::fs::write(dir.path().join("config.toml"), config(source)).unwrap();
            let check = frontgate().current_dir(dir.path()).arg("check").output().unwrap();
            assert_eq!(check.status.code(), Some(2));
            said += &stderr(&check);
        }
        // Any 24 characters of a line that is long enough to be key material.
        for line in text.lines().filter(|line| line.len() > 40 && !line.contains("-----")) {
            for at in (0..line.len() - 24).step_by(8) {
                assert!(!said.contains(&line[at..at + 24]), "{name}: {} in {said}", &line[at..at + 24]);
            }
        }
    }
}

#[test]
fn a_configuration_takes_a_key_from_any_form_of_pem() {
    let dir = tempfile::tempdir().unwrap();
    let pem = std::fs::read_to_string(form("public.pem")).unwrap();
    for (name, text) in damages(&pem) {
        let toml = serde_json::Value::from(text.as_str()).to_string();
        let config = format!("[[public-keys]]\nid = \"K1\"\npem = {toml}\n");
        std::fs::write(dir.path().join("config.toml"), config).unwrap();
        let check = frontgate().current_dir(dir.path()).arg("check").output().unwrap();
        assert!(!stderr(&check).contains("K1"), "{name}: {}", stderr(&check));
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_its_mode_and_the_user() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    let chmod = |name: &str, mode| {
        std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    for name in ["public.pem", "private.pem"] {
        std::fs::copy(form(name), folder.join(name)).unwrap();
        chmod(name, 0o000);
    }
    std::fs::create_dir(folder.join("closed")).unwrap();
    std::fs::copy(form("public.pem"), folder.join("closed/public.pem")).unwrap();
    chmod("closed", 0o000);
    let config = |file: &str| format!("[[public-keys]]\nid = \"K1\"\nfile = \"{file}\"\n");
    let run = |arguments: &[&str]| {
        let (mut command, user) = unprivileged(folder);
        let output = command.current_dir(folder).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}{}", stdout(&output), stderr(&output));
        (stderr(&output), user)
    };
    for (file, expected) in [
        ("public.pem", "permission denied: it has mode 0000"),
        ("closed/public.pem", "closed can't be entered: it has mode 0000"),
    ] {
        std::fs::write(folder.join("config.toml"), config(file)).unwrap();
        let (said, user) = run(&["check"]);
        let words = [expected, "belongs to", &format!("uid {user}"), &format!("setfacl -m u:{user}:r")];
        assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
        assert!(!said.contains("keygen"), "{said}");
    }
    let (said, _) = run(&["explain", URL, "--public-key", "K1=public.pem"]);
    assert!(said.contains("mode 0000") && said.contains("help      run as that user"), "{said}");
    let sign =
        ["sign", "url", URL, "--key-pair-id", "K1", "--private-key", "private.pem", "--expires-in", "2h"];
    let (said, _) = run(&sign);
    assert!(said.contains("mode 0000") && said.contains("help      run as that user"), "{said}");
    chmod("config.toml", 0o000);
    for command in ["check", "serve"] {
        let (said, user) = run(&[command]);
        assert!(said.contains("mode 0000") && said.contains(&format!("uid {user}")), "{said}");
    }
    chmod("closed", 0o755);
}
