//! The access log as GoAccess reads it.

use std::io::Write as _;
use std::process::Command;

use serde_json::Value;

use crate::support::configs;
use crate::support::{Edge, RecordingOrigin, wait_for};

const HOST: &str = "d111111abcdef8.cloudfront.net";
const FIELDS: usize = 33;

fn origin() -> RecordingOrigin {
    RecordingOrigin::answering(|asked, stream| {
        let is_missing = asked.target().starts_with("/public/missing");
        let status = if is_missing { "404 Not Found" } else { "200 OK" };
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n");
        stream.write_all(format!("{head}Content-Length: 5\r\n\r\nhello").as_bytes()).is_ok()
    })
}

#[test]
fn goaccess_reads_it_as_cloudfronts() {
    let origin = origin();
    let edge = Edge::serve(&format!(
        "[access-log]\nformat = \"cloudfront\"\nfile = \"access.log\"\n{}",
        configs::private(&origin.url(), "")
    ));
    for round in 0..10 {
        let agent = format!("User-Agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/{round}.0");
        assert_eq!(
            edge.get(HOST, &format!("/public/page{round}?q=a b%20c").replace("a b", "ab"), &[&agent]).status,
            200
        );
    }
    assert_eq!(edge.get(HOST, "/private", &[]).status, 403);
    assert_eq!(edge.get(HOST, "/public/missing", &["Referer: https://www.example.com/from"]).status, 404);
    let file = edge.file("access.log");
    let text = wait_for(|| {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        (text.lines().filter(|line| !line.starts_with('#')).count() >= 12 && text.ends_with('\n'))
            .then_some(text)
    });
    let mut head = text.lines();
    assert_eq!(head.next(), Some("#Version: 1.0"));
    assert_eq!(head.next().unwrap().strip_prefix("#Fields: ").unwrap().split(' ').count(), FIELDS);
    let report = edge.file("report.json");
    let output = Command::new("goaccess")
        .arg(&file)
        .args(["--log-format=CLOUDFRONT", "--no-global-config", "-o"])
        .arg(&report)
        .output()
        .expect("goaccess, which script/test installs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&report).unwrap()).unwrap();
    let general = &report["general"];
    assert_eq!(
        (&general["valid_requests"], &general["failed_requests"]),
        (&12.into(), &0.into()),
        "{general}"
    );
    let names = |panel: &str| {
        let data = report[panel]["data"].as_array().unwrap();
        let nested = data.iter().flat_map(|one| one["items"].as_array().into_iter().flatten().chain([one]));
        nested.map(|one| one["data"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join("\n")
    };
    assert!(names("requests").contains("/public/page3"), "{}", names("requests"));
    assert!(names("not_found").contains("/public/missing"));
    for status in ["200", "403", "404"] {
        assert!(names("status_codes").contains(status), "{}", names("status_codes"));
    }
    assert!(
        names("hosts").contains("127.0.0.1") && names("browsers").contains("Firefox/3.0"),
        "{}",
        names("browsers")
    );
}
