//! A `tower` layer that verifies signed URLs and cookies in front of a service, in the same process.
//!
//! A denied request gets CloudFront's answer, byte for byte, and doesn't reach the service. An allowed one reaches it without
//! its signing parameters and cookies, with [`Allowed`] among its extensions.
//!
//! ```
//! use bytes::Bytes;
//! use frontgate::sign::{HashAlgorithm, PrivateKey, Terms, signed_url, signing_values};
//! use frontgate::tower::VerifyLayer;
//! use frontgate::{Allowed, EpochSeconds, Verifier};
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use tower::{BoxError, Layer, ServiceExt, service_fn};
//!
//! # fn main() -> Result<(), BoxError> {
//! let key = PrivateKey::generate_ecdsa()?;
//! let verifier = Verifier::builder()
//!     .key("K1", key.public_pem()?)
//!     .base_url("https://media.example.com")
//!     .build()?;
//! // The time is a test's; without `clock` it is the system's.
//! let layer = VerifyLayer::new(verifier).clock(|| EpochSeconds(1_999_999_999));
//!
//! let application = service_fn(|request: Request<()>| async move {
//!     let signed_by = request.extensions().get::<Allowed>().and_then(Allowed::key_pair_id);
//!     let body = format!("{} {}", request.uri(), signed_by.unwrap_or("nobody"));
//!     Ok::<_, BoxError>(Response::new(Full::new(Bytes::from(body))))
//! });
//! let protected = layer.layer(application);
//!
//! let url = "https://media.example.com/a.mp4?quality=high";
//! let terms = Terms::Canned { expires: EpochSeconds(2_000_000_000) };
//! let link = signed_url(url, &signing_values(url, &terms, &key, "K1", HashAlgorithm::Sha1)?);
//! let ask = |link: &str| Request::get(link).header("host", "media.example.com").body(());
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let allowed = protected.clone().oneshot(ask(&link)?).await?;
//! assert_eq!(allowed.status(), 200);
//! let denied = protected.oneshot(ask(url)?).await?;
//! assert_eq!(denied.status(), 403);
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! The layer belongs outermost: what was signed is the URL as the viewer sent it, before a router cuts a prefix from its path.
//! With axum, `Router::layer` is the place, and `into_make_service_with_connect_info` tells who asks:
//!
//! ```text
//! let layer = VerifyLayer::new(verifier)
//!     .address(|parts| parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|from| from.0.ip()));
//! let app = Router::new().route("/{*path}", get(film)).layer(layer);
//! axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
//! ```

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::HeaderValue;
use http::{Method, Request, Response, request};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

#[cfg(doc)]
use crate::Allowed;
use crate::access::response::X_FRONTGATE_REASON;
use crate::clock;
use crate::epoch::EpochSeconds;
use crate::identity::{self, RequestIdentity, RequestIds};
use crate::{Denied, Verdict, Verifier};

/// Puts a [`Verifier`] in front of a service. A clone is cheap.
#[derive(Clone)]
pub struct VerifyLayer {
    verifier: Verifier,
    address: Arc<AddressOf>,
    clock: Arc<Clock>,
    tells_reason: bool,
}

type AddressOf = dyn Fn(&request::Parts) -> Option<IpAddr> + Send + Sync;
type Clock = dyn Fn() -> EpochSeconds + Send + Sync;

impl VerifyLayer {
    /// A layer with the system's clock. The viewer's address is the [`SocketAddr`] or [`IpAddr`] among the request's extensions;
    /// without one, a policy with an `IpAddress` condition is denied, except `0.0.0.0/0`.
    #[must_use]
    pub fn new(verifier: Verifier) -> Self {
        let extension = |parts: &request::Parts| {
            let socket = parts.extensions.get::<SocketAddr>().map(SocketAddr::ip);
            socket.or_else(|| parts.extensions.get::<IpAddr>().copied())
        };
        Self { verifier, address: Arc::new(extension), clock: Arc::new(clock::now), tells_reason: false }
    }

    /// Sets the function that returns the viewer's address. Read a header only if every request comes through a proxy that
    /// writes it.
    #[must_use]
    pub fn address(
        self,
        address: impl Fn(&request::Parts) -> Option<IpAddr> + Send + Sync + 'static,
    ) -> Self {
        Self { address: Arc::new(address), ..self }
    }

