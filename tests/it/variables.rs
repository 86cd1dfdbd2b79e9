//! `${NAME}` in the configuration: what is replaced, what messages show, and texts that are no configuration.

use std::process::Output;

use serde_json::Value;

use crate::support::configs;
use crate::support::{Edge, RecordingOrigin, frontgate, public_key, stderr, stdout};

/// `check` with a configuration of bytes and an environment.
fn check(config: impl AsRef<[u8]>, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.toml"), config).unwrap();
    let mut check = frontgate();
    check.current_dir(dir.path()).arg("check").args(arguments).envs(variables.iter().copied());
    check.output().unwrap()
}

fn faults(output: &Output, kind: &str) -> Vec<Value> {
    let json: Value =
        serde_json::from_str(&stdout(output)).unwrap_or_else(|error| panic!("{error}: {}", stdout(output)));
    json[kind].as_array().unwrap().clone()
}

#[test]
fn every_string_takes_variables() {
    let origin = RecordingOrigin::start();
    let pem = std::fs::read_to_string(public_key("rsa")).unwrap().replace('\n', "\\n");
    let config = format!(
        r#"
[[public-keys]]
id = "${{KEY_ID}}"
pem = "${{KEY_PEM}}"
[[key-groups]]
id = "g"
public-keys = ["${{KEY_ID}}"]
[[distributions]]
id = "E1"
domain-name = "${{NAME}}.example.com"
[[distributions.origins]]
id = "app"
url = "{}"
custom-headers = {{ X-Secret = "${{SECRET}}", X-Kept = "$${{SECRET}} $SECRET" }}
[distributions.default-cache-behavior]
target-origin = "app"
[[distributions.cache-behaviors]]
path-pattern = "/private/*"
target-origin = "app"
trusted-key-groups = ["g"]
"#,
        origin.url()
    );
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.toml"), &config).unwrap();
    let mut command = frontgate();
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    command.envs([("KEY_ID", "K1"), ("KEY_PEM", &pem), ("NAME", "media"), ("SECRET", "ünlikely s3cret")]);
    let edge = Edge::start(command, dir);
    assert_eq!(edge.get("media.example.com", "/x", &[]).status, 200);
    assert_eq!(edge.get("media.example.com", "/private/x", &[]).status, 403);
    let request = origin.requests().remove(0);
    assert_eq!(request.headers("x-secret"), ["ünlikely s3cret"]);
    assert_eq!(request.headers("x-kept"), ["${SECRET} $SECRET"]);
}

#[test]
fn what_cannot_be_replaced_is_an_error_at_its_place() {
    for (line, words, column) in [
        ("listen = [\"127.0.0.1:${FG_NOT_SET}\"]", vec!["`FG_NOT_SET` is not set", "$${FG_NOT_SET}"], 22),
        ("unknown-host = \"${}\"", vec!["without the name", "$${"], 17),
        ("unknown-host = \"x${FG-SET}\"", vec!["without the name"], 18),
        ("unknown-host = '''\n${FG_NOT_SET}'''", vec!["`FG_NOT_SET` is not set"], 1),
    ] {
        let output = check(format!("[server]\n{line}\n"), &[("FG_SET", "x")], &["--json"]);
        let errors = faults(&output, "errors");
        let text = errors[0].to_string();
        assert!(output.status.code() == Some(2) && errors.len() == 1, "{line}: {errors:?}");
        assert!(words.iter().all(|word| text.contains(word)), "{line}: {text}");
        assert_eq!(errors[0]["column"], column, "{line}: {text}");
    }
}

#[test]
fn no_message_shows_a_value() {
    let secret = "Very-S3cret/Val\"ue";
    let origin = |url: &str| configs::private(url, "");
    for (config, shown) in [
        (origin("http://${SECRET}.example.com"), "http://${SECRET}.example.com"),
        (origin("ftp://${SECRET}"), "ftp://${SECRET}"),
        (origin("file:./${SECRET}"), "${SECRET}"),
        ("[server]\nunknown-host = \"${SECRET}\"".to_owned(), "${SECRET}"),
        ("[server]\nlisten = [\"${SECRET}\"]".to_owned(), "${SECRET}"),
        ("[[public-keys]]\nid = \"${SECRET}\"\nfile = \"x\"".to_owned(), "${SECRET}"),
        ("[[public-keys]]\nid = \"K1\"\nfile = \"${SECRET}.pem\"".to_owned(), "${SECRET}.pem"),
        ("[admin]\nlisten = \"127.0.0.1:9\"\ntoken-file = \"${SECRET}\"".to_owned(), "${SECRET}"),
        ("[access-log]\nformat = \"${SECRET}\"".to_owned(), "${SECRET}"),
        ("[server]\ncountry-database = \"${SECRET}\"".to_owned(), "${SECRET}"),
    ] {
        for arguments in [&[][..], &["--json"]] {
            let output = check(&config, &[("SECRET", secret)], arguments);
            let said = stdout(&output) + &stderr(&output);
            assert_eq!(output.status.code(), Some(2), "{config}: {said}");
            assert!(said.contains(shown), "{config}: {said}");
            for part in ["S3cret", "s3cret", "Val\\\"ue"] {
                assert!(!said.contains(part), "{config}: {said}");
            }
        }
    }
}

