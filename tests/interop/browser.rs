//! A browser plays private media from another origin with signed cookies, over TLS and HTTP/2: `tests/browser`.

use std::net::TcpListener;

use serde_json::json;

use crate::support::configs;
use crate::support::foreign::ask;
use crate::support::tls::{self, certificates};
use crate::support::{Edge, private_key, root};

/// The demo's site and a folder of films, both private; the page that stands in for a 403 is public.
fn site(app: &str) -> String {
    let login = "\n[[distributions.cache-behaviors]]\npath-pattern = \"/public/login.html\"\ntarget-origin = \"pages\"\n";
    let films = "\n[[distributions.cache-behaviors]]\npath-pattern = \"/films/*\"\ntarget-origin = \"pages\"\n\
                 trusted-key-groups = [\"one\"]\nresponse-headers-policy = \"player\"\n";
    let errors = "\n[[distributions.custom-error-responses]]\nerror-code = 403\n\
                  response-page-path = \"/public/login.html\"\nresponse-code = 403\n";
    let policy = format!(
        "[[response-headers-policies]]\nid = \"player\"\n\
         cors = {{ allow-origins = [\"{app}\"], allow-credentials = true, allow-methods = [\"GET\", \"HEAD\"], \
         allow-headers = [\"Range\"], expose-headers = [\"Content-Range\"], max-age = \"10m\", override = true }}\n\
         custom-headers = [{{ header = \"Timing-Allow-Origin\", value = \"{app}\", override = true }}]\n"
    );
    let site = configs::private("demo:", "[[distributions.origins]]\nid = \"pages\"\nurl = \"file:./pages\"")
        .replace(
            "domain-name = \"d111111abcdef8.cloudfront.net\"",
            "domain-name = \"d111111abcdef8.cloudfront.net\"\naliases = [\"media.example.test\"]",
        )
        .replace(
            "[distributions.default-cache-behavior]\n",
            "[distributions.default-cache-behavior]\nresponse-headers-policy = \"player\"\n",
        );
    // The first that fits a path counts: the login page stands before the other public paths.
    let (head, public) = site.split_once("[[distributions.cache-behaviors]]").expect("a behavior");
    format!("{policy}{head}{login}{films}[[distributions.cache-behaviors]]{public}{errors}")
}

#[test]
fn chromium_plays_with_signed_cookies_is_refused_without_and_sent_to_the_login() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let app = format!("https://app.example.test:{port}");
    let dir = tempfile::tempdir().unwrap();
    let pages = dir.path().join("pages");
    std::fs::create_dir_all(pages.join("public")).unwrap();
    let page = format!(
        "<!doctype html><title>Log in first</title><a href=\"{app}/login\">Log in</a>\
         <script>location.replace(\"{app}/login\")</script>"
    );
    std::fs::write(pages.join("public/login.html"), page).unwrap();
    let config = tls::tables("", "") + &site(&app);
    let folder = format!("file:{}", pages.display());
    let edge = Edge::serve_with(&config.replace("file:./pages", &folder), &[]);
    let media = format!("https://media.example.test:{}", edge.https[0].port());
    let screenshots = root().join("target/browser");

    let seen = ask(
        "browser/play.mjs",
        &json!({
            "media": media, "app": app,
            "certificate": certificates().join("app.pem"), "key": certificates().join("app.key"),
            "mediaCertificate": certificates().join("media.pem"),
            "keyPairId": configs::id("rsa"), "privateKey": private_key("rsa"),
            "films": pages.join("films"), "screenshots": screenshots,
        }),
    );

    // A denial has no CORS headers (cloudfront 8.1), so a script sees no status.
    for denied in ["stranger", "after"] {
        assert!(seen[denied] == "blocked" || seen[denied] == 403, "{denied}: {seen}");
    }
    for denied in ["strangerPlays", "latePlays"] {
        assert_eq!(seen[denied]["error"], "manifestLoadError", "{denied}: {seen}");
    }
    assert_eq!(seen["before"], 200, "{seen}");
    let packets =
        |fill: &str| json!({ "status": 200, "length": 1330 * 188, "isPackets": true, "last": fill });
    let segments: Vec<_> = ["0", "1", "2", "3"].map(packets).into();
    let demo = json!({ "status": 200, "type": "application/vnd.apple.mpegurl", "segments": segments });
    assert_eq!(seen["demo"], demo);
    for played in ["plays", "again"] {
        let played = &seen[played];
        assert!(played["time"].as_f64().is_some_and(|time| time >= 1.0), "{seen}");
        assert_eq!(played["width"], 320, "{seen}");
        let colour = played["colour"].as_array().expect("a colour");
        assert!(colour[..3].iter().any(|part| part.as_u64() > Some(60)), "{seen}");
    }
    assert_eq!(seen["protocols"], json!(["h2"]), "{seen}");
    assert_eq!(seen["denial"], json!({ "status": 403, "cache": "Error from cloudfront" }), "{seen}");
    assert_eq!(seen["sentTo"], format!("{app}/login"), "{seen}");
    for name in ["1-refused", "2-plays", "3-expired", "4-login", "5-again"] {
        let size = std::fs::metadata(screenshots.join(format!("{name}.png"))).expect("a screenshot").len();
        assert!(size > 4_000, "{name}: {size} bytes");
    }
}
