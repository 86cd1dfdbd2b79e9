//! Somebody who asks the edge: at some time, from some address, with some cookies.

use std::fmt::{self, Display};
use std::net::IpAddr;
use std::sync::Arc;

use http::header::{COOKIE, HeaderName, HeaderValue};
use http::{HeaderMap, Method};

use super::ask::{Ask, AskError, Response};
use super::{ExplainRequest, Instance, When};
use crate::epoch::EpochSeconds;
use crate::explain::{Explanation, InvalidRequest};
use crate::viewer::Host;

/// A viewer. Each of its settings gives another one, so that it can be kept and shared.
#[derive(Clone)]
pub struct Viewer {
    pub(super) instance: Arc<Instance>,
    at: Option<When>,
    ip: Option<IpAddr>,
    cookies: Option<String>,
    allows_warnings: bool,
}

/// Without the cookies, which open doors.
impl fmt::Debug for Viewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Viewer").field("at", &self.at).field("ip", &self.ip).finish_non_exhaustive()
    }
}

impl Viewer {
    pub(super) fn new(instance: Arc<Instance>) -> Self {
        Self { instance, at: None, ip: None, cookies: None, allows_warnings: false }
    }

    /// The same viewer at a time.
    #[must_use]
    pub fn at(&self, time: impl Into<When>) -> Self {
        Self { at: Some(time.into()), ..self.clone() }
    }

    /// The same viewer from an address.
    #[must_use]
    pub fn from_ip(&self, address: impl Into<IpAddr>) -> Self {
        Self { ip: Some(address.into()), ..self.clone() }
    }

    /// The same viewer with cookies, in place of those it had.
    #[must_use]
    pub fn with_cookies<N: Display, V: Display>(&self, cookies: impl IntoIterator<Item = (N, V)>) -> Self {
        let pairs: Vec<String> = cookies.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        Self { cookies: Some(pairs.join("; ")), ..self.clone() }
    }

    /// The same viewer, to whom [`assert_allowed`](Self::assert_allowed) passes also where the edge warns of `milliseconds`.
    #[must_use]
    pub fn allow_warnings(&self) -> Self {
        Self { allows_warnings: true, ..self.clone() }
    }

    pub(super) fn may_open(&self, response: &Response) -> bool {
        self.allows_warnings || !response.warnings().contains(&MILLISECONDS)
    }

    pub(super) fn without_cookies(&self) -> Self {
        Self { cookies: None, ..self.clone() }
    }

    /// What any HTTP client has to send to be this viewer.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let texts = [
            (HeaderName::from_static("x-frontgate-now"), self.at.as_ref().map(When::to_string)),
            (HeaderName::from_static("x-frontgate-viewer-ip"), self.ip.map(|ip| ip.to_string())),
            (COOKIE, self.cookies.clone()),
        ];
        let fields =
            texts.into_iter().filter_map(|(name, text)| Some((name, HeaderValue::from_str(&text?).ok()?)));
        fields.collect()
    }

    /// Asks for a URL, or for a path of the edge. The bytes go out as they are.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn get(&self, url: &str) -> Result<Response, AskError> {
        self.request(Method::GET, url, HeaderMap::new(), Vec::new()).await
    }

    /// Asks with a method, header fields and a body.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn request(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Response, AskError> {
        self.send(method, url, headers, body, false).await
    }

    pub(super) async fn head_of(&self, url: &str) -> Result<Response, AskError> {
        self.send(Method::GET, url, HeaderMap::new(), Vec::new(), true).await
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        mut headers: HeaderMap,
        body: Vec<u8>,
        head_only: bool,
    ) -> Result<Response, AskError> {
        headers.extend(self.headers());
        let url = self.instance.absolute(url);
        self.check_host(&url)?;
        if url.starts_with("https://") {
            headers.entry("x-frontgate-viewer-proto").or_insert(HeaderValue::from_static("https"));
        }
        Ask { method, url: &url, headers, body, head_only }.send(self.instance.address()).await
    }

    /// A link under another name than the edge's isn't one that the edge could let through.
    fn check_host(&self, url: &str) -> Result<(), AskError> {
        let unfit = |why: &str| AskError::url(url, why);
        let (_, rest) =
            url.split_once("://").ok_or_else(|| unfit("expected http:// or https://, or a path"))?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = Host::parse(authority).map_err(|_| unfit("its host is none"))?;
        if self.instance.answers_for(&host) {
            return Ok(());
        }
        Err(unfit(
            "the edge is not its host: `base_url` of the builder names the bases that links are signed for",
        ))
    }

    /// What becomes of a GET for that URL, check by check; the origin isn't asked.
    ///
    /// # Errors
    /// [`InvalidRequest`] for what is no URL.
    ///
    /// # Panics
    /// Where this viewer's time is none.
    pub fn explain(&self, url: &str) -> Result<Explanation, InvalidRequest> {
        self.instance.explain(&ExplainRequest {
            url: url.to_owned(),
            at: self.at.as_ref().map(seconds),
            ip: self.ip,
            cookies: self.cookies.clone(),
            ..ExplainRequest::default()
        })
    }
}

/// What a link is hardly ever meant to be.
pub(super) const MILLISECONDS: &str = "milliseconds";

#[expect(clippy::panic, reason = "a test that names no time is wrong, and is told so")]
pub(super) fn seconds(when: &When) -> EpochSeconds {
    when.seconds().unwrap_or_else(|error| panic!("{when}: {error}"))
}
