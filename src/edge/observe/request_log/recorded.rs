//! A request as the console keeps it, and as a search for the cause of a denial takes it.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

use http::Method;

use super::line::Line;
use crate::access::Framing;
use crate::access::credentials::{COOKIE_PREFIX, forwarded_cookies};
use crate::clock;
use crate::edge::observe::recent_requests::{Record, Times};
use crate::epoch::EpochSeconds;
use crate::explain::{OwnedRequest, Surroundings, Unknown};
use crate::redact::redacted_by_shape;
use crate::viewer::ViewerRequest;

/// What is judged. Of the cookies only CloudFront's are kept: the others are none of our business.
pub(super) fn inquiry(request: &ViewerRequest<'_>, framing: Framing) -> OwnedRequest {
    let cookies = forwarded_cookies(request.cookies.iter().copied(), |name| {
        name.get(..COOKIE_PREFIX.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(COOKIE_PREFIX))
    });
    let mut target = String::with_capacity(request.target.len());
    target.push_str(request.target.path);
    if let Some(query) = request.target.query {
        target.push('?');
        target.push_str(query);
    }
    OwnedRequest {
        method: request.method.clone(),
        scheme: request.scheme,
        authority: request.host.to_string(),
        target,
        fragment: None,
        cookies: cookies.into_iter().collect(),
        address: request.address,
        country: request.country,
        is_preflight: request.is_preflight,
        framing,
        at: request.now,
        unknown: Unknown::default(),
        surroundings: Surroundings::default(),
    }
}

/// What is kept of a line that ends now.
pub(super) fn record(line: &mut Line) -> Record {
    let inquiry = line.inquiry.take().map_or_else(|| unjudged(line), |inquiry| *inquiry);
    let (inquiry, beginning) = bounded(inquiry);
    let place = line.place.as_deref();
    let ended = line.began.elapsed();
    Record {
        number: 0,
        changed: AtomicU64::new(0),
        came: clock::before(ended),
        inquiry,
        beginning,
        distribution: place.map(|place| Arc::clone(&place.distribution)),
        behavior: place.map(|place| Arc::clone(&place.behavior)),
        key: line.key.as_ref().map(|(key, remembered)| (Arc::clone(&key.id), *remembered)),
        origin: line.origin.as_ref().map(|origin| Arc::clone(&origin.id)),
        fields: line.fields.take().map(|fields| *fields).unwrap_or_default(),
        status: line.status,
        reason: line
            .cause
            .as_ref()
            .map(|cause| (cause.name, cut(&redacted_by_shape(&cause.detail), MAX_TARGET))),
        sent: line.sent,
        times: Times { ended, ..line.times },
        cause: OnceLock::new(),
    }
}

/// Of a request that never came to a judgement: what is known all the same.
fn unjudged(line: &Line) -> OwnedRequest {
    OwnedRequest {
        method: line.method.clone(),
        scheme: line.scheme,
        authority: line.host(),
        target: line.target().to_owned(),
        fragment: None,
        cookies: Vec::new(),
        address: line.viewer,
        country: None,
        is_preflight: false,
        framing: Framing::default(),
        at: EpochSeconds(clock::now().0.saturating_sub(line.began.elapsed().as_secs())),
        unknown: Unknown::default(),
        surroundings: Surroundings::default(),
    }
}

/// An inquiry without what is too long to be kept; then what is shown of it.
fn bounded(mut inquiry: OwnedRequest) -> (OwnedRequest, Option<String>) {
    let cookies: usize = inquiry.cookies.iter().map(Vec::len).sum();
    let is_cut = inquiry.target.len() > MAX_TARGET
        || cookies > MAX_COOKIES
        || inquiry.authority.len() > MAX_AUTHORITY
        || inquiry.method.as_str().len() > MAX_METHOD;
    let beginning = is_cut.then(|| cut(&redacted_by_shape(&inquiry.target), MAX_TARGET));
    if is_cut {
        inquiry.authority = cut(&inquiry.authority, MAX_AUTHORITY);
        (inquiry.target, inquiry.cookies) = (String::new(), Vec::new());
        if inquiry.method.as_str().len() > MAX_METHOD {
            inquiry.method =
                Method::from_bytes(&inquiry.method.as_str().as_bytes()[..MAX_METHOD]).unwrap_or(Method::GET);
        }
    }
    (inquiry, beginning)
}

