//! `/explain`: any link, or cookies and a URL, pasted and judged.

use std::cell::RefCell;
use std::collections::VecDeque;

use http::Method;

use super::answer::{Answer, verdict};
use super::form::Form;
use super::html::{Html, html};
use super::judge::{self, Asked, explained};
use super::page::{Entry, Page};
use crate::access::deny::excerpt;
use crate::clock;
use crate::edge::Edge;
use crate::explain::{Inquiry, InvalidInquiry};
use crate::redact::redacted_by_shape;

/// What was pasted last, so that it can be judged again without the page having to hold the link.
#[derive(Default)]
pub(super) struct Pasted(RefCell<Kept>);

#[derive(Default)]
struct Kept {
    last: u64,
    inquiries: VecDeque<(u64, Inquiry, String)>,
}

impl Pasted {
    fn keep(&self, inquiry: &Inquiry, verdict: String) -> u64 {
        let mut kept = self.0.borrow_mut();
        kept.last += 1;
        let number = kept.last;
        if kept.inquiries.len() == MAX_KEPT {
            kept.inquiries.pop_front();
        }
        kept.inquiries.push_back((number, inquiry.clone(), verdict));
        number
    }

    /// The inquiry as it was pasted, and its first verdict.
    fn find(&self, number: u64) -> Option<(Inquiry, String)> {
        let kept = self.0.borrow();
        let (_, inquiry, verdict) = kept.inquiries.iter().find(|(known, ..)| *known == number)?;
        Some((inquiry.clone(), verdict.clone()))
    }
}

/// What was asked for: something pasted, or something pasted before, judged in another way.
struct Judged {
    inquiry: Inquiry,
    notes: Vec<&'static str>,
    /// The number that it has among the pasted, and its first verdict.
    known: Option<(u64, String)>,
}

