//! Why something that CloudFront needs wasn't found: cookies that a browser keeps back, parameters behind the wrong separator or
//! under another name, or nothing at all. Absence is proven only where everything around the request was understood.

use super::corrected::{Corrected, is_understood, opens, right_names};
use super::mistake::{Diagnosis, Mistake};
use super::traces::{has_signing_parameter, has_trace, trace_in};
use crate::access::credentials::{
    CredentialSource, Credentials, SIGNING_PARAMETERS, without_signing_parameters,
};
use crate::explain::Context;
use crate::explain::UnsentCookie;
use crate::explain::UnsentReason;
use crate::explain::checks::key_hints;
use crate::explain::request::parsed_request::ParsedRequest;
use crate::explain::request::unset_word::unset_word;
use crate::viewer::query::{parameter_name, segments};
use crate::viewer::{Target, ViewerRequest};

/// The causes of what wasn't sent, or not under its name, the likeliest first; empty where everything is there.
pub(in crate::explain) fn causes(parsed: &ParsedRequest<'_, '_>, context: &Context<'_>) -> Vec<Diagnosis> {
    let sent = parsed.sent;
    let lacking = lacking(sent);
    if lacking.is_empty() {
        return unset(sent).into_iter().collect();
    }
    let mut causes = unsent_cookies(sent, &context.surroundings.unsent_cookies);
    if !causes.is_empty() {
        let absent = not_sent(parsed, context, &lacking);
        // Cookies that browsers may send after all aren't proven to be absent.
        let proven = absent.proven && causes.iter().all(|cause| cause.proven);
        causes.push(Diagnosis { proven, ..absent });
        return causes;
    }
    if context.fragment.is_some_and(has_signing_parameter_within) {
        return vec![Mistake::Fragment.proven()];
    }
    let query = parsed.request.target.query.unwrap_or_default();
    // Names that only the separators hide.
    if signing_names(&query.replace("&amp;", "&")) > signing_names(query) {
        return vec![Mistake::HtmlEscaped.proven()];
    }
    if let Some(cause) = second_question_mark(parsed).or_else(|| percent_encoded_whole(parsed)) {
        return vec![cause];
    }
    if let Some(found) = key_hints::miscased(parsed.request) {
        let fix = format!("names are case-sensitive: {found} was sent");
        let proven = is_understood(&right_names(parsed.request).as_request(parsed.request), parsed);
        return vec![Diagnosis { proven, ..Diagnosis::proven(Mistake::NameCase, fix) }];
    }
    if has_signing_parameter(query) && cookies_would_do(parsed) {
        return vec![Mistake::UrlShadowsCookies.proven()];
    }
    vec![not_sent(parsed, context, &lacking)]
}

