//! S3-compatible storage: what goes out, judged by botocore's signer, and a real SeaweedFS that judges for itself.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::foreign::signer;
use crate::support::{
    Edge, Recorded, RecordingOrigin, Response, frontgate, private_key, public_key, request, root, run,
    stdout, wait_for,
};

const ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const TOKEN: &str = "FwoGZXIvYXdzEXAMPLE+token/=";

/// A file of credentials, alone in its folder.
fn credentials(id: &str, secret: &str, token: Option<&str>) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("credentials");
    write_credentials(&file, id, secret, token);
    (dir, file)
}

/// Replaces it whole, as those who rotate keys do.
fn write_credentials(file: &Path, id: &str, secret: &str, token: Option<&str>) {
    let token = token.map_or_else(String::new, |token| format!("aws_session_token = {token}\n"));
    let text = format!("[media]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n{token}");
    let new = file.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(&new, file).unwrap();
}

/// A public distribution before a bucket, with more lines for the origin.
fn site(endpoint: &str, more: &str, lines: &str) -> String {
    format!(
        "[server]\nworkers = 1\n[[distributions]]\nid = \"E\"\ndomain-name = \"a.example.com\"\n\
         [[distributions.origins]]\nid = \"media\"\n\
         s3 = {{ bucket = \"media\", region = \"eu-central-1\", endpoint = \"{endpoint}\", path-style = true{more} }}\n\
         {lines}\n[distributions.default-cache-behavior]\ntarget-origin = \"media\"\n\
         allowed-methods = [\"GET\", \"HEAD\", \"OPTIONS\", \"PUT\", \"POST\", \"PATCH\", \"DELETE\"]\n"
    )
}

fn file_line(file: &Path) -> String {
    format!(", credentials-file = {file:?}, profile = \"media\"")
}

/// Spellings of paths and queries as viewers send them, and what may go out of the path for them.
const AWKWARD: [(&str, &str); 19] = [
    ("/plain.txt", "/media/plain.txt"),
    ("/a%2Fb", "/media/a/b"),
    ("/plus+sign", "/media/plus%2Bsign"),
    ("/space%20and%2bplus", "/media/space%20and%2Bplus"),
    ("/tilde~%7E", "/media/tilde~~"),
    ("/star*'()!$,;:@&=", "/media/star%2A%27%28%29%21%24%2C%3B%3A%40%26%3D"),
    ("/\u{fc}n\u{ef}/%D0%BA%D0%BB%D1%8E%D1%87", "/media/%C3%BCn%C3%AF/%D0%BA%D0%BB%D1%8E%D1%87"),
    ("//double//slash/", "/media//double//slash/"),
    ("/a/./b", "/media/a/./b"),
    ("/a/../b", "/media/a/../b"),
    ("/%252F%25", "/media/%252F%25"),
    ("/half%zz%4", "/media/half%25zz%254"),
    ("/quote\"{|}", "/media/quote%22%7B%7C%7D"),
    ("/bytes%ff%00%0a", "/media/bytes%FF%00%0A"),
    ("/q?versionId=a%2Bb&response-content-disposition=attachment;+filename=%22x%20y%22", "/media/q"),
    ("/q?uploads", "/media/q"),
    ("/q?b=2&a=1&a=0&=&&c", "/media/q"),
    ("/q?x=%ff%C3%BC\u{fc}", "/media/q"),
    ("/q?X-Amz-Signature=1&X-Amz-Credential=me&k=v", "/media/q"),
];

/// A request as the signer wants to know it.
fn job(sent: &Recorded, token: Option<&str>) -> Value {
    let headers: Vec<(&str, &str)> =
        sent.head.lines().skip(1).filter_map(|line| line.split_once(": ")).collect();
    let method = sent.line().split(' ').next();
    json!({
        "method": method, "target": sent.target(), "headers": headers, "region": "eu-central-1",
        "credentials": [ID, SECRET, token],
    })
}

fn expect_signed(sent: &[Recorded], token: Option<&str>) {
    let jobs: Vec<Value> = sent.iter().map(|sent| job(sent, token)).collect();
    let answers = signer("sigv4_check.py", &json!({ "jobs": jobs }));
    for (sent, expected) in sent.iter().zip(answers.as_array().unwrap()) {
        assert_eq!(sent.headers("authorization"), [expected.as_str().unwrap()], "{}", sent.head);
    }
    assert_eq!(answers.as_array().unwrap().len(), sent.len());
}

