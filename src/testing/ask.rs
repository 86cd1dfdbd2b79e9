//! Asks over HTTP/1.1, as a viewer does: the target goes out byte for byte, nothing is followed, decoded or kept.

use std::net::SocketAddr;
use std::time::Duration;

use http::header::HOST;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::edge::request::test_mode::{X_FRONTGATE_REASON, X_FRONTGATE_WARNING};
use crate::redact::redacted_by_shape;

/// The response to a request of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body; empty where only the head was wanted.
    pub body: Vec<u8>,
}

impl Response {
    /// Why the edge answered by itself; none where it let the request through.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.headers.get(X_FRONTGATE_REASON)?.to_str().ok()
    }

    /// What it warned of, by name: the link opens, and isn't what was meant.
    #[must_use]
    pub fn warnings(&self) -> Vec<&str> {
        let names = self.headers.get(X_FRONTGATE_WARNING).and_then(|names| names.to_str().ok());
        names.into_iter().flat_map(|names| names.split(", ")).collect()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// A URL that can't be sent as it is.
    #[error("{found:?} can't be requested: {why}")]
    Url {
        /// Its beginning.
        found: String,
        /// What is wrong.
        why: String,
    },
    /// The connection failed or took too long.
    #[error("the edge did not respond: {0}")]
    Connection(String),
}

impl AskError {
    pub(super) fn url(url: &str, why: &str) -> Self {
        Self::Url { found: redacted_by_shape(url).chars().take(120).collect(), why: why.to_owned() }
    }
}

/// A request that is about to be sent.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    /// With scheme and host.
    pub(crate) url: &'a str,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Whether the body of the answer is left.
    pub(crate) head_only: bool,
}

impl Ask<'_> {
    pub(crate) async fn send(self, edge: SocketAddr) -> Result<Response, AskError> {
        let head_only = self.head_only;
        let request = self.request()?;
        let asked = async {
            let stream = TcpStream::connect(edge).await.map_err(|error| error.to_string())?;
            let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
                .await
                .map_err(|error| error.to_string())?;
            let driving = tokio::spawn(connection);
            let answer = async {
                let (head, body) =
                    sender.send_request(request).await.map_err(|error| error.to_string())?.into_parts();
                let body = match head_only {
                    true => Vec::new(),
                    false => {
                        let collected = Limited::new(body, MAX_BODY).collect().await;
                        collected.map_err(|error| error.to_string())?.to_bytes().to_vec()
                    }
                };
                Ok(Response { status: head.status, headers: head.headers, body })
            };
            let answered = answer.await;
            driving.abort();
            answered
        };
        let answered: Result<Response, String> = match timeout(PATIENCE, asked).await {
            Ok(answered) => answered,
            Err(_) => Err(format!("nothing came within {} s", PATIENCE.as_secs())),
        };
        answered.map_err(AskError::Connection)
    }

    fn request(self) -> Result<Request<Full<Bytes>>, AskError> {
        let unfit = |why: &str| AskError::url(self.url, why);
        let (_, rest) = self.url.split_once("://").ok_or_else(|| unfit("expected http:// or https://"))?;
        let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let target = target.split('#').next().unwrap_or_default();
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        let target = target
            .parse::<Uri>()
            .map_err(|error| unfit(&format!("{error}; spaces and non-ASCII must be percent-encoded")))?;
        let mut request = Request::new(Full::from(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = target;
        *request.headers_mut() = self.headers;
        let host = HeaderValue::from_str(host).map_err(|_| unfit("its host can't be sent"))?;
        request.headers_mut().entry(HOST).or_insert(host);
        Ok(request)
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
const MAX_BODY: usize = 64 << 20;
