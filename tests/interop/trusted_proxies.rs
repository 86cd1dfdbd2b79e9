//! Trusted proxies over HTTP/2.

use crate::support::configs;
use crate::support::link_for;
use crate::support::tls::{self, HOST, Http2, get};
use crate::support::{RecordingOrigin, request};

const TRUSTED: &str = "trusted-proxies = [\"127.0.0.0/8\", \"10.0.0.0/8\", \"fd00::/8\"]";
const STRANGERS: &str = "trusted-proxies = [\"192.0.2.0/24\"]";

#[test]
fn http2_and_tls_tell_the_same_viewer() {
    let origin = RecordingOrigin::start();
    let link = link_for("203.0.113.9/32");
    for (lines, expected) in [(TRUSTED, None), (STRANGERS, Some("ip-mismatch"))] {
        let edge = tls::serve(lines, "", &configs::main(&origin.url()));
        let mut client = Http2::connect(edge.https[0]);
        let mut fields = get(HOST, &link);
        fields.extend([("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "203.0.113.9, 10.0.0.1")]);
        client.open(1, &fields);
        assert_eq!(client.answer(1).reason.as_deref(), expected);
        let headers = ["X-Forwarded-For: 198.51.100.1", "X-Forwarded-For: 203.0.113.9, 10.0.0.1"];
        let old = tls::send(edge.https[0], request("GET", HOST, &link, &headers));
        assert_eq!(old.reason(), expected);
    }
}
