//! Broken configurations: every fault at once, each with its place and the way to fix it (configuration, and reference 7).

use serde_json::Value;

use crate::support::configs;
use crate::support::{frontgate, private_key, public_key, stderr, stdout};

fn check(config: &str) -> (Option<i32>, Value, String) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.toml"), config).unwrap();
    let json = frontgate().current_dir(dir.path()).args(["check", "--json"]).output().unwrap();
    let text = frontgate().current_dir(dir.path()).arg("check").output().unwrap();
    assert_eq!(json.status.code(), text.status.code());
    let mut parsed: Value =
        serde_json::from_str(&stdout(&json)).unwrap_or_else(|error| panic!("{error}: {}", stdout(&json)));
    // The site of most tests redirects to HTTPS, which it doesn't speak: tests/it/redirects.rs looks at that.
    if let Some(warnings) = parsed["warnings"].as_array_mut() {
        warnings.retain(|warning| warning["expected"] != "an HTTPS listener");
    }
    (json.status.code(), parsed, stdout(&text) + &stderr(&text))
}

fn errors(json: &Value) -> Vec<String> {
    json["errors"].as_array().unwrap().iter().map(Value::to_string).collect()
}

#[test]
fn a_good_configuration_is_told_behavior_by_behavior() {
    let (code, json, text) = check(&configs::main("http://127.0.0.1:9000"));
    assert_eq!(
        (code, &json["errors"], &json["warnings"]),
        (Some(0), &serde_json::json!([]), &serde_json::json!([]))
    );
    let behaviors = json["distributions"][0]["behaviors"].as_array().unwrap();
    assert_eq!(behaviors[0], serde_json::json!({"path-pattern": "/public/*", "private": false, "keys": []}));
    let default = behaviors.last().unwrap();
    assert_eq!(default["path-pattern"], "*");
    assert_eq!((&default["private"], default["keys"].as_array().unwrap().len()), (&Value::Bool(true), 2));
    assert!(
        text.contains("EDFDVBD6EXAMPLE") && text.contains("/public/*") && text.contains(configs::id("rsa")),
        "{text}"
    );
}

#[test]
fn every_fault_is_told_at_once_with_its_place() {
    let config = format!(
        r#"[server]
listen = ["localhost:8080"]
worker = 2

[[public-keys]]
id = "K1"
file = "no/such.pem"

[[public-keys]]
id = "K2"
file = {private:?}

[[public-keys]]
id = "K3"
file = {short:?}

[[key-groups]]
id = "empty"
public-keys = []

[[key-groups]]
id = "g"
public-keys = ["K9"]

[[distributions]]
id = "E1"
domain-name = "a.example.com"
[[distributions.origins]]
id = "app"
url = "ftp://127.0.0.1"
default-root-object = "index.html"
[distributions.default-cache-behavior]
target-origin = "ap"
trusted-key-group = ["g"]
allowed-methods = ["GET"]
origin-request-policy = "AllViewers"
[[distributions.cache-behaviors]]
path-pattern = "/a b"
target-origin = "app"
trusted-key-groups = ["nobody"]
"#,
        private = private_key("rsa"),
        short = public_key("rsa1024"),
    );
    let (code, json, text) = check(&config);
    assert_eq!(code, Some(2));
    let errors = errors(&json);
    for (line, words) in [
        (2, vec!["localhost:8080", "IP address and a port"]),
        (3, vec!["worker", "did you mean `workers`?"]),
        (7, vec!["no/such.pem", "can't be read"]),
        (11, vec!["K2", "private key"]),
        (15, vec!["1024", "2048"]),
        (17, vec!["empty", "no keys"]),
        (23, vec!["K9", "not defined"]),
        (30, vec!["ftp://127.0.0.1", "http://"]),
        (31, vec!["default-root-object", "table around"]),
        (33, vec!["ap", "not defined"]),
        (34, vec!["trusted-key-group", "did you mean `trusted-key-groups`?"]),
        (35, vec!["GET", "three sets"]),
        (36, vec!["AllViewers", "did you mean `AllViewer`?", "AllViewerExceptHostHeader"]),
        (38, vec!["path-pattern", "/a b"]),
        (40, vec!["nobody", "not defined"]),
    ] {
        let place = format!("\"line\":{line},");
        let found = errors
            .iter()
            .any(|error| error.contains(&place) && words.iter().all(|word| error.contains(word)));
        assert!(found, "line {line} {words:?} in\n{}", errors.join("\n"));
        assert!(text.contains(&format!("config.toml:{line}:")), "line {line} in\n{text}");
    }
    assert_eq!(errors.len(), 15, "{}", errors.join("\n"));
}

