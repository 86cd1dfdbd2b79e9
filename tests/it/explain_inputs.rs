//! `explain` with what people have: pasted links and commands, HAR files, logs, responses, and things that are none of it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::configs;
use crate::support::{
    Edge, Raw, RecordingOrigin, canned, cloudfront_base64, frontgate, private_key, public_key, request, run,
    sign_raw, stderr, stdout, wait_for,
};

const HOST: &str = "https://d111111abcdef8.cloudfront.net";
const END: &str = "1990000000";
const BEFORE: &str = "1900000000";

/// Signed links for these targets, by a foreign signer.
fn links<const N: usize>(targets: [&str; N]) -> [String; N] {
    let jobs = targets.map(|target| Raw::new("rsa", "SHA1", canned(&format!("{HOST}{target}"), END)));
    let signatures = sign_raw(&jobs);
    std::array::from_fn(|at| {
        let target = targets[at];
        let separator = if target.contains('?') { '&' } else { '?' };
        let signature = cloudfront_base64(&signatures[at]);
        format!(
            "{HOST}{target}{separator}Expires={END}&Signature={signature}&Key-Pair-Id={}",
            configs::id("rsa")
        )
    })
}

/// Cookies with a custom policy for a Resource.
fn cookies(resource: &str) -> String {
    let policy = canned(resource, END);
    let signature = sign_raw(&[Raw::new("rsa", "SHA1", policy.clone())]).remove(0);
    format!(
        "CloudFront-Policy={}; CloudFront-Signature={}; CloudFront-Key-Pair-Id={}",
        cloudfront_base64(policy.as_bytes()),
        cloudfront_base64(&signature),
        configs::id("rsa")
    )
}

fn key() -> String {
    format!("{}={}", configs::id("rsa"), public_key("rsa"))
}

