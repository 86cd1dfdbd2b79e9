//! Showing the token in a browser: a form, and a cookie that stands for having done so. The token is never in a URL.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use http::header::{LOCATION, SET_COOKIE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use super::assets::Assets;
use super::guard;
use super::guesses::Guesses;
use super::html::{Html, html};
use super::page::{Frame, NOT_OURS, Page, not_that_method, plain};
use super::sessions::Sessions;
use crate::edge::io::body::{Body, empty};
use crate::edge::io::form::{Form, MAX_BODY};
use crate::edge::state::shared::Edge;

/// The page that asks for the token, and the sessions of browsers that have shown it.
pub(super) struct Login {
    edge: Arc<Edge>,
    sessions: Rc<RefCell<Sessions>>,
}

impl Login {
    /// No browser has a session yet.
    pub(super) fn new(edge: &Arc<Edge>) -> Self {
        Self { edge: Arc::clone(edge), sessions: Rc::default() }
    }

    /// The sessions, which an open stream asks again and again.
    pub(super) fn sessions(&self) -> &Rc<RefCell<Sessions>> {
        &self.sessions
    }

    /// The form, and what is posted by it.
    pub(super) async fn respond(
        &self,
        request: Request<Incoming>,
        guesses: &Guesses,
        from: IpAddr,
        assets: &Assets,
    ) -> Response<Body> {
        match *request.method() {
            Method::GET | Method::HEAD => return self.page(StatusCode::OK, "/", None, assets),
            Method::POST if guard::is_same_origin(request.headers(), false) => {}
            Method::POST => return plain(StatusCode::FORBIDDEN, NOT_OURS),
            _ => return not_that_method("GET, HEAD, POST"),
        }
        let (head, body) = request.into_parts();
        let form = match Form::read(&head.headers, body, MAX_BODY).await {
            Ok(form) => form,
            Err((status, text)) => return plain(status, text),
        };
        let token = self.edge.config.load().admin_token.clone();
        let brought = form.get("token").as_bytes();
        let token = match token {
            Some(token) if guesses.is_right(&token, brought, from).await => Some(token),
            Some(_) | None => None,
        };
        let Some(token) = token else {
            let fault = Some("That is not the token.");
            return self.page(StatusCode::UNAUTHORIZED, form.get("to"), fault, assets);
        };
        match self.sessions.borrow_mut().begin(&token, Instant::now()) {
            Some(cookie) => see_other(form.get("to"), &cookie),
            None => plain(StatusCode::INTERNAL_SERVER_ERROR, "the system's random generator failed\n"),
        }
    }

    /// Ends the browser's session.
    pub(super) fn logout(&self, headers: &HeaderMap) -> Response<Body> {
        see_other("/", &self.sessions.borrow_mut().end(headers))
    }

    /// The form, by which one comes back to where one wanted to be.
    pub(super) fn page(
        &self,
        status: StatusCode,
        to: &str,
        fault: Option<&str>,
        assets: &Assets,
    ) -> Response<Body> {
        let mut main = Html::default();
        html!(main;
            "<h1>Log in</h1><form class=\"login\" method=\"post\" action=\"/login\">"
            "<input type=\"hidden\" name=\"to\" value=\"" (own_path(to)) "\"><p class=\"field\">"
            "<label for=\"token\">Token</label><input id=\"token\" name=\"token\" type=\"password\" "
            "autocomplete=\"current-password\" required " "aria-describedby=\"token-hint\""
        );
        if fault.is_some() {
            html!(main; " aria-invalid=\"true\"");
        }
        html!(main; "><span class=\"hint\" id=\"token-hint\">");
        match fault {
            Some(fault) => html!(main; "<strong class=\"fault\" role=\"alert\">" (fault) "</strong>"),
            None => html!(main; "It is in the file that <code>token-file</code> names."),
        }
        html!(main; "</span></p><p class=\"field\"><button class=\"main\">Log in</button></p></form>");
        let page = Page { status, ..Page::new("Log in", None, main) };
        let frame = Frame { assets, signs: false, has_session: false, strip: None };
        let mut response = page.into_response(frame);
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// To one of our own pages, and with a cookie.
pub(super) fn see_other(to: &str, cookie: &str) -> Response<Body> {
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    for (name, value) in [(LOCATION, own_path(to)), (SET_COOKIE, cookie)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    guard::protect(&mut response);
    response
}

/// A path of this console; anything else, such as `//evil.example.com`, is its first page.
fn own_path(to: &str) -> &str {
    let is_own = to.starts_with('/')
        && to.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'/')
        && !to.starts_with("//");
    if is_own { to } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for (to, own) in [
            ("/requests/5", "/requests/5"),
            ("//evil.example.com", "/"),
            ("/\\evil", "/"),
            ("https://evil", "/"),
            ("", "/"),
        ] {
            assert_eq!(own_path(to), own);
        }
    }
}
