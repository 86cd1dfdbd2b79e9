//! Origins that answer: an HTTP server, a folder, or the site in the binary.

use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use hyper::{Request, Response};

use super::io::body::Body;
use crate::config::Handler;
use crate::distribution::origin::{Origin, OriginLocation};
use crate::viewer::Scheme;

pub mod demo;
#[cfg_attr(not(unix), path = "origin/no_directory.rs")]
pub mod directory;
pub mod error;
mod handler;
pub mod http;
pub mod s3;
mod upgraded;

use demo::DemoSite;
use directory::Directory;
pub use error::OriginError;
use http::HttpOrigin;
use s3::S3Origin;
pub use upgraded::{AsksForWebSocket, Upgraded};

/// One thread's way to one origin.
#[derive(Clone, Debug)]
pub enum OriginClient {
    /// Over HTTP/1.1.
    Http(Rc<HttpOrigin>),
    /// From a bucket.
    S3(Rc<S3Origin>),
    /// From the disk.
    Directory(Arc<Directory>),
    /// From the binary.
    Demo(Rc<DemoSite>),
    /// From a function.
    Handler(Handler),
}

impl OriginClient {
    /// Prepares for an origin; nothing is connected yet.
    ///
    /// # Errors
    /// When a folder can't be opened, or must not be served because keys lie in it.
    pub fn new(origin: &Origin, secrets: &[PathBuf], handler: Option<&Handler>) -> io::Result<Self> {
        match &origin.location {
            OriginLocation::Http(server) => Ok(Self::Http(HttpOrigin::new(server, origin.timeouts))),
            OriginLocation::S3(bucket) => Ok(Self::S3(S3Origin::new(origin, bucket))),
            OriginLocation::Directory(root) => {
                Directory::new(root, &origin.path, secrets).map(Self::Directory)
            }
            OriginLocation::Demo(guide) => Ok(Self::Demo(Rc::new(DemoSite::new(guide.as_deref())))),
            OriginLocation::Handler => match handler {
                Some(handler) => Ok(Self::Handler(handler.clone())),
                None => Err(io::Error::other("the settings have no function")),
            },
        }
    }

    /// Sends a request on, for a viewer that came in by this scheme.
    ///
    /// # Errors
    /// [`OriginError`], which the viewer sees as 502 or 504.
    pub async fn send(&self, request: Request<Body>, viewer: Scheme) -> Result<Response<Body>, OriginError> {
        match self {
            Self::Http(origin) => origin.send(request, viewer).await,
            Self::S3(origin) => origin.send(request, viewer).await,
            Self::Directory(directory) => Ok(directory.send(request).await),
            Self::Demo(site) => Ok(site.answer(&request)),
            Self::Handler(handler) => handler::send(handler, request).await,
        }
    }

    /// Ends what is no longer used.
    pub fn sweep(&self) {
        match self {
            Self::Http(origin) => origin.sweep(),
            Self::S3(origin) => origin.sweep(),
            Self::Directory(_) | Self::Demo(_) | Self::Handler(_) => {}
        }
    }
}
