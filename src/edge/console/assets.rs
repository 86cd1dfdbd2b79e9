//! The console's style, script and picture: in the binary, under names that change with them, so that browsers keep them.

use aws_lc_rs::digest::{SHA256, digest};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, header};

use super::guard;
use crate::edge::io::body::{Body, full};

/// The files with their paths.
pub(super) struct Assets {
    pub(super) style: Asset,
    pub(super) script: Asset,
    pub(super) icon: Asset,
}

/// One file.
pub(super) struct Asset {
    pub(super) path: String,
    content_type: &'static str,
    text: &'static str,
}

impl Assets {
    pub(super) fn new() -> Self {
        Self {
            style: Asset::new("css", "text/css; charset=utf-8", include_str!("console.css")),
            script: Asset::new("js", "text/javascript; charset=utf-8", include_str!("console.js")),
            icon: Asset::new("svg", "image/svg+xml", include_str!("console.svg")),
        }
    }

    /// The file of a path. Anybody may have it: it says what this page's source says.
    pub(super) fn at(&self, path: &str) -> Option<&Asset> {
        [&self.style, &self.script, &self.icon].into_iter().find(|asset| asset.path == path)
    }
}

impl Asset {
    pub(super) fn response(&self) -> Response<Body> {
        let mut response = Response::new(full(self.text));
        for (name, value) in [
            (CONTENT_TYPE, self.content_type),
            (CACHE_CONTROL, "public, max-age=31536000, immutable"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        guard::protect(&mut response);
        response
    }

    fn new(extension: &str, content_type: &'static str, text: &'static str) -> Self {
        let hash: String = digest(&SHA256, text.as_bytes())
            .as_ref()
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self { path: format!("/assets/{hash}.{extension}"), content_type, text }
    }
}