/// Runs `explain` with that on its standard input, in an empty folder.
pub(crate) fn piped(args: &[&str], input: &[u8]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut child = frontgate()
        .current_dir(folder.path())
        .arg("explain")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = thread::spawn(move || {
        // One that refuses what it sees doesn't read it to the end.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// The same with the key, as JSON: exit status, an object for each link, and what was said beside.
fn explained(args: &[&str], input: &str) -> (Option<i32>, Vec<Value>, String) {
    let key = key();
    let output = piped(&[&["--json", "--public-key", &key][..], args].concat(), input.as_bytes());
    let objects = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code(), objects, stderr(&output))
}

fn decisions(objects: &[Value]) -> Vec<&str> {
    objects.iter().map(|object| object["decision"].as_str().unwrap()).collect()
}

#[test]
fn urls_are_found_in_what_surrounds_them() {
    let [link, other] = links(["/a.mp4?b=1", "/b.mp4"]);
    let (first, second) = link.split_at(link.len() - 60);
    for (pasted, said) in [
        (link.clone(), ""),
        (format!("\"{link}\","), "ignored"),
        (format!("<{link}>"), "ignored"),
        (format!("[the video]({link})."), "ignored"),
        (link.replace('&', "\\u0026").replace('/', "\\/"), "JSON's escapes"),
        (
            link.replace('_', "\\_").replace('~', "\\~"),
            if link.contains(['_', '~']) { "Markdown" } else { "" },
        ),
        (format!("{first}\r\n{second}\r\n"), "line break"),
        (format!("\u{feff}{link}\n"), ""),
    ] {
        let (code, objects, notes) = explained(&["--at", BEFORE], &pasted);
        assert_eq!((code, decisions(&objects)), (Some(0), vec!["allow"]), "{pasted}: {notes}");
        assert!(notes.contains(said), "{said} in {notes}");
        assert!(objects[0].get("link").is_none(), "one link has today's object");
    }
    // Several: an object in each line, in order, signing values cut out; the summary is no answer.
    let (code, objects, notes) =
        explained(&["--at", BEFORE], &format!("{link}&utm_source=x\n\n{other}\n{link}\n"));
    assert_eq!((code, decisions(&objects)), (Some(1), vec!["deny", "allow", "allow"]));
    let numbers: Vec<Option<u64>> = objects.iter().map(|object| object["link"].as_u64()).collect();
    assert_eq!(numbers, [Some(1), Some(2), Some(3)]);
    assert_eq!(objects[1]["place"], "line 3 of standard input");
    let url = objects[1]["url"].as_str().unwrap();
    assert!(url.starts_with(&format!("{HOST}/b.mp4?Expires={END}&Signature=…&")), "{url}");
    assert!(
        notes.contains("3 links") && notes.contains("2 × allowed") && notes.contains("1 × query-added"),
        "{notes}"
    );
    // The same for people.
    let text = stdout(&run(&["explain", &link, &other, "--at", BEFORE, "--public-key", &key()]));
    assert!(
        text.starts_with("── 1: ") && text.contains("\n── 2: ") && text.ends_with("2 links\n  2 × allowed\n"),
        "{text}"
    );
}

#[test]
fn cookies_are_judged_with_their_url_or_for_their_resource() {
    let one = cookies(&format!("{HOST}/a.mp4"));
    let wild = cookies(&format!("{HOST}/*"));
    let url = format!("{HOST}/a.mp4");
    let set = one.split("; ").fold(String::new(), |mut lines, pair| {
        let _ = writeln!(lines, "Set-Cookie: {pair}; Path=/; Secure; HttpOnly");
        lines
    });
    for (args, input, decision) in [
        (vec![], format!("{url}\nCookie: {wild}\n"), "allow"),
        (vec![], format!("cookie: theme=dark; {wild}\n{url}"), "allow"),
        (vec![], format!("{url}\n{set}"), "allow"),
        (vec!["--url", &url], wild.clone(), "allow"),
        (vec!["--url", "https://other.example.com/a.mp4"], wild.clone(), "deny"),
        (vec![], one.clone(), "allow"),
        (vec![&url, &wild], String::new(), "allow"),
        (vec![&wild, &url], String::new(), "allow"),
    ] {
        let (_, objects, notes) = explained(&[&["--at", BEFORE], &args[..]].concat(), &input);
        assert_eq!(decisions(&objects), [decision], "{args:?} {input}: {notes}");
    }
    for input in [wild.as_str(), "CloudFront-Expires=1; CloudFront-Signature=x", "CloudFront-Policy=%%%"] {
        let (code, objects, said) = explained(&[], input);
        assert_eq!((code, objects.len()), (Some(2), 0), "{input}");
        assert!(
            said.contains("standard input:1:1: cookies without a URL") && said.contains("--url URL"),
            "{said}"
        );
    }
    // What our own `sign cookies` prints, in each format.
    for format in ["cookie-header", "set-cookie", "curl", "json"] {
        let file = private_key("rsa");
        let id = configs::id("rsa");
        let args = [
            "sign",
            "cookies",
            &url,
            "--key-pair-id",
            id,
            "--private-key",
            &file,
            "--expires",
            END,
            "--format",
        ];
        let signed = stdout(&run(&[&args[..], &[format]].concat()));
        let (_, objects, notes) = explained(&["--at", BEFORE, "--url", &url], &signed);
        assert_eq!(decisions(&objects), ["allow"], "{format}: {notes}");
    }
}

#[test]
fn set_cookie_headers_are_judged_as_a_browser_sends_them() {
    let url = format!("{HOST}/dir/a.mp4");
    let wild = cookies(&format!("{HOST}/*"));
    let set = |attributes: &str| {
        wild.split("; ").fold(String::new(), |mut lines, pair| {
            let _ = writeln!(lines, "Set-Cookie: {pair}{attributes}");
            lines
        })
    };
    let name = HOST.trim_start_matches("https://");
    for (text, attribute) in [
        (set("; Path=/dir; Secure"), None),
        (set(&format!("; Domain=.{name}; Path=/; SameSite=None; Secure")), None),
        (set("; Path=/other"), Some("Path=/other")),
        (set("; Domain=cloudfront.net; Path=/"), Some("Domain=cloudfront.net")),
        (set("; Domain=media.example.com; Path=/"), Some("Domain=media.example.com")),
        (set("; Path=/; Max-Age=0"), Some("Max-Age=0")),
        (set("; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"), Some("Expires=Thu, 01 Jan 1970")),
        (
            wild.split("; ").map(|pair| format!("Set-Cookie: Secure; Path=/; {pair}\n")).collect(),
            Some("Secure"),
        ),
    ] {
        let (_, objects, notes) = explained(&["--at", BEFORE], &format!("{url}\n{text}"));
        let causes = objects[0]["causes"].to_string();
        match attribute {
            None => assert_eq!(decisions(&objects), ["allow"], "{text}: {notes}"),
            Some(attribute) => {
                assert_eq!(decisions(&objects), ["deny"], "{text}: {notes}");
                assert!(causes.contains(attribute), "{attribute} in {causes}");
            }
        }
    }
}

/// As Chromium's "Copy as cURL (bash)" quotes a text.
fn for_bash(text: &str) -> String {
    if !text.contains(['\'', '!']) {
        return format!("'{text}'");
    }
    let escaped = text.replace('\\', "\\\\").replace('\'', "\\'").replace('!', "\\u0021");
    format!("$'{escaped}'")
}

/// As its "Copy as cURL (cmd)" does.
fn for_cmd(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    let plain = |c: char| c.is_ascii_alphanumeric() || " _-:=+~'/.',?;()*`".contains(c);
    let escaped: String =
        escaped.chars().map(|c| if plain(c) { c.to_string() } else { format!("^{c}") }).collect();
    format!("^\"{escaped}^\"")
}

#[test]
fn a_command_that_a_browser_copies_is_read_as_it_asks() {
    let [plain, quoted] = links(["/a.mp4?b=1", "/it's!.mp4"]);
    let cookie = format!("theme=\"dark\"; {}", cookies(&format!("{HOST}/*")));
    let by_cookie = format!("{HOST}/c.mp4");
    for quote in [for_bash, for_cmd] {
        let goes_on = if quote("x").starts_with('^') { "^\r\n" } else { "\\\n" };
        let command = |url: &str, more: &[&str]| {
            let accept = format!("-H {}", quote("accept: text/html,*/*;q=0.8"));
            let agent = format!("-H {}", quote("user-agent: Mozilla/5.0 (X11; Linux x86_64) \"Chrome\"/141"));
            let parts = [
                &[format!("curl {}", quote(url)), accept, agent][..],
                &more.iter().map(|m| (*m).to_owned()).collect::<Vec<_>>(),
            ]
            .concat();
            parts.join(&format!(" {goes_on}  "))
        };
        let with_cookie = format!("-b {}", quote(&cookie));
        let as_header = format!("-H {}", quote(&format!("Cookie: {cookie}")));
        for (text, decision, said) in [
            (command(&plain, &["--compressed"]), "allow", "a curl command"),
            (command(&quoted, &[]), "allow", ""),
            (command(&by_cookie, &[&with_cookie]), "allow", ""),
            (command(&by_cookie, &[&as_header, "--insecure"]), "allow", ""),
            (command(&by_cookie, &[]), "deny", ""),
            (
                command(&plain, &["-I", "--resolve d111111abcdef8.cloudfront.net:443:127.0.0.1"]),
                "allow",
                "--resolve",
            ),
            (command(&plain, &[&format!("-H {}", quote("Host: other.example.com"))]), "deny", ""),
        ] {
            let (code, objects, notes) = explained(&["--at", BEFORE], &text);
            assert_eq!(decisions(&objects), [decision], "{text}: {notes}");
            assert_eq!(code, Some(i32::from(decision == "deny")), "{text}: {notes}");
            assert!(notes.contains(said), "{said} in {notes}");
            // As an argument as well.
            let (_, objects, notes) = explained(&["--at", BEFORE, &text], "");
            assert_eq!(decisions(&objects), [decision], "{text}: {notes}");
        }
        // "Copy all": one after the other.
        let both = format!("{} ;\n{}\n", command(&plain, &[]), command(&by_cookie, &[]));
        let both = if goes_on.starts_with('^') { both.replace(" ;\n", " &\r\n") } else { both };
        assert_eq!(decisions(&explained(&["--at", BEFORE], &both).1), ["allow", "deny"], "{both}");
    }
    let (code, _, said) = explained(&[], "curl 'https://a.com/x");
    assert!(code == Some(2) && said.contains("the command has no end"), "{said}");
}

/// An entry as Chromium writes it.
fn har_entry(url: &str, started: &str, status: u16, headers: &Value, body: &str) -> Value {
    json!({
        "_connectionId": "7", "_initiator": {"type": "other"}, "_priority": "High", "_resourceType": "media",
        "cache": {}, "connection": "443", "pageref": "page_1",
        "request": {
            "method": "GET", "url": url, "httpVersion": "http/2.0",
            "headers": [{"name": ":authority", "value": "d111111abcdef8.cloudfront.net"}, {"name": "accept", "value": "*/*"}],
            "queryString": [], "cookies": [], "headersSize": -1, "bodySize": 0
        },
        "response": {
            "status": status, "statusText": "", "httpVersion": "http/2.0", "headers": headers, "cookies": [],
            "content": {"size": body.len(), "mimeType": "text/xml", "text": body}, "redirectURL": "",
            "headersSize": -1, "bodySize": -1, "_transferSize": 300, "_error": null
        },
        "serverIPAddress": "192.0.2.1", "startedDateTime": started, "time": 12.3,
        "timings": {"blocked": 1.2, "dns": -1, "ssl": -1, "connect": -1, "send": 0.1, "wait": 9.5, "receive": 1.5}
    })
}

fn har(entries: &[Value]) -> String {
    let har = json!({"log": {
        "version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"},
        "pages": [{"startedDateTime": "2030-03-17T17:46:40.000Z", "id": "page_1", "title": "x", "pageTimings": {}}],
        "entries": entries
    }});
    serde_json::to_string_pretty(&har).unwrap()
}

#[test]
fn a_har_file_is_explained_entry_by_entry_at_its_times() {
    let [link] = links(["/a.mp4"]);
    let cloudfront =
        json!([{"name": "server", "value": "CloudFront"}, {"name": "content-type", "value": "text/xml"}]);
    let s3 = json!([{"name": "server", "value": "AmazonS3"}, {"name": "x-amz-request-id", "value": "1"}]);
    let entries = [
        har_entry(&link, "2030-03-17T17:46:40.123Z", 200, &json!([]), "video"),
        har_entry(&format!("{HOST}/public.css"), "2030-03-17T17:46:40.123Z", 200, &json!([]), "p {}"),
        har_entry(&format!("{link}&utm_source=x"), "2030-03-17T18:46:40+01:00", 403, &cloudfront, "<Error/>"),
        har_entry(&link, "2033-05-18T03:33:20.000Z", 403, &cloudfront, "\"\\ \u{1f600}"),
        har_entry(&link, "2030-03-17T17:46:40.123Z", 403, &s3, "<Error/>"),
    ];
    for text in [
        har(&entries),
        format!("\u{feff}{}", har(&entries)),
        har(&entries).replace("\n", "").replace("  ", ""),
    ] {
        let (code, objects, notes) = explained(&[], &text);
        assert_eq!(code, Some(1), "{notes}");
        assert_eq!(decisions(&objects), ["allow", "deny", "deny", "allow"], "{notes}");
        assert_eq!(objects[0]["at"], "2030-03-17T17:46:40Z");
        assert_eq!(
            (&objects[1]["at"], &objects[1]["causes"][0]["mistake"]),
            (&json!("2030-03-17T17:46:40Z"), &json!("query-added"))
        );
        assert_eq!(objects[2]["causes"][0]["mistake"], "expired");
        assert_eq!(objects[2]["place"], "entry 4 of standard input");
        for words in [
            "4 of its 5 entries",
            "entry 5 of standard input: the 403 is not the signature's: the response comes from S3",
            "1 × allowed here, though",
        ] {
            assert!(notes.contains(words), "{words} in {notes}");
        }
    }
    let (_, objects, _) = explained(&["--at", "1999999999"], &har(&entries));
    assert!(objects.iter().all(|object| object["at"] == "2033-05-18T03:33:19Z"));
    for (broken, words) in [
        (har(&entries)[..2000].to_owned(), "this is not a HAR file"),
        (har(&entries).replace("\"entries\"", "\"entry\""), "missing field `entries`"),
        (har(&entries).replace("\"method\": \"GET\"", "\"method\": 7"), "invalid type"),
    ] {
        let (code, _, said) = explained(&[], &broken);
        assert!(code == Some(2) && said.contains(words) && said.contains("log.entries"), "{words} in {said}");
    }
    let (code, _, said) = explained(&[], &format!("{{\"a\":{}", "[".repeat(10_000)));
    assert!(code == Some(2) && said.contains("JSON with a fault"), "{said}");
}

/// A line of version 1, as documented: tab-separated, percent-encoded once more.
fn log_line(time: &str, ip: &str, target: &str, status: u16, result: &str) -> String {
    let (stem, query) = target.split_once('?').unwrap_or((target, "-"));
    let encoded = |text: &str| text.replace('%', "%25").replace('~', "%7E");
    let (date, time) = time.split_once(' ').unwrap();
    format!(
        "{date}\t{time}\tLHR62-C4\t491\t{ip}\tGET\td111111abcdef8.cloudfront.net\t{}\t{status}\t-\tcurl/8.5.0\t{}\t-\t{result}\tabcd==\td111111abcdef8.cloudfront.net\thttps\t30\t0.001\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\t{result}\tHTTP/2.0\t-\t-\t40000\t0.001\t{result}\ttext/xml\t110\t-\t-",
        encoded(stem),
        encoded(query)
    )
}

#[test]
fn lines_of_a_log_are_explained_at_their_times_and_summed_up() {
    let [link, spaced] = links(["/a.mp4", "/a%20b.mp4?t=~"]).map(|link| link.replace(HOST, ""));
    let lines = [
        log_line("2030-03-17 17:46:40", "192.0.2.1", &link, 200, "Miss"),
        log_line("2033-05-18 03:33:20", "192.0.2.1", &link, 403, "Error"),
        log_line("2033-05-18 03:33:21", "2001:db8::1", &spaced, 403, "Error"),
        log_line("2030-03-17 17:46:41", "192.0.2.1", &spaced, 403, "ClientGeoBlocked"),
        log_line("2030-03-17 17:46:42", "192.0.2.1", &format!("{link}&utm_source=x"), 403, "Error"),
        log_line("2030-03-17 17:46:43", "192.0.2.1", "/a.mp4", 403, "Error"),
    ];
    let head = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end\n";
    let whole = format!("{head}{}\n", lines.join("\n"));
    // Without its head, and as a terminal shows it.
    for text in [whole.clone(), lines.join("\n"), whole.replace('\t', " ")] {
        let (code, objects, notes) = explained(&[], &text);
        assert_eq!(decisions(&objects), ["deny", "deny", "allow", "deny", "unknown"], "{notes}");
        assert_eq!(code, Some(1));
        assert_eq!(
            (&objects[1]["viewer-ip"], &objects[1]["at"]),
            (&json!("2001:db8::1"), &json!("2033-05-18T03:33:21Z"))
        );
        assert!(objects[1]["url"].as_str().unwrap().starts_with(&format!("{HOST}/a%20b.mp4?t=~&Expires=")));
        for words in [
            "6 requests, 5 of them denied",
            "ClientGeoBlocked (the viewer's country",
            "2 × expired",
            "1 × undecided",
        ] {
            assert!(notes.contains(words), "{words} in {notes}");
        }
    }
    // Version 2, as JSON lines.
    let json = json!({
        "date": "2033-05-18", "time": "03:33:20", "c-ip": "192.0.2.1", "cs-method": "GET", "cs(Host)": "d111111abcdef8.cloudfront.net",
        "cs-uri-stem": "/a.mp4", "sc-status": "403", "cs-uri-query": link.split_once('?').unwrap().1.replace('~', "%7E"),
        "x-host-header": "-", "cs-protocol": "https", "cs(Cookie)": "-"
    });
    let (_, objects, notes) = explained(&[], &format!("{json}\n"));
    assert_eq!(objects[0]["reason"], "expired", "{notes}");
    let (code, _, said) = explained(&[], &format!("{whole}nonsense\n"));
    assert!(
        code == Some(2) && said.contains("standard input:9:1: this is not a line of a standard log"),
        "{said}"
    );
    let (code, _, said) = explained(&[], "\u{1f}\u{8b}");
    assert_eq!((code, said.is_empty()), (Some(2), false));
    let zipped = piped(&[], b"\x1f\x8b\x08\0\0\0\0\0");
    assert!(zipped.status.code() == Some(2) && stderr(&zipped).contains("zcat FILE"), "{}", stderr(&zipped));
}

#[test]
fn our_own_log_is_explained_as_far_as_it_tells() {
    let origin = RecordingOrigin::start();
    let [link] = links(["/a.mp4?b=1"]);
    let target = link.replace(HOST, "");
    for (format, signatures) in
        [("cloudfront", "full"), ("cloudfront", "redacted"), ("json", "full"), ("json", "redacted")]
    {
        let log = format!(
            "[access-log]\nformat = \"{format}\"\nfile = \"log\"\nsignatures = \"{signatures}\"\ninclude-cookies = true\n"
        );
        let edge = Edge::serve(&format!("{log}{}", configs::main(&origin.url())));
        let host = "d111111abcdef8.cloudfront.net";
        for (target, now) in [
            (format!("{target}&utm_source=x"), BEFORE),
            (target.replace(END, "1000000000"), BEFORE),
            ("/a.mp4?b=1".to_owned(), BEFORE),
        ] {
            assert_eq!(edge.get(host, &target, &[&format!("X-Frontgate-Now: {now}")]).status, 403);
        }
        let file = edge.file("log");
        let text = wait_for(|| {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            (text.lines().filter(|line| !line.starts_with('#')).count() == 3 && text.ends_with('\n'))
                .then_some(text)
        });
        // These came over plain HTTP, for links on https.
        let text = text
            .replace("\thttp\t", "\thttps\t")
            .replace("\"cs-protocol\":\"http\"", "\"cs-protocol\":\"https\"");
        std::fs::write(&file, text).unwrap();
        let (_, objects, notes) = explained(&["--file", file.to_str().unwrap()], "");
        let reasons: Vec<Option<&str>> = objects.iter().map(|object| object["reason"].as_str()).collect();
        let expected = match signatures {
            "full" => [Some("signature-mismatch"), Some("signature-mismatch"), None],
            _ => [None, Some("expired"), None],
        };
        assert_eq!(reasons, expected, "{format} {signatures}: {notes}");
        assert_eq!(notes.contains("Signature was cut out"), signatures == "redacted", "{notes}");
        let checks = objects[0]["checks"].as_array().unwrap();
        let signature = checks.iter().find(|check| check["check"] == "signature").unwrap();
        assert_eq!(signature["outcome"], if signatures == "full" { "fail" } else { "skipped" });
    }
}

#[test]
fn a_timeline_says_from_when_to_when_and_which_clock_would_do() {
    let condition =
        r#""DateLessThan":{"AWS:EpochTime":1900000100},"DateGreaterThan":{"AWS:EpochTime":1900000000}"#;
    let policy = format!(r#"{{"Statement":[{{"Resource":"{HOST}/*","Condition":{{{condition}}}}}]}}"#);
    let signature = sign_raw(&[Raw::new("rsa", "SHA1", policy.clone())]).remove(0);
    let link = format!(
        "{HOST}/a.mp4?Policy={}&Signature={}&Key-Pair-Id={}",
        cloudfront_base64(policy.as_bytes()),
        cloudfront_base64(&signature),
        configs::id("rsa")
    );
    let broken = link.replace("/a.mp4?", "/a.mp4?Hash-Algorithm=MD5&");
    for (link, at, state, offset) in [
        (&link, "1900000000", "not-yet-valid", json!(1)),
        (&link, "1900000001", "open", Value::Null),
        (&link, "1900000099", "open", Value::Null),
        (&link, "1900000100", "expired", json!(-1)),
        (&link, "1900000299", "expired", json!(-200)),
        (&broken, "1900000299", "expired", Value::Null),
    ] {
        let (_, objects, _) = explained(&["--timeline", "--at", at, link], "");
        let expected = json!({
            "from": "2030-03-17T17:46:41Z", "until": "2030-03-17T17:48:20Z", "state": state, "offset-seconds": offset
        });
        assert_eq!(objects[0]["timeline"], expected, "at {at}");
        // The offset is true: with it the link opens, and one second nearer it doesn't.
        if let Some(offset) = offset.as_i64() {
            for (more, code) in [(offset, 0), (offset - offset.signum(), 1)] {
                let at = (at.parse::<i64>().unwrap() + more).to_string();
                assert_eq!(explained(&["--at", &at, link], "").0, Some(code), "at {at}");
            }
        }
    }
    assert!(explained(&[&link], "").1[0].get("timeline").is_none());
    let shown = |zone: &str, at: &str| {
        let mut command = frontgate();
        command.env("TZ", zone).args(["explain", &link, "--timeline", "--at", at, "--public-key", &key()]);
        stdout(&command.output().unwrap())
    };
    let text = shown("Europe/Berlin", "1900000299");
    for words in [
        "2030-03-17T17:46:41Z   2030-03-17 18:46:41 +01:00 local",
        "opens if the clock were 3 m 20 s earlier (offset -200 s)",
        ") - - *",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
    assert!(shown("No/Such", "1900000050").contains("local time is UTC, or not known"));
    assert!(shown("UTC", "1900000050").contains('*'));
}

#[test]
fn whose_403_it_is_is_told_by_the_response() {
    let origin = RecordingOrigin::start();
    let tells = |response: &str| -> Value {
        let output = piped(&["--s3-or-cloudfront", "--json"], response.as_bytes());
        serde_json::from_str(&stdout(&output)).unwrap_or_else(|_| panic!("{response}: {}", stderr(&output)))
    };
    // Frontgate's own, with test mode and without.
    for (args, whose, code) in [
        (&["--test-mode"][..], "frontgate", "missing-key-pair-id"),
        (&[], "cloudfront-signature", "MissingKey"),
    ] {
        let edge = Edge::serve_with(&configs::main(&origin.url()), args);
        // As `curl -i` prints it, and `curl -I`.
        let host = edge.address.to_string();
        let printed = |method: &str| {
            let response = edge.send(request(method, &host, "/a.mp4", &[]));
            format!("{}\r\n{}", response.head, response.text())
        };
        let found = tells(&printed("GET"));
        assert_eq!(
            (&found["whose"], &found["code"], &found["certain"]),
            (&json!(whose), &json!(code), &json!(true)),
            "{found}"
        );
        let head = tells(&printed("HEAD"));
        assert_eq!((&head["whose"], &head["code"]), (&json!(whose), &json!(code)), "{head}");
        if args.is_empty() {
            let page = tells(&edge.get("nobody.example.com", "/https/x", &[]).head);
            assert_ne!(page["whose"], "s3");
        }
    }
    let s3 = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not match the signature you provided.</Message><RequestId>4442587FB7D0A2F9</RequestId><HostId>abc=</HostId></Error>";
    let through = format!(
        "HTTP/2 403 \r\ncontent-type: application/xml\r\nserver: AmazonS3\r\nx-cache: Error from cloudfront\r\nvia: 1.1 2a47832c458ab2a6b20c8363f5aa35ea.cloudfront.net (CloudFront)\r\n\r\n{s3}"
    );
    let found = tells(&through);
    assert_eq!((&found["whose"], &found["code"]), (&json!("s3"), &json!("SignatureDoesNotMatch")));
    assert!(found["next"][0].as_str().unwrap().contains("signature of the link was good"), "{found}");
    assert!(found["next"][1].as_str().unwrap().contains("forwards Host or Authorization"), "{found}");
    // A body alone doesn't tell which way it came.
    assert!(
        tells(s3)["next"][0]
            .as_str()
            .unwrap()
            .contains("it is unknown whether the request went to CloudFront")
    );
    let direct =
        format!("HTTP/1.1 403 Forbidden\r\ncontent-type: application/xml\r\nserver: AmazonS3\r\n\r\n{s3}");
    assert!(tells(&direct)["next"][0].as_str().unwrap().contains("CloudFront wasn't involved"));
    let spa = tells(
        "HTTP/2 200 \r\ncontent-type: text/html\r\nserver: AmazonS3\r\nx-cache: Error from cloudfront\r\n\r\n<!doctype html>",
    );
    assert!(spa["next"][0].as_str().unwrap().contains("custom error response"), "{spa}");
    let other = tells("HTTP/2 404 \r\nserver: nginx\r\n\r\nnot found");
    assert!(other["next"][0].as_str().unwrap().contains("404 is none of a signature's"), "{other}");
    let text = stdout(&run(&["explain", "--s3-or-cloudfront", &through]));
    assert!(
        text.starts_with("the response comes from S3")
            && text.contains("(certain)")
            && text.contains("  evidence  "),
        "{text}"
    );
    let empty = piped(&["--s3-or-cloudfront"], b"");
    assert!(empty.status.code() == Some(2) && stderr(&empty).contains("curl -si"));
}

#[test]
fn without_keys_what_needs_none_is_judged() {
    let [link] = links(["/a.mp4"]);
    let judged = |args: &[&str]| {
        let output = piped(&[&["--json"], args].concat(), b"");
        let object: Value =
            serde_json::from_str(&stdout(&output)).unwrap_or_else(|_| panic!("{}", stderr(&output)));
        (output.status.code(), object, stderr(&output))
    };
    let (code, object, notes) = judged(&[&link, "--at", BEFORE]);
    assert_eq!((code, &object["decision"], &object["status"]), (Some(0), &json!("unknown"), &Value::Null));
    assert!(notes.contains("--public-key ID=FILE"), "{notes}");
    let outcomes: Vec<(&str, &str)> = object["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| (check["check"].as_str().unwrap(), check["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(
        outcomes[..5],
        [
            ("key-pair-id", "pass"),
            ("key", "skipped"),
            ("signature-encoding", "pass"),
            ("policy", "pass"),
            ("signature", "skipped")
        ]
    );
    for (link, at, reason) in [
        (link.clone(), END, "expired"),
        (link.replace("Signature=", "Signature=+"), BEFORE, "malformed-signature"),
        (link.replace("Expires=", "Expires=x"), BEFORE, "malformed-policy"),
        (format!("{HOST}/a.mp4"), BEFORE, "missing-key-pair-id"),
    ] {
        let (code, object, _) = judged(&[&link, "--at", at]);
        assert_eq!((code, object["reason"].as_str()), (Some(1), Some(reason)), "{link}");
    }
    assert_eq!(judged(&[&link, "--at", END]).1["causes"][0]["mistake"], "expired");
    let text = stdout(&piped(&[&link, "--at", BEFORE], b""));
    assert!(text.starts_with("undecided: "), "{text}");
    // A configuration that was named and isn't there stays an error.
    let missing = piped(&[&link, "--config", "nowhere.toml"], b"");
    assert!(missing.status.code() == Some(2) && stderr(&missing).contains("nowhere.toml"));
}

#[test]
fn a_denial_reads_verdict_cause_fix_checks() {
    let [link] = links(["/a.mp4"]);
    let text =
        stdout(&run(&["explain", &format!("{link}&utm_source=x"), "--at", BEFORE, "--public-key", &key()]));
    let places: Vec<usize> = [
        "denied: 403 AccessDenied (Access denied), reason signature-mismatch",
        "judged at 2030-03-17T17:46:40Z for viewer 127.0.0.1",
        "\ncause: query-added (proven)",
        "\n  signed:    https://",
        "^",
        "\n  requested: https://",
        "\n  fix: ",
        "\npass  key-pair-id",
        "\nFAIL  signature",
    ]
    .iter()
    .map(|words| text.find(words).unwrap_or_else(|| panic!("{words} in {text}")))
    .collect();
    assert!(places.is_sorted() && places[0] == 0, "{text}");
}

#[test]
fn what_is_no_link_is_refused_with_place_found_and_remedy() {
    let long = format!("{HOST}/{}", "x".repeat(100_000));
    let too_large = format!("{HOST}/{}", "x".repeat(9_000));
    for (input, words) in [
        (
            "hello\n".as_bytes(),
            ["standard input:1:1: no request, cookie or policy was found", "`hello`", "https://"],
        ),
        (b"\n\nd111111abcdef8.cloudfront.net/a.mp4", ["standard input:3:1", "`d111111abcdef8", "scheme"]),
        (b"ftp://a.com/x", ["standard input:1:1", "a URL of another scheme", "http://"]),
        (
            b"HTTP/2 403 \r\nserver: x\r\n",
            ["standard input:1:1", "the response to a request", "--s3-or-cloudfront"],
        ),
        (b"fetch(\"x\")", ["standard input:1:1", "fetch(", "no request"]),
        (
            long.as_bytes(),
            ["standard input:1:1: the URL is too long", "100038 bytes", "CloudFront itself takes 8192"],
        ),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ["standard input: this is not text", "zero bytes", "HAR"]),
        (b"h\xff\xfe://", ["standard input:1:1", "replaced", "found"]),
        (b"https://a b/x", ["line 1 of standard input", "not a host", "a b"]),
        (b"{\"a\":1}", ["standard input:1:1", "JSON without a URL", "--url URL"]),
        (b"", ["standard input: there is nothing to explain", "nothing, or white space", "a HAR file"]),
    ] {
        let output = piped(&[], input);
        let said = stderr(&output);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{said}");
        for word in words {
            assert!(said.contains(word), "{word} in {said}");
        }
        assert!(said.len() < 2_000, "{said}");
    }
    // As CloudFront answers it.
    let (code, objects, _) = explained(&[&too_large], "");
    assert_eq!(
        (code, &objects[0]["reason"], &objects[0]["status"]),
        (Some(1), &json!("too-large"), &json!(413))
    );
    // Lines that aren't understood don't hide the others; they are listed, and `not-sent` isn't proven beside them.
    let (code, objects, said) = explained(&[], &format!("{HOST}/a\n{}", "bad words\n".repeat(1_000)));
    assert_eq!((code, objects.len()), (Some(1), 1), "{said}");
    let ignored = objects[0]["ignored"].as_array().unwrap();
    assert!(ignored.len() == 1 && ignored[0] == "bad words", "{ignored:?}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.har"), "{}").unwrap();
    let output = frontgate().current_dir(folder.path()).args(["explain", "x.har"]).output().unwrap();
    assert!(stderr(&output).contains("--file `x.har`"), "{}", stderr(&output));
    for file in ["nowhere", "."] {
        assert_eq!(run(&["explain", "--file", file]).status.code(), Some(2), "{file}");
    }
}

#[test]
fn a_private_key_in_place_of_a_link_is_not_quoted() {
    let pem = std::fs::read_to_string(private_key("rsa")).unwrap();
    let secret = pem.lines().nth(1).unwrap();
    for output in [run(&["explain", &pem]), run(&["explain", "--", &pem]), piped(&[], pem.as_bytes())] {
        let said = stderr(&output);
        assert!(output.status.code() == Some(2) && said.contains("private key"), "{said}");
        assert!(!said.contains(secret) && !stdout(&output).contains(secret), "{said}");
    }
}

#[test]
fn endless_input_ends() {
    let begun = Instant::now();
    let mut child = frontgate()
        .arg("explain")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let chunk = vec![b'x'; 1 << 20];
    // Until it goes away.
    while stdin.write_all(&chunk).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it reads on and on");
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.code() == Some(2) && stderr(&output).contains("the line is too long"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_har_file_of_200_mb_needs_little_memory_and_time() {
    const ENTRIES: usize = 200;
    let [link] = links(["/a.mp4"]);
    let body = "x\\\"é".repeat((1 << 20) / 5);
    let entry = har_entry(&link, "2030-03-17T17:46:40.123Z", 200, &json!([]), "BODY")
        .to_string()
        .replace("BODY", &body);
    let begun = Instant::now();
    let mut child = frontgate()
        .args(["explain", "--json", "--public-key", &key()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut out = child.stdout.take().unwrap();
    let reader = thread::spawn(move || {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut out, &mut text).map(|_| text)
    });
    stdin.write_all(b"{\"log\":{\"version\":\"1.2\",\"entries\":[").unwrap();
    for number in 0..ENTRIES {
        if number > 0 {
            stdin.write_all(b",").unwrap();
        }
        stdin.write_all(entry.as_bytes()).unwrap();
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap().to_owned();
    stdin.write_all(b"]}}").unwrap();
    drop(stdin);
    let text = reader.join().unwrap().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(text.lines().filter(|line| line.contains("\"decision\":\"allow\"")).count(), ENTRIES);
    let took = begun.elapsed();
    println!("{} MB in {took:?}, {peak}", (entry.len() * ENTRIES) >> 20);
    let kib: u64 = peak.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap();
    assert!(kib < 100 << 10, "{peak}");
    assert!(took < Duration::from_secs(60), "{took:?}");
}