/// The names of what is missing or empty.
fn lacking(sent: &Credentials<'_>) -> Vec<&'static str> {
    let is_there =
        |value: &Option<std::borrow::Cow<'_, [u8]>>| value.as_deref().is_some_and(|value| !value.is_empty());
    let names = [
        ("Key-Pair-Id", is_there(&sent.key_pair_id)),
        ("Signature", is_there(&sent.signature)),
        ("Expires or Policy", is_there(&sent.policy) || is_there(&sent.expires)),
    ];
    names.iter().filter(|(_, there)| !there).map(|(name, _)| *name).collect()
}

fn not_sent(parsed: &ParsedRequest<'_, '_>, context: &Context<'_>, lacking: &[&str]) -> Diagnosis {
    // With an id, there is nothing more to be told from it.
    let why = lacking
        .contains(&"Key-Pair-Id")
        .then(|| key_hints::key_pair_id(parsed.request, parsed.sent, parsed.distributions))
        .flatten();
    let were = if lacking.len() == 1 { "was" } else { "were" };
    let mut fix = format!("{} {were} not sent", lacking.join(" and "));
    let ignored = &context.surroundings.ignored;
    let trace = trace_in(parsed.request, context.fragment);
    let mut proven = trace.is_none();
    if let Some(cause) = joined_by_ampersand(parsed) {
        return cause;
    }
    if let Some(place) = trace {
        fix.push_str(&format!(" where CloudFront looks for them, but {place} holds some of their names"));
    } else if let Some(ignored) = ignored.iter().find(|text| has_trace(text)).or(ignored.first()) {
        proven = false;
        let what = if has_trace(ignored) { "names of them are in" } else { "they may be in" };
        fix.push_str(&format!("; {what} text that was not understood and ignored"));
    } else if let Some(why) = why {
        fix.push_str(&format!(": {why}"));
    }
    Diagnosis { proven, ..Diagnosis::proven(Mistake::NotSent, fix) }
}

/// One cause for each reason why a browser keeps cookies back; where some were sent, they aren't what is missing.
fn unsent_cookies(sent: &Credentials<'_>, cookies: &[UnsentCookie]) -> Vec<Diagnosis> {
    if sent.source == Some(CredentialSource::Query) {
        return Vec::new();
    }
    let mut causes: Vec<Diagnosis> = Vec::new();
    for cookie in cookies {
        let (mistake, fix) = match &cookie.reason {
            UnsentReason::AttributeFirst { attribute } => (
                Mistake::AttributesFirst,
                format!(
                    "Set-Cookie begins with `{attribute}`, so the browser stores a cookie of that name and no {}: write the \
                     cookie's name and value first, then the attributes",
                    cookie.name
                ),
            ),
            UnsentReason::Attribute { attribute, because } => (
                Mistake::CookieNotSentByBrowser,
                format!("the browser doesn't send {} because of `{attribute}`: {because}", cookie.name),
            ),
        };
        let known = causes.iter().filter(|cause| cause.mistake == mistake).count();
        let is_same = |cause: &Diagnosis| cause.mistake == mistake;
        if known == 0 || !causes.iter().any(is_same) {
            causes.push(Diagnosis { proven: cookie.is_certain, ..Diagnosis::proven(mistake, fix) });
        }
    }
    causes
}

/// A variable without a value that was written as its word.
pub(in crate::explain) fn unset(sent: &Credentials<'_>) -> Option<Diagnosis> {
    let values =
        [("Key-Pair-Id", &sent.key_pair_id), ("Signature", &sent.signature), ("Policy", &sent.policy)];
    let (name, word) =
        values.into_iter().find_map(|(name, value)| Some((name, unset_word(value.as_deref()?)?)))?;
    let fix = format!("{name} is `{word}`: a variable without a value was written into the credentials");
    Some(Diagnosis::proven(Mistake::NotSent, fix))
}

/// Whether what follows `#` holds them: it was signed with its fragment, and the parameters came behind.
fn has_signing_parameter_within(fragment: &str) -> bool {
    fragment.split_once('?').is_some_and(|(_, query)| has_signing_parameter(query))
        || has_signing_parameter(fragment)
}

/// `…?a=1?Expires=…`: the second `?` belongs to the value of `a`.
fn second_question_mark(parsed: &ParsedRequest<'_, '_>) -> Option<Diagnosis> {
    let request = parsed.request;
    let query = request.target.query?;
    let at = query.match_indices('?').map(|(at, _)| at).find(|at| {
        segments(&query[at + 1..])
            .next()
            .is_some_and(|first| SIGNING_PARAMETERS.contains(&parameter_name(first)))
    })?;
    let joined = format!("{}&{}", &query[..at], &query[at + 1..]);
    let joined = joined.trim_start_matches('&').to_owned();
    let proven = is_understood(
        &Corrected { path: None, query: Some(joined), cookies: None }.as_request(request),
        parsed,
    );
    Some(Diagnosis { proven, ..Mistake::SecondQuestionMark.proven() })
}

/// `%3FExpires%3D…%26Signature%3D…` in the path, or such separators within the query.
fn percent_encoded_whole(parsed: &ParsedRequest<'_, '_>) -> Option<Diagnosis> {
    let request = parsed.request;
    let whole = match request.target.query {
        Some(query) => format!("{}?{query}", request.target.path),
        None => request.target.path.to_owned(),
    };
    let raw_query = request.target.query.unwrap_or_default();
    for layer in 1..=MAX_LAYERS {
        let decoded = with_plain_separators(&whole, layer);
        // What follows the first `?` is the query; `&` in its place joins what was a query already.
        let Some((path, query)) = decoded.split_once('?') else { continue };
        // A whole link within a parameter is another request's, which this one doesn't carry credentials for.
        if has_address(query) {
            return None;
        }
        let query = query.replace('?', "&");
        if signing_names(&query) > signing_names(raw_query) && !has_all(&whole) {
            let corrected = Corrected { path: Some(path.to_owned()), query: Some(query), cookies: None };
            let proven = is_understood(&corrected.as_request(request), parsed);
            return Some(Diagnosis { proven, ..Mistake::PercentEncodedWhole.proven() });
        }
    }
    None
}

/// Whether a parameter holds a URL of its own that has a query.
fn has_address(query: &str) -> bool {
    segments(query).any(|part| {
        let plain = percent_encoding::percent_decode_str(part).decode_utf8_lossy();
        plain.find("://").is_some_and(|at| plain[at..].contains('?'))
    })
}

/// How many of the signing names a query has.
fn signing_names(query: &str) -> usize {
    let has = |name: &&&str| segments(query).any(|segment| parameter_name(segment) == **name);
    SIGNING_PARAMETERS[..4].iter().filter(has).count()
}

/// Whether every parameter stands behind its separator already.
fn has_all(target: &str) -> bool {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let has = |name: &str| segments(query).any(|segment| parameter_name(segment) == name);
    has("Signature") && has("Key-Pair-Id") && (has("Expires") || has("Policy"))
}

/// The separators of a query as they are, whatever the values hold; each layer undoes one percent-encoding of them.
fn with_plain_separators(text: &str, layers: usize) -> String {
    let mut plain = text.to_owned();
    for _ in 0..layers {
        for (escaped, character) in [("%3F", "?"), ("%3f", "?"), ("%26", "&"), ("%3D", "="), ("%3d", "=")] {
            plain = plain.replace(escaped, character);
        }
        if plain.contains("%25") {
            plain = plain.replace("%25", "%");
        }
    }
    plain
}

/// `/a.mp4&Policy=…&Signature=…`: the query lacks its `?`.
fn joined_by_ampersand(parsed: &ParsedRequest<'_, '_>) -> Option<Diagnosis> {
    let request = parsed.request;
    if request.target.query.is_some() {
        return None;
    }
    let (path, query) = request.target.path.split_once('&')?;
    if !has_signing_parameter(query) {
        return None;
    }
    let corrected = Corrected { path: Some(path.to_owned()), query: Some(query.to_owned()), cookies: None };
    let proven = is_understood(&corrected.as_request(request), parsed);
    let fix = "the signing parameters follow `&` in the path: a query begins with `?`";
    Some(Diagnosis { proven, ..Diagnosis::proven(Mistake::NotSent, fix) })
}

/// Whether signing cookies that CloudFront ignores, because of a parameter in the URL, would grant access.
fn cookies_would_do(parsed: &ParsedRequest<'_, '_>) -> bool {
    let request = parsed.request;
    let query = request.target.query.and_then(without_signing_parameters);
    let target = Target { query: query.as_deref(), ..request.target };
    let by_cookies = ViewerRequest { target, ..request.clone() };
    opens(&by_cookies, parsed)
}

const MAX_LAYERS: usize = 3;
