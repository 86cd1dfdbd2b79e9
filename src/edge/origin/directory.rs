//! A folder as an origin: regular files that lie in it, and nothing else.
//!
//! Names that begin with `.` and the folders of keys are not there for a viewer, so that a project's own folder can be
//! served. There are no listings and no index files: the distribution's default root object is the only index.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::{Request, Response, StatusCode, request};
use rustix::io::Errno;
use tokio::task::spawn_blocking;

use super::directory::file_body::FileBody;
use super::directory::path::FilePath;
use super::directory::walk::Walk;
use crate::clock;
use crate::edge::io::body::Body;
use crate::edge::representation::{Content, Representation, media_type, refusal, without_reading};
use crate::epoch::EpochSeconds;

mod file_body;
mod path;
mod secrets;
mod walk;

/// One folder that is served.
#[derive(Debug)]
pub struct Directory {
    root: PathBuf,
    /// How many names the origin's own path puts before the viewer's.
    prefix: usize,
    secrets: Vec<PathBuf>,
}

impl Directory {
    /// Takes a folder, the origin's `origin-path`, and the folders that are never shown.
    ///
    /// # Errors
    /// When the folder can't be opened, or is itself a folder of keys.
    pub fn new(root: &Path, origin_path: &str, secrets: &[PathBuf]) -> io::Result<Arc<Self>> {
        let prefix = origin_path.matches('/').count();
        let directory = Self { root: root.to_owned(), prefix, secrets: secrets.to_vec() };
        if directory.walk()?.is_among_keys()? {
            let message = format!("refusing to serve {}: the directory contains key files", root.display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        Ok(Arc::new(directory))
    }

    /// Answers one request. All that waits for the disk does so on the blocking pool.
    pub async fn send(self: &Arc<Self>, request: Request<Body>) -> Response<Body> {
        let (parts, _) = request.into_parts();
        let method = parts.method.clone();
        let response = match without_reading(&method) {
            Some(response) => response,
            None => {
                let directory = Arc::clone(self);
                let answer = spawn_blocking(move || directory.answer(&parts, clock::now()));
                let answer = answer.await.unwrap_or(Err(StatusCode::INTERNAL_SERVER_ERROR));
                answer.unwrap_or_else(|status| refusal(&method, status))
            }
        };
        response.map(Content::into_body)
    }

    /// The root is opened anew each time: a build may have replaced the folder.
    fn walk(&self) -> io::Result<Walk> {
        Ok(Walk::begin(&self.root, self.prefix, &self.secrets)?)
    }

    fn answer(
        &self,
        parts: &request::Parts,
        now: EpochSeconds,
    ) -> Result<Response<Content<FileBody>>, StatusCode> {
        let path = FilePath::parse(parts.uri.path()).ok_or(StatusCode::NOT_FOUND)?;
        self.read(&path, parts, now).map_err(|error| {
            let status = status_of(&error);
            if status.is_server_error() {
                tracing::warn!(%error, root = %self.root.display(), "a file can't be read");
            }
            status
        })
    }

    fn read(
        &self,
        path: &FilePath,
        parts: &request::Parts,
        now: EpochSeconds,
    ) -> io::Result<Response<Content<FileBody>>> {
        let file = File::from(self.walk()?.open(path)?);
        let metadata = file.metadata()?;
        if secrets::is_secret(&file, metadata.len(), &self.secrets)? {
            return Err(io::Error::from(Errno::NOENT));
        }
        let representation = representation(path, &metadata, now);
        let (head, content) = representation.answer(&parts.method, &parts.headers).into_parts();
        let content = content.map(|range| FileBody::open(file, range)).transpose()?;
        Ok(Response::from_parts(head, content))
    }
}

fn representation(path: &FilePath, metadata: &Metadata, now: EpochSeconds) -> Representation {
    let length = metadata.len();
    let nanoseconds = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
    let modified = u64::try_from(metadata.mtime()).ok().map(EpochSeconds);
    Representation {
        length,
        etag: format!("\"{nanoseconds:x}-{length:x}\""),
        last_modified: modified.map(|modified| modified.min(now)),
        content_type: media_type::of_name(&path.last_name()),
    }
}

/// What nobody may read is 403, as at other servers; what isn't there, or is no file, is 404.
fn status_of(error: &io::Error) -> StatusCode {
    match Errno::from_io_error(error) {
        Some(Errno::ACCESS | Errno::PERM) => StatusCode::FORBIDDEN,
        Some(
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NAMETOOLONG | Errno::INVAL | Errno::NXIO,
        ) => StatusCode::NOT_FOUND,
        Some(_) | None => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::time::{Duration, UNIX_EPOCH};

    use http::header::{
        ACCEPT_RANGES, ALLOW, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE,
        IF_NONE_MATCH, LAST_MODIFIED, RANGE,
    };
    use http::{HeaderName, Method};
    use http_body_util::BodyExt as _;
    use proptest::prelude::*;
    use rustix::fs::{CWD, Mode, mkfifoat};
    use tempfile::TempDir;
    use tokio::runtime::{Builder, Runtime};

    use super::*;
    use crate::edge::io::body;

    /// A root with public files, each of which holds its own path, among much that holds SECRET.
    struct Site {
        base: TempDir,
        directory: Arc<Directory>,
        runtime: Runtime,
    }

    impl Site {
        fn new() -> Self {
            let base = tempfile::tempdir().unwrap();
            let at = |path: &str| base.path().join(path);
            for path in PUBLIC {
                let file = at(&format!("root/{path}"));
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, path).unwrap();
            }
            for path in SECRET {
                fs::create_dir_all(at(path).parent().unwrap()).unwrap();
                fs::write(at(path), "SECRET").unwrap();
            }
            for (link, target) in LINKS {
                symlink(target, at(&format!("root/{link}"))).unwrap();
            }
            symlink(at("outside/secret.txt"), at("root/absolute-out")).unwrap();
            symlink(at("root/index.html"), at("root/absolute-in")).unwrap();
            mkfifoat(CWD, at("root/fifo"), Mode::RUSR | Mode::WUSR).unwrap();
            let directory = Directory::new(&at("root"), "", &[at("root/keys"), at("nowhere")]).unwrap();
            let runtime = Builder::new_current_thread().build().unwrap();
            Self { base, directory, runtime }
        }

        fn at(&self, path: &str) -> PathBuf {
            self.base.path().join(path)
        }

        fn send(&self, request: Request<Body>) -> Response<String> {
            self.runtime.block_on(async {
                let (head, body) = self.directory.send(request).await.into_parts();
                let bytes = body.collect().await.unwrap().to_bytes();
                Response::from_parts(head, String::from_utf8_lossy(&bytes).into_owned())
            })
        }

        fn get(&self, path: &str) -> Response<String> {
            self.send(Request::get(path).body(body::empty()).unwrap())
        }

        fn get_with(&self, path: &str, name: HeaderName, value: &str) -> Response<String> {
            self.send(Request::get(path).header(name, value).body(body::empty()).unwrap())
        }
    }

    const PUBLIC: [&str; 8] = [
        "index.html",
        "sub/page.txt",
        "sub/deep/film.mp4",
        "a b/%2e%2e",
        "secret.txt",
        ".well-known/acme/token",
        "...dots",
        "back\\slash",
    ];
    const SECRET: [&str; 9] = [
        "outside/secret.txt",
        "secret.txt",
        "root/.env",
        "root/.git/config",
        "root/.well-known/.hidden",
        "root/sub/.well-known/x",
        "root/keys/K.private.pem",
        "root/keys/old/K.private.pem",
        "rootless/secret.txt",
    ];
    const LINKS: [(&str, &str); 17] = [
        ("page", "sub/page.txt"),
        ("dotted", "./sub//./page.txt"),
        ("folder", "sub/"),
        ("sub/home", "../index.html"),
        ("sub/round", "../sub/deep/../../folder/page.txt"),
        ("chain", "page"),
        ("out", "../outside/secret.txt"),
        ("out-folder", "../outside"),
        ("out-and-in", "../root/index.html"),
        ("parent", ".."),
        ("sub/far", "../../../../../../../../etc/passwd"),
        ("sub/parent", "../.."),
        ("absolute", "/index.html"),
        ("to-hidden", ".git"),
        ("to-keys", "keys"),
        ("sub/to-key", "../keys/K.private.pem"),
        ("loop", "loop"),
    ];

    #[test]
    fn files_of_the_folder_are_served() {
        let site = Site::new();
        for (path, expected) in [
            ("/index.html", "index.html"),
            ("/index.html?x=/../y", "index.html"),
            ("/%69ndex.html", "index.html"),
            ("/sub/page.txt", "sub/page.txt"),
            ("/a%20b/%252e%252e", "a b/%2e%2e"),
            ("/secret.txt", "secret.txt"),
            ("/.well-known/acme/token", ".well-known/acme/token"),
            ("/page", "sub/page.txt"),
            ("/dotted", "sub/page.txt"),
            ("/folder/page.txt", "sub/page.txt"),
            ("/folder/deep/film.mp4", "sub/deep/film.mp4"),
            ("/sub/home", "index.html"),
            ("/folder/home", "index.html"),
            ("/sub/round", "sub/page.txt"),
            ("/chain", "sub/page.txt"),
        ] {
            let response = site.get(path);
            assert_eq!((response.status().as_u16(), response.body().as_str()), (200, expected), "{path}");
        }
    }

    #[test]
    fn what_is_refused_looks_like_what_is_not_there() {
        let site = Site::new();
        for path in [
            "/",
            "/nothing",
            "/sub",
            "/sub/",
            "/index.html/",
            "/index.html/x",
            "//index.html",
            "/sub//page.txt",
            "/./index.html",
            "/sub/../index.html",
            "/../secret.txt",
            "/..%2fsecret.txt",
            "/..%2Foutside%2fsecret.txt",
            "/%2e%2e/secret.txt",
            "/sub/%2e%2e/%2e%2e/secret.txt",
            "/%2e%2e%2fsecret.txt",
            "/..%5csecret.txt",
            "/back%5Cslash",
            "/index.html%00",
            "/index.html%00.txt",
            "/.env",
            "/%2eenv",
            "/.git/config",
            "/...dots",
            "/.well-known/.hidden",
            "/sub/.well-known/x",
            "/keys/K.private.pem",
            "/keys/old/K.private.pem",
            "/to-keys/K.private.pem",
            "/to-keys/old/K.private.pem",
            "/sub/to-key",
            "/folder/to-key",
            "/out",
            "/out-folder/secret.txt",
            "/out-and-in",
            "/parent/secret.txt",
            "/parent/root/index.html",
            "/sub/parent/secret.txt",
            "/sub/far",
            "/absolute",
            "/absolute-out",
            "/absolute-in",
            "/to-hidden/config",
            "/loop",
            "/fifo",
            &format!("/{}", "n".repeat(300)),
        ] {
            let response = site.get(path);
            assert_eq!(
                (response.status().as_u16(), response.body().as_str()),
                (404, "404 Not Found\n"),
                "{path}"
            );
        }
    }

    #[test]
    fn nothing_else_than_files_is_opened() {
        let site = Site::new();
        let _socket = std::os::unix::net::UnixListener::bind(site.at("root/socket")).unwrap();
        assert_eq!(site.get("/socket").status(), 404);
        let devices = Directory::new(Path::new("/dev"), "", &[]).unwrap();
        let request = Request::get("/zero").body(body::empty()).unwrap();
        assert_eq!(site.runtime.block_on(devices.send(request)).status(), 404);
    }

    #[test]
    fn a_folder_of_keys_is_known_again_wherever_it_is() {
        let site = Site::new();
        fs::rename(site.at("root/keys"), site.at("root/sub/renamed")).unwrap();
        symlink("sub/renamed", site.at("root/keys")).unwrap();
        assert_eq!(site.get("/sub/renamed/K.private.pem").status(), 404);
        fs::remove_file(site.at("root/keys")).unwrap();
        fs::create_dir(site.at("root/keys")).unwrap();
        fs::write(site.at("root/keys/new.pem"), "SECRET").unwrap();
        assert_eq!(site.get("/keys/new.pem").status(), 404);
    }

    #[test]
    fn a_folder_with_keys_in_itself_is_not_served_but_one_below_is() {
        let site = Site::new();
        let root = site.at("root");
        let error = Directory::new(&root, "", &[site.at("root/sub/..")]).unwrap_err();
        assert!(error.to_string().starts_with("refusing to serve "), "{error}");
        assert!(Directory::new(&root, "", &[site.at("")]).is_ok());
        assert_eq!(Directory::new(&site.at("none"), "", &[]).unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::rename(site.at("root/keys"), site.at("root/sub/keys")).unwrap();
        symlink(".", site.at("root/keys")).unwrap();
        assert_eq!(site.get("/index.html").status(), 404);
    }

    #[test]
    fn the_well_known_folder_lies_where_the_viewers_path_begins() {
        let site = Site::new();
        fs::write(site.at("root/sub/.well-known/x"), "token").unwrap();
        let below = Directory::new(&site.at("root"), "/sub", &[]).unwrap();
        for (path, status) in [("/sub/.well-known/x", 200), ("/.well-known/acme/token", 404)] {
            let request = Request::get(path).body(body::empty()).unwrap();
            assert_eq!(site.runtime.block_on(below.send(request)).status(), status, "{path}");
        }
    }

    #[test]
    fn a_folder_that_was_replaced_is_served() {
        let site = Site::new();
        fs::rename(site.at("root"), site.at("old")).unwrap();
        assert_eq!(site.get("/index.html").status(), 404);
        fs::create_dir(site.at("root")).unwrap();
        fs::write(site.at("root/index.html"), "new").unwrap();
        assert_eq!(site.get("/index.html").body(), "new");
    }

    #[test]
    fn a_file_has_its_headers() {
        let site = Site::new();
        let file = File::options().write(true).open(site.at("root/sub/page.txt")).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::new(784_111_777, 5)).unwrap();
        let response = site.get("/sub/page.txt");
        for (name, expected) in [
            (CONTENT_TYPE, "text/plain; charset=utf-8"),
            (CONTENT_LENGTH, "12"),
            (ACCEPT_RANGES, "bytes"),
            (ETAG, "\"ae1b981bc490a05-c\""),
            (LAST_MODIFIED, "Sun, 06 Nov 1994 08:49:37 GMT"),
        ] {
            assert_eq!(response.headers().get(&name).unwrap(), expected, "{name}");
        }
        assert_eq!(response.headers().len(), 5);
        assert_eq!(site.get("/page").headers()[CONTENT_TYPE], "application/octet-stream");
    }

    #[test]
    fn a_file_from_another_time_is_served_with_what_can_be_said() {
        let site = Site::new();
        let file = File::options().write(true).open(site.at("root/index.html")).unwrap();
        file.set_modified(UNIX_EPOCH - Duration::from_secs(1)).unwrap();
        assert_eq!(site.get("/index.html").headers().get(LAST_MODIFIED), None);
        file.set_modified(UNIX_EPOCH + Duration::from_secs(4_000_000_000)).unwrap();
        let date = site.get("/index.html").headers()[LAST_MODIFIED].to_str().unwrap().to_owned();
        assert!(httpdate::parse_http_date(&date).unwrap() < UNIX_EPOCH + Duration::from_secs(4_000_000_000));
    }

    #[test]
    fn parts_and_conditions() {
        let site = Site::new();
        let part = site.get_with("/sub/page.txt", RANGE, "bytes=4-7");
        assert_eq!((part.status().as_u16(), part.body().as_str()), (206, "page"));
        assert_eq!(part.headers()[CONTENT_RANGE], "bytes 4-7/12");
        let whole = site.get("/sub/page.txt");
        let tag = whole.headers()[ETAG].to_str().unwrap();
        let date = whole.headers()[LAST_MODIFIED].to_str().unwrap();
        for (name, value, status) in [
            (IF_NONE_MATCH, tag, 304),
            (IF_MODIFIED_SINCE, date, 304),
            (IF_NONE_MATCH, "\"other\"", 200),
            (RANGE, "bytes=99-", 416),
        ] {
            assert_eq!(
                site.get_with("/sub/page.txt", name.clone(), value).status(),
                status,
                "{name}: {value}"
            );
        }
        fs::write(site.at("root/sub/page.txt"), "longer than before").unwrap();
        assert_eq!(site.get_with("/sub/page.txt", IF_NONE_MATCH, tag).status(), 200);
    }

    #[test]
    fn other_methods() {
        let site = Site::new();
        for (method, path, status, length) in [
            (Method::HEAD, "/sub/page.txt", 200, Some("12")),
            (Method::HEAD, "/nothing", 404, Some("14")),
            (Method::OPTIONS, "/sub/page.txt", 204, None),
        ] {
            let request = Request::builder().method(method.clone()).uri(path).body(body::empty()).unwrap();
            let response = site.send(request);
            assert_eq!(response.status(), status, "{method} {path}");
            let sent = response.headers().get(CONTENT_LENGTH).map(|length| length.to_str().unwrap());
            assert_eq!(sent, length, "{method} {path}");
            assert_eq!(response.body(), "", "{method} {path}");
        }
        let response = site.send(Request::put("/index.html").body(body::full("new")).unwrap());
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()[ALLOW], "GET, HEAD, OPTIONS");
        assert_eq!(site.get("/index.html").body(), "index.html");
    }

    #[test]
    fn a_file_that_shrinks_while_it_is_sent_breaks_the_response() {
        let site = Site::new();
        fs::write(site.at("root/large"), vec![b'x'; 1 << 20]).unwrap();
        let request = Request::get("/large").body(body::empty()).unwrap();
        let sent = site.runtime.block_on(async {
            let response = site.directory.send(request).await;
            assert_eq!(response.headers()[CONTENT_LENGTH], "1048576");
            File::options().write(true).open(site.at("root/large")).unwrap().set_len(1 << 19).unwrap();
            response.into_body().collect().await
        });
        assert!(sent.is_err());
    }

    #[test]
    fn a_file_that_nobody_may_read_is_forbidden() {
        let site = Site::new();
        let file = site.at("root/index.html");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
        let may_read_all = File::open(&file).is_ok();
        assert_eq!(site.get("/index.html").status(), if may_read_all { 200 } else { 403 });
    }

    #[test]
    fn errors_and_their_statuses() {
        for (error, status) in [
            (Errno::ACCESS.into(), 403),
            (Errno::PERM.into(), 403),
            (Errno::NOENT.into(), 404),
            (Errno::NOTDIR.into(), 404),
            (Errno::LOOP.into(), 404),
            (Errno::NAMETOOLONG.into(), 404),
            (Errno::IO.into(), 500),
            (Errno::MFILE.into(), 500),
            (io::Error::from(io::ErrorKind::UnexpectedEof), 500),
        ] {
            assert_eq!(status_of(&error), status, "{error:?}");
        }
    }

    /// Steps that lead somewhere in a [`Site`], and the ways to write them.
    fn segment() -> impl Strategy<Value = String> {
        let names = PUBLIC.iter().chain(&SECRET).flat_map(|path| path.split('/')).map(str::to_owned);
        let links = LINKS.iter().flat_map(|(link, _)| link.split('/')).map(str::to_owned);
        let steps = [
            "..",
            ".",
            "",
            "%2e%2e",
            ".%2E",
            "%2f",
            "..%2f",
            "%5c",
            "..%5C",
            "%00",
            "%252e",
            "root",
            "absolute-out",
            "fifo",
        ];
        let all: Vec<String> = names.chain(links).chain(steps.map(str::to_owned)).collect();
        prop_oneof![
            8 => prop::sample::select(all),
            1 => prop::collection::vec(any::<u8>(), 0..6)
                .prop_map(|bytes| bytes.iter().map(|byte| format!("%{byte:02x}")).collect()),
        ]
    }

    #[test]
    fn no_path_shows_a_secret() {
        let site = Site::new();
        let paths = prop::collection::vec((segment(), prop::sample::select(vec!["/", "%2f", "//"])), 0..7);
        let config = ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() };
        let verdict = proptest::test_runner::TestRunner::new(config).run(&paths, |steps| {
            let path: String = steps.iter().flat_map(|(step, slash)| [*slash, step.as_str()]).collect();
            let Ok(request) = Request::get(format!("/{}", path.trim_start_matches('/'))).body(body::empty())
            else {
                return Ok(());
            };
            let response = site.send(request);
            match response.status().as_u16() {
                200 => prop_assert!(PUBLIC.contains(&response.body().as_str()), "{path}: {response:?}"),
                404 => prop_assert_eq!(response.body(), "404 Not Found\n"),
                status => prop_assert!(false, "{path}: {status}"),
            }
            Ok(())
        });
        verdict.unwrap();
    }
}