#[test]
fn nothing_listens_with_a_broken_configuration() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.toml"), "nonsense = true").unwrap();
    let output = frontgate().current_dir(dir.path()).arg("serve").output().unwrap();
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
    assert!(stderr(&output).contains("nothing was started"));
}

#[test]
fn a_missing_configuration_names_the_command_that_needs_none() {
    let dir = tempfile::tempdir().unwrap();
    for command in ["serve", "check"] {
        let output = frontgate().current_dir(dir.path()).arg(command).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(
            stderr(&output).contains("config.toml") && stderr(&output).contains("frontgate dev"),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn not_toml_and_wrong_kinds_are_faults_with_a_place() {
    for (config, line) in [
        ("a = ", 1),
        ("[server]\nlisten = 5", 2),
        ("[server]\n\nworkers = -1", 3),
        ("[verified-policy-cache]\nmax-size = \"64 elephants\"", 2),
        ("[server]\nshutdown-grace = \"30\"", 2),
        ("server = 5", 1),
    ] {
        let (code, json, text) = check(config);
        assert_eq!(code, Some(2), "{config}");
        let place = format!("\"line\":{line},");
        assert!(errors(&json).iter().any(|error| error.contains(&place)), "{config}: {json}");
        assert!(!text.contains("panicked"));
    }
}

#[test]
fn a_pkcs1_key_and_a_strangers_base_are_warnings() {
    let one = configs::main("http://127.0.0.1:9000").replace(&public_key("rsa"), &public_key("rsa-pkcs1"));
    let (code, json, _) = check(&one);
    assert_eq!((code, json["warnings"].as_array().unwrap().len()), (Some(0), 1));
    assert!(json["warnings"][0]["message"].as_str().unwrap().contains("PKCS#1"));
    let two = configs::two("http://127.0.0.1:9000").replacen(
        "https://one.example.com",
        "https://two.example.com",
        1,
    );
    let (code, json, _) = check(&two);
    assert_eq!((code, json["warnings"].as_array().unwrap().len()), (Some(0), 1));
    assert!(json["warnings"][0]["message"].as_str().unwrap().contains("two.example.com"));
}

#[test]
fn what_is_beyond_cloudfronts_quotas_is_a_warning() {
    let ids: Vec<&str> = vec![configs::id("rsa"); 6];
    let config = configs::main("http://127.0.0.1:9000")
        + &format!("[[key-groups]]\nid = \"many\"\npublic-keys = {ids:?}\n");
    let config = config.replacen(
        "trusted-key-groups = [\"two\"]",
        "trusted-key-groups = [\"two\", \"one\", \"short\", \"two\", \"one\"]",
        1,
    );
    let (code, json, _) = check(&config);
    let warnings: Vec<&str> = json["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["message"].as_str().unwrap())
        .collect();
    assert_eq!((code, warnings.len()), (Some(0), 3), "{warnings:?}");
    assert!(warnings.iter().any(|text| text.contains("public keys in a key group")), "{warnings:?}");
    assert!(warnings.iter().any(|text| text.contains("key groups on a behavior")), "{warnings:?}");
    assert!(warnings.iter().any(|text| text.contains("no behavior trusts key group `many`")), "{warnings:?}");
}

#[test]
fn keys_that_cloudfront_refuses_are_refused() {
    for (name, word) in
        [("rsa4096", "4096"), ("p384", "P-384"), ("ed25519", "Ed25519"), ("rsa1024", "allow-short")]
    {
        let config = configs::main("http://127.0.0.1:9000").replace(&public_key("rsa2"), &public_key(name));
        let (code, json, _) = check(&config);
        assert_eq!(code, Some(2));
        assert!(errors(&json).iter().any(|error| error.contains(word)), "{name}: {json}");
    }
}

#[test]
fn faults_across_tables_have_their_own_places() {
    let twice = configs::two("http://127.0.0.1:9000").replacen("two.example.com", "one.example.com", 1);
    let line = twice.lines().position(|line| line == "domain-name = \"one.example.com\"").unwrap();
    let second =
        twice.lines().skip(line + 1).position(|line| line == "domain-name = \"one.example.com\"").unwrap();
    let (code, json, _) = check(&twice);
    assert_eq!((code, errors(&json).len()), (Some(2), 1), "{json}");
    assert_eq!(json["errors"][0]["line"], line + second + 2);
    for (config, words) in [
        (
            format!("[server]\nlisten = []\n{}", configs::main("http://127.0.0.1:9000")),
            "`listen` has no address",
        ),
        (
            configs::main("http://127.0.0.1:9000").replace("domain-name = \"d1", "domain-name = \"*.d1"),
            "without a port",
        ),
        (configs::main("http://127.0.0.1:9000").replace("/public/*", "/a/../b/*"), "matches nothing"),
        (
            configs::private(
                "http://127.0.0.1:9000",
                "[distributions.origins.custom-headers]\nresponse-timeout = \"5s\"",
            ),
            "is a key of the origin",
        ),
        // A distribution that has a fault is defined all the same: one fault, not two.
        (
            format!("[server]\nunknown-host = \"EDFDVBD6EXAMPLE\"\n{}", configs::private("ftp://x", "")),
            "`url` can't be used",
        ),
    ] {
        let (code, json, _) = check(&config);
        assert_eq!((code, errors(&json).len()), (Some(2), 1), "{words}: {json}");
        assert!(errors(&json)[0].contains(words), "{words}: {json}");
    }
}

#[test]
fn a_likely_slip_is_answered_with_its_correction() {
    let main = configs::main("http://127.0.0.1:9000");
    let key_in_place_of_group = format!("trusted-key-groups = [\"{}\"]", configs::id("rsa"));
    for (config, words) in [
        (
            main.replacen("trusted-key-groups = [\"one\"]", &key_in_place_of_group, 1),
            "is a public key; it is in the key group",
        ),
        (format!("[server]\nshutdown-grace = 30\n{main}"), "is so many seconds"),
        (format!("[server]\nlisten = \"127.0.0.1:1\"\n{main}"), "listen = ["),
        (
            main.replace(
                "[distributions.default-cache-behavior]",
                "[[distributions.default-cache-behavior]]",
            ),
            "single brackets",
        ),
        (format!("{main}\n[distributions]\nid = \"x\""), "double brackets"),
        (
            format!("{main}\n[[response-headers-policies]]\nid = \"h\"\ncors = {{ max-age = 600 }}"),
            "is so many seconds",
        ),
        (main.replace(&public_key("rsa2"), "keys/K2.pem"), "frontgate keygen --out keys --id"),
    ] {
        let (code, json, _) = check(&config);
        assert!(code == Some(2) && json.to_string().contains(words), "{words}: {json}");
    }
}

#[test]
fn what_is_no_slip_of_that_kind_has_no_such_hint() {
    for (config, words) in [
        (
            "[[response-headers-policies]]\nid = \"h\"\n[response-headers-policies.security-headers]\nstrict-transport-security = 31536000",
            "wrong kind",
        ),
        ("[server]\nunknown-host = 5", "a string"),
        ("[[public-keys]]\nid = 5", "a string"),
    ] {
        let (code, json, _) = check(&format!("{config}\n"));
        let found = json.to_string();
        assert!(code == Some(2) && found.contains(words) && !found.contains("so many seconds"), "{json}");
    }
    // A group that the broken behavior trusts is none that nothing trusts.
    let private = configs::private("http://127.0.0.1:9000", "");
    let trusting = "trusted-key-groups = [\"one\"]";
    for policy in ["origin-request-policy", "response-headers-policy"] {
        let config = private.replace(trusting, &format!("{trusting}\n{policy} = \"Nothing\""));
        let (code, json, _) = check(&config);
        assert_eq!((code, errors(&json).len(), &json["warnings"]), (Some(2), 1, &serde_json::json!([])));
    }
}

#[test]
fn an_address_is_one_listeners() {
    let pem = |name: &str| format!("tls/{name}.pem");
    let https = |address: &str| {
        let files = format!("certificate = {:?}, private-key = {:?}", pem("cert"), pem("key"));
        format!("[[server.https]]\nlisten = [{address:?}]\ncertificates = [{{ {files} }}]\n")
    };
    let twice = |config: &str| {
        let (_, json, _) = check(config);
        let same = |error: &&Value| error["message"].as_str().unwrap().contains("the same address");
        json["errors"]
            .as_array()
            .unwrap()
            .iter()
            .filter(same)
            .map(|error| error["line"].as_u64())
            .collect::<Vec<_>>()
    };
    let plain = |addresses: &str| format!("[server]\nlisten = [{addresses}]\n");
    let admin = |address: &str| format!("[admin]\nlisten = {address:?}\n");
    for (config, lines) in [
        (plain("\"127.0.0.1:80\",\n\"127.0.0.1:80\""), vec![Some(3)]),
        (plain("\"127.0.0.1:80\"") + &https("127.0.0.1:80"), vec![Some(4)]),
        (plain("\"127.0.0.1:80\"") + &admin("127.0.0.1:80"), vec![Some(4)]),
        (https("[::1]:443") + &https("[::1]:443") + &admin("[::1]:443"), vec![Some(5), Some(8)]),
        (plain("\"127.0.0.1:0\", \"127.0.0.1:0\"") + &https("127.0.0.1:0") + &admin("127.0.0.1:0"), vec![]),
        (plain("\"127.0.0.1:80\", \"[::1]:80\"") + &admin("127.0.0.1:81"), vec![]),
    ] {
        assert_eq!(twice(&config), lines, "{config}");
    }
}

#[test]
fn what_protects_nothing_and_what_is_never_tried_are_warnings() {
    let warnings = |config: &str| {
        let (code, json, _) = check(config);
        assert_eq!(code, Some(0), "{json}");
        json["warnings"].as_array().unwrap().iter().map(Value::to_string).collect::<Vec<_>>()
    };
    let forgotten =
        configs::private("http://127.0.0.1:9000", "").replace("trusted-key-groups = [\"one\"]", "");
    let found = warnings(&forgotten);
    assert!(found.iter().any(|text| text.contains("no behavior trusts key group `one`")), "{found:?}");
    let main = configs::main("http://127.0.0.1:9000");
    for (what, table) in
        [("origin request", "origin-request-policies"), ("response headers", "response-headers-policies")]
    {
        let found = warnings(&format!("{main}\n[[{table}]]\nid = \"mine\"\n"));
        assert!(
            found.len() == 1 && found[0].contains(&format!("no behavior names {what} policy `mine`")),
            "{found:?}"
        );
    }
    let proxied = |more: &str| format!("[server]\nproxy-protocol = true\n{more}{main}");
    let found = warnings(&proxied(""));
    assert!(found.len() == 1 && found[0].contains("believes every client that connects"), "{found:?}");
    assert!(found[0].contains("\"line\":2"), "{found:?}");
    assert_eq!(warnings(&proxied("trusted-proxies = [\"10.0.0.0/8\"]\n")), Vec::<String>::new());
    let two = configs::two("http://127.0.0.1:9000").replacen(
        "https://one.example.com",
        "https://www.example.com",
        1,
    );
    let found = warnings(&two);
    assert!(
        found.iter().any(|text| text.contains("is never tried") && text.contains("www.example.com")),
        "{found:?}"
    );
}

#[test]
fn a_folder_in_which_keys_lie_is_no_origin() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(public_key("rsa"), dir.path().join("K1.pem")).unwrap();
    let config = "[[public-keys]]\nid = \"K1\"\nfile = \"K1.pem\"\n[[key-groups]]\nid = \"g\"\npublic-keys = [\"K1\"]\n\
                  [[distributions]]\nid = \"E\"\ndomain-name = \"a.example.com\"\n[[distributions.origins]]\nid = \"o\"\n\
                  url = \"file:.\"\n[distributions.default-cache-behavior]\ntarget-origin = \"o\"\n";
    std::fs::write(dir.path().join("config.toml"), config).unwrap();
    let output = frontgate().current_dir(dir.path()).arg("check").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("public keys lie in"), "{}", stderr(&output));
    let output = frontgate()
        .current_dir(dir.path())
        .args(["dev", ".", "--keys", ".", "--listen", "127.0.0.1:0"])
        .output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("can't be served"), "{}", stderr(&output));
}

/// Express and Caddy serve `/MEMBERS/x` for `/members/x`: said once, and only where that path is public at the same server.
#[test]
fn private_paths_that_are_public_in_other_letter_case_are_one_warning() {
    let config = |default: &str, url: &str, others: &str| {
        let behavior = |pattern: &str| {
            format!(
                "[[distributions.cache-behaviors]]\npath-pattern = \"{pattern}\"\ntarget-origin = \"app\"\n\
                 trusted-key-groups = [\"one\"]\n"
            )
        };
        let main = configs::private(url, "").replace(
            "target-origin = \"app\"\ntrusted-key-groups = [\"one\"]",
            &format!("target-origin = \"app\"\n{default}"),
        );
        format!("{main}{}{}{others}", behavior("/members/*"), behavior("/2026/Secret/*"))
    };
    let warnings = |text: String| {
        let (code, json, _) = check(&text);
        assert_eq!(code, Some(0), "{json}");
        let all = json["warnings"].as_array().unwrap().clone();
        all.iter().map(|one| one["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let server = "http://127.0.0.1:9000";
    assert_eq!(
        warnings(config("", server, "")),
        [
            "`/MEMBERS/x` of `EDFDVBD6EXAMPLE` is public: an origin that ignores letter case serves what `/members/*` protects"
        ]
    );
    assert_eq!(warnings(config("trusted-key-groups = [\"one\"]", server, "")), Vec::<String>::new());
    assert_eq!(warnings(config("", "demo:", "")), Vec::<String>::new());
    let covered = "[[distributions.cache-behaviors]]\npath-pattern = \"*\"\ntarget-origin = \"app\"\n\
                   trusted-key-groups = [\"one\"]\n";
    assert_eq!(warnings(config("", server, covered)), Vec::<String>::new());
}