#[test]
fn botocore_signs_what_goes_out_as_we_do() {
    for token in [None, Some(TOKEN)] {
        let (_dir, file) = credentials(ID, SECRET, token);
        let origin = RecordingOrigin::start();
        let edge = Edge::serve(&site(&origin.url(), &file_line(&file), ""));
        for (target, path) in AWKWARD {
            assert_eq!(edge.get("a.example.com", target, &[]).status, 200, "{target}");
            assert_eq!(origin.last().target().split('?').next(), Some(path), "{target}");
        }
        for method in ["HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"] {
            let body = if matches!(method, "PUT" | "POST") { "body" } else { "" };
            let length = format!("Content-Length: {}", body.len());
            let text = request(method, "a.example.com", "/it's", &[&length, "Range: bytes=0-1"]) + body;
            assert_eq!(edge.send(text).status, 200, "{method}");
            let sent = origin.last();
            let hash = if body.is_empty() { EMPTY } else { "UNSIGNED-PAYLOAD" };
            assert_eq!(sent.headers("x-amz-content-sha256"), [hash], "{method}");
            assert_eq!(sent.headers("range"), ["bytes=0-1"], "{method}");
            assert_eq!(sent.body, body.as_bytes(), "{method}");
        }
        expect_signed(&origin.requests(), token);
    }
}

/// SHA-256 of nothing.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const VIEWERS: [&str; 6] = [
    "Authorization: AWS4-HMAC-SHA256 Credential=viewer",
    "X-Amz-Date: 20200101T000000Z",
    "X-Amz-Security-Token: viewer",
    "X-Amz-Copy-Source: /private/key",
    "X-Amz-Request-Payer: viewer",
    "X-Amz-Cf-Id: viewer",
];

#[test]
fn nothing_that_a_viewer_signed_or_ordered_is_in_a_signed_request() {
    let (_dir, file) = credentials(ID, SECRET, None);
    let origin = RecordingOrigin::start();
    let lines = "custom-headers = { X-Amz-Request-Payer = \"requester\", X-Other = \"o\" }";
    let edge = Edge::serve(&site(&origin.url(), &file_line(&file), lines));
    assert_eq!(edge.get("a.example.com", "/k", &VIEWERS).status, 200);
    let sent = origin.last();
    assert!(!sent.head.contains("viewer"), "{}", sent.head);
    assert_eq!(sent.headers("x-amz-copy-source"), [""; 0]);
    assert_eq!(sent.headers("x-amz-request-payer"), ["requester"]);
    assert_eq!(sent.headers("x-other"), ["o"]);
    let signed = "SignedHeaders=host;x-amz-cf-id;x-amz-content-sha256;x-amz-date;x-amz-request-payer,";
    assert!(sent.headers("authorization")[0].contains(signed), "{}", sent.head);
    expect_signed(&[sent], None);
}

#[test]
fn a_viewers_own_signature_stays_under_no_override_and_nothing_is_signed_under_never() {
    let (_dir, file) = credentials(ID, SECRET, None);
    let origin = RecordingOrigin::start();
    let no_override = format!(", sign = \"no-override\"{}", file_line(&file));
    let edge = Edge::serve(&site(&origin.url(), &no_override, ""));
    // To the byte, since that is what its signature covers.
    edge.get("a.example.com", "/a+b%2fc?x=+", &VIEWERS);
    let sent = origin.last();
    assert_eq!(sent.target(), "/media/a+b%2fc?x=+");
    assert_eq!(sent.headers("authorization"), ["AWS4-HMAC-SHA256 Credential=viewer"]);
    assert_eq!(sent.headers("x-amz-date"), ["20200101T000000Z"]);
    assert_eq!(sent.headers("x-amz-content-sha256"), [""; 0]);
    edge.get("a.example.com", "/a+b", &VIEWERS[1..]);
    let sent = origin.last();
    assert!(!sent.head.contains("viewer"), "{}", sent.head);
    expect_signed(&[sent], None);

    let edge = Edge::serve(&site(&origin.url(), ", sign = \"never\"", ""));
    edge.get("a.example.com", "/a+b%2fc", &[]);
    let sent = origin.last();
    assert_eq!(sent.target(), "/media/a+b%2fc");
    for name in ["authorization", "x-amz-date", "x-amz-content-sha256"] {
        assert_eq!(sent.headers(name), [""; 0], "{name}");
    }
}

