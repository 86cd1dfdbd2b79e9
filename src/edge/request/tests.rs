//! Requests in process: no socket, no HTTP library on either side.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, LOCATION, VIA};
use http::{HeaderMap, Method, Request, Response, Version};
use http_body_util::BodyExt;

use super::worker::Worker;
use crate::config::Limits;
use crate::edge::facts::peer::Peer;
use crate::edge::io::body::{self, Body};
use crate::edge::limits::capacity::Capacity;
use crate::edge::limits::request_slots::RequestSlot;
use crate::edge::observe::denial_explainer::Explainer;
use crate::edge::observe::recent_requests::Record;
use crate::edge::state::shared::Edge;
use crate::sign::PrivateKey;

/// An edge with the demo site, of which everything but `/public/*` is private.
fn edge(more: &str) -> Arc<Edge> {
    let pem = PrivateKey::generate_ecdsa().unwrap().public_pem().unwrap();
    let config = format!(
        "{more}\n[[public-keys]]\nid = \"K1\"\npem = \"\"\"{pem}\"\"\"\n[[key-groups]]\nid = \"g\"\n\
         public-keys = [\"K1\"]\n[[distributions]]\nid = \"E\"\ndomain-name = \"a.example.com\"\n\
         [[distributions.origins]]\nid = \"demo\"\nurl = \"demo:\"\n[distributions.default-cache-behavior]\n\
         target-origin = \"demo\"\ntrusted-key-groups = [\"g\"]\n[[distributions.cache-behaviors]]\n\
         path-pattern = \"/public/*\"\ntarget-origin = \"demo\"\n[[distributions.cache-behaviors]]\n\
         path-pattern = \"/secure/*\"\ntarget-origin = \"demo\"\nviewer-protocol-policy = \"redirect-to-https\"\n"
    );
    let settings = crate::config::parse(Path::new("config.toml"), &config).unwrap();
    let mut edge = Edge::new(&settings, false);
    edge.explainer = Some(Arc::new(Explainer::start(None).unwrap()));
    Arc::new(edge)
}