    /// Sets the function that returns the time, in whole seconds, for tests.
    #[must_use]
    pub fn clock<T: Into<EpochSeconds>>(self, now: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(move || now().into()), ..self }
    }

    /// Adds the header `X-Frontgate-Reason`, such as `expired`, to denials. For tests only: it helps an attacker.
    #[must_use]
    pub fn tells_reason(self) -> Self {
        Self { tells_reason: true, ..self }
    }

    /// The request as it goes on, or the answer in the service's place, with [`Denied`] among its extensions.
    fn judge<B, R: From<Bytes>>(&self, request: Request<B>) -> Result<Request<B>, Response<R>> {
        let (mut parts, body) = request.into_parts();
        let now = (self.clock)();
        match self.verifier.verify(&parts, now, (self.address)(&parts)) {
            Verdict::Allowed(allowed) => {
                allowed.strip(&mut parts);
                parts.extensions.insert(allowed);
                Ok(Request::from_parts(parts, body))
            }
            Verdict::Denied(denied) => Err(self.answer(denied, &parts.method, now)),
        }
    }

    fn answer<R: From<Bytes>>(&self, denied: Denied, method: &Method, now: EpochSeconds) -> Response<R> {
        let identity = fresh_identity();
        let answer = denied.answer();
        let text = answer.body(identity.cf_id());
        let date = now.http_date().and_then(|date| HeaderValue::try_from(date).ok());
        let mut response = Response::new(());
        *response.status_mut() = answer.status();
        let headers = response.headers_mut();
        answer.head().write(headers, text.len(), date.unwrap_or(HeaderValue::from_static("")), None);
        identity.stamp(headers);
        if self.tells_reason {
            headers.insert(X_FRONTGATE_REASON, HeaderValue::from_static(denied.reason()));
        }
        response.extensions_mut().insert(denied);
        let text = if *method == Method::HEAD { Bytes::new() } else { Bytes::from(text) };
        response.map(|()| text.into())
    }
}

/// The marks of one request.
fn fresh_identity() -> RequestIdentity {
    static VIA: OnceLock<HeaderValue> = OnceLock::new();
    thread_local! {
        static IDS: RefCell<RequestIds> = RefCell::default();
    }
    let id = IDS.with_borrow_mut(RequestIds::next_id);
    RequestIdentity::new(id, VIA.get_or_init(identity::via).clone())
}

impl fmt::Debug for VerifyLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyLayer").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

impl<S> Layer<S> for VerifyLayer {
    type Service = Verify<S>;

    fn layer(&self, inner: S) -> Verify<S> {
        Verify { inner, layer: self.clone() }
    }
}

/// A service that only allowed requests reach: what [`VerifyLayer`] makes.
#[derive(Clone, Debug)]
pub struct Verify<S> {
    inner: S,
    layer: VerifyLayer,
}

impl<S, B, R> Service<Request<B>> for Verify<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = VerifyFuture<S::Future, R>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let kind = match self.layer.judge(request) {
            Ok(request) => Kind::GoesOn { response: self.inner.call(request) },
            Err(response) => Kind::Answered { response: Some(response) },
        };
        VerifyFuture { kind }
    }
}

pin_project! {
    /// The response of the service, or CloudFront's answer.
    pub struct VerifyFuture<F, R> {
        #[pin]
        kind: Kind<F, R>,
    }
}

pin_project! {
    #[project = Pinned]
    enum Kind<F, R> {
        GoesOn { #[pin] response: F },
        Answered { response: Option<Response<R>> },
    }
}

impl<F, R, E> Future for VerifyFuture<F, R>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            Pinned::GoesOn { response } => response.poll(context),
            Pinned::Answered { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                // Asked again after its end, as no executor does.
                None => Poll::Pending,
            },
        }
    }
}

