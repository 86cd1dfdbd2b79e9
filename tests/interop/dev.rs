//! The certificates of `frontgate dev`, judged by curl and OpenSSL.

use std::process::Command;

use crate::support::{Edge, stderr, stdout};

#[test]
fn each_name_gets_a_certificate_of_its_own_and_a_foreign_one_a_new_authority() {
    let edge = Edge::dev(&["--tls=127.0.0.1:0"]);
    let port = edge.https[0].port();
    let curl = |edge: &Edge, name: &str| {
        let port = edge.https[0].port();
        let output = Command::new("curl")
            .current_dir(edge.dir.path())
            .args(["-sS", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", ".frontgate/authority.pem"])
            .args(["--resolve", &format!("{name}:{port}:127.0.0.1")])
            .arg(format!("https://{name}:{port}/public/index.html"))
            .output()
            .unwrap();
        if output.status.success() { stdout(&output) } else { stderr(&output) }
    };
    for name in ["localhost", "127.0.0.1", "media.localhost", "App.Media.Shop.localhost"] {
        assert_eq!(curl(&edge, name), "200", "{name}");
    }
    assert!(curl(&edge, "media.example.com").contains("certificate"), "a foreign name");
    // The certificate is for that name alone: no wildcard.
    let shown = Command::new("sh")
        .args(["-c", &format!(
            "openssl s_client -connect 127.0.0.1:{port} -servername media.localhost </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName"
        )])
        .output()
        .unwrap();
    assert!(
        stdout(&shown).contains("DNS:media.localhost") && !stdout(&shown).contains('*'),
        "{}",
        stdout(&shown)
    );
    let kept = edge.dir.path().join("kept");
    assert!(Command::new("cp").arg("-r").arg(edge.file(".frontgate")).arg(&kept).status().unwrap().success());
    let authority = std::fs::read_to_string(kept.join("authority.pem")).unwrap();
    let again = |args: &[&str]| {
        let keys = kept.display().to_string();
        let edge = Edge::dev(&[&["--tls=127.0.0.1:0", "--keys", &keys], args].concat());
        std::os::unix::fs::symlink(&kept, edge.file(".frontgate")).unwrap();
        let found = std::fs::read_to_string(kept.join("authority.pem")).unwrap();
        (edge, found)
    };
    let (same, found) = again(&["--host", "media.shop.localhost"]);
    assert_eq!(found, authority);
    assert!(same.stdout().contains("trusted once by"), "{}", same.stdout());
    let (other, found) = again(&["--host", "media.example.com"]);
    assert_ne!(found, authority);
    assert!(other.stdout().contains("must be trusted anew: "), "{}", other.stdout());
    for name in ["media.example.com", "media.localhost"] {
        assert_eq!(curl(&other, name), "200", "{name}");
    }
    let (fewer, kept_found) = again(&[]);
    assert_eq!(kept_found, found, "it covers what is asked of it");
    assert!(curl(&fewer, "www.example.com").contains("certificate"));
}
