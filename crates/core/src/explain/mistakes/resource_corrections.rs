//! Corrections of a Resource, each of one usual mistake, towards the URL that was requested.

use super::mistake::Mistake;
use crate::access::resource::Resource;
use crate::explain::request::percent_encoding::{
    BROWSER_PATH, decoded, encoded, lower_escapes, merged, upper_escapes,
};
use crate::viewer::SignedUrl;

/// The corrected text, and what was wrong; none where there is nothing to correct.
pub(in crate::explain) type Correct = fn(&str, &SignedUrl<'_>) -> Option<(String, Difference)>;

/// The commonest first.
pub(in crate::explain) const CORRECTIONS: [Correct; 12] = [
    spaces,
    scheme,
    host,
    port,
    escapes,
    slashes,
    trailing_slash,
    wildcard,
    before_query,
    query,
    backslash,
    expression,
];

/// Scheme, host with its port, path, query: as far as a Resource has them.
pub(in crate::explain) struct Sections<'t> {
    pub(in crate::explain) scheme: &'t str,
    pub(in crate::explain) authority: &'t str,
    pub(in crate::explain) path: &'t str,
    pub(in crate::explain) query: Option<&'t str>,
}

impl<'t> Sections<'t> {
    pub(in crate::explain) fn of(text: &'t str) -> Self {
        let (scheme, rest) = text.split_once("://").unwrap_or(("*", text));
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path.strip_suffix('\\').unwrap_or(path), Some(query)),
            None => (target, None),
        };
        Self { scheme, authority, path, query }
    }

    pub(in crate::explain) fn text(&self) -> String {
        let query = self.query.map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}://{}{}{query}", self.scheme, self.authority, self.path)
    }
}

pub(in crate::explain) fn differs(mistake: impl Into<Option<Mistake>>, what: String) -> Difference {
    Difference { mistake: mistake.into(), what }
}

pub(in crate::explain) fn scheme(text: &str, url: &SignedUrl<'_>) -> Option<(String, Difference)> {
    let sections = Sections::of(text);
    let scheme = url.base.scheme;
    let what = format!(
        "the scheme differs: the Resource has {}, the request is {scheme}; `http*://` matches both",
        sections.scheme
    );
    (!sections.scheme.eq_ignore_ascii_case(scheme))
        .then(|| (Sections { scheme, ..sections }.text(), differs(Mistake::Scheme, what)))
}

pub(in crate::explain) fn host(text: &str, url: &SignedUrl<'_>) -> Option<(String, Difference)> {
    let sections = Sections::of(text);
    let (own, sent) = (without_port(sections.authority).0, without_port(url.base.authority).0);
    let what = format!("the host differs: the Resource has {own}, the request is for {sent}");
    (!own.eq_ignore_ascii_case(sent)).then(|| {
        let authority = url.base.authority;
        (Sections { authority, ..sections }.text(), differs(Mistake::Host, what))
    })
}

pub(in crate::explain) fn port(text: &str, url: &SignedUrl<'_>) -> Option<(String, Difference)> {
    let sections = Sections::of(text);
    let (own, sent) = (without_port(sections.authority), without_port(url.base.authority));
    let shown = |port: Option<&str>| port.map_or("no port".to_owned(), |port| format!("port {port}"));
    let what =
        format!("the port differs: the Resource has {}, the request has {}", shown(own.1), shown(sent.1));
    (own.1 != sent.1).then(|| {
        let authority = sent.1.map_or_else(|| own.0.to_owned(), |port| format!("{}:{port}", own.0));
        (Sections { authority: &authority, ..sections }.text(), differs(Mistake::Port, what))
    })
}

fn without_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        Some(_) | None => (authority, None),
    }
}

/// Percent-encoding, of the path or of the query.
fn escapes(text: &str, url: &SignedUrl<'_>) -> Option<(String, Difference)> {
    let sections = Sections::of(text);
    let forms: [fn(&str) -> String; 8] = [
        |part| encoded(part, BROWSER_PATH),
        |part| encoded(&decoded(part), BROWSER_PATH),
        |part| part.replace(' ', "%20"),
        |part| part.replace(' ', "+"),
        |part| part.replace('+', "%20"),
        decoded,
        lower_escapes,
        upper_escapes,
    ];
    let path = sections.path;
    let of_path = forms.iter().map(|form| form(path)).filter(|form| form != path);
    let of_path = of_path.map(|path| Sections { path: &path, ..Sections::of(text) }.text());
    let of_query =
        sections.query.into_iter().flat_map(|query| forms.iter().map(move |form| (query, form(query))));
    let of_query = of_query.filter(|(query, form)| form != query);
    let of_query = of_query.map(|(_, form)| Sections { query: Some(&form), ..Sections::of(text) }.text());
    let at_path = "the path is percent-encoded in another way";
    let found = |corrected: String, mistake, what: &str| {
        let what =
            format!("{what} in the Resource: write it as it is requested, {}{}", url.path, shown_query(url));
        (corrected, differs(mistake, what))
    };
    let mut all = of_path.map(|text| found(text, Mistake::PathEncoding, at_path)).chain(
        of_query
            .map(|text| found(text, Mistake::QueryEncoding, "the query is percent-encoded in another way")),
    );
    // A form that fits by itself is the better one; else the first is a step towards it.
    let first = all.next()?;
    if Resource::new(first.0.clone()).matches(url) {
        return Some(first);
    }
    let fitting = all.find(|(text, _)| Resource::new(text.clone()).matches(url));
    Some(fitting.unwrap_or(first))
}

