//! Who the viewer is when proxies stand before us: those that are trusted are believed, and nobody else.

use crate::support::configs;
use crate::support::link_for;
use crate::support::tls::{self, HOST};
use crate::support::{Edge, RecordingOrigin, Response, request};

const TRUSTED: &str = "trusted-proxies = [\"127.0.0.0/8\", \"10.0.0.0/8\", \"fd00::/8\"]";
const STRANGERS: &str = "trusted-proxies = [\"192.0.2.0/24\"]";

fn outcome(response: &Response) -> &str {
    response.reason().unwrap_or(if response.status == 200 { "200" } else { "no reason" })
}

fn forwarded(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| format!("X-Forwarded-For: {line}")).collect()
}

fn ask(edge: &Edge, target: &str, headers: &[String]) -> Response {
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    edge.get(HOST, target, &headers)
}

/// `X-Forwarded-For` lines of which 203.0.113.9 is the viewer.
const NAMES_IT: [&[&str]; 14] = [
    &["203.0.113.9"],
    &["  203.0.113.9\t"],
    &["203.0.113.9,10.1.2.3"],
    &["203.0.113.9, 10.1.2.3, 127.0.0.1"],
    &["198.51.100.1, 203.0.113.9"],
    &["198.51.100.1, 203.0.113.9, 10.0.0.1"],
    &["198.51.100.1", "203.0.113.9"],
    &["198.51.100.1", "203.0.113.9, 10.0.0.1", "10.0.0.2"],
    &["garbage, 203.0.113.9"],
    &["203.0.113.9:4711"],
    &["203.0.113.9, 10.0.0.1:80"],
    &["203.0.113.9, fd00::1"],
    &["203.0.113.9, [fd00::1]:443"],
    &["::ffff:203.0.113.9"],
];

/// Lines of which somebody else is, or nobody knows who.
const NAMES_ANOTHER: [&[&str]; 14] = [
    &[],
    &[""],
    &["198.51.100.1"],
    &["203.0.113.9, 198.51.100.1"],
    &["203.0.113.9", "198.51.100.1"],
    &["203.0.113.9, 2001:db8::1"],
    &["203.0.113.9, [2001:db8::1]:80"],
    &["10.0.0.1"],
    // What can't be read may be anybody: what stands before it was perhaps said by the viewer.
    &["203.0.113.9, garbage"],
    &["203.0.113.9, unknown, 10.0.0.1"],
    &["203.0.113.9", "garbage"],
    &["203.0.113.9/32"],
    &["203.0.113.9 198.51.100.1"],
    &["203.0.113.09"],
];

#[test]
fn the_viewer_is_the_rightmost_address_that_is_not_trusted() {
    let origin = RecordingOrigin::start();
    let edge = tls::serve(TRUSTED, "", &configs::main(&origin.url()));
    let link = link_for("203.0.113.9/32");
    for lines in NAMES_IT {
        assert_eq!(outcome(&ask(&edge, &link, &forwarded(lines))), "200", "{lines:?}");
    }
    for lines in NAMES_ANOTHER {
        let found = ask(&edge, &link, &forwarded(lines));
        assert!(["ip-mismatch", "bad-request"].contains(&outcome(&found)), "{lines:?}: {}", outcome(&found));
    }
    for other in ["Forwarded: for=203.0.113.9", "X-Real-IP: 203.0.113.9", "True-Client-IP: 203.0.113.9"] {
        assert_eq!(outcome(&ask(&edge, &link, &[other.to_owned()])), "ip-mismatch", "{other}");
    }
}

#[test]
fn a_forged_header_of_anyone_else_changes_nothing() {
    let origin = RecordingOrigin::start();
    let (nine, own) = (link_for("203.0.113.9/32"), link_for("127.0.0.1/32"));
    for lines in ["", STRANGERS] {
        let edge = tls::serve(lines, "", &configs::main(&origin.url()));
        for forged in NAMES_IT {
            assert_eq!(outcome(&ask(&edge, &nine, &forwarded(forged))), "ip-mismatch", "{forged:?}");
            assert_eq!(outcome(&ask(&edge, &own, &forwarded(forged))), "200", "{forged:?}");
            // Whoever reads it behind us finds the address that we saw as the last one.
            let told = origin.last().headers("x-forwarded-for").join(", ");
            assert!(told.ends_with("127.0.0.1"), "{told}");
        }
    }
}

#[test]
fn the_scheme_is_what_a_trusted_proxy_says_and_nobody_else() {
    let origin = RecordingOrigin::start();
    let says = |edge: &Edge, secured: bool, lines: &[&str]| {
        let headers: Vec<String> = lines.iter().map(|line| format!("X-Forwarded-Proto: {line}")).collect();
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let text = request("GET", HOST, "/https/x", &headers);
        let response = if secured { tls::send(edge.https[0], text) } else { edge.send(text) };
        outcome(&response).to_owned()
    };
    // A path that is for HTTPS alone; what comes behind that check is the missing key.
    const SECURE: &str = "missing-key-pair-id";
    const PLAIN: &str = "https-required";
    let edge = tls::serve(TRUSTED, "", &configs::main(&origin.url()));
    for (secured, lines, expected) in [
        (false, &[][..], PLAIN),
        (false, &["https"], SECURE),
        (false, &["HTTPS"], SECURE),
        (false, &["http"], PLAIN),
        (false, &["gopher"], PLAIN),
        (false, &[""], PLAIN),
        (true, &[], SECURE),
        (true, &["https"], SECURE),
        (true, &["http"], PLAIN),
    ] {
        assert_eq!(says(&edge, secured, lines), expected, "{secured} {lines:?}");
    }
    for lines in ["", STRANGERS] {
        let edge = tls::serve(lines, "", &configs::main(&origin.url()));
        assert_eq!(says(&edge, false, &["https"]), PLAIN);
        assert_eq!(says(&edge, true, &["http"]), SECURE);
    }
}
