//! A function in this process that responds as an origin, for tests.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::{Request, Response};

/// What a handler's call comes to.
type Handling = Pin<Box<dyn Future<Output = Response<Vec<u8>>> + Send>>;

/// A function from a request with its whole body to a response.
#[derive(Clone)]
pub struct Handler(Arc<dyn Fn(Request<Vec<u8>>) -> Handling + Send + Sync>);

impl Handler {
    /// Answers with what the function's future comes to.
    pub fn new<H, F>(handle: H) -> Self
    where
        H: Fn(Request<Vec<u8>>) -> F + Send + Sync + 'static,
        F: Future<Output = Response<Vec<u8>>> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(handle(request))))
    }

    /// Begins to answer.
    #[must_use]
    pub fn call(&self, request: Request<Vec<u8>>) -> Handling {
        (self.0)(request)
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handler")
    }
}

/// The same function, not one that does the same.
impl PartialEq for Handler {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Handler {}
