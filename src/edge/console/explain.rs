//! `/explain`: any link, or cookies and a URL, pasted and judged.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::answer::{VerdictView, verdict};
use super::html::{Html, html};
use super::judge::{self, JudgeInput, explained};
use super::page::{Entry, Page};
use super::paste_form::{self, Fault, Found, unreadable};
use super::secrets::Secrets;
use crate::access::excerpt::excerpt;
use crate::clock;
use crate::edge::io::form::Form;
use crate::edge::state::shared::Edge;
use crate::explain::OwnedRequest;
use crate::redact::redacted_by_shape;

/// What was pasted last, so that it can be judged again without the page having to hold the link.
#[derive(Default)]
pub(super) struct Pasted(RefCell<PastedInquiries>);

#[derive(Default)]
struct PastedInquiries {
    last: u64,
    inquiries: VecDeque<(u64, OwnedRequest, String)>,
}

impl Pasted {
    fn keep(&self, inquiry: &OwnedRequest, verdict: String) -> u64 {
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
    fn find(&self, number: u64) -> Option<(OwnedRequest, String)> {
        let kept = self.0.borrow();
        let (_, inquiry, verdict) = kept.inquiries.iter().find(|(known, ..)| *known == number)?;
        Some((inquiry.clone(), verdict.clone()))
    }
}

/// What was asked for: requests that were pasted, or one that was pasted before, judged in another way.
enum Asking {
    New { inquiries: Vec<OwnedRequest>, found: Found },
    Again { number: u64, inquiry: OwnedRequest, verdict: String },
}

/// The page, and with a form the answer to it.
pub(super) async fn page(edge: &Edge, pasted: &Pasted, form: Option<&Form>) -> Page {
    let mut main = Html::default();
    html!(main; "<h1>Explain a link</h1>");
    let Some(form) = form else {
        paste_form::show(&mut main, &Form::default(), None);
        return Page::new("Explain", Some(Entry::Explain), main);
    };
    match read(form, pasted) {
        Ok(Asking::Again { number, inquiry, verdict }) => {
            let before = Some((number, verdict));
            answer(&mut main, edge, pasted, &JudgeInput::of(form), &inquiry, &[], before).await;
        }
        Ok(Asking::New { inquiries, found }) => match inquiries.as_slice() {
            [inquiry] => {
                let asked = JudgeInput::as_it_was(inquiry);
                answer(&mut main, edge, pasted, &asked, inquiry, &found.notes, None).await;
            }
            several => list(&mut main, edge, pasted, several, &found).await,
        },
        Err(fault) => {
            paste_form::show(&mut main, form, Some(&fault));
            return Page::new("Explained", Some(Entry::Explain), main);
        }
    }
    html!(main; "<h2>Another one</h2>");
    paste_form::show(&mut main, &Form::default(), None);
    Page::new("Explained", Some(Entry::Explain), main)
}

/// The whole answer to one request, with the form that judges it again.
async fn answer(
    out: &mut Html,
    edge: &Edge,
    pasted: &Pasted,
    asked: &JudgeInput,
    first: &OwnedRequest,
    notes: &[String],
    mut known: Option<(u64, String)>,
) {
    let changed = asked.change(first);
    let fault = changed.as_ref().err().cloned();
    let inquiry = changed.unwrap_or_else(|_| first.clone());
    let found = explained(edge, inquiry.clone()).await;
    html!(out; "<p class=\"url\"><code>" (shown(&inquiry)) "</code></p><div class=\"columns\"><div id=\"answer\">");
    show_notes(out, notes);
    match &found {
        Ok(explanation) => {
            let before = known.as_ref().map(|(_, verdict)| verdict.clone());
            VerdictView { inquiry: &inquiry, explanation, record: None, before }.show(out);
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
        judge::form(out, "/explain", Some(("pasted", number)), asked, found.as_ref().ok(), fault.as_ref());
    }
    html!(out; "</div></div>");
}

/// Several requests: for each its verdict, its first cause and a button that shows the whole answer.
async fn list(out: &mut Html, edge: &Edge, pasted: &Pasted, inquiries: &[OwnedRequest], found: &Found) {
    html!(out; "<div id=\"answer\">");
    show_notes(out, &found.notes);
    html!(out; "<ol class=\"answers\">");
    for inquiry in inquiries {
        html!(out; "<li><p class=\"url\"><code>" (shown(inquiry)) "</code></p>");
        match explained(edge, inquiry.clone()).await {
            Ok(explanation) => {
                let verdict = verdict(&explanation);
                html!(out; "<p><strong>" (verdict) "</strong>");
                if let Some(sentence) = explanation.sentence() {
                    html!(out; ": " (Secrets::of(inquiry).cut(&sentence)));
                }
                let number = pasted.keep(inquiry, verdict);
                html!(out; "</p><form method=\"post\" action=\"/explain\"><input type=\"hidden\" name=\"pasted\" value=\""
                    (number) "\"><button>Show every check</button></form>");
            }
            Err(why) => html!(out; "<p class=\"note\">" (redacted_by_shape(&why.to_string())) "</p>"),
        }
        html!(out; "</li>");
    }
    html!(out; "</ol>");
    if found.more > 0 {
        html!(out; "<p class=\"note\">" (found.more) " more: <code>frontgate explain --file FILE</code> explains all of "
            "them.</p>");
    }
    html!(out; "</div>");
}

fn show_notes(out: &mut Html, notes: &[String]) {
    for note in notes {
        html!(out; "<p class=\"note\">" (redacted_by_shape(note)) ".</p>");
    }
}

fn shown(inquiry: &OwnedRequest) -> String {
    let OwnedRequest { method, scheme, authority, target, .. } = inquiry;
    let target = redacted_by_shape(target);
    format!("{method} {scheme}://{}{}", redacted_by_shape(authority), excerpt(&target, MAX_SHOWN))
}

fn read(form: &Form, pasted: &Pasted) -> Result<Asking, Fault> {
    if !form.get("pasted").is_empty() {
        let known = form.get("pasted").parse().ok().and_then(|number| Some((number, pasted.find(number)?)));
        let (number, (inquiry, verdict)) =
            known.ok_or(("link", "this link is no longer kept: paste it again".to_owned()))?;
        return Ok(Asking::Again { number, inquiry, verdict });
    }
    let (inquiries, found) = Found::read(form).into_inquiries(clock::now())?;
    let method = paste_form::method(form)?;
    let asked = JudgeInput::of(form);
    let change = |inquiry: &OwnedRequest| {
        let mut changed = asked.change(inquiry)?;
        if let Some(method) = &method {
            changed.method.clone_from(method);
        }
        changed.request().map_err(|error| unreadable(&error))?;
        Ok(changed)
    };
    let inquiries = inquiries.iter().map(change).collect::<Result<Vec<_>, Fault>>()?;
    Ok(Asking::New { inquiries, found })
}

/// Characters of a target above its answer.
const MAX_SHOWN: usize = 2_000;
/// Links that can be judged again; each may have 128 kB.
const MAX_KEPT: usize = 32;
