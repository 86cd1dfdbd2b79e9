//! S3-compatible storage: an HTTP origin whose requests are signed as CloudFront's origin access control signs them.

use std::rc::Rc;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use super::error::OriginError;
use super::http::HttpOrigin;
use crate::clock;
use crate::distribution::origin::{Origin, S3Bucket, Signing};
use crate::edge::io::body::{self, Body};
use crate::viewer::Scheme;

mod calls;
mod credentials;
mod sign;

pub use calls::QueryIsListed;
use credentials::Keys;

/// One thread's way to one bucket.
#[derive(Debug)]
pub struct S3Origin {
    http: Rc<HttpOrigin>,
    id: String,
    region: String,
    signing: Signs,
    /// How many names of the path come before an object's: one where the bucket is named by the path.
    names: usize,
    /// The headers of our own configuration that a viewer must not set: `x-amz-…`.
    custom: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Debug)]
enum Signs {
    Always(Rc<Keys>),
    NoOverride(Rc<Keys>),
    Never,
}

impl S3Origin {
    /// Prepares for a bucket; nothing is connected yet.
    #[must_use]
    pub fn new(origin: &Origin, bucket: &S3Bucket) -> Rc<Self> {
        let signing = match &bucket.signing {
            Signing::Always(source) => Signs::Always(Keys::of(source)),
            Signing::NoOverride(source) => Signs::NoOverride(Keys::of(source)),
            Signing::Never => Signs::Never,
        };
        let custom = origin.custom_headers.iter().filter(|(name, _)| is_amazons(name));
        Rc::new(Self {
            http: HttpOrigin::new(&bucket.server, origin.timeouts),
            id: origin.id.as_str().to_owned(),
            region: bucket.region.clone(),
            signing,
            names: usize::from(bucket.is_named_by_path),
            custom: custom.cloned().collect(),
        })
    }

    /// Sends one request, signed where it is to be. What the storage answers, a 403 too, is the answer.
    ///
    /// # Errors
    /// As [`HttpOrigin::send`], or when there are no credentials.
    pub async fn send(
        &self,
        mut request: Request<Body>,
        viewer: Scheme,
    ) -> Result<Response<Body>, OriginError> {
        let keys = match &self.signing {
            Signs::Always(keys) => Some(keys),
            // The viewer's own signature covers what it sent, to the byte: nothing of it is touched.
            Signs::NoOverride(keys) => (!request.headers().contains_key(AUTHORIZATION)).then_some(keys),
            Signs::Never => None,
        };
        let Some(keys) = keys else { return self.http.send(request, viewer).await };
        if let Some(refusal) = self.sign(&mut request, keys)? {
            return Ok(refusal);
        }
        let mut response = self.http.send(request, viewer).await?;
        if response.status() == StatusCode::FORBIDDEN {
            response.extensions_mut().insert(RefusedSignature);
        }
        Ok(response)
    }

    /// Signs a request, or refuses one that must not be signed.
    fn sign(&self, request: &mut Request<Body>, keys: &Keys) -> Result<Option<Response<Body>>, OriginError> {
        strip(request.headers_mut(), &self.custom);
        let keeps_calls = request.extensions_mut().remove::<QueryIsListed>().is_some();
        let canonical = sign::canonical(request.uri(), keeps_calls).map_err(OriginError::Signing)?;
        if self.is_refused(request.method(), &canonical) {
            return Ok(Some(access_denied(request.method())));
        }
        *request.uri_mut() = canonical.target;
        let identity = keys.identity()?;
        let has_body = !body::is_empty(request.body());
        let signed = sign::headers(request, has_body, &identity, &self.region, clock::system());
        let signed = signed.map_err(OriginError::Signing)?;
        request.headers_mut().extend(signed);
        Ok(None)
    }

    /// Whether a request is for something else than an object. Keys of other calls were dropped, so that it would mean
    /// something else: a read is one of the object itself then, but a `DELETE` of a tag would delete the object.
    fn is_refused(&self, method: &Method, canonical: &sign::Canonical) -> bool {
        let sign::Canonical { path, calls, dropped, .. } = canonical;
        let is_read = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        let is_of_bucket = *method != Method::OPTIONS && calls::is_bucket_itself(path, self.names) && !calls;
        let is_refused = is_of_bucket || (!is_read && !dropped.is_empty());
        if is_refused || !dropped.is_empty() {
            let keys = dropped.join(", ");
            let (origin, method) = (self.id.as_str(), method.as_str());
            match is_refused {
                true => tracing::info!(
                    origin,
                    method,
                    keys,
                    "a call of the bucket's API was refused: it is in no allow-list of query strings"
                ),
                false => tracing::info!(
                    origin,
                    method,
                    keys,
                    "query keys that call the bucket's API were dropped: they are in no allow-list of query strings"
                ),
            }
        }
        is_refused
    }

    /// Ends connections that nobody uses any more, and looks whether the credentials have changed.
    pub fn sweep(&self) {
        self.http.sweep();
        match &self.signing {
            Signs::Always(keys) | Signs::NoOverride(keys) => keys.look(),
            Signs::Never => {}
        }
    }
}

/// What storage answers whose key may read objects and do nothing else, which is what CloudFront's guide has one set up.
fn access_denied(method: &Method) -> Response<Body> {
    let text = if *method == Method::HEAD { "" } else { ACCESS_DENIED };
    let mut response = Response::new(body::full(text));
    *response.status_mut() = StatusCode::FORBIDDEN;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

/// Marks a 403 of the storage to a request that we signed, in the extensions of the response.
#[derive(Clone, Copy, Debug)]
pub struct RefusedSignature;

/// What a viewer must not say in a request that we vouch for: what it signed, and every header that S3 takes orders from
/// (`x-amz-copy-source` reads another object, `x-amz-acl` gives one away). Ours stay.
fn strip(headers: &mut HeaderMap, custom: &[(HeaderName, HeaderValue)]) {
    headers.remove(AUTHORIZATION);
    let foreign: Vec<HeaderName> =
        headers.keys().filter(|name| is_amazons(name) && *name != X_AMZ_CF_ID).cloned().collect();
    for name in foreign {
        headers.remove(name);
    }
    headers.extend(custom.iter().cloned());
}

/// With other punctuation, too: it is the same name to storage behind a server that turns names into variables.
fn is_amazons(name: &HeaderName) -> bool {
    let mut parts = name.as_str().split(|char: char| !char.is_ascii_alphanumeric());
    (parts.next(), parts.next()) == (Some("x"), Some("amz"))
}

const ACCESS_DENIED: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
/// The request's identity, which the edge has set.
const X_AMZ_CF_ID: &str = "x-amz-cf-id";
