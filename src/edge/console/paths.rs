//! `/paths`: what is private and what is public, by path.

use super::html::{Html, html};
use super::page::{Entry, Page};
use crate::distribution::behavior::{CacheBehavior, Restriction};
use crate::distribution::{Distribution, Distributions, HostStanding, Route};
use crate::edge::io::form::Form;
use crate::redact::redacted_by_shape;
use crate::viewer::Target;

/// The page; with a path, what holds for that.
pub(super) fn page(distributions: &Distributions, query: Option<&str>) -> Page {
    let form = Form::of_query(query);
    let mut main = Html::default();
    html!(main; "<h1>Paths</h1><p>The first pattern that matches a path counts; <code>*</code> is for the rest.</p>");
    for (number, distribution) in distributions.list.iter().enumerate() {
        let is_asked = form.get("distribution") == distribution.id;
        // A link that was pasted has no more to do here than its path.
        let asked = if is_asked { form.get("path").split(['?', '#']).next().unwrap_or_default() } else { "" };
        let asked = &*redacted_by_shape(asked);
        show(&mut main, number, distribution, asked);
        if !asked.is_empty() {
            html!(main; "<div class=\"looked-up\" role=\"status\">");
            look_up(&mut main, distribution, asked);
            html!(main; "</div>");
        }
        html!(main; "</section>");
    }
    Page::new("Paths", Some(Entry::Paths), main)
}

fn show(out: &mut Html, number: usize, distribution: &Distribution, asked: &str) {
    html!(out; "<section aria-labelledby=\"d" (number) "\"><h2 id=\"d" (number) "\">" (distribution.id) "</h2>"
        "<dl class=\"facts\">");
    // `dev` has a name of the kind that no viewer can look up (RFC 6761).
    if !distribution.domain_name.ends_with(".invalid") {
        html!(out; "<div><dt>Domain name</dt><dd>" (distribution.domain_name) "</dd></div>");
    }
    let bases: Vec<String> =
        distribution.public_base_urls.iter().map(|base| base.base().to_string()).collect();
    for (name, values) in [("Aliases", &distribution.aliases), ("Links are signed for", &bases)] {
        if !values.is_empty() {
            html!(out; "<div><dt>" (name) "</dt><dd>" (values.join(", ")) "</dd></div>");
        }
    }
    if let Some(object) = &distribution.default_root_object {
        html!(out; "<div><dt>Default root object</dt><dd>" (object) "</dd></div>");
    }
    html!(out;
        "</dl><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Behaviors of " (distribution.id)
        "\"><table class=\"cards\"><caption class=\"unseen\">Behaviors of " (distribution.id) ", in order</caption><thead><tr>"
        "<th scope=\"col\">Pattern</th><th scope=\"col\">Access</th>"
        "<th scope=\"col\">Key groups and keys</th><th scope=\"col\">Methods</th>"
        "<th scope=\"col\">Protocol</th><th scope=\"col\">Origin</th></tr></thead><tbody>"
    );
    for behavior in distribution.all_behaviors() {
        row(out, behavior);
    }
    html!(out;
        "</tbody></table></div><form class=\"look-up\" method=\"get\" action=\"/paths\">"
        "<input type=\"hidden\" name=\"distribution\" value=\"" (distribution.id) "\">"
        "<p class=\"field grows\"><label for=\"path" (number)
        "\">Find the behavior for a path</label><input id=\"path" (number) "\" name=\"path\" value=\"" (asked)
        "\" placeholder=\"/a/b.jpg\" autocomplete=\"off\" spellcheck=\"false\"></p>"
        "<p class=\"field\"><button>Look up</button></p></form>"
    );
}

fn row(out: &mut Html, behavior: &CacheBehavior) {
    html!(out; "<tr><th scope=\"row\"><code>" (behavior.pattern()) "</code></th><td data-label=\"Access\">");
    access(out, behavior.is_private());
    html!(out; "</td><td data-label=\"Keys\">");
    if let Restriction::Signed(groups) = &behavior.restriction {
        for group in groups {
            let keys: Vec<&str> = group.keys.iter().map(|key| key.id().as_str()).collect();
            html!(out; "<div class=\"group\">" (group.id) ": <code>" (keys.join(", ")) "</code></div>");
        }
    }
    html!(out;
        "</td><td data-label=\"Methods\">" (behavior.allowed_methods.names().join(" ")) "</td><td data-label=\"Protocol\">"
        (behavior.viewer_protocol_policy) "</td><td data-label=\"Origin\">" (behavior.target_origin.as_str()) "</td></tr>"
    );
}

fn access(out: &mut Html, is_private: bool) {
    match is_private {
        true => html!(out; "<span class=\"badge private\">private</span>"),
        false => html!(out; "<span class=\"badge public\">public</span>"),
    }
}

fn look_up(out: &mut Html, distribution: &std::sync::Arc<Distribution>, asked: &str) {
    let target = if asked.starts_with('/') { asked.to_owned() } else { format!("/{asked}") };
    let Some(Target { path, .. }) = Target::parse(&target) else {
        html!(out; "<p class=\"fault\">Expected a path, such as /a/b.jpg.</p>");
        return;
    };
    let route = Route::new(distribution, HostStanding::Own, path);
    html!(out; "<p><code>" (path) "</code> belongs to <code>" (route.behavior.pattern()) "</code>: ");
    access(out, route.is_private());
    html!(out; "</p>");
    let keys: Vec<&str> = route.trusted_keys().into_iter().map(|key| key.id().as_str()).collect();
    match (route.is_private(), keys.is_empty()) {
        (false, _) => html!(out; "<p>No signature is needed.</p>"),
        (true, false) => {
            html!(out; "<p>A signature by one of these keys allows it: <code>" (keys.join(", ")) "</code>.</p>");
        }
        (true, true) => {
            html!(out; "<p>No key allows it: the private behaviors that it may belong to trust none in common.</p>");
        }
    }
    if route.private.len() > 1 || route.forms_disagree {
        let patterns: Vec<&str> = route.private.iter().map(|behavior| behavior.pattern()).collect();
        html!(out; "<p>An origin may read this path in other ways, so the key must be trusted by each of: <code>"
            (patterns.join(", ")) "</code>.</p>");
    }
}
