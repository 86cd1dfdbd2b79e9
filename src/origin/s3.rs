//! S3-compatible storage: an HTTP origin whose requests are signed as CloudFront's origin access control signs them.

use std::rc::Rc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};

use super::OriginError;
use super::http::HttpOrigin;
use crate::body::{self, Body};
use crate::clock;
use crate::distribution::origin::{Origin, S3Bucket, Signing};
use crate::viewer::Scheme;

mod credentials;
mod sign;

use credentials::Keys;

/// One thread's way to one bucket.
#[derive(Debug)]
pub struct S3Origin {
    http: Rc<HttpOrigin>,
    region: String,
    signing: Signs,
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
            region: bucket.region.clone(),
            signing,
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
        if let Some(keys) = keys {
            self.sign(&mut request, keys)?;
        }
        self.http.send(request, viewer).await
    }

    fn sign(&self, request: &mut Request<Body>, keys: &Keys) -> Result<(), OriginError> {
        strip(request.headers_mut(), &self.custom);
        let target = sign::canonical(request.uri()).map_err(OriginError::Signing)?;
        *request.uri_mut() = target;
        let identity = keys.identity()?;
        let has_body = !body::is_empty(request.body());
        let signed = sign::headers(request, has_body, &identity, &self.region, clock::now());
        let signed = signed.map_err(OriginError::Signing)?;
        request.headers_mut().extend(signed);
        Ok(())
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

fn is_amazons(name: &HeaderName) -> bool {
    name.as_str().starts_with("x-amz-")
}

/// The request's identity, which the edge has set.
const X_AMZ_CF_ID: &str = "x-amz-cf-id";
