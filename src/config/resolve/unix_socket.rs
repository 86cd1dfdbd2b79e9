//! Origins behind a Unix socket: `url = "unix:/run/app.sock"`.

use std::fs;
use std::io;
use std::path::Path;

use http::HeaderValue;

use super::{Fault, Faults, KeyPath};
use crate::config::material::files::FileError;
use crate::distribution::origin::{Endpoint, HttpServer, OriginLocation, OriginProtocol};
use crate::viewer::Scheme;

/// Reads what follows `unix:`; a relative path belongs to `folder`.
pub(super) fn location(path: &str, folder: &Path) -> Result<OriginLocation, String> {
    if cfg!(not(unix)) {
        return Err("another kind of origin: Unix sockets don't exist on this system".to_owned());
    }
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.contains('\0') {
        return Err("the path of a Unix socket, such as \"unix:/run/app.sock\"".to_owned());
    }
    let socket = folder.join(path);
    let length = socket.as_os_str().len();
    if length > MAX_PATH {
        return Err(format!(
            "a path of at most {MAX_PATH} bytes, as systems allow for sockets; it has {length}"
        ));
    }
    let endpoint = Endpoint { authority: HeaderValue::from_static(HOST), port: Scheme::Http.default_port() };
    let protocol = OriginProtocol::HttpOnly(endpoint);
    Ok(OriginLocation::Http(HttpServer {
        host: HOST.to_owned(),
        socket: Some(socket),
        protocol,
        authorities: None,
    }))
}

/// Warns where requests would fail. The application may be started later, so that it is no error.
pub(super) fn warn_of_missing(at: &KeyPath, socket: &Path, faults: &mut Faults) {
    let Err(problem) = look(socket) else { return };
    let fault = Fault::at(at, format!("the origin's socket can't be used now: {}", problem.message));
    let help = problem.help.unwrap_or_else(|| "start the application that listens on it".to_owned());
    faults.warning(fault.found(socket.display()).expected("a Unix socket").help(help));
}

fn look(path: &Path) -> Result<(), FileError> {
    let meta = fs::metadata(path).map_err(|error| FileError::of(path, &error))?;
    let problem = |message: String, help| Err(FileError { message, help });
    if meta.is_dir() {
        return problem("it is a directory".to_owned(), Some("name the socket in it".to_owned()));
    }
    if !is_socket(&meta) {
        return problem("it is not a socket".to_owned(), None);
    }
    match may_connect(path) {
        Ok(()) => Ok(()),
        Err(error) => Err(FileError::of(path, &error)),
    }
}

#[cfg(unix)]
fn is_socket(meta: &fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_socket(&meta.file_type())
}

#[cfg(not(unix))]
fn is_socket(_: &fs::Metadata) -> bool {
    false
}

/// Connecting takes the right to write.
#[cfg(unix)]
fn may_connect(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(path, rustix::fs::Access::WRITE_OK)?)
}

#[cfg(not(unix))]
fn may_connect(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The Host that it is requested by, as nginx and curl do.
const HOST: &str = "localhost";
/// `sun_path` has 108 bytes on Linux and 104 elsewhere, one of which ends it.
const MAX_PATH: usize = if cfg!(target_os = "linux") { 107 } else { 103 };
