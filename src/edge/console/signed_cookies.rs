//! Signed cookies on `/sign`: as headers, as a command, as code, and set in the browser that looks at the page.

use super::html::{Html, html};
use super::sign_terms::WantedLink;
use super::snippets::{double, shell, single};
use crate::clock;
use crate::distribution::key::HashAlgorithm;
use crate::edge::state::dev_signer::DevSigner;
use crate::explain::OwnedRequest;
use crate::sign::{Terms, signing_values};
use crate::viewer::Host;

/// The cookies in every form.
pub(super) fn show(
    signer: &DevSigner,
    wanted: &WantedLink,
    values: &[(&'static str, String)],
    host: &str,
) -> Html {
    let cookies: Vec<String> =
        values.iter().map(|(name, value)| format!("CloudFront-{name}={value}")).collect();
    let policy = match wanted.terms() {
        Terms::Canned { .. } => String::new(),
        Terms::Custom { policy, .. } => String::from_utf8_lossy(&policy).into_owned(),
    };
    let set: Vec<String> =
        cookies.iter().map(|cookie| format!("Set-Cookie: {cookie}; Path=/; Secure; HttpOnly\n")).collect();
    let resource = wanted.resource.as_deref().unwrap_or(&wanted.url);
    let mut out = Html::default();
    html!(out;
        "<section class=\"made\" id=\"answer\" aria-labelledby=\"made-title\"><h2 id=\"made-title\">The cookies</h2>"
        "<p class=\"small\">For <code>" (resource) "</code>, good until " (wanted.expires) ".</p>"
    );
    match reaches(&wanted.url, host) {
        true => browser_form(&mut out, wanted),
        false => {
            html!(out; "<p class=\"note\">This page can set cookies for its own host alone, which is <code>" (host_name(host))
            "</code>.</p>");
        }
    }
    let texts = [
        ("Set-Cookie headers, for https", set.concat()),
        (
            "curl",
            format!(
                "curl -g -i {} \\\n  -H {}\n",
                shell(&wanted.url),
                shell(&format!("Cookie: {}", cookies.join("; ")))
            ),
        ),
        ("The policy", policy.clone()),
        ("JavaScript (AWS SDK v3)", javascript(signer, &policy)),
        ("Frontgate", frontgate(signer, wanted, resource)),
    ];
    for (number, (name, text)) in texts.iter().enumerate().filter(|(_, (_, text))| !text.is_empty()) {
        html!(out;
            "<details class=\"code\"><summary>" (name) "</summary><div class=\"copied\">"
            "<pre tabindex=\"0\" id=\"code" (number) "\">" (text) "</pre>"
            "<button type=\"button\" class=\"copy\" data-copy=\"code" (number)
            "\" hidden>Copy<span class=\"unseen\"> " (name) "</span></button></div></details>"
        );
    }
    html!(out; "</section>");
    out
}

/// Posts the same again, for cookies in the response.
fn browser_form(out: &mut Html, wanted: &WantedLink) {
    html!(out; "<form method=\"post\" action=\"/sign\" class=\"set\">");
    let seconds = wanted.expires.since(clock::now()).as_secs();
    let optional = |value: Option<String>| value.unwrap_or_default();
    for (name, value) in [
        ("make", "cookies".to_owned()),
        ("set", "yes".to_owned()),
        ("url", wanted.url.clone()),
        ("lifetime", format!("{seconds}s")),
        ("not-before", optional(wanted.not_before.map(|begin| begin.0.to_string()))),
        ("ip", optional(wanted.ip.map(|ip| ip.to_string()))),
        ("resource", optional(wanted.resource.clone())),
    ] {
        html!(out; "<input type=\"hidden\" name=\"" (name) "\" value=\"" (value) "\">");
    }
    html!(out; "<p><button class=\"main\">Set them in this browser</button> <a href=\"" (wanted.url) "\">"
        "Open " (wanted.url) "</a></p></form>");
}

/// What the console's response sets; nothing for a host that it can't set cookies for.
pub(super) fn for_browser(signer: &DevSigner, wanted: &WantedLink, host: &str) -> Vec<String> {
    if !wanted.is_cookies || !reaches(&wanted.url, host) {
        return Vec::new();
    }
    let (terms, id) = (wanted.terms(), &signer.key_pair_id);
    let values =
        signing_values(&wanted.url, &terms, &signer.key, id, HashAlgorithm::Sha1).unwrap_or_default();
    let seconds = wanted.expires.since(clock::now()).as_secs();
    let cookie = |(name, value)| {
        format!("CloudFront-{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax")
    };
    values.into_iter().map(cookie).collect()
}

/// Whether a cookie of this page is sent to that URL: ports don't count.
fn reaches(url: &str, host: &str) -> bool {
    let Ok((asked, _)) = OwnedRequest::of_url(url, clock::now()) else { return false };
    asked.host().is_ok_and(|asked| asked.name().eq_ignore_ascii_case(host_name(host)))
}

fn host_name(host: &str) -> &str {
    Host::parse(host).map_or(host, |host| host.name())
}

fn javascript(signer: &DevSigner, policy: &str) -> String {
    format!(
        "// npm install @aws-sdk/cloudfront-signer; a file sign.mjs\nimport {{ readFileSync }} from \"node:fs\";\n\
         import {{ getSignedCookies }} from \"@aws-sdk/cloudfront-signer\";\n\n\
         console.log(getSignedCookies({{\n  keyPairId: {},\n  privateKey: readFileSync({}, \"utf8\"),\n  policy: {},\n}}));\n",
        double(&signer.key_pair_id),
        double(&signer.key_file.display().to_string()),
        single(policy)
    )
}

fn frontgate(signer: &DevSigner, wanted: &WantedLink, resource: &str) -> String {
    let mut more = String::new();
    for (option, value) in [
        ("--not-before", wanted.not_before.map(|begin| begin.0.to_string())),
        ("--ip", wanted.ip.map(|ip| ip.to_string())),
    ] {
        if let Some(value) = value {
            more.push_str(&format!(" \\\n  {option} {}", shell(&value)));
        }
    }
    format!(
        "frontgate sign cookies {} --resource {} \\\n  --key-pair-id {} --private-key {} \\\n  --expires {}{more}\n",
        shell(&wanted.url),
        shell(resource),
        shell(&signer.key_pair_id),
        shell(&signer.key_file.display().to_string()),
        wanted.expires.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_set_for_the_own_host_alone() {
        for (url, host, expected) in [
            ("http://127.0.0.1:8080/x", "127.0.0.1:9090", true),
            ("https://LOCALHOST/x", "localhost:9090", true),
            ("http://localhost:8080/x", "127.0.0.1:9090", false),
            ("http://media.example.com/x", "localhost:9090", false),
            ("x", "localhost", false),
        ] {
            assert_eq!(reaches(url, host), expected, "{url} {host}");
        }
    }
}
