//! Moves the clock of test mode for one browser, by a cookie that the proxy reads as it reads `X-Frontgate-Now` (reference 5).
//!
//! Browsers send a host's cookies to all of its ports, so that what is set here reaches the proxy on the same host, and no
//! other one: where links are signed for another name, the page says so instead.

use http::HeaderMap;
use http::header::{COOKIE, HOST};

use super::html::{Html, html};
use crate::clock;
use crate::distribution::BaseUrl;
use crate::edge::io::form::Form;
use crate::epoch::EpochSeconds;
use crate::viewer::Host;

/// The time that the browser has been given, as its cookie says.
fn chosen(headers: &HeaderMap) -> Option<String> {
    let fields = headers.get_all(COOKIE).iter().filter_map(|field| field.to_str().ok());
    let mut pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == NAME)?;
    Some(value.to_owned())
        .filter(|value| value.len() <= MAX_LEN && EpochSeconds::parse(value, clock::now()).is_ok())
}

/// The switch. `base` is what links begin with, where that is known.
pub(super) fn show(out: &mut Html, headers: &HeaderMap, base: Option<&str>) {
    let chosen = chosen(headers);
    html!(out; "<details class=\"clock" (if chosen.is_some() { " moved" } else { "" }) "\" id=\"clock\"><summary>Clock: ");
    match &chosen {
        Some(time) => html!(out; "<strong>" (time) "</strong>"),
        None => html!(out; "real"),
    }
    html!(out; "</summary><div class=\"panel\">");
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    match base.and_then(|base| elsewhere(host, base)) {
        Some(Elsewhere { host, base, console }) => {
            html!(out; "<p>Links are for <code>" (base) "</code>, and this page is on <code>" (host)
                "</code>: a browser sends its cookie to one and not to the other. ");
            match console {
                Some(console) => {
                    html!(out; "<a href=\"" (console) "\">Open the console at " (console) "</a> to move the clock.</p>");
                }
                None => {
                    html!(out; "Use <code>frontgate dev --now TIME</code> or the header <code>X-Frontgate-Now</code>.</p>");
                }
            }
        }
        None => form(out, host, chosen.as_deref()),
    }
    html!(out; "</div></details>");
}

fn form(out: &mut Html, host: &str, chosen: Option<&str>) {
    let name = Host::parse(host).map_or(host, |host| host.name());
    html!(out;
        "<form method=\"post\" action=\"/clock\"><p>Requests of this browser to <code>" (name)
        "</code>, on every port, are judged at another time, for twelve hours at most.</p><p class=\"presets\">"
    );
    for time in ["+1h", "+1d", "+7d", "-1d"] {
        html!(out; "<button name=\"preset\" value=\"" (time) "\">" (time) "</button>");
    }
    html!(out;
        "</p><p class=\"field\"><label for=\"clock-now\">Time</label><input id=\"clock-now\" name=\"now\" value=\""
        (chosen.unwrap_or("")) "\" placeholder=\"+2h\" autocomplete=\"off\" spellcheck=\"false\" aria-describedby=\"clock-hint\">"
        "<span class=\"hint\" id=\"clock-hint\">An offset such as +2h moves with the clock; RFC 3339 or Unix seconds set a fixed time."
        "</span></p><p class=\"presets\"><button class=\"move\">Move the clock</button>"
        "<button name=\"preset\" value=\"real\">Real time</button></p></form>"
    );
}

/// Links for a host that a cookie of this page doesn't reach.
struct Elsewhere<'a> {
    host: &'a str,
    base: &'a str,
    /// The console under that host, where it answers to it.
    console: Option<String>,
}

fn elsewhere<'a>(host: &'a str, base: &'a str) -> Option<Elsewhere<'a>> {
    let parsed = Host::parse(host).ok()?;
    let of_links = BaseUrl::parse(base).ok()?;
    if parsed.name().eq_ignore_ascii_case(of_links.host_name()) {
        return None;
    }
    let is_local = Host::parse(of_links.host_name()).is_ok_and(|name| name.is_local_or_address());
    let port = parsed.port().unwrap_or(80);
    let console = is_local.then(|| format!("http://{}:{port}/", of_links.host_name()));
    Some(Elsewhere { host: parsed.name(), base, console })
}

/// The cookie for what was posted.
///
/// # Errors
/// A sentence for a time that can't be read.
pub(super) fn cookie(form: &Form) -> Result<String, String> {
    let text = match form.short("preset") {
        "" => form.short("now"),
        preset => preset,
    };
    if matches!(text, "" | "real" | "now") {
        return Ok(format!("{NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"));
    }
    let now = clock::now();
    let time = EpochSeconds::parse(text, now).map_err(|error| error.to_string())?;
    // A distance is written in seconds: what people type may hold spaces, which no cookie may.
    let value = match text.bytes().next() {
        Some(b'+') => format!("+{}s", time.since(now).as_secs()),
        Some(b'-') => format!("-{}s", now.since(time).as_secs()),
        _ => time.0.to_string(),
    };
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-:.".contains(&byte));
    let value = if is_plain && text.len() <= MAX_LEN { text.to_owned() } else { value };
    Ok(format!("{NAME}={value}; Path=/; Max-Age={LIFETIME}; HttpOnly; SameSite=Lax"))
}

/// As the proxy reads it in test mode.
const NAME: &str = "Frontgate-Now";
/// Bytes of a time.
const MAX_LEN: usize = 40;
/// Seconds: a day of work. A clock that was forgotten goes right again.
const LIFETIME: u32 = 12 * 3_600;

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn made(field: &str, value: &str) -> Result<String, String> {
        cookie(&Form::parse(format!("{field}={}", value.replace('+', "%2B")).as_bytes()))
    }

    #[test]
    fn a_time_becomes_a_cookie_and_nothing_else_gets_into_it() {
        for (value, expected) in [
            ("+3h", "Frontgate-Now=+3h; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax"),
            ("-5m", "Frontgate-Now=-5m; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax"),
            (
                "2026-11-24T10:00:00Z",
                "Frontgate-Now=2026-11-24T10:00:00Z; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax",
            ),
            ("real", "Frontgate-Now=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"),
            ("", "Frontgate-Now=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"),
        ] {
            assert_eq!(made("now", value).as_deref(), Ok(expected));
        }
        for value in ["soon", "+3h; Domain=example.com", "5\r\nX: y"] {
            assert!(made("now", value).is_err(), "{value}");
            assert!(made("preset", value).is_err(), "{value}");
        }
    }

    #[test]
    fn the_cookie_counts_where_it_is_a_time() {
        for (field, expected) in [
            ("a=b; Frontgate-Now=+3h", Some("+3h")),
            ("Frontgate-Now=<img>", None),
            ("frontgate-now=+3h", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(field))]);
            assert_eq!(chosen(&headers).as_deref(), expected, "{field}");
        }
    }

    #[test]
    fn another_host_is_named_with_the_console_there() {
        let console = |host, base| elsewhere(host, base).map(|found| found.console);
        assert_eq!(console("127.0.0.1:9090", "http://127.0.0.1:8080"), None);
        assert_eq!(console("LOCALHOST:9090", "https://localhost:8443"), None);
        let local = Some(Some("http://media.localhost:9090/".to_owned()));
        assert_eq!(console("127.0.0.1:9090", "http://media.localhost:8080"), local);
        assert_eq!(console("127.0.0.1:9090", "http://app.test:8080"), Some(None));
    }
}
