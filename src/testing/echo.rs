//! The embedded origin of tests: whatever is asked, it answers with what it was asked.

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Request, Response};
use serde_json::json;

use crate::config::Handler;

/// What it is called where an origin is named.
pub(super) const NAME: &str = "echo:";

/// The origin.
pub(super) fn origin() -> Handler {
    Handler::new(|request| async move { answer(&request) })
}

/// Header fields as kits are told them: pairs of texts, in order.
pub(crate) fn fields(headers: &HeaderMap) -> Vec<[String; 2]> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| [name.as_str().to_owned(), text(value)]).collect()
}

fn answer(request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let headers = fields(request.headers());
    let asked = json!({"method": request.method().as_str(), "target": target, "headers": headers});
    let is_head = request.method() == http::Method::HEAD;
    let body = if is_head { Vec::new() } else { format!("{asked}\n").into_bytes() };
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
