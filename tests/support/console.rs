//! The console as tests use it: forms, the numbers of the requests, a console with a token.

use std::net::SocketAddr;

use super::{Edge, RecordingOrigin, Response, configs, request, send_to};

pub(crate) const ADMIN: &str = "[admin]\nlisten = \"127.0.0.1:0\"\n";
pub(crate) const TOKEN: &str = "s3cret-token-of-good-length";

/// A configuration with an admin listener.
pub(crate) fn config(origin: &str) -> String {
    format!("{ADMIN}{}", configs::private(origin, ""))
}

/// The address of the console.
pub(crate) fn console(edge: &Edge) -> SocketAddr {
    edge.admin.expect("an admin listener")
}

/// Posts a form as a page of the console does.
pub(crate) fn post(address: SocketAddr, path: &str, form: &[(&str, &str)]) -> Response {
    post_with(address, path, form, &[&format!("Origin: http://{address}"), "Sec-Fetch-Site: same-origin"])
}

/// Posts a form with these header lines.
pub(crate) fn post_with(
    address: SocketAddr,
    path: &str,
    form: &[(&str, &str)],
    headers: &[&str],
) -> Response {
    let body: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let body = body.join("&");
    let length = format!("Content-Length: {}", body.len());
    let mut all = vec!["Content-Type: application/x-www-form-urlencoded", &length];
    all.extend(headers);
    send_to(address, (request("POST", &address.to_string(), path, &all) + &body).as_bytes())
}

pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

/// The numbers of the requests on the first page, in its order.
pub(crate) fn numbers(edge: &Edge) -> Vec<u64> {
    let page = edge.admin_page("/").text();
    page.split("<tr id=\"r")
        .skip(1)
        .map(|row| row.split('"').next().expect("it is there").parse().expect("it is there"))
        .collect()
}

/// An edge whose console asks for a token.
pub(crate) fn guarded() -> (Edge, RecordingOrigin) {
    let origin = RecordingOrigin::start();
    let dir = tempfile::tempdir().expect("it is there");
    std::fs::write(dir.path().join("admin.token"), format!("{TOKEN}\n")).expect("it is there");
    let config = config(&origin.url()).replace("0\"\n", "0\"\ntoken-file = \"admin.token\"\n");
    std::fs::write(dir.path().join("config.toml"), config).expect("it is there");
    let mut command = super::frontgate();
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    (Edge::start(command, dir), origin)
}
