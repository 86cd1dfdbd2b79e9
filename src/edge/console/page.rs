//! What every page of the console has: a head, a way to the others, a place for what it says.

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE};
use http::{HeaderValue, Response, StatusCode, header};

use super::assets::Assets;
use super::guard;
use super::html::{Html, html};
use crate::edge::io::body::{Body, full};

/// A page, as yet without what is around it.
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) title: String,
    /// Its entry in the navigation.
    pub(super) here: Option<Entry>,
    pub(super) main: Html,
    /// Whole `Set-Cookie` values.
    pub(super) cookies: Vec<String>,
}

/// A page of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Requests,
    Explain,
    Paths,
    Keys,
    Sign,
}

impl Entry {
    const ALL: [Self; 5] = [Self::Requests, Self::Explain, Self::Paths, Self::Keys, Self::Sign];

    fn path_and_name(self) -> (&'static str, &'static str) {
        match self {
            Self::Requests => ("/", "Requests"),
            Self::Explain => ("/explain", "Explain"),
            Self::Paths => ("/paths", "Paths"),
            Self::Keys => ("/keys", "Keys"),
            Self::Sign => ("/sign", "Sign"),
        }
    }
}

/// What differs from one console to the next.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) assets: &'a Assets,
    /// Whether links can be signed here.
    pub(super) signs: bool,
    /// Whether somebody is logged in who can log out.
    pub(super) has_session: bool,
    /// What stands below the navigation; none on the page that asks for the token, which has no navigation either.
    pub(super) strip: Option<&'a Html>,
}

impl Page {
    pub(super) fn new(title: impl Into<String>, here: Option<Entry>, main: Html) -> Self {
        Self { status: StatusCode::OK, title: title.into(), here, main, cookies: Vec::new() }
    }

    /// A page of one sentence.
    pub(super) fn of_sentence(status: StatusCode, title: &'static str, sentence: &str) -> Self {
        let mut main = Html::default();
        html!(main; "<h1>" (title) "</h1><p>" (sentence) "</p>");
        Self { status, title: title.to_owned(), here: None, main, cookies: Vec::new() }
    }

    /// The whole document.
    pub(super) fn into_response(self, frame: Frame<'_>) -> Response<Body> {
        let Assets { style, script, icon } = frame.assets;
        let mut out = Html::default();
        html!(out;
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
            "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
            "<meta name=\"color-scheme\" content=\"light dark\"><title>" (self.title) " · Frontgate</title>"
            "<link rel=\"icon\" href=\"" (icon.path) "\"><link rel=\"stylesheet\" href=\"" (style.path) "\">"
            "<script type=\"module\" src=\"" (script.path) "\"></script></head>\n<body>"
            "<a class=\"skip\" href=\"#main\">Skip to the content</a><header class=\"bar\">"
            "<a class=\"brand\" href=\"/\"><img src=\"" (icon.path) "\" alt=\"\" width=\"24\" height=\"24\">"
            "Frontgate</a>"
        );
        if frame.strip.is_some() {
            navigation(&mut out, self.here, frame);
        }
        html!(out; "</header>");
        if let Some(strip) = frame.strip {
            out.nest(strip);
        }
        html!(out; "\n<main id=\"main\" tabindex=\"-1\">" [self.main] "</main>\n"
            "<footer><p>Frontgate " (env!("CARGO_PKG_VERSION"))
            " · <a href=\"/metrics\">metrics</a> · <a href=\"/health/ready\">ready</a> · "
            "<a href=\"/health/live\">live</a>"
            "<span id=\"keys-hint\" hidden> · <button type=\"button\" class=\"plain\" id=\"show-keys\">keys: <kbd>?</kbd></button></span>"
            "</p></footer>" "<dialog id=\"keys\" aria-labelledby=\"keys-title\"><h2 id=\"keys-title\">Keys</h2><dl>"
            "<div><dt><kbd>/</kbd></dt><dd>type into the filter, or the first field</dd></div>"
            "<div><dt><kbd>j</kbd></dt><dd>the next request below; on its page, the older one</dd></div>"
            "<div><dt><kbd>k</kbd></dt><dd>the next one above; on its page, the newer one</dd></div>"
            "<div><dt><kbd>Enter</kbd></dt><dd>open it</dd></div>"
            "<div><dt><kbd>?</kbd></dt><dd>this list</dd></div>"
            "<div><dt><kbd>Esc</kbd></dt><dd>close it; leave a field</dd></div></dl>"
            "<form method=\"dialog\"><button>Close</button></form></dialog>"
            "<div id=\"said\" class=\"unseen\" aria-live=\"polite\"></div></body></html>\n"
        );
        let mut response = response(self.status, "text/html; charset=utf-8", out.into_string());
        for cookie in &self.cookies {
            if let Ok(cookie) = HeaderValue::from_str(cookie) {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
        }
        response
    }
}

fn navigation(out: &mut Html, here: Option<Entry>, frame: Frame<'_>) {
    html!(out; "<nav aria-label=\"Console\"><ul>");
    for entry in Entry::ALL.into_iter().filter(|entry| *entry != Entry::Sign || frame.signs) {
        let (path, name) = entry.path_and_name();
        html!(out; "<li><a href=\"" (path) "\"");
        if here == Some(entry) {
            html!(out; " aria-current=\"page\"");
        }
        html!(out; ">" (name) "</a></li>");
    }
    html!(out; "</ul></nav>");
    if frame.has_session {
        html!(out; "<form class=\"leave\" method=\"post\" action=\"/logout\"><button>Log out</button></form>");
    }
}

/// A response that nobody keeps, of which a browser does no more than it must.
pub(super) fn response(status: StatusCode, content_type: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(full(text));
    *response.status_mut() = status;
    for (name, value) in [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    guard::protect(&mut response);
    response
}

/// One line of text.
pub(super) fn plain(status: StatusCode, text: &str) -> Response<Body> {
    response(status, "text/plain; charset=utf-8", text.to_owned())
}

/// 405, with the methods that there are.
pub(super) fn not_that_method(allowed: &'static str) -> Response<Body> {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// To a form that another site sent, or a program without its token.
pub(super) const NOT_OURS: &str = "only a page of the console may post this; a program brings the token in `Authorization: Bearer`, or \
                        without a token says `Sec-Fetch-Site: same-origin`\n";