pub(in crate::explain) fn shown_query(url: &SignedUrl<'_>) -> String {
    url.query.map(|query| format!("?{query}")).unwrap_or_default()
}

/// White space that doesn't belong there.
fn spaces(text: &str, _: &SignedUrl<'_>) -> Option<(String, Difference)> {
    let blank = |c: char| c.is_whitespace() || c.is_control();
    let plain: String = text.trim_matches(blank).trim_end_matches("%20").trim_matches(blank).to_owned();
    let inner = plain.replace(" *", "*").replace("%20*", "*").replace("/ ", "/");
    let what = "the Resource contains white space that is not in the URL".to_owned();
    (inner != text).then(|| (inner, differs(Mistake::TrailingSpace, what)))
}

/// Doubled slashes of the Resource.
fn slashes(text: &str, url: &SignedUrl<'_>) -> Option<(String, Difference)> {
    let sections = Sections::of(text);
    let own = merged(sections.path);
    let what = |more: &str| format!("a slash is doubled in {more}: `{}` and `{}`", sections.path, url.path);
    if own != sections.path {
        let corrected = Sections { path: &own, ..Sections::of(text) }.text();
        return Some((corrected, differs(Mistake::PathNormalised, what("the Resource"))));
    }
    let sent = merged(url.path);
    let as_merged = Resource::new(text.to_owned()).matches(&SignedUrl { path: &sent, ..*url });
    (sent != url.path && as_merged).then(|| {
        let corrected = Sections { path: url.path, ..Sections::of(text) }.text();
        (corrected, differs(Mistake::PathNormalised, what("the URL")))
    })
}

fn trailing_slash(text: &str, _: &SignedUrl<'_>) -> Option<(String, Difference)> {
    let sections = Sections::of(text);
    let path = match sections.path.strip_suffix('/') {
        Some(path) => path.to_owned(),
        None => format!("{}/", sections.path),
    };
    let what = "the slash at the end of the path is in one of the two alone".to_owned();
    Some((Sections { path: &path, ..sections }.text(), differs(Mistake::TrailingSlash, what)))
}

/// A folder in place of what is in it.
fn wildcard(text: &str, url: &SignedUrl<'_>) -> Option<(String, Difference)> {
    let sections = Sections::of(text);
    if sections.query.is_some() || sections.path.ends_with('*') || !url.path.starts_with(sections.path) {
        return None;
    }
    let at_slash = sections.path.ends_with('/') || sections.path == url.path;
    let pattern = if at_slash { format!("{text}*") } else { format!("{text}/*") };
    let is_for_the_path = sections.path != url.path;
    let what = format!("a `*` is missing at the end: write {pattern}");
    is_for_the_path.then(|| (pattern, differs(None, what)))
}

fn before_query(text: &str, url: &SignedUrl<'_>) -> Option<(String, Difference)> {
    let is_open = url.query.is_some() && Sections::of(text).query.is_none();
    let what = "the pattern ends before the query: end it with `*`, or name the query".to_owned();
    is_open.then(|| (format!("{text}*"), differs(Mistake::QueryAdded, what)))
}

/// Another query than the one that the Resource names.
pub(in crate::explain) fn query(text: &str, url: &SignedUrl<'_>) -> Option<(String, Difference)> {
    let sections = Sections::of(text);
    let own = sections.query?;
    let (mistake, found) = match url.query {
        Some(sent) => (None, format!("the request has `{sent}`")),
        None => (Some(Mistake::QueryMissing), "the request has none".to_owned()),
    };
    let what = format!("the query differs: the Resource has `{own}`, {found}");
    Some((Sections { query: url.query, ..sections }.text(), differs(mistake, what)))
}

fn backslash(text: &str, _: &SignedUrl<'_>) -> Option<(String, Difference)> {
    let what = "the Resource contains a backslash: write `?` without one".to_owned();
    text.contains('\\').then(|| (text.replace('\\', ""), differs(None, what)))
}

/// `.*` of regular expressions.
fn expression(text: &str, _: &SignedUrl<'_>) -> Option<(String, Difference)> {
    let plain = text.replace(".*", "*").replace("**", "*");
    let plain = plain.trim_start_matches('^').trim_end_matches('$').to_owned();
    let what =
        "the Resource is written as a regular expression: `*` and `?` are its only wildcards".to_owned();
    (plain != text).then(|| (plain, differs(None, what)))
}

/// One way in which they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::explain) struct Difference {
    /// By name, where there is one.
    pub(in crate::explain) mistake: Option<Mistake>,
    /// In a sentence.
    pub(in crate::explain) what: String,
}
