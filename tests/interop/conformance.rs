//! The conformance table over HTTP/2 by Python's `h2`.

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::configs;
use crate::support::conformance::{Answer, cases, signatures, telling_origin};
use crate::support::foreign::ask;
use crate::support::tls;

/// Rows that can't be sent over a TLS listener, and why.
const NOT_OVER_TLS: [(&str, &str); 2] = [
    (
        "https-only-doesnt-believe-a-header",
        "it is of a viewer that speaks plain HTTP and claims that it doesn't",
    ),
    (
        "a-header-doesnt-choose-the-scheme",
        "it is of a viewer that speaks plain HTTP and claims that it doesn't",
    ),
];

/// Over TLS, from a proxy that is trusted to say that its viewers speak plain HTTP: HTTP/2 by Python's `h2`, and HTTP/1.1.
#[test]
fn every_row_is_answered_alike_over_http2_and_http1() {
    let mut cases = cases();
    for (id, _) in NOT_OVER_TLS {
        let at = cases.iter().position(|case| case.id == id).unwrap_or_else(|| panic!("no row {id}"));
        cases.remove(at);
    }
    let origin = telling_origin();
    let serve = |site: &str| tls::serve("trusted-proxies = [\"127.0.0.0/8\"]", "", site);
    let edges = BTreeMap::from([
        ("main", serve(&configs::main(&origin.url()))),
        ("two", serve(&configs::two(&origin.url()))),
    ]);
    let signatures = signatures(&cases);
    let mut failures = Vec::new();
    for (site, edge) in &edges {
        let address = edge.https[0];
        let rows = || cases.iter().zip(&signatures).filter(|(case, _)| case.site == *site);
        let mut job = tls::connection(address);
        job["requests"] = rows().map(|(case, signature)| json!(case.fields(signature))).collect();
        let answers = ask("clients/h2_rows.py", &job);
        let answers = answers.as_array().expect("answers");
        assert_eq!(answers.len(), rows().count());
        for ((case, signature), answer) in rows().zip(answers) {
            let old = case.request(signature);
            let at = old.windows(2).position(|end| end == b"\r\n").expect("a line") + 2;
            let old = [&old[..at], b"X-Forwarded-Proto: http\r\n", &old[at..]].concat();
            let old = Answer::of(&tls::send(address, old));
            let judged = Answer::of_http2(answer).and_then(|new| {
                case.judge(&new)?;
                if without_ids(&new) == without_ids(&old) {
                    Ok(())
                } else {
                    Err(format!("{new:?} and {old:?}"))
                }
            });
            if let Err(failure) = judged {
                failures.push(case.report(&failure));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {} rows:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// An answer without what is another in each.
fn without_ids(answer: &Answer) -> (u16, &Option<String>, &Option<String>, String) {
    let lines = answer.text.lines().filter(|line| !line.starts_with("Request ID: "));
    (answer.status, &answer.reason, &answer.asked, lines.collect())
}
