//! A site in the binary, so that there is something to sign links for before there is an origin.
//!
//! In `dev` its first page knows the proxy in front of it: its commands can be pasted, its buttons sign (`edge::demo_forms`),
//! and its denials lead to the console. In front of anything else the page has none of this.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::distribution::origin::DemoGuide;
use crate::edge::io::body::{Body, BoxError};
use crate::edge::representation::{Content, Representation, media_type, refusal, without_reading};
use crate::epoch::EpochSeconds;

mod page;

/// The site as one proxy shows it.
#[derive(Debug)]
pub struct DemoSite {
    index: Asset,
}

impl DemoSite {
    /// The site, in `dev` with what is known of the proxy.
    #[must_use]
    pub fn new(guide: Option<&DemoGuide>) -> Self {
        Self { index: Asset::Page(page::rendered(include_str!("demo/index.html"), guide).into()) }
    }

    /// Answers one request.
    #[must_use]
    pub fn answer(&self, request: &Request<Body>) -> Response<Body> {
        let (method, path) = (request.method(), request.uri().path());
        let asset = match path {
            INDEX => Some(&self.index),
            _ => ASSETS.iter().find(|(name, _)| *name == path).map(|(_, asset)| asset),
        };
        let response = match (without_reading(method), asset) {
            (Some(response), _) => response,
            (None, None) => refusal(method, StatusCode::NOT_FOUND),
            (None, Some(asset)) => {
                let answer = asset.representation(path).answer(method, request.headers());
                answer.map(|content| content.map(|range| AssetBody { asset: asset.clone(), range }))
            }
        };
        response.map(Content::into_body)
    }
}

/// Where an asset's bytes come from.
#[derive(Clone, Debug)]
enum Asset {
    /// A file that was there when the binary was built.
    File(&'static [u8]),
    /// A page that was made for one proxy.
    Page(Bytes),
    /// Numbers, eight bytes each, that say at which byte they stand: a part of them shows whether it is the right one.
    Offsets { length: u64 },
    /// MPEG transport stream packets of the kind that players skip (ISO/IEC 13818-1, 2.4.3.3), filled with a letter.
    NullPackets { count: u64, fill: u8 },
}

impl Asset {
    fn length(&self) -> u64 {
        match self {
            Self::File(bytes) => bytes.len() as u64,
            Self::Page(page) => page.len() as u64,
            Self::Offsets { length } => *length,
            Self::NullPackets { count, .. } => count * PACKET,
        }
    }

    fn representation(&self, name: &str) -> Representation {
        let length = self.length();
        Representation {
            length,
            etag: format!("\"{}-{length:x}{}\"", env!("CARGO_PKG_VERSION"), self.mark()),
            last_modified: Some(LAST_MODIFIED),
            content_type: media_type::of_name(name),
        }
    }

    /// What tells a page from one of the same length.
    fn mark(&self) -> String {
        let Self::Page(page) = self else { return String::new() };
        let mut hasher = DefaultHasher::new();
        page.hash(&mut hasher);
        format!("-{:x}", hasher.finish())
    }

    /// The bytes of a range that lies within the asset, and is short enough to be made at once.
    fn bytes(&self, range: Range<u64>) -> Bytes {
        match self {
            Self::File(bytes) => Bytes::from_static(&bytes[index(range.start)..index(range.end)]),
            Self::Page(page) => page.slice(index(range.start)..index(range.end)),
            Self::Offsets { .. } => {
                let first = range.start - range.start % 8;
                let mut words = Vec::with_capacity(index(range.end - first) + 8);
                (first..range.end).step_by(8).for_each(|word| words.extend_from_slice(&word.to_be_bytes()));
                Bytes::from(words).slice(index(range.start - first)..index(range.end - first))
            }
            Self::NullPackets { fill, .. } => {
                let head = |offset| NULL_PACKET_HEAD.get(index(offset % PACKET)).copied();
                range.map(|offset| head(offset).unwrap_or(*fill)).collect()
            }
        }
    }
}

/// A range of an asset, made as the viewer takes it.
struct AssetBody {
    asset: Asset,
    range: Range<u64>,
}

impl HttpBody for AssetBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.range.is_empty() {
            return Poll::Ready(None);
        }
        let end = self.range.end.min(self.range.start + CHUNK);
        let chunk = self.asset.bytes(self.range.start..end);
        self.range.start = end;
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.range.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.range.end - self.range.start)
    }
}

/// An index into something that is in memory.
fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// The paths of its files.
pub(crate) fn paths() -> impl Iterator<Item = &'static str> {
    ["/", INDEX].into_iter().chain(ASSETS.iter().map(|(path, _)| *path))
}

