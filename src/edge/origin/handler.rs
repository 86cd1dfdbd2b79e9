//! Asks a function in this process.

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::error::OriginError;
use crate::config::Handler;
use crate::edge::io::body::{self, Body};

/// Hands a request over with its whole body.
///
/// # Errors
/// [`OriginError::ViewerBody`] for a body that breaks off.
pub(super) async fn send(handler: &Handler, request: Request<Body>) -> Result<Response<Body>, OriginError> {
    let (parts, incoming) = request.into_parts();
    let body = match Limited::new(incoming, MAX_BODY).collect().await {
        Ok(collected) => collected.to_bytes().to_vec(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Ok(plain(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("a handler takes bodies up to {MAX_BODY} bytes\n"),
            ));
        }
        Err(_) => return Err(OriginError::ViewerBody),
    };
    // On a thread of its own: it may block and panic as it likes, and others are served meanwhile.
    let (handler, request) = (handler.clone(), Request::from_parts(parts, body));
    let runtime = Handle::current();
    let answered = spawn_blocking(move || runtime.block_on(async { handler.call(request).await })).await;
    match answered {
        Ok(response) => Ok(response.map(body::full)),
        Err(_) => {
            Ok(plain(StatusCode::INTERNAL_SERVER_ERROR, "the handler of the origin panicked\n".to_owned()))
        }
    }
}

fn plain(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(body::full(text));
    *response.status_mut() = status;
    response
}

const MAX_BODY: usize = 8 << 20;