#[test]
fn texts_that_are_no_configuration_are_named() {
    let utf16 = |text: &str| -> Vec<u8> {
        [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    let distribution = r#"{"ETag": "E2", "DistributionConfig": {"DefaultCacheBehavior": {}}}"#;
    for (config, words) in [
        (utf16("[server]\nworkers = 1\n"), vec!["UTF-16", "save it as UTF-8", "Set-Content"]),
        (b"[server]\nunknown-host = \"caf\xe9\"\n".to_vec(), vec![":2:20:", "0xE9", "UTF-8"]),
        (distribution.into(), vec!["get-distribution-config", "docs/configuration.md", "target-origin"]),
        (b"\n{\"a\": 1}".to_vec(), vec!["JSON", "TOML"]),
        (
            br#"{"Resources": {"D": {"Type": "AWS::CloudFront::Distribution"}}}"#.to_vec(),
            vec!["CloudFormation"],
        ),
        (b"resource \"aws_cloudfront_distribution\" \"d\" {\n}".to_vec(), vec!["Terraform"]),
    ] {
        let output = check(&config, &[], &[]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
    }
}

#[test]
fn keys_that_cloudfront_alone_has_are_not_emulated() {
    let more = "cache-policy = \"CachingOptimized\"\ncompress = true\nCompress = true\nTargetOriginId = \"x\"\nzzz = 1";
    let config = configs::private("http://127.0.0.1:9", "")
        .replace("trusted-key-groups = [\"one\"]", &format!("trusted-key-groups = [\"one\"]\n{more}"));
    let output = check(config, &[], &["--json"]);
    let errors = faults(&output, "errors");
    let messages: Vec<&str> = errors.iter().map(|error| error["message"].as_str().unwrap()).collect();
    for key in ["cache-policy", "compress", "Compress"] {
        assert!(messages.contains(&format!("`{key}` of CloudFront isn't emulated").as_str()), "{messages:?}");
    }
    assert_eq!(errors.len(), 5, "{messages:?}");
    let with = |key: &str| errors.iter().find(|error| error["message"].to_string().contains(key)).unwrap();
    assert_eq!(with("TargetOriginId")["help"], "did you mean `target-origin`?");
    assert!(with("zzz")["message"].as_str().unwrap().ends_with("has no key `zzz`"));
}

/// Whether a value has everything that another one has.
fn holds(whole: &toml::Value, part: &toml::Value) -> bool {
    match (whole, part) {
        (toml::Value::Table(whole), toml::Value::Table(part)) => {
            part.iter().all(|(key, value)| whole.get(key).is_some_and(|whole| holds(whole, value)))
        }
        (toml::Value::Array(whole), toml::Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(whole, part)| holds(whole, part))
        }
        _ => whole == part,
    }
}

#[test]
fn the_configuration_is_printed_as_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let config = format!(
        "# a comment\n{}",
        configs::private("http://${FG_HOST}:9", "custom-headers = { X-A = \"$${x}\" }")
    );
    std::fs::write(dir.path().join("config.toml"), &config).unwrap();
    let print = |dir: &std::path::Path| {
        let mut check = frontgate();
        check.current_dir(dir).args(["check", "--print-config"]).env("FG_HOST", "s3cret.example.com");
        check.output().unwrap()
    };
    let output = print(dir.path());
    let printed = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!printed.contains("s3cret") && !printed.contains("comment"), "{printed}");
    // With every default beside what is written.
    let [whole, written] = [&printed, &config].map(|text| toml::Value::Table(text.parse().unwrap()));
    assert!(holds(&whole, &written), "{printed}");
    assert!(printed.contains("shutdown-grace = \"30s\""), "{printed}");
    // What is printed is a configuration.
    std::fs::write(dir.path().join("config.toml"), &printed).unwrap();
    assert_eq!(stdout(&print(dir.path())), printed);
    // A broken one has its faults alone.
    std::fs::write(dir.path().join("config.toml"), "zzz = 1").unwrap();
    let output = print(dir.path());
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
}