impl<F, R> fmt::Debug for VerifyFuture<F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyFuture").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicU64, Ordering};

    use http_body_util::{BodyExt, Full};
    use tower::{ServiceExt, service_fn};

    use super::*;
    use crate::Allowed;
    use crate::distribution::key::HashAlgorithm;
    use crate::sign::{PrivateKey, Terms, signed_url, signing_values};

    const BASE: &str = "https://media.example.com";
    const BEGIN: u64 = 1_700_000_000;
    const END: u64 = 2_000_000_000;

    /// A viewer who asks an application behind the layer, which answers with what it saw.
    struct Viewer {
        key: PrivateKey,
        layer: VerifyLayer,
        now: Arc<AtomicU64>,
    }

    impl Viewer {
        fn new() -> Self {
            let key = PrivateKey::generate_ecdsa().unwrap();
            let builder = Verifier::builder().key("K1", key.public_pem().unwrap()).base_url(BASE);
            let verifier = builder.public("/public/*").build().unwrap();
            let now = Arc::new(AtomicU64::new(END - 1));
            let told = Arc::clone(&now);
            let layer = VerifyLayer::new(verifier)
                .clock(move || EpochSeconds(told.load(Ordering::Relaxed)))
                .tells_reason();
            Self { key, layer, now }
        }

        fn values(&self, url: &str, range: Option<&str>) -> Vec<(&'static str, String)> {
            let range = range.map(|range| range.parse().unwrap());
            let terms = Terms::new(url, EpochSeconds(END), Some(EpochSeconds(BEGIN)), range, None);
            signing_values(url, &terms, &self.key, "K1", HashAlgorithm::Sha1).unwrap()
        }

        fn link(&self, path: &str, range: Option<&str>) -> String {
            let url = format!("{BASE}{path}");
            let link = signed_url(&url, &self.values(&url, range));
            link.strip_prefix(BASE).unwrap().to_owned()
        }

        fn ask(&self, request: http::request::Builder) -> (http::response::Parts, String) {
            let application = service_fn(|request: Request<()>| async move {
                let allowed = request.extensions().get::<Allowed>().cloned().unwrap();
                let cookies = request.headers().get("cookie").map(|value| value.to_str().unwrap().to_owned());
                let seen = format!("{} {:?} {:?}", request.uri(), cookies, allowed.key_pair_id());
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(seen))))
            });
            let request = request.header("host", "media.example.com").body(()).unwrap();
            let protected = self.layer.layer(application);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let (parts, body) = protected.oneshot(request).await.unwrap().into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                (parts, String::from_utf8(body.to_vec()).unwrap())
            })
        }

        fn reason(&self, request: http::request::Builder) -> String {
            let (parts, _) = self.ask(request);
            let reason = parts.headers.get("x-frontgate-reason").map(|value| value.to_str().unwrap());
            reason.unwrap_or("allowed").to_owned()
        }
    }

    #[test]
    fn a_link_opens_between_its_seconds() {
        let viewer = Viewer::new();
        let link = viewer.link("/a", None);
        for (now, expected) in
            [(BEGIN, "not-yet-valid"), (BEGIN + 1, "allowed"), (END - 1, "allowed"), (END, "expired")]
        {
            viewer.now.store(now, Ordering::Relaxed);
            assert_eq!(viewer.reason(Request::get(&link)), expected, "{now}");
        }
    }

    #[test]
    fn the_application_sees_who_signed_and_nothing_of_how() {
        let viewer = Viewer::new();
        let (_, seen) =
            viewer.ask(Request::get(viewer.link("/a%2Fb?x=%20", None)).header("cookie", "b=1; a=2"));
        assert_eq!(seen, r#"/a%2Fb?x=%20 Some("a=2; b=1") Some("K1")"#);
        let values = viewer.values(&format!("{BASE}/a"), None);
        let cookies: Vec<String> =
            values.iter().map(|(name, value)| format!("CloudFront-{name}={value}")).collect();
        let (_, seen) = viewer.ask(Request::get("/a").header("cookie", cookies.join("; ")));
        assert_eq!(seen, r#"/a None Some("K1")"#);
        let (_, seen) = viewer.ask(Request::get("/public/a?Expires=1"));
        assert_eq!(seen, "/public/a?Expires=1 None None");
    }

    #[test]
    fn the_address_is_an_extension_or_what_is_told() {
        let mut viewer = Viewer::new();
        let link = viewer.link("/a", Some("203.0.113.0/24"));
        let from = |address: &str| Request::get(&link).extension(address.parse::<SocketAddr>().unwrap());
        assert_eq!(viewer.reason(from("203.0.113.9:1")), "allowed");
        assert_eq!(viewer.reason(from("203.0.114.9:1")), "ip-mismatch");
        assert_eq!(viewer.reason(Request::get(&link)), "ip-mismatch");
        let address: IpAddr = [203, 0, 113, 9].into();
        assert_eq!(viewer.reason(Request::get(&link).extension(address)), "allowed");
        viewer.layer =
            viewer.layer.clone().address(|parts| parts.headers.get("x-from")?.to_str().ok()?.parse().ok());
        assert_eq!(viewer.reason(Request::get(&link).header("x-from", "203.0.113.9")), "allowed");
        assert_eq!(viewer.reason(from("203.0.113.9:1")), "ip-mismatch");
    }

    #[test]
    fn a_denial_is_cloudfronts_answer() {
        let viewer = Viewer::new();
        let (parts, body) = viewer.ask(Request::get("/a"));
        assert_eq!(
            body,
            r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>MissingKey</Code><Message>Missing Key-Pair-Id query parameter or cookie value</Message></Error>"#
        );
        let names: Vec<&str> = parts.headers.keys().map(http::HeaderName::as_str).collect();
        assert_eq!(
            names.join(" "),
            "server date content-type content-length x-cache via x-amz-cf-pop x-amz-cf-id x-frontgate-reason"
        );
        assert_eq!((parts.status.as_u16(), &parts.headers["content-length"]), (403, &HeaderValue::from(146)));
        assert_eq!(parts.headers["date"], "Wed, 18 May 2033 03:33:19 GMT");
        assert_eq!(parts.extensions.get::<Denied>().map(Denied::reason), Some("missing-key-pair-id"));
        let (parts, body) = viewer.ask(Request::head("/a"));
        assert_eq!((&parts.headers["content-length"], body.as_str()), (&HeaderValue::from(146), ""));
        let (parts, body) = viewer.ask(Request::builder().method("PURGE").uri("/a"));
        let id = parts.headers["x-amz-cf-id"].to_str().unwrap();
        assert!(body.contains("403 ERROR") && body.contains(id), "{body}");
    }

    #[test]
    fn without_a_clock_of_its_own_it_is_now() {
        let mut viewer = Viewer::new();
        viewer.layer = VerifyLayer::new(viewer.layer.verifier.clone());
        let (parts, _) = viewer.ask(Request::get(viewer.link("/a", None)));
        assert_eq!((parts.status.as_u16(), parts.headers.get("x-frontgate-reason")), (200, None));
    }
}