fn get(target: &str, fields: &[(&'static str, &str)]) -> Request<Body> {
    let mut request = Request::get(target).header(HOST, "a.example.com");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(body::empty()).unwrap()
}

async fn respond(worker: &Worker, request: Request<Body>) -> Response<Body> {
    let peer = Peer::plain(SocketAddr::from(([203, 0, 113, 9], 1)));
    worker.respond(request, &peer, &RequestSlot::default()).await
}

fn worker(edge: &Arc<Edge>) -> Worker {
    Worker::new(Arc::clone(edge), Capacity::of(&Limits::default(), 1, None))
}

fn text(headers: &HeaderMap, name: impl http::header::AsHeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn every_source_of_a_response_is_marked_for_the_viewer() {
    let worker = worker(&edge(""));
    for (target, status, x_cache) in [
        ("/public/index.html", 200, "Miss from cloudfront"),
        ("/public/none", 404, "Error from cloudfront"),
        ("/image.svg", 403, "Error from cloudfront"),
        ("/secure/a", 301, "Redirect from cloudfront"),
    ] {
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let mut request = get(target, &[]);
            *request.version_mut() = version;
            let response = respond(&worker, request).await;
            let headers = response.headers();
            assert_eq!((response.status().as_u16(), text(headers, "x-cache")), (status, Some(x_cache)));
            assert!(text(headers, VIA).is_some_and(|via| via.ends_with(".cloudfront.net (CloudFront)")));
            assert_eq!(text(headers, "x-amz-cf-id").map(str::len), Some(56));
            assert_eq!(headers.contains_key(LOCATION), status == 301);
            // HTTP/2 has no word for the end of a connection, and an origin's `Connection` is not the viewer's.
            let is_local = status == 403 || status == 301;
            let connection = (version == Version::HTTP_11 && is_local).then_some("keep-alive");
            assert_eq!(text(headers, CONNECTION), connection, "{target} {version:?}");
            assert!(!response.into_body().collect().await.unwrap().to_bytes().is_empty());
        }
    }
}

#[tokio::test]
async fn head_has_no_body_whoever_responds() {
    let worker = worker(&edge(""));
    for target in ["/public/index.html", "/image.svg"] {
        let mut request = get(target, &[]);
        *request.method_mut() = Method::HEAD;
        let response = respond(&worker, request).await;
        assert_ne!(text(response.headers(), CONTENT_LENGTH), Some("0"));
        assert!(response.into_body().collect().await.unwrap().to_bytes().is_empty());
    }
}

/// What is kept of requests.
async fn records_of<const N: usize>(
    admin: &str,
    requests: [Request<Body>; N],
) -> (Arc<Edge>, Vec<Arc<Record>>) {
    let edge = edge(admin);
    let worker = worker(&edge);
    for request in requests {
        respond(&worker, request).await.into_body().collect().await.unwrap();
    }
    let records = edge.recorder.as_ref().map(|recorder| recorder.after(0)).unwrap_or_default();
    (edge, records)
}

const ADMIN: &str = "[admin]\nlisten = \"127.0.0.1:9090\"";
/// Bytes of a target, and of CloudFront's cookies, that are kept.
const MAX_TARGET: usize = 8_192;
const MAX_COOKIES: usize = 16_384;

#[tokio::test]
async fn what_became_of_a_request_is_kept() {
    let cookies =
        [("cookie", "session=PRIVATE; CloudFront-Policy=x"), ("cookie", "cloudfront-signature=y; b=PRIVATE")];
    let requests = [
        get("/public/page.html?a=1", &[]),
        get("/image.svg?Signature=SECRET&b=2", &cookies),
        get("/public/page.html", &[("host", "b.example.com")]),
    ];
    let (edge, records) = records_of(ADMIN, requests).await;
    let [public, denied, bad] = &records[..] else { panic!("{records:?}") };
    let text = |name: &Option<Arc<str>>| name.as_deref().map(str::to_owned);
    assert_eq!((public.number, public.inquiry.target.as_str()), (1, "/public/page.html?a=1"));
    assert_eq!(
        text(&public.distribution).zip(text(&public.behavior)),
        Some(("E".into(), "/public/*".into()))
    );
    assert_eq!((text(&public.origin).as_deref(), &public.reason), (Some("demo"), &None));
    let times = public.times;
    assert!(times.decided < times.origin_head && times.origin_head <= Some(times.ended), "{times:?}");

    assert_eq!((denied.status, denied.origin.is_none()), (403, true));
    assert_eq!(denied.shown_target(), "/image.svg?Signature=…&b=2");
    assert_eq!(denied.inquiry.target, "/image.svg?Signature=SECRET&b=2");
    assert_eq!(denied.inquiry.cookies, [b"CloudFront-Policy=x; cloudfront-signature=y".to_vec()]);
    assert!(denied.explainable().is_some() && denied.times.decided.is_some());
    // Of what was never judged, what is known.
    assert_eq!(
        (bad.status, bad.distribution.is_none(), bad.reason.as_ref().unwrap().0),
        (400, true, "bad-request")
    );
    assert_eq!(bad.inquiry.target, "/public/page.html");

    let recorder = edge.recorder.as_ref().unwrap();
    let mut versions = recorder.subscribe();
    let known = async {
        while denied.cause.get().is_none() {
            versions.changed().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(10), known).await.unwrap();
    assert!(!denied.cause.get().unwrap().contains("SECRET"));
    assert!(public.cause.get().is_none() && bad.cause.get().is_none());
}

#[tokio::test]
async fn what_is_too_long_is_not_kept_whole() {
    let target = format!("/public/{}", "x".repeat(MAX_TARGET));
    let cookie = format!("CloudFront-Policy={}", "x".repeat(MAX_COOKIES));
    let (_, records) = records_of(ADMIN, [get(&target, &[]), get("/x", &[("cookie", &cookie)])]).await;
    let [long, baked] = &records[..] else { panic!("{records:?}") };
    for record in [long, baked] {
        assert!(record.explainable().is_none(), "{record:?}");
        assert!(record.inquiry.target.is_empty() && record.inquiry.cookies.is_empty());
    }
    assert_eq!((long.status, long.shown_target().len()), (413, MAX_TARGET + "…".len()));
    assert_eq!(baked.shown_target(), "/x");
}

#[tokio::test]
async fn without_the_console_nothing_is_kept() {
    for admin in ["", &format!("{ADMIN}\nconsole = false")] {
        let (edge, _) = records_of(admin, [get("/public/page.html", &[])]).await;
        assert!(edge.recorder.is_none());
    }
}