type Fault = (&'static str, String);

/// The page, and with a form the answer to it.
pub(super) async fn page(edge: &Edge, pasted: &Pasted, form: Option<&Form>) -> Page {
    let mut main = Html::default();
    html!(main; "<h1>Explain a link</h1>");
    let Some(form) = form else {
        paste_form(&mut main, &Form::default(), None);
        return Page::new("Explain", Some(Entry::Explain), main);
    };
    match read(form, pasted) {
        Ok(judged) => {
            answer(&mut main, edge, pasted, form, judged).await;
            html!(main; "<h2>Another one</h2>");
            paste_form(&mut main, &Form::default(), None);
        }
        Err(fault) => paste_form(&mut main, form, Some(&fault)),
    }
    Page::new("Explained", Some(Entry::Explain), main)
}

async fn answer(out: &mut Html, edge: &Edge, pasted: &Pasted, form: &Form, judged: Judged) {
    let asked = if judged.known.is_some() { Asked::of(form) } else { Asked::as_it_was(&judged.inquiry) };
    let changed = asked.change(&judged.inquiry);
    let fault = changed.as_ref().err().cloned();
    let inquiry = changed.unwrap_or_else(|_| judged.inquiry.clone());
    let found = explained(edge, inquiry.clone()).await;
    html!(out; "<p class=\"url\"><code>" (inquiry.method) " " (inquiry.scheme) "://" (redacted_by_shape(&inquiry.authority))
        (excerpt(&redacted_by_shape(&inquiry.target), MAX_SHOWN)) "</code></p><div class=\"columns\"><div id=\"answer\">");
    for note in &judged.notes {
        html!(out; "<p class=\"note\">" (note) ".</p>");
    }
    let mut known = judged.known;
    match &found {
        Ok(explanation) => {
            let before = known.as_ref().map(|(_, verdict)| verdict.clone());
            Answer { inquiry: &inquiry, explanation, record: None, before }.show(out);
            known = known.or_else(|| {
                let verdict = verdict(explanation);
                Some((pasted.keep(&inquiry, verdict.clone()), verdict))
            });
        }
        Err(why) => {
            html!(out; "<p class=\"note\" role=\"alert\">" (redacted_by_shape(&why.to_string())) ". Try again.</p>");
        }
    }
    html!(out; "</div><div>");
    if let Some((number, _)) = known {
        judge::form(out, "/explain", Some(("pasted", number)), &asked, found.as_ref().ok(), fault.as_ref());
    }
    html!(out; "</div></div>");
}

fn read(form: &Form, pasted: &Pasted) -> Result<Judged, Fault> {
    if !form.get("pasted").is_empty() {
        let known = form.get("pasted").parse().ok().and_then(|number| Some((number, pasted.find(number)?)));
        let (number, (inquiry, verdict)) =
            known.ok_or(("link", "that link isn’t kept any more: paste it again".to_owned()))?;
        return Ok(Judged { inquiry, notes: Vec::new(), known: Some((number, verdict)) });
    }
    // Nothing of a link that can't be read is quoted: it may hold a signature all the same.
    let unreadable = |error: InvalidInquiry| {
        let expected = match error {
            InvalidInquiry::Scheme { .. } => "expected a whole link that begins with http:// or https://",
            InvalidInquiry::Host { .. } => {
                "expected a host, with an optional port, behind http:// or https://"
            }
            InvalidInquiry::Path => "expected a link with a path",
        };
        ("link", expected.to_owned())
    };
    let (inquiry, notes) = Inquiry::of_url(form.get("link"), clock::now()).map_err(unreadable)?;
    let method = match form.get("method") {
        "" => Method::GET,
        method => Method::from_bytes(method.as_bytes()).map_err(|_| ("method", "no method".to_owned()))?,
    };
    let cookies = form.get("cookies").lines().map(|line| {
        let line = line.trim();
        let name = line.get(.."cookie:".len()).filter(|name| name.eq_ignore_ascii_case("cookie:"));
        line[name.map_or(0, str::len)..].trim().as_bytes().to_vec()
    });
    let cookies = cookies.filter(|line| !line.is_empty()).collect();
    let inquiry = Asked::of(form).change(&Inquiry { method, cookies, ..inquiry })?;
    inquiry.request().map_err(unreadable)?;
    Ok(Judged { inquiry, notes, known: None })
}

/// Of what was pasted only what is no secret comes back: not the link, not the cookies.
fn paste_form(out: &mut Html, typed: &Form, fault: Option<&Fault>) {
    html!(out; "<form class=\"paste\" method=\"post\" action=\"/explain\">"
        "<p class=\"field\"><label for=\"link\">Link</label><textarea id=\"link\" name=\"link\" rows=\"3\" required "
        "autocomplete=\"off\" spellcheck=\"false\" aria-describedby=\"link-hint\"");
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
            html!(out;
                "As it is requested, with its signature. It is judged here, is sent nowhere and isn’t shown again."
            );
        }
    }
    html!(out;
        "</span></p><p class=\"field\"><label for=\"cookies\">Cookies</label>"
        "<textarea id=\"cookies\" name=\"cookies\" "
        "rows=\"2\" autocomplete=\"off\" spellcheck=\"false\" aria-describedby=\"cookies-hint\"></textarea>"
        "<span class=\"hint\" id=\"cookies-hint\">Where cookies are signed and not the link: "
        "CloudFront-Policy=…; CloudFront-Signature=…; CloudFront-Key-Pair-Id=…</span></p>"
        "<div class=\"fields\"><p class=\"field\"><label for=\"method\">Method</label>"
        "<select id=\"method\" name=\"method\">"
    );
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"] {
        html!(out; "<option");
        if method == typed.get("method") {
            html!(out; " selected");
        }
        html!(out; ">" (method) "</option>");
    }
    html!(out; "</select></p>");
    let or = |name, otherwise: &'static str| match typed.short(name) {
        "" => otherwise.to_owned(),
        typed => typed.to_owned(),
    };
    judge::field(out, "at", "Time", &or("at", "now"), "RFC 3339, Unix seconds, now, +2h, -5m", fault);
    judge::field(out, "address", "Viewer’s address", &or("address", "127.0.0.1"), "IPv4 or IPv6", fault);
    html!(out; "<p class=\"field\"><button class=\"main\">Explain</button></p></div></form>");
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Characters of a target above its answer.
const MAX_SHOWN: usize = 2_000;
/// Links that can be judged again; each may have 128 kB.
const MAX_KEPT: usize = 32;
