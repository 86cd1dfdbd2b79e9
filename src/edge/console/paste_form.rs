//! The form of `/explain`, and the text that it brings as requests.

use std::io::Cursor;
use std::ops::ControlFlow;

use http::Method;

use super::html::{Html, html};
use super::judge;
use crate::edge::io::form::Form;
use crate::epoch::EpochSeconds;
use crate::explain::{InvalidRequest, OwnedRequest};
use crate::paste::{Link, LinkSink, PasteReader, Problem};

/// The field that is wrong, and what is wrong with it.
pub(super) type Fault = (&'static str, String);

/// The requests of a pasted text.
#[derive(Default)]
pub(super) struct Found {
    links: Vec<Link>,
    /// Requests beyond those that are shown.
    pub(super) more: usize,
    problems: Vec<Problem>,
    /// What was recognised, left out or changed.
    pub(super) notes: Vec<String>,
}

impl Found {
    /// Reads what was pasted into the form: a text, and cookies that belong to it.
    pub(super) fn read(form: &Form) -> Self {
        let mut found = Self::default();
        let mut reader = PasteReader::new(None);
        let mut go_on = reader.read(PASTED, Cursor::new(form.get("link").as_bytes().to_vec()), &mut found);
        for line in form.get("cookies").lines().map(str::trim).filter(|line| !line.is_empty()) {
            let name = line.get(.."cookie:".len()).filter(|name| name.eq_ignore_ascii_case("cookie:"));
            let field = format!("Cookie: {}", line[name.map_or(0, str::len)..].trim());
            if go_on.is_continue() {
                go_on = reader.read("the cookies", Cursor::new(field.into_bytes()), &mut found);
            }
        }
        if go_on.is_continue() {
            let _ = reader.finish(&mut found);
        }
        found
    }

    /// The requests, judged at `now` where the text names no time.
    ///
    /// # Errors
    /// Where no request can be read. Nothing of the text is quoted: it may hold a signature.
    pub(super) fn into_inquiries(mut self, now: EpochSeconds) -> Result<(Vec<OwnedRequest>, Self), Fault> {
        let mut inquiries = Vec::new();
        let mut fault = self.problems.first().map(|problem| unreadable_text(problem));
        for mut link in std::mem::take(&mut self.links) {
            self.notes.append(&mut link.notes);
            match link.inquiry(link.at.unwrap_or(now)) {
                Ok((inquiry, changed)) => {
                    self.notes.extend(changed);
                    inquiries.push(inquiry);
                }
                Err(error) => fault = Some(unreadable(&error)),
            }
        }
        self.notes.dedup();
        match fault {
            Some(fault) if inquiries.is_empty() => Err(fault),
            None if inquiries.is_empty() => Err(("link", NO_REQUEST.to_owned())),
            Some(_) | None => Ok((inquiries, self)),
        }
    }
}

impl LinkSink for Found {
    fn link(&mut self, link: Link) -> ControlFlow<()> {
        if self.links.len() < MAX_ANSWERS {
            self.links.push(link);
        } else {
            self.more += 1;
        }
        if self.more < MAX_COUNTED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn problem(&mut self, problem: Problem) {
        if self.problems.len() < MAX_NOTES {
            self.problems.push(problem);
        }
    }

    fn note(&mut self, note: &str) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(note.to_owned());
        }
    }
}

/// What was expected, without what was found.
fn unreadable_text(problem: &Problem) -> Fault {
    let mut text = problem.message.clone();
    if let Some(expected) = &problem.expected {
        text.push_str(": expected ");
        text.push_str(expected);
    }
    ("link", text)
}

pub(super) fn unreadable(error: &InvalidRequest) -> Fault {
    let expected = match error {
        InvalidRequest::Scheme { .. } => "expected a whole link that begins with http:// or https://",
        InvalidRequest::Host { .. } => "expected a host, with an optional port, behind http:// or https://",
        InvalidRequest::Path | _ => "expected a link with a path",
    };
    ("link", expected.to_owned())
}

/// The method of the form; none where that of the text counts.
///
/// # Errors
/// For what is not a method.
pub(super) fn method(form: &Form) -> Result<Option<Method>, Fault> {
    match form.get("method") {
        "" => Ok(None),
        method => match Method::from_bytes(method.as_bytes()) {
            Ok(method) => Ok(Some(method)),
            Err(_) => Err(("method", "expected a method, such as GET".to_owned())),
        },
    }
}

/// Of what was pasted only what is no secret comes back: not the text, not the cookies.
pub(super) fn show(out: &mut Html, typed: &Form, fault: Option<&Fault>) {
    html!(out; "<form class=\"paste\" method=\"post\" action=\"/explain\">"
        "<p class=\"field\"><label for=\"link\">Link, command, log or HAR file</label>"
        "<textarea id=\"link\" name=\"link\" rows=\"5\" required autocomplete=\"off\" spellcheck=\"false\" "
        "data-drop=\"" (MAX_TEXT) "\" aria-describedby=\"link-hint\"");
    let link_fault = fault.filter(|(at, _)| *at == "link");
    if link_fault.is_some() {
        html!(out; " aria-invalid=\"true\"");
    }
    html!(out; "></textarea><span class=\"hint\" id=\"link-hint\">");
    match link_fault {
        Some((_, fault)) => {
            html!(out; "<strong class=\"fault\" role=\"alert\">" (capital(fault)) "</strong>");
        }
        None => {
            html!(out; "Paste a signed URL, a copied request, cookies, a log or JSON, or drop a file here. "
            "It is judged here, is sent nowhere and isn’t shown again.");
        }
    }
    html!(out;
        "</span></p><p class=\"field\"><label for=\"cookies\">Cookies</label>"
        "<textarea id=\"cookies\" name=\"cookies\" "
        "rows=\"2\" autocomplete=\"off\" spellcheck=\"false\" aria-describedby=\"cookies-hint\"></textarea>"
        "<span class=\"hint\" id=\"cookies-hint\">Where cookies are signed and not the link: "
        "CloudFront-Policy=…; CloudFront-Signature=…; CloudFront-Key-Pair-Id=…</span></p><div class=\"fields\">"
    );
    methods(out, typed);
    judge::field(out, "at", "Time", typed.short("at"), AT_HINT, fault);
    judge::field(out, "address", "Viewer’s address", typed.short("address"), ADDRESS_HINT, fault);
    html!(out; "<p class=\"field\"><button class=\"main\">Explain</button></p></div></form>");
}

fn methods(out: &mut Html, typed: &Form) {
    html!(out; "<p class=\"field\"><label for=\"method\">Method</label>"
        "<select id=\"method\" name=\"method\"><option value=\"\">as pasted</option>");
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"] {
        html!(out; "<option");
        if method == typed.get("method") {
            html!(out; " selected");
        }
        html!(out; ">" (method) "</option>");
    }
    html!(out; "</select></p>");
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Requests of one text that are judged; each takes up to a quarter of a second.
const MAX_ANSWERS: usize = 8;
/// Requests that are counted beyond those.
const MAX_COUNTED: usize = 10_000;
const MAX_NOTES: usize = 20;
/// Bytes of a text: a browser's form may make three of each.
pub(super) const MAX_TEXT: usize = 1 << 20;
const PASTED: &str = "the text";
const NO_REQUEST: &str = "no request was found: expected a whole link that begins with http:// or https://";
const AT_HINT: &str = "as pasted, else now; RFC 3339, Unix seconds, now, +2h, -5m";
const ADDRESS_HINT: &str = "as pasted, else 127.0.0.1";