const INDEX: &str = "/index.html";

static ASSETS: [(&str, Asset); 15] = [
    ("/image.svg", Asset::File(include_bytes!("demo/image.svg"))),
    ("/video.bin", Asset::Offsets { length: 64 << 20 }),
    ("/film/playlist.m3u8", Asset::File(include_bytes!("demo/film/playlist.m3u8"))),
    ("/film/init.mp4", Asset::File(include_bytes!("demo/film/init.mp4"))),
    ("/film/segment-0.m4s", Asset::File(include_bytes!("demo/film/segment-0.m4s"))),
    ("/film/segment-1.m4s", Asset::File(include_bytes!("demo/film/segment-1.m4s"))),
    ("/film/segment-2.m4s", Asset::File(include_bytes!("demo/film/segment-2.m4s"))),
    ("/hls/playlist.m3u8", Asset::File(include_bytes!("demo/playlist.m3u8"))),
    ("/hls/segment-0.ts", Asset::NullPackets { count: SEGMENT, fill: b'0' }),
    ("/hls/segment-1.ts", Asset::NullPackets { count: SEGMENT, fill: b'1' }),
    ("/hls/segment-2.ts", Asset::NullPackets { count: SEGMENT, fill: b'2' }),
    ("/hls/segment-3.ts", Asset::NullPackets { count: SEGMENT, fill: b'3' }),
    ("/public/demo.js", Asset::File(include_bytes!("demo/demo.js"))),
    ("/public/index.html", Asset::File(include_bytes!("demo/public.html"))),
    ("/public/logo.svg", Asset::File(include_bytes!("demo/logo.svg"))),
];

