//! `/sign`: a link or cookies signed with the key of `dev`, and code that signs the same.

use super::html::{Html, html};
use super::judge::field;
use super::page::{Entry, Page};
use super::sign_terms::WantedLink;
use super::signed_cookies;
use super::snippets::{Task, snippets};
use crate::access::policy::SourceIp;
use crate::access::resource::Resource;
use crate::clock;
use crate::distribution::key::HashAlgorithm;
use crate::edge::io::form::Form;
use crate::edge::state::dev_signer::DevSigner;
use crate::epoch::{EpochSeconds, parse_duration};
use crate::explain::OwnedRequest;
use crate::redact::redacted_by_shape;
use crate::sign::{
    PrivateKey, Terms, check_url, check_url_below, signed_url, signing_values, wildcard_in_canned,
};
use crate::viewer::{Base, SignedUrl, Target};

type Fault = (&'static str, String);

/// The page, and with a form the link or the cookies. `host` is what the browser calls the console.
pub(super) fn page(signer: &DevSigner, form: Option<&Form>, host: &str) -> Page {
    let mut main = Html::default();
    html!(main;
        "<h1>Sign a link or cookies</h1><p>With the key <code>" (signer.key_pair_id)
        "</code> of <code>frontgate dev</code>.</p>"
    );
    let wanted = form.map(|form| read(form, signer));
    let made = wanted.as_ref().map(|wanted| match wanted {
        Ok(wanted) => make(signer, wanted, host),
        Err(fault) => Err(fault.clone()),
    });
    let typed = form.cloned().unwrap_or_default();
    let typed = match &wanted {
        Some(Ok(wanted)) => typed.with("url", &wanted.url),
        Some(Err(_)) | None => typed,
    };
    sign_form(&mut main, signer, &typed, made.as_ref().and_then(|made| made.as_ref().err()));
    let mut page = Page::new("Sign", Some(Entry::Sign), main);
    if let Some(Ok(made)) = made {
        page.main.nest(&made);
        if let (Some(Ok(wanted)), "yes") = (&wanted, typed.get("set")) {
            page.cookies = signed_cookies::for_browser(signer, wanted, host);
        }
    }
    page
}

/// A path is one of the proxy's own; whoever types `/image.svg` means that.
fn whole(url: &str, signer: &DevSigner) -> String {
    match url.starts_with('/') && !url.starts_with("//") {
        true => format!("{}{url}", signer.base),
        false => url.to_owned(),
    }
}

fn read(form: &Form, signer: &DevSigner) -> Result<WantedLink, Fault> {
    let now = clock::now();
    let url = whole(form.get("url"), signer);
    let is_cookies = form.get("make") == "cookies";
    check_url_below(&url, &signer.base).map_err(|error| ("url", error.to_string()))?;
    let (asked, _) = OwnedRequest::of_url(&url, now).map_err(|error| ("url", error.to_string()))?;
    let lifetime = parse_duration(form.get("lifetime")).map_err(|error| ("lifetime", error.to_string()))?;
    if lifetime.as_secs() == 0 {
        return Err(("lifetime", "expected more than 0 seconds".to_owned()));
    }
    let expires = EpochSeconds::parse(&now.0.saturating_add(lifetime.as_secs()).to_string(), now);
    let not_before = match form.get("not-before") {
        "" => None,
        text => Some(EpochSeconds::parse(text, now).map_err(|error| ("not-before", error.to_string()))?),
    };
    let ip = match form.get("ip") {
        "" => None,
        text => match SourceIp::parse(text) {
            Some(SourceIp::V4(range)) => Some(range),
            Some(SourceIp::V6(_)) => {
                return Err(("ip", "CloudFront policies don’t support IPv6 addresses".to_owned()));
            }
            None => {
                return Err(("ip", "expected an IPv4 address or range, such as 203.0.113.0/24".to_owned()));
            }
        },
    };
    let resource = match form.get("resource") {
        // Cookies for one URL are of no use to a page.
        "" if is_cookies => Some(format!("{}://{}/*", asked.scheme, asked.authority)),
        "" => None,
        text if text.bytes().any(|byte| !byte.is_ascii_graphic() || b"\"\\#".contains(&byte)) => {
            let expected = "expected printable ASCII without spaces, quotes, backslashes and #";
            return Err(("resource", expected.to_owned()));
        }
        text if !fits(text, &asked) => {
            return Err(("resource", "this pattern doesn’t match the URL above".to_owned()));
        }
        text => Some(text.to_owned()),
    };
    let expires = expires.map_err(|error| ("lifetime", error.to_string()))?;
    if not_before.is_some_and(|begin| begin.0.saturating_add(1) >= expires.0) {
        return Err(("not-before", "expected a start before the end".to_owned()));
    }
    if let (Some(why), None, None, None) = (wildcard_in_canned(&url), not_before, ip, &resource) {
        let fault = format!("{why}. Write a pattern as Resource, and a literal * as %2A");
        return Err(("url", fault));
    }
    Ok(WantedLink { url, is_cookies, expires, not_before, ip, resource })
}

/// Whether a link to that URL would open under a policy with that Resource.
fn fits(resource: &str, asked: &OwnedRequest) -> bool {
    let Some(Target { path, query }) = Target::parse(&asked.target) else { return false };
    let base = Base { scheme: asked.scheme.as_str(), authority: &asked.authority };
    Resource::new(resource).matches(&SignedUrl { base, path, query })
}

fn make(signer: &DevSigner, wanted: &WantedLink, host: &str) -> Result<Html, Fault> {
    let WantedLink { url, is_cookies, expires, not_before, ip, resource } = wanted;
    let terms = wanted.terms();
    let values = signing_values(url, &terms, &signer.key, &signer.key_pair_id, HashAlgorithm::Sha1)
        .map_err(|error| ("url", error.to_string()))?;
    if *is_cookies {
        return Ok(signed_cookies::show(signer, wanted, &values, host));
    }
    let link = signed_url(url, &values);
    let policy = match &terms {
        Terms::Canned { .. } => None,
        Terms::Custom { policy, .. } => Some(String::from_utf8_lossy(policy).into_owned()),
    };
    let task = Task {
        url,
        key_pair_id: &signer.key_pair_id,
        key_file: &signer.key_file.display().to_string(),
        is_ecdsa: matches!(*signer.key, PrivateKey::Ecdsa(_)),
        expires: *expires,
        not_before: *not_before,
        ip: ip.map(|ip| ip.to_string()),
        resource: resource.as_deref(),
        policy: policy.as_deref(),
    };
    let mut out = Html::default();
    let kind = if policy.is_some() { "a custom policy" } else { "a canned policy" };
    html!(out;
        "<section class=\"made\" id=\"answer\" aria-labelledby=\"made-title\">"
        "<h2 id=\"made-title\">The link</h2><p class=\"small\">With " (kind) ", good until " (expires) ".</p>"
        "<div class=\"copied\"><p class=\"url\"><a id=\"link\" href=\"" (link) "\"><code id=\"signed\">"
        (link) "</code></a></p>"
        "<button type=\"button\" class=\"copy\" data-copy=\"signed\" hidden>Copy<span class=\"unseen\"> the link</span>"
        "</button></div>"
    );
    if let Some(policy) = &policy {
        html!(out;
            "<details class=\"policy\"><summary>The policy</summary><pre tabindex=\"0\">" (policy)
            "</pre></details>"
        );
    }
    html!(out; "<h2>The same in code</h2>");
    for (number, (name, code)) in snippets(&task).iter().enumerate() {
        html!(out;
            "<details class=\"code\"><summary>" (name) "</summary><div class=\"copied\">"
            "<pre tabindex=\"0\" id=\"code" (number) "\">" (code) "</pre>"
            "<button type=\"button\" class=\"copy\" data-copy=\"code" (number)
            "\" hidden>Copy<span class=\"unseen\"> " (name) "</span></button></div></details>"
        );
    }
    html!(out; "</section>");
    Ok(out)
}

fn sign_form(out: &mut Html, signer: &DevSigner, typed: &Form, fault: Option<&Fault>) {
    let or = |name, otherwise: &str| match typed.get(name) {
        "" => otherwise.to_owned(),
        // What can be signed holds no signature of anybody's.
        typed if name == "url" && check_url(typed).is_ok() => typed.to_owned(),
        typed => redacted_by_shape(typed).into_owned(),
    };
    html!(out; "<form method=\"post\" action=\"/sign\" class=\"paste\"><fieldset class=\"choice\"><legend>What</legend>");
    for (value, name) in [("link", "a link"), ("cookies", "cookies, for a page and all that it loads")] {
        html!(out; "<label><input type=\"radio\" name=\"make\" value=\"" (value) "\"");
        if (typed.get("make") == "cookies") == (value == "cookies") {
            html!(out; " checked");
        }
        html!(out; "> " (name) "</label>");
    }
    html!(out; "</fieldset><div class=\"wide\">");
    field(
        out,
        "url",
        "URL",
        &or("url", &format!("{}/", signer.base)),
        "exactly as it will be requested; a path such as /image.svg is completed",
        fault,
    );
    let everything = "optional: a pattern with * and ?; for cookies, everything on the host unless given";
    field(out, "resource", "Resource", &or("resource", ""), everything, fault);
    html!(out; "</div><div class=\"fields\">");
    field(out, "lifetime", "Good for", &or("lifetime", "1h"), "such as 90s, 2h, 7d, 1 week", fault);
    field(out, "not-before", "Not before", &or("not-before", ""), "optional: a time, now, +5m", fault);
    field(
        out,
        "ip",
        "Viewer’s address or range",
        &or("ip", ""),
        "optional: IPv4, such as 203.0.113.0/24",
        fault,
    );
    html!(out; "</div><p class=\"field\"><button class=\"main\">Sign</button></p></form>");
}
