//! `frontgate sign`: which key signs, until when, what is refused with a form that works, and what is warned of (reference 1
//! and 10). What the links open is asked of the proxy.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::configs;
use crate::support::{
    Edge, RecordingOrigin, canned, cloudfront_base64, frontgate, private_key, run, stderr, stdout,
};

const URL: &str = "https://d111111abcdef8.cloudfront.net/a.mp4";

/// Signs with an id and a file.
fn sign(url: &str, more: &[&str]) -> Output {
    let key = private_key("rsa");
    run(&[&["sign", "url", url, "--key-pair-id", configs::id("rsa"), "--private-key", &key], more].concat())
}

fn in_folder(folder: &Path, args: &[&str]) -> Output {
    frontgate().current_dir(folder).args(args).output().expect("the binary runs")
}

/// Its status and what it said.
fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{}{}", stdout(output), stderr(output));
    assert_eq!(stdout(output), "");
    stderr(output)
}

fn signed(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    stdout(output).trim_end().to_owned()
}

fn value<'u>(url: &'u str, name: &str) -> &'u str {
    let pairs = url.split_once('?').map_or("", |(_, query)| query).split('&');
    pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).expect("the value").1
}

fn now() -> u64 {
    frontgate::clock::now().0
}

#[test]
fn the_first_pair_of_a_folder_signs() {
    let folder = tempfile::tempdir().expect("a folder");
    let keygen = |id: &str, out: &str| {
        let output = in_folder(folder.path(), &["keygen", "--type", "ecdsa", "--id", id, "--out", out]);
        assert!(output.status.success(), "{}", stderr(&output));
    };
    let without = refused(&in_folder(folder.path(), &["sign", "url", URL]));
    assert!(without.contains(".frontgate") && without.contains("--keys DIR"), "{without}");
    keygen("KB", "keys");
    keygen("KA", "keys");
    let link = signed(&in_folder(folder.path(), &["sign", "url", URL, "--keys", "keys"]));
    assert_eq!(value(&link, "Key-Pair-Id"), "KA");
    // A public half isn't needed, nor made.
    std::fs::remove_file(folder.path().join("keys/KA.public.pem")).expect("the file");
    let link = signed(&in_folder(folder.path(), &["sign", "url", URL, "--keys", "keys"]));
    assert_eq!(value(&link, "Key-Pair-Id"), "KA");
    assert!(!folder.path().join("keys/KA.public.pem").exists());

    keygen("KD", ".frontgate");
    let link = signed(&in_folder(folder.path(), &["sign", "url", URL]));
    assert_eq!(value(&link, "Key-Pair-Id"), "KD");
    let cookies = in_folder(folder.path(), &["sign", "cookies", URL]);
    assert!(signed(&cookies).contains("CloudFront-Key-Pair-Id=KD"));
    // What `dev` trusts opens by it.
    let explained =
        in_folder(folder.path(), &["explain", "--keys", ".frontgate", "http://127.0.0.1:8080/image.svg"]);
    assert_eq!(explained.status.code(), Some(1));

    std::fs::create_dir(folder.path().join("empty")).expect("a folder");
    let empty = refused(&in_folder(folder.path(), &["sign", "url", URL, "--keys", "empty"]));
    assert!(empty.contains("frontgate keygen --out empty"), "{empty}");
    let key = private_key("rsa");
    for args in [
        vec!["--keys", "keys", "--key-pair-id", "K1"],
        vec!["--key-pair-id", "K1"],
        vec!["--private-key", &key],
    ] {
        refused(&in_folder(folder.path(), &[&["sign", "url", URL], &args[..]].concat()));
    }
}