/// 2026-01-01T00:00:00Z: a date that never changes, so that conditional requests can be tried.
const LAST_MODIFIED: EpochSeconds = EpochSeconds(1_767_225_600);
/// Bytes of a transport stream packet.
const PACKET: u64 = 188;
/// Sync byte, packet identifier 0x1fff, payload only.
const NULL_PACKET_HEAD: [u8; 4] = [0x47, 0x1f, 0xff, 0x10];
/// Packets of a segment: about four seconds of 500 kbit/s.
const SEGMENT: u64 = 1_330;
/// As much as is made at once.
const CHUNK: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use http::Method;
    use http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, RANGE};
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::edge::io::body;

    fn answer(request: &Request<Body>) -> Response<Body> {
        DemoSite::new(None).answer(request)
    }

    fn get(path: &str, name: http::HeaderName, value: &str) -> Response<Body> {
        answer(&Request::get(path).header(name, value).body(body::empty()).unwrap())
    }

    async fn content(response: Response<Body>) -> Bytes {
        response.into_body().collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn every_asset_has_its_type_and_as_many_bytes_as_it_says() {
        for (path, content_type) in [
            ("/index.html", "text/html; charset=utf-8"),
            ("/image.svg", "image/svg+xml"),
            ("/video.bin", "application/octet-stream"),
            ("/hls/playlist.m3u8", "application/vnd.apple.mpegurl"),
            ("/film/playlist.m3u8", "application/vnd.apple.mpegurl"),
            ("/film/init.mp4", "video/mp4"),
            ("/film/segment-0.m4s", "video/iso.segment"),
            ("/public/demo.js", "text/javascript; charset=utf-8"),
            ("/hls/segment-0.ts", "video/mp2t"),
            ("/hls/segment-3.ts", "video/mp2t"),
            ("/public/index.html", "text/html; charset=utf-8"),
            ("/public/logo.svg", "image/svg+xml"),
        ] {
            let response = answer(&Request::get(path).body(body::empty()).unwrap());
            assert_eq!(response.status(), 200, "{path}");
            assert_eq!(response.headers()[CONTENT_TYPE], content_type, "{path}");
            let length = response.headers()[CONTENT_LENGTH].to_str().unwrap().to_owned();
            assert_eq!(content(response).await.len().to_string(), length, "{path}");
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_404() {
        for path in ["/", "/index", "/INDEX.HTML", "/hls/", "/hls/segment-4.ts", "/public", "/%69ndex.html"] {
            let response = answer(&Request::get(path).body(body::empty()).unwrap());
            assert_eq!(response.status(), 404, "{path}");
            assert_eq!(content(response).await, "404 Not Found\n", "{path}");
        }
    }

    #[tokio::test]
    async fn the_large_file_says_where_each_of_its_bytes_stands() {
        for (range, first) in [
            ("bytes=0-15", 0),
            ("bytes=5-20", 5),
            ("bytes=65530-65550", 65_530),
            ("bytes=131071-196609", 131_071),
            ("bytes=-3", (64 << 20) - 3),
        ] {
            let response = get("/video.bin", RANGE, range);
            assert_eq!(response.status(), 206, "{range}");
            assert!(response.headers()[CONTENT_RANGE].to_str().unwrap().ends_with("/67108864"), "{range}");
            for (at, byte) in (first..).zip(content(response).await) {
                let word: u64 = at & !7;
                assert_eq!(byte, word.to_be_bytes()[(at & 7) as usize], "{range}: byte {at}");
            }
        }
    }

    #[tokio::test]
    async fn the_large_file_is_made_in_chunks() {
        let request = Request::get("/video.bin").body(body::empty()).unwrap();
        let (mut body, mut total) = (answer(&request).into_body(), 0);
        while let Some(frame) = body.frame().await {
            let chunk = frame.unwrap().into_data().unwrap();
            assert!(!chunk.is_empty() && chunk.len() as u64 <= CHUNK);
            total += chunk.len();
            assert_eq!(body.size_hint().exact(), Some((64 << 20) - total as u64));
        }
        assert_eq!(total, 64 << 20);
    }

    #[tokio::test]
    async fn segments_are_null_packets_that_differ_by_segment() {
        for number in 0..4 {
            let path = format!("/hls/segment-{number}.ts");
            let response = answer(&Request::get(&path).body(body::empty()).unwrap());
            for packet in content(response).await.chunks(188) {
                assert_eq!(packet.len(), 188, "{path}");
                assert_eq!(packet[..4], [0x47, 0x1f, 0xff, 0x10], "{path}");
                assert!(packet[4..].iter().all(|&byte| byte == b'0' + number), "{path}");
            }
        }
    }

    #[test]
    fn playlists_name_segments_that_exist() {
        for (folder, playlist, count) in [
            ("hls", include_str!("demo/playlist.m3u8"), 4),
            ("film", include_str!("demo/film/playlist.m3u8"), 3),
        ] {
            let uris = playlist.lines().filter(|line| !line.starts_with('#'));
            let paths: Vec<String> = uris.map(|uri| format!("/{folder}/{uri}")).collect();
            assert_eq!(paths.len(), count);
            for path in paths {
                assert!(ASSETS.iter().any(|(name, _)| *name == path), "{path}");
            }
        }
    }

    #[test]
    fn pages_refer_only_to_what_is_here_and_show_only_what_needs_no_signature() {
        let guide = DemoGuide {
            base: "http://127.0.0.1:8080".to_owned(),
            key_pair_id: "K1".to_owned(),
            key_file: "keys/K1.pem".into(),
            key_folder: "keys".into(),
            console: Some("http://127.0.0.1:9090".to_owned()),
        };
        let index = |guide| page::rendered(include_str!("demo/index.html"), guide);
        for text in [index(None), index(Some(&guide)), include_str!("demo/public.html").to_owned()] {
            for (attribute, is_shown) in [("href=\"", false), ("src=\"", true)] {
                for found in text.split(attribute).skip(1) {
                    let target = found.split('"').next().unwrap();
                    let is_console = !is_shown && target.starts_with("http://127.0.0.1:9090/");
                    assert!(
                        target == INDEX || is_console || ASSETS.iter().any(|(name, _)| *name == target),
                        "{target}"
                    );
                    assert!(!is_shown || target.starts_with("/public/"), "{target}");
                }
            }
        }
    }

    #[test]
    fn the_film_is_small() {
        let film: u64 = ASSETS
            .iter()
            .filter(|(name, _)| name.starts_with("/film/"))
            .map(|(_, asset)| asset.length())
            .sum();
        assert!(film < 150_000, "{film}");
    }

    #[tokio::test]
    async fn requests_are_conditional_and_other_methods_refused() {
        let tag = get("/image.svg", ETAG, "-").headers()[ETAG].to_str().unwrap().to_owned();
        assert_eq!(get("/image.svg", IF_NONE_MATCH, &tag).status(), 304);
        for (method, path, status) in [
            (Method::HEAD, "/video.bin", 200),
            (Method::HEAD, "/nothing", 404),
            (Method::OPTIONS, "/video.bin", 204),
        ] {
            let request = Request::builder().method(method.clone()).uri(path).body(body::empty()).unwrap();
            let response = answer(&request);
            assert_eq!(response.status(), status, "{method} {path}");
            assert!(content(response).await.is_empty(), "{method} {path}");
        }
        let post = Request::post("/index.html").body(body::empty()).unwrap();
        assert_eq!(answer(&post).status(), 405);
    }
}
