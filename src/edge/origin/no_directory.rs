//! Where the system has no `openat`, folders aren't served: without it nobody can promise that a path stays inside.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::{Request, Response, StatusCode};

use crate::edge::io::body::{self, Body};

/// Never made: see [`Directory::new`].
#[derive(Debug)]
pub struct Directory(());

impl Directory {
    /// # Errors
    /// Always, on this system.
    pub fn new(_: &Path, _: &str, _: &[PathBuf]) -> io::Result<Arc<Self>> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "directory origins need a Unix system"))
    }

    /// Never asked.
    pub async fn send(&self, _: Request<Body>) -> Response<Body> {
        let mut response = Response::new(body::empty());
        *response.status_mut() = StatusCode::NOT_IMPLEMENTED;
        response
    }
}