#[test]
fn no_path_climbs_into_another_bucket() {
    let (_dir, file) = credentials(ID, SECRET, None);
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&site(&origin.url(), &file_line(&file), "origin-path = \"/films\""));
    for target in ["/../x", "/a/../../x", "/%2e%2e/x", "/a%2f..%2f..%2fx", "/..%5cx", "/a//../../../x"] {
        assert_eq!(edge.get("a.example.com", target, &[]).status, 400, "{target}");
    }
    assert_eq!(edge.get("a.example.com", "/a/../x", &[]).status, 200);
    assert_eq!(origin.last().target(), "/media/films/a/../x");
    assert_eq!(origin.requests().len(), 1);
}

/// The key's id in the last request that the origin got.
fn signed_with(edge: &Edge, origin: &RecordingOrigin) -> String {
    edge.get("a.example.com", "/k", &[]);
    let sent = origin.last();
    let authorization = sent.headers("authorization")[0].to_owned();
    let from = authorization.find("Credential=").unwrap() + "Credential=".len();
    authorization[from..].split('/').next().unwrap().to_owned()
}

#[test]
fn credentials_follow_their_file_and_a_broken_one_changes_nothing() {
    let (_dir, file) = credentials(ID, SECRET, None);
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&site(&origin.url(), &file_line(&file), ""));
    assert_eq!(signed_with(&edge, &origin), ID);
    write_credentials(&file, "AKIDSECOND", "second", None);
    wait_for(|| (signed_with(&edge, &origin) == "AKIDSECOND").then_some(()));
    std::fs::write(&file, "[media]\naws_access_key_id = SECRETSECRET").unwrap();
    wait_for(|| edge.log().contains("keeping the current ones").then_some(()));
    assert_eq!(signed_with(&edge, &origin), "AKIDSECOND");
    write_credentials(&file, "AKIDTHIRD", "third", Some(TOKEN));
    wait_for(|| (signed_with(&edge, &origin) == "AKIDTHIRD").then_some(()));
    let log = edge.log();
    assert!(!log.contains("SECRETSECRET") && !log.contains(TOKEN), "{log}");
}