/// The beginning of a text that is too long.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(most)])
}

/// Bytes; CloudFront takes no longer URL (semantics 9.3).
const MAX_TARGET: usize = 8_192;
/// Bytes of CloudFront's cookies, which a head of 20,480 bytes may hold; real ones are ten times smaller.
const MAX_COOKIES: usize = 16_384;
/// A name's 253 bytes (RFC 1035), a colon, a port.
const MAX_AUTHORITY: usize = 260;
/// No registered method is as long.
const MAX_METHOD: usize = 32;

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::rc::Rc;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::config::{Door, Limits};
    use crate::edge::limits::capacity::Capacity;
    use crate::edge::observe::denial_explainer::Explainer;
    use crate::edge::request::worker::Worker;
    use crate::edge::state::shared::Edge;
    use crate::sign::PrivateKey;

    /// What is kept of requests to the demo site, of which everything but `/public/*` is private.
    async fn records_of(admin: &str, requests: &[String]) -> (Arc<Edge>, Vec<Arc<Record>>) {
        let pem = PrivateKey::generate_ecdsa().unwrap().public_pem().unwrap();
        let config = format!(
            "{admin}\n[[public-keys]]\nid = \"K1\"\npem = \"\"\"{pem}\"\"\"\n[[key-groups]]\nid = \"g\"\n\
             public-keys = [\"K1\"]\n[[distributions]]\nid = \"E\"\ndomain-name = \"a.example.com\"\n\
             [[distributions.origins]]\nid = \"demo\"\nurl = \"demo:\"\n[distributions.default-cache-behavior]\n\
             target-origin = \"demo\"\ntrusted-key-groups = [\"g\"]\n[[distributions.cache-behaviors]]\n\
             path-pattern = \"/public/*\"\ntarget-origin = \"demo\"\n"
        );
        let settings = crate::config::parse(Path::new("config.toml"), &config).unwrap();
        let mut edge = Edge::new(&settings, false);
        edge.explainer = Some(Arc::new(Explainer::start(None).unwrap()));
        let edge = Arc::new(edge);
        let worker = Rc::new(Worker::new(Arc::clone(&edge), Capacity::of(&Limits::default(), 1, None)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asking = async {
            for request in requests {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(request.as_bytes()).await.unwrap();
                stream.read_to_end(&mut Vec::new()).await.unwrap();
            }
        };
        let places = Arc::new(tokio::sync::Semaphore::new(10));
        let (connections, stop) = (tokio_util::task::TaskTracker::new(), Default::default());
        let local = tokio::task::LocalSet::new();
        local.spawn_local(crate::edge::listen::threads::accept(
            listener,
            Door::PLAIN,
            worker,
            places,
            connections,
            stop,
        ));
        local.run_until(asking).await;
        let records = edge.recorder.as_ref().map(|recorder| recorder.after(0)).unwrap_or_default();
        (edge, records)
    }

    fn get(target: &str, more: &str) -> String {
        format!("GET {target} HTTP/1.1\r\nHost: a.example.com\r\nConnection: close\r\n{more}\r\n")
    }

    const ADMIN: &str = "[admin]\nlisten = \"127.0.0.1:9090\"";

    #[tokio::test]
    async fn what_became_of_a_request_is_kept() {
        let cookies =
            "Cookie: session=PRIVATE; CloudFront-Policy=x\r\nCookie: cloudfront-signature=y; b=PRIVATE\r\n";
        let requests = [
            get("/public/page.html?a=1", ""),
            get("/image.svg?Signature=SECRET&b=2", cookies),
            get("/public/page.html", "Host: b.example.com\r\n"),
        ];
        let (edge, records) = records_of(ADMIN, &requests).await;
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
        let cookie = format!("Cookie: CloudFront-Policy={}\r\n", "x".repeat(MAX_COOKIES));
        let (_, records) = records_of(ADMIN, &[get(&target, ""), get("/x", &cookie)]).await;
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
            let (edge, _) = records_of(admin, &[get("/public/page.html", "")]).await;
            assert!(edge.recorder.is_none());
        }
    }
}