#[test]
fn without_an_end_it_is_an_hour_and_that_is_said() {
    let before = now();
    let output = sign(URL, &[]);
    let end: u64 = value(&signed(&output), "Expires").parse().expect("a number");
    assert!((before + 3600..=now() + 3600).contains(&end), "{end}");
    assert!(stderr(&output).starts_with("note: valid for 1h, until 2"), "{}", stderr(&output));
    assert_eq!(stderr(&sign(URL, &["-q"])), "");
    assert_eq!(stderr(&sign(URL, &["--expires-in", "1h"])), "");
    let json: Value = serde_json::from_str(&signed(&sign(URL, &["--json"]))).expect("JSON");
    assert!(json["expires"].as_u64() >= Some(end));
    let file = tempfile::NamedTempFile::new().expect("a file");
    let name = file.path().to_str().expect("UTF-8");
    let output = run(&["sign", "url", URL, "--keys", name]);
    assert!(
        output.status.code() == Some(2) && stderr(&output).contains("found a file"),
        "{}",
        stderr(&output)
    );
    let never = sign(URL, &["--not-before", "+2h"]);
    assert!(stderr(&never).contains("is never valid"), "{}", stderr(&never));
    let later = sign(URL, &["--not-before", "+2h", "--expires-in", "3h"]);
    assert_eq!(stderr(&later), "");
}

#[test]
fn times_and_lengths_are_typed_as_people_write_them() {
    for (args, end) in [
        (["--expires", "2033-01-01"], 1_988_150_400),
        (["--expires", "2033-01-01T01:00:00+01:00"], 1_988_150_400),
        (["--expires", "1988150400"], 1_988_150_400),
    ] {
        assert_eq!(value(&signed(&sign(URL, &args)), "Expires"), end.to_string(), "{args:?}");
    }
    for (length, seconds) in [
        ("1week", 604_800),
        ("2 hours", 7_200),
        ("1 day 12 hours", 129_600),
        ("90s", 90),
        ("1h30m", 5_400),
        ("2w", 1_209_600),
    ] {
        let before = now();
        for args in
            [["--expires-in".to_owned(), length.to_owned()], ["--expires".to_owned(), format!("+{length}")]]
        {
            let args = args.each_ref().map(String::as_str);
            let end: u64 = value(&signed(&sign(URL, &args)), "Expires").parse().expect("a number");
            assert!((before + seconds..=now() + seconds).contains(&end), "{args:?}: {end}");
        }
    }
    for (args, words) in [
        (["--expires", "2026-13-01"], "13 is not a month"),
        (["--expires", "2026-13-01T00:00:00Z"], "13 is not a month"),
        (["--expires", "2026-11-31"], "2026-11 has no day 31"),
        (["--expires", "2033-01-01T00:00:00"], "did you mean 2033-01-01T00:00:00Z?"),
        (["--expires", "1767290400000"], "milliseconds"),
        (["--expires", "1 week"], "did you mean +1 week?"),
        (["--expires-in", "1"], "it has no unit"),
        (["--expires-in", "1 month"], "differ in length"),
        (["--expires-in", "2 years"], "differ in length"),
        (["--expires-in", "-2h"], "no sign"),
        (["--expires-in", "2 hours ago"], "without `ago`"),
        (["--not-before", "+1 month"], "differ in length"),
    ] {
        let said = refused(&sign(URL, &args));
        assert!(said.contains(words), "{args:?}: {said}");
        assert!(!said.contains("did you mean 2026-13"), "{said}");
    }
}

#[test]
fn a_url_that_cannot_open_is_answered_with_one_that_can() {
    for (url, instead) in [
        ("/x", "http://127.0.0.1:8080/x"),
        ("localhost:8080/x", "http://localhost:8080/x"),
        ("media.localhost:8080/x", "http://media.localhost:8080/x"),
        ("media.example.com/x", "https://media.example.com/x"),
        ("https:///x", "http://127.0.0.1:8080/x"),
        ("http://:3000", "http://127.0.0.1:3000/"),
        ("s3://bucket/x", "https://bucket/x"),
        ("media.example.com/x y#top", "https://media.example.com/x%20y"),
    ] {
        let said = refused(&sign(url, &["--expires-in", "1h"]));
        assert!(said.trim_end().ends_with(&format!("sign instead: {instead}")), "{url}: {said}");
        signed(&sign(instead, &["--expires-in", "1h"]));
    }
}