#[test]
fn credentials_come_from_the_environment_or_from_where_awss_tools_look() {
    let origin = RecordingOrigin::start();
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    let write = |name: &str, profile: &str, id: &str| {
        let text = format!("[{profile}]\naws_access_key_id={id}\naws_secret_access_key=s\n");
        std::fs::write(home.path().join(name), text).unwrap();
    };
    write(".aws/credentials", "default", "AKIDHOME");
    write("shared", "default", "AKIDSHARED");
    write("other", "other", "AKIDOTHER");
    let shared = home.path().join("shared").display().to_string();
    let other = format!(", credentials-file = {:?}", home.path().join("other"));
    let environment = [("AWS_ACCESS_KEY_ID", "AKIDENV"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let shared_file = ("AWS_SHARED_CREDENTIALS_FILE", shared.as_str());
    type Variables<'v> = Vec<(&'v str, &'v str)>;
    let cases: [(&str, Variables, &str); 5] = [
        ("", vec![], "AKIDHOME"),
        ("", vec![shared_file], "AKIDSHARED"),
        ("", vec![shared_file, environment[0], environment[1]], "AKIDENV"),
        (&other, vec![("AWS_PROFILE", "other")], "AKIDOTHER"),
        (", profile = \"default\"", vec![environment[0], environment[1]], "AKIDHOME"),
    ];
    for (more, set, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config.toml"), site(&origin.url(), more, "")).unwrap();
        let mut command = frontgate();
        for name in AWS_VARIABLES {
            command.env_remove(name);
        }
        command.args(["serve", "--listen", "127.0.0.1:0"]).env("HOME", home.path()).envs(set);
        let edge = Edge::start(command, dir);
        assert_eq!(signed_with(&edge, &origin), expected, "{more}");
    }
}

const AWS_VARIABLES: [&str; 5] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_SHARED_CREDENTIALS_FILE",
];

#[test]
fn a_bucket_that_cannot_be_signed_for_or_named_is_an_error_at_load() {
    let (dir, file) = credentials(ID, SECRET, None);
    let good = file_line(&file);
    let path = dir.path().display().to_string();
    let s3 = |inside: &str| format!("s3 = {{ {inside} }}");
    let named = "bucket = \"media\", region = \"eu-central-1\"";
    let cases: [(String, &[&str]); 14] = [
        (
            s3(&format!("{named}, credentials-file = \"{path}/none\"")),
            &["no credentials to sign with", "/none can't be read"],
        ),
        (s3(&format!("{named}, credentials-file = {file:?}, profile = \"x\"")), &["has no profile [x]"]),
        (
            s3(&format!("{named}, sign = \"never\"{good}")),
            &["`profile` has no meaning", "`credentials-file` has"],
        ),
        (s3(&format!("{named}, sign = \"sometimes\"{good}")), &["\"always\", \"never\" or \"no-override\""]),
        (s3(&format!("region = \"eu-central-1\"{good}")), &["s3 lacks `bucket`"]),
        (s3(&format!("bucket = \"media\"{good}")), &["s3 lacks `region`"]),
        (s3(&format!("bucket = \"a/b\", region = \"r\"{good}")), &["`bucket` can't be used"]),
        (s3(&format!("bucket = \"Media\", region = \"r\"{good}")), &["`bucket` can't be used"]),
        (s3(&format!("{named}, endpoint = \"ftp://x\"{good}")), &["`endpoint` can't be used"]),
        (
            s3(&format!("{named}, endpoint = \"http://127.0.0.1:1\"{good}")),
            &["before an address", "path-style"],
        ),
        (s3(&format!("{named}, acl = \"x\"{good}")), &["s3 has no key `acl`"]),
        (format!("url = \"http://x\"\n{}", s3(&format!("{named}{good}"))), &["a `url` or an `s3`"]),
        (
            format!("{}\nprotocol-policy = \"match-viewer\"\nhttp-port = 1", s3(&format!("{named}{good}"))),
            &["`protocol-policy` can't be used", "`http-port` has no meaning"],
        ),
        (
            format!("{}\ncustom-headers = {{ Authorization = \"x\" }}", s3(&format!("{named}{good}"))),
            &["`authorization` can't be a custom header here"],
        ),
    ];
    let check = |origin: &str| {
        let config = dir.path().join("config.toml");
        let text = site("http://x", ", sign = \"never\"", "");
        let from = text.find("s3 = ").unwrap();
        let to = text[from..].find('\n').unwrap() + from;
        std::fs::write(&config, [&text[..from], origin, &text[to..]].concat()).unwrap();
        run(&["check", "--json", "--config", config.to_str().unwrap()])
    };
    assert_eq!(check(&s3(&format!("{named}{good}"))).status.code(), Some(0));
    for (origin, words) in cases {
        let output = check(&origin);
        let answer = stdout(&output);
        assert_eq!(output.status.code(), Some(2), "{origin}: {answer}");
        for word in words {
            let word = word.replace('"', "\\\"");
            assert!(answer.contains(&word), "{origin}: {word} is not in {answer}");
        }
    }
}

/// Ports that nobody listens on, below those that the system gives to connections.
fn free_ports(count: usize) -> Vec<u16> {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = 12_000 + (std::process::id() % 1_000) as u16 * 10;
    let free = std::iter::from_fn(|| Some(begin + NEXT.fetch_add(1, Ordering::Relaxed)));
    free.filter(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok()).take(count).collect()
}

/// A SeaweedFS of its own, ended with the test.
pub(crate) struct Storage {
    child: Child,
    endpoint: String,
    dir: TempDir,
}

impl Storage {
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let identity = |name: &str, secret: &str| {
            json!({
                "name": name, "credentials": [{ "accessKey": name, "secretKey": secret }],
                "actions": ["Admin", "Read", "Write", "List", "Tagging"],
            })
        };
        let identities = json!({ "identities": [identity(ID, SECRET), identity("AKIDSECOND", "second")] });
        std::fs::write(dir.path().join("s3.json"), identities.to_string()).unwrap();
        std::fs::create_dir(dir.path().join("data")).unwrap();
        let mut ports = free_ports(8).into_iter();
        let mut next = |name: &str| format!("-{name}={}", ports.next().expect("enough ports"));
        let s3 = next("s3.port");
        let endpoint = s3.replace("-s3.port=", "http://127.0.0.1:");
        let installed = root().join("target/signers/venv/bin/weed");
        let weed = if installed.exists() { installed } else { PathBuf::from("weed") };
        let log = std::fs::File::create(dir.path().join("log")).unwrap();
        let child = Command::new(weed)
            .current_dir(dir.path())
            .args(["server", "-dir=data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false"])
            .args(["-filer", "-s3", "-s3.config=s3.json", "-s3.port.iceberg=0", "-s3.port.lance=0", &s3])
            .args(["s3.port.grpc", "master.port", "master.port.grpc", "volume.port"].map(&mut next))
            .args(["volume.port.grpc", "filer.port", "filer.port.grpc"].map(&mut next))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("SeaweedFS is installed: ./script/signers");
        let mut storage = Self { child, endpoint, dir };
        let begun = Instant::now();
        while !storage.is_ready() {
            let ended = storage.child.try_wait().unwrap();
            assert!(ended.is_none() && begun.elapsed() < Duration::from_secs(60), "{}", storage.log());
            std::thread::sleep(Duration::from_millis(100));
        }
        storage.botocore(&json!([{ "do": "make" }]));
        storage
    }

    /// Puts objects by the paths that they have in front of it.
    pub(crate) fn put(&self, objects: &[(&str, String)]) {
        let jobs: Vec<Value> = objects
            .iter()
            .map(|(path, body)| {
                json!({ "do": "put", "key": path.trim_start_matches('/'), "body": BASE64_STANDARD.encode(body) })
            })
            .collect();
        self.botocore(&json!(jobs));
    }

    /// Lines of an origin that is its bucket.
    pub(crate) fn origin_lines(&self) -> String {
        let file = self.dir.path().join("credentials");
        write_credentials(&file, ID, SECRET, None);
        format!(
            "s3 = {{ bucket = \"media\", region = \"eu-central-1\", endpoint = \"{}\", path-style = true{} }}",
            self.endpoint,
            file_line(&file)
        )
    }

    /// Whether it refuses a stranger: then it has read its identities.
    fn is_ready(&self) -> bool {
        let address = self.endpoint.trim_start_matches("http://");
        let Ok(mut stream) = TcpStream::connect(address) else { return false };
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let asked = stream.write_all(request("GET", address, "/", &[]).as_bytes());
        let mut status = [0; 12];
        asked.is_ok() && stream.read_exact(&mut status).is_ok() && status.ends_with(b" 403")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    fn botocore(&self, jobs: &Value) -> Value {
        let document = json!({
            "endpoint": self.endpoint, "region": "eu-central-1", "bucket": "media",
            "credentials": [ID, SECRET], "jobs": jobs,
        });
        signer("s3_objects.py", &document)
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A distribution before the storage to which one signed policy opens everything, and that policy's parameters.
fn private(storage: &Storage, file: &Path) -> (Edge, String) {
    let mut config = site(&storage.endpoint, &file_line(file), "");
    config += "trusted-key-groups = [\"g\"]\n[[key-groups]]\nid = \"g\"\npublic-keys = [\"KRSA\"]\n";
    config += &format!("[[public-keys]]\nid = \"KRSA\"\nfile = {:?}\n", public_key("rsa"));
    let edge = Edge::serve(&config);
    let job = json!({
        "id": "1", "kind": "url", "url": "http://a.example.com/x", "resource": "http://a.example.com/*",
        "key_pair_id": "KRSA", "private_key_file": private_key("rsa"), "hash": "SHA1", "expires": 4_102_444_800_u64,
    });
    let signed = signer("botocore_sign.py", &json!({ "jobs": [job] }));
    let url = signed["results"][0]["url"].as_str().unwrap().to_owned();
    (edge, url.split_once('?').unwrap().1.to_owned())
}

fn get(edge: &Edge, target: &str, signed: &str, headers: &[&str]) -> Response {
    let separator = if target.contains('?') { '&' } else { '?' };
    edge.get("a.example.com", &format!("{target}{separator}{signed}"), headers)
}

/// Keys as botocore puts them, and how viewers may write them.
const KEYS: [(&str, &[&str]); 13] = [
    ("plain.txt", &["/plain.txt", "/%70lain.txt"]),
    ("folder/with space.txt", &["/folder/with%20space.txt", "/folder%2Fwith%20space.txt"]),
    ("plus+sign.txt", &["/plus%2Bsign.txt", "/plus+sign.txt"]),
    (
        "\u{fc}n\u{ef}/\u{43a}\u{43b}\u{44e}\u{447}/\u{65e5}\u{672c}.txt",
        &[
            "/%C3%BCn%C3%AF/%D0%BA%D0%BB%D1%8E%D1%87/%E6%97%A5%E6%9C%AC.txt",
            "/\u{fc}n\u{ef}/\u{43a}\u{43b}\u{44e}\u{447}/\u{65e5}\u{672c}.txt",
        ],
    ),
    ("tilde~star*quote'(1)!.txt", &["/tilde~star*quote'(1)!.txt", "/tilde%7Estar%2Aquote%27%281%29%21.txt"]),
    ("semi;colon:eq=and&comma,at@dollar$.txt", &["/semi;colon:eq=and&comma,at@dollar$.txt"]),
    ("hash#mark?.txt", &["/hash%23mark%3F.txt"]),
    ("brackets[1]{2}|^.txt", &["/brackets[1]{2}|^.txt", "/brackets%5B1%5D%7B2%7D%7C%5E.txt"]),
    ("percent%41.txt", &["/percent%2541.txt"]),
    ("quote\".txt", &["/quote\".txt", "/quote%22.txt"]),
    ("dots..txt", &["/dots..txt"]),
    (".hidden/x", &["/.hidden/x"]),
    ("100%", &["/100%25", "/100%"]),
];

#[test]
fn a_real_storage_gives_objects_of_every_name_by_signed_links() {
    let storage = Storage::start();
    let puts: Vec<Value> = KEYS
        .iter()
        .map(|(key, _)| json!({ "do": "put", "key": key, "body": BASE64_STANDARD.encode(key) }))
        .collect();
    storage.botocore(&json!(puts));
    let (_dir, file) = credentials(ID, SECRET, None);
    let (edge, signed) = private(&storage, &file);
    for (key, spellings) in KEYS {
        for target in spellings {
            let answer = get(&edge, target, &signed, &["Authorization: Bearer viewers", "X-Amz-Date: now"]);
            assert_eq!((answer.status, answer.text().as_str()), (200, key), "{target}");
            assert_eq!(edge.get("a.example.com", target, &[]).reason(), Some("missing-key-pair-id"));
        }
    }
    let part = get(&edge, "/plain.txt", &signed, &["Range: bytes=2-4"]);
    assert_eq!((part.status, part.text().as_str()), (206, "ain"));
    assert_eq!(part.header("content-range"), Some("bytes 2-4/9"));
    let head = edge.send(request("HEAD", "a.example.com", &format!("/plain.txt?{signed}"), &[]));
    assert_eq!((head.status, head.header("content-length")), (200, Some("9")));
    let disposition = "/plain.txt?response-content-disposition=attachment%3B+filename%3D%22a+b.txt%22";
    let named = get(&edge, disposition, &signed, &[]);
    assert_eq!(named.header("content-disposition"), Some("attachment; filename=\"a b.txt\""));
    let missing = get(&edge, "/none", &signed, &[]);
    assert!(missing.status == 404 && missing.text().contains("NoSuchKey"), "{missing:?}");
}

#[test]
fn a_real_storage_takes_what_is_put_through_us_and_its_own_403_passes() {
    let storage = Storage::start();
    let (_dir, file) = credentials("AKIDSECOND", "wrong", None);
    let (edge, signed) = private(&storage, &file);
    let put = |key: &str, body: &str| {
        let length = format!("Content-Length: {}", body.len());
        let target = format!("/{key}?{signed}");
        edge.send(request("PUT", "a.example.com", &target, &[&length]) + body)
    };
    let refused = put("it's", "x");
    assert_eq!((refused.status, refused.header("x-cache")), (403, Some("Error from cloudfront")));
    assert!(refused.text().contains("<Code>SignatureDoesNotMatch</Code>"), "{}", refused.text());
    assert_eq!(refused.reason(), None);
    write_credentials(&file, "AKIDSECOND", "second", None);
    wait_for(|| (put("it's", "of a viewer").status == 200).then_some(()));
    let got = storage.botocore(&json!([{ "do": "get", "key": "it's" }, { "do": "list" }]));
    assert_eq!(got, json!([BASE64_STANDARD.encode("of a viewer"), ["it's"]]));
    let deleted = edge.send(request("DELETE", "a.example.com", &format!("/it's?{signed}"), &[]));
    assert_eq!(deleted.status, 204);
    assert_eq!(storage.botocore(&json!([{ "do": "list" }])), json!([[]]));
}

#[test]
fn a_large_object_passes_in_little_memory_both_ways() {
    const SIZE: usize = 100 << 20;
    let storage = Storage::start();
    let (_dir, file) = credentials(ID, SECRET, None);
    let (edge, signed) = private(&storage, &file);
    let mut upload = TcpStream::connect(edge.address).unwrap();
    let head =
        request("PUT", "a.example.com", &format!("/large?{signed}"), &[&format!("Content-Length: {SIZE}")]);
    upload.write_all(head.as_bytes()).unwrap();
    let chunk = vec![b'z'; 1 << 20];
    for _ in 0..SIZE / chunk.len() {
        upload.write_all(&chunk).unwrap();
    }
    assert_eq!(Response::read(&mut upload, false).status, 200);
    let answer = get(&edge, "/large", &signed, &[]);
    assert!(answer.complete && answer.body.len() == SIZE && answer.body.iter().all(|&byte| byte == b'z'));
    assert!(edge.peak_memory() < 40, "{} MiB", edge.peak_memory());
}

/// Calls of a bucket's API, as viewers may write them; GET is of the bucket or of an object.
const CALLS: [(&str, &str); 26] = [
    ("GET", "/"),
    ("GET", "//"),
    ("GET", "/."),
    ("GET", "/a/.."),
    ("GET", "/%2e"),
    ("GET", "/?list-type=2&prefix=members/"),
    ("GET", "/?prefix=members/"),
    ("GET", "/?%6cist-type=2"),
    ("GET", "/?LIST-TYPE=2"),
    ("GET", "/?acl"),
    ("GET", "/?versions"),
    ("GET", "/?uploads"),
    ("GET", "/?location"),
    ("HEAD", "/"),
    ("POST", "/?delete"),
    ("POST", "/?%64elete"),
    ("POST", "/?Delete="),
    ("POST", "/"),
    ("PUT", "/"),
    ("PUT", "/?policy"),
    ("PUT", "/public.txt?acl"),
    ("PUT", "/public.txt?partNumber=1&uploadId=x"),
    ("POST", "/public.txt?uploads"),
    ("DELETE", "/"),
    ("DELETE", "/public.txt?tagging"),
    ("DELETE", "/public.txt?uploadId=x"),
];

#[test]
fn calls_of_the_buckets_api_do_not_reach_the_origin_unless_a_policy_names_their_keys() {
    let (_dir, file) = credentials(ID, SECRET, None);
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&site(&origin.url(), &file_line(&file), ""));
    for (method, target) in CALLS {
        let refused = edge.send(request(method, "a.example.com", target, &["Content-Length: 0"]));
        assert_eq!(
            (refused.status, refused.header("x-cache")),
            (403, Some("Error from cloudfront")),
            "{method} {target}"
        );
        assert!(
            method == "HEAD" || refused.text().contains("<Code>AccessDenied</Code>"),
            "{method} {target}"
        );
    }
    assert!(origin.requests().is_empty(), "{:?}", origin.requests());
    let logs =
        |words: [&str; 2]| wait_for(|| words.iter().all(|word| edge.log().contains(word)).then_some(()));
    logs(["a call of the bucket's API was refused", "list-type"]);
    // A read of an object stays one, without the keys that would make it something else.
    for (target, sent) in [
        ("/a?acl", "/media/a"),
        ("/a?versionId=1&v=2&%75ploadid=3&select%2Dtype=2", "/media/a?v=2"),
        ("/a?list-type=2&response-content-type=text/plain", "/media/a?response-content-type=text%2Fplain"),
    ] {
        assert_eq!(edge.get("a.example.com", target, &[]).status, 200, "{target}");
        assert_eq!(origin.last().target(), sent, "{target}");
    }
    logs(["were dropped", "versionId"]);
    expect_signed(&origin.requests(), None);

    let policy = "origin-request-policy = \"calls\"\n[[origin-request-policies]]\nid = \"calls\"\n\
         query-strings = { behavior = \"allow-list\", items = [\"list-type\", \"versionId\", \"uploadId\", \"partNumber\"] }\n";
    let edge = Edge::serve(&(site(&origin.url(), &file_line(&file), "") + policy));
    for (method, target, sent) in [
        ("GET", "/?list-type=2&acl", Some("/media/?list-type=2")),
        ("GET", "/a?versionId=1", Some("/media/a?versionId=1")),
        ("PUT", "/a?partNumber=1&uploadId=x", Some("/media/a?partNumber=1&uploadId=x")),
        ("GET", "/", None),
        ("GET", "/?acl", None),
        ("POST", "/?delete", None),
    ] {
        let before = origin.requests().len();
        let answer = edge.send(request(method, "a.example.com", target, &["Content-Length: 0"]));
        assert_eq!(answer.status, if sent.is_some() { 200 } else { 403 }, "{method} {target}");
        let reached = origin.requests().get(before).map(|asked| asked.target().to_owned());
        assert_eq!(reached.as_deref(), sent, "{method} {target}");
    }
}

#[test]
fn a_real_storage_behind_a_public_root_gives_no_lists_and_loses_no_objects() {
    let storage = Storage::start();
    let body = |text: &str| BASE64_STANDARD.encode(text);
    storage.botocore(&json!([
        { "do": "put", "key": "public.txt", "body": body("PUBLIC") },
        { "do": "put", "key": "members/secret.txt", "body": body("SECRET") },
    ]));
    let (_dir, file) = credentials(ID, SECRET, None);
    let all = "allowed-methods = [\"GET\", \"HEAD\", \"OPTIONS\", \"PUT\", \"POST\", \"PATCH\", \"DELETE\"]";
    let config = site(&storage.endpoint, &file_line(&file), "")
        + &format!(
            "[[distributions.cache-behaviors]]\npath-pattern = \"/members/*\"\ntarget-origin = \"media\"\n\
             trusted-key-groups = [\"g\"]\n{all}\n[[key-groups]]\nid = \"g\"\npublic-keys = [\"KRSA\"]\n\
             [[public-keys]]\nid = \"KRSA\"\nfile = {:?}\n",
            public_key("rsa")
        );
    let edge = Edge::serve(&config);
    let delete = "<Delete><Object><Key>members/secret.txt</Key></Object><Object><Key>public.txt</Key></Object></Delete>";
    for (method, target) in CALLS {
        let length =
            format!("Content-Length: {}", if method == "GET" || method == "HEAD" { 0 } else { delete.len() });
        let sent = if method == "GET" || method == "HEAD" { "" } else { delete };
        let answer = edge.send(request(method, "a.example.com", target, &[&length]) + sent);
        assert_eq!(answer.status, 403, "{method} {target}: {}", answer.text());
        assert!(!answer.text().contains("secret"), "{method} {target}: {}", answer.text());
    }
    let public = edge.get("a.example.com", "/public.txt?acl&versionId=null", &[]);
    assert_eq!((public.status, public.text().as_str()), (200, "PUBLIC"));
    let left = storage.botocore(&json!([{ "do": "list" }, { "do": "get", "key": "members/secret.txt" }]));
    assert_eq!(left, json!([["members/secret.txt", "public.txt"], body("SECRET")]));

    // What `check` says of it.
    std::fs::write(edge.file("public.toml"), &config).unwrap();
    let checked = run(&["check", "--config", edge.file("public.toml").to_str().unwrap()]);
    let text = stdout(&checked) + &crate::support::stderr(&checked);
    assert_eq!(checked.status.code(), Some(0), "{text}");
    for words in
        ["`/` of `E` is public in front of the bucket of the origin `media`", "s3:GetObject, s3:PutObject"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
}
