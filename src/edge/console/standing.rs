//! The line below the navigation: which proxy this console belongs to, its origins and its configuration, and the clock.

use http::HeaderMap;

use super::clock_switch;
use super::html::{Html, html};
use super::when;
use crate::distribution::Distributions;
use crate::distribution::origin::{Origin, OriginLocation};
use crate::edge::state::shared::Edge;
use crate::redact::redacted_by_shape;
use crate::viewer::Scheme;

/// The line for a request of a browser.
pub(super) fn strip(edge: &Edge, headers: &HeaderMap) -> Html {
    let snapshot = edge.config.load();
    let mut out = Html::default();
    html!(out; "<section class=\"strip\" aria-label=\"This proxy\"><p class=\"standing\">");
    match &edge.dev_signer {
        Some(signer) => html!(out; "<code>" (signer.base) "</code>"),
        None => hosts(&mut out, &snapshot.distributions),
    }
    html!(out; " <span aria-hidden=\"true\">→</span><span class=\"unseen\"> in front of</span> ");
    origins(&mut out, &snapshot.distributions);
    html!(out; " <span class=\"since\">· ");
    match &edge.config_file {
        Some(file) => html!(out; "<code>" (file.display()) "</code>"),
        None => html!(out; "<code>frontgate dev</code>"),
    }
    html!(out; " since ");
    when::to_minute(&mut out, snapshot.since);
    html!(out; "</span></p>");
    if edge.test_mode {
        clock_switch::show(&mut out, headers, edge.dev_signer.as_ref().map(|signer| signer.base.as_str()));
    }
    html!(out; "</section>");
    out
}

fn hosts(out: &mut Html, distributions: &Distributions) {
    match &distributions.list[..] {
        [one] if one.aliases.is_empty() => html!(out; "<code>" (one.domain_name) "</code>"),
        [one] => html!(out; "<code>" (one.aliases.join(", ")) "</code>"),
        list => html!(out; "<a href=\"/paths\">" (list.len()) " distributions</a>"),
    }
}

fn origins(out: &mut Html, distributions: &Distributions) {
    let all: Vec<String> =
        distributions.list.iter().flat_map(|one| &one.origins).map(|origin| described(origin)).collect();
    match &all[..] {
        [] => html!(out; "no origin"),
        some if some.len() <= SHOWN => html!(out; "<code>" (some.join(", ")) "</code>"),
        more => html!(out; "<a href=\"/paths\">" (more.len()) " origins</a>"),
    }
}

/// An origin in one word: its URL, its folder.
fn described(origin: &Origin) -> String {
    let server = |name: &str| {
        origin.location.server().map_or_else(String::new, |server| {
            let (scheme, endpoint) = server.endpoint(Scheme::Http);
            format!("{name}{scheme}://{}{}", endpoint.authority.to_str().unwrap_or_default(), origin.path)
        })
    };
    let text = match &origin.location {
        OriginLocation::Http(_) => server(""),
        OriginLocation::S3(_) => server("S3 "),
        OriginLocation::Directory(folder) => folder.display().to_string(),
        OriginLocation::Demo(_) => "the demo site".to_owned(),
        OriginLocation::Handler => "a function".to_owned(),
    };
    redacted_by_shape(&text).into_owned()
}

/// Origins that are named one by one.
const SHOWN: usize = 2;