#[test]
fn a_canned_wildcard_is_refused_and_what_it_opens_is_said() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&configs::main(&origin.url()));
    let wild = "https://d111111abcdef8.cloudfront.net/members/*";
    let end = ["--expires", "1990000000"];
    for what in ["url", "cookies"] {
        let key = private_key("rsa");
        let args = ["sign", what, wild, "--key-pair-id", configs::id("rsa"), "--private-key", &key];
        let said = refused(&run(&[&args[..], &end].concat()));
        for words in ["rewrite it as a custom policy", "--resource", "%2A", "--wildcard-in-canned"] {
            assert!(said.contains(words), "{what}: {words} in {said}");
        }
    }
    // Neither a custom policy nor an escape is one.
    signed(&sign(wild, &[&end[..], &["--resource", wild]].concat()));
    signed(&sign("https://d111111abcdef8.cloudfront.net/a%2Ab", &end));
    signed(&sign("https://d111111abcdef8.cloudfront.net/a?b=1", &end));

    // What the message says is so: the same signature, as a custom policy's, opens what matches.
    let link = signed(&sign(wild, &[&end[..], &["--wildcard-in-canned"]].concat()));
    let policy = cloudfront_base64(canned(wild, "1990000000").as_bytes());
    let (signature, id) = (value(&link, "Signature"), value(&link, "Key-Pair-Id"));
    let rewritten = format!("/members/secret.txt?Policy={policy}&Signature={signature}&Key-Pair-Id={id}");
    let host = "d111111abcdef8.cloudfront.net";
    assert_eq!(edge.get(host, &rewritten, &["X-Frontgate-Now: 1900000000"]).status, 200);
    assert_eq!(edge.get(host, "/members/secret.txt", &[]).status, 403);

    // `explain` says so of `*`, and of `?`, which nothing refuses.
    let query = signed(&sign("https://d111111abcdef8.cloudfront.net/a?b=1", &end));
    let plain = signed(&sign(URL, &end));
    let config = edge.dir.path().join("config.toml").display().to_string();
    for (link, words) in [
        (&link, Some("it grants access to every URL that matches")),
        (&query, Some("`?` matches any one character")),
        (&plain, None),
    ] {
        let output = run(&["explain", link, "--config", &config, "--at", "1900000000", "--json"]);
        let json: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        assert_eq!(json["decision"], "allow", "{json}");
        let checks = json["checks"].as_array().expect("checks");
        let resource = checks.iter().find(|check| check["check"] == "resource").expect("the check");
        match words {
            Some(words) => {
                assert!(resource["hint"].as_str().is_some_and(|hint| hint.contains(words)), "{resource}");
            }
            None => assert_eq!(resource["hint"], Value::Null),
        }
    }
}

#[test]
fn what_cloudfront_does_not_take_is_signed_with_a_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    for (key, bits, warns) in [("rsa1024", 1024, true), ("rsa", 2048, false), ("rsa4096", 4096, true)] {
        let file = private_key(key);
        let output =
            run(&["sign", "url", URL, "--key-pair-id", "K1", "--private-key", &file, "--expires-in", "1h"]);
        signed(&output);
        let said = stderr(&output);
        assert_eq!(said.contains(&format!("RSA key of {bits} bits")), warns, "{said}");
        assert_eq!(said.starts_with("warning: "), warns, "{said}");
    }
    let policy = folder.path().join("policy.json");
    let file = policy.display().to_string();
    for (time, warns) in [("1990000000", false), ("1990000000000", true), ("9223372036854775807", true)] {
        std::fs::write(&policy, canned(URL, time)).expect("a file");
        let output = sign(URL, &["--policy", &file]);
        signed(&output);
        assert_eq!(stderr(&output).contains("warning: milliseconds"), warns, "{time}: {}", stderr(&output));
    }
}
