//! Which `Content-Type` a file's name stands for.

use http::HeaderValue;

/// The media type of a name; bytes that could be anything where the name says nothing.
///
/// `text/*` and scripts say that they are UTF-8. JSON and SVG don't: the one has no such parameter (RFC 8259, 11), the
/// other names its encoding itself.
pub(in crate::edge) fn of_name(name: &str) -> HeaderValue {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let known = OURS.iter().find(|(ours, _)| extension.eq_ignore_ascii_case(ours));
    let essence = known
        .map(|(_, essence)| *essence)
        .or_else(|| mime_guess::from_ext(extension).first_raw())
        .unwrap_or("application/octet-stream");
    if essence.starts_with("text/") || essence == "application/javascript" {
        let with_charset = HeaderValue::try_from(format!("{essence}; charset=utf-8"));
        with_charset.unwrap_or(HeaderValue::from_static("text/plain; charset=utf-8"))
    } else {
        HeaderValue::from_static(essence)
    }
}

/// Where `mime_guess` has no name, an old one, or one from another trade: `.ts` is more often MPEG than TypeScript
/// behind a CDN.
const OURS: [(&str, &str); 6] = [
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("m4s", "video/iso.segment"),
    ("map", "application/json"),
    ("mjs", "text/javascript"),
    ("mpd", "application/dash+xml"),
    ("ts", "video/mp2t"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_their_types() {
        for (name, expected) in [
            ("index.html", "text/html; charset=utf-8"),
            ("INDEX.HTML", "text/html; charset=utf-8"),
            ("style.css", "text/css; charset=utf-8"),
            ("app.js", "text/javascript; charset=utf-8"),
            ("app.mjs", "text/javascript; charset=utf-8"),
            ("notes.txt", "text/plain; charset=utf-8"),
            ("data.json", "application/json"),
            ("app.js.map", "application/json"),
            ("logo.svg", "image/svg+xml"),
            ("photo.jpg", "image/jpeg"),
            ("film.mp4", "video/mp4"),
            ("playlist.m3u8", "application/vnd.apple.mpegurl"),
            ("segment-0.ts", "video/mp2t"),
            ("segment-0.TS", "video/mp2t"),
            ("segment-0.m4s", "video/iso.segment"),
            ("manifest.mpd", "application/dash+xml"),
            ("subtitles.vtt", "text/vtt; charset=utf-8"),
            ("module.wasm", "application/wasm"),
            ("archive.tar.gz", "application/gzip"),
            ("LICENSE", "application/octet-stream"),
            ("html", "application/octet-stream"),
            ("odd.", "application/octet-stream"),
            ("odd.qqq", "application/octet-stream"),
            ("", "application/octet-stream"),
        ] {
            assert_eq!(of_name(name), expected, "{name}");
        }
    }
}
