//! HAR files, entry by entry: bodies are passed over, and nothing is kept of an entry that was dealt with.

use std::fmt;
use std::io::BufReader;
use std::ops::ControlFlow;

use http::Method;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::embedded_url::is_signed;
use super::input::Text;
use super::json_limit::{MAX_STRING, Shortened};
use super::link::{Link, LinkSink, problem};
use super::place::{MAX_URL, too_long};
use super::response::ResponseHead;
use super::response_source;
use crate::access::credentials::is_signing_cookie;
use crate::epoch::EpochSeconds;

/// Gives every entry on whose request is signed, or whose response is 403.
pub(super) fn read(text: Text, sink: &mut dyn LinkSink) -> ControlFlow<()> {
    let name = text.name.clone();
    let reader = BufReader::with_capacity(64 << 10, Shortened::new(text.into_reader()));
    let mut stopped = false;
    let mut seen = Seen::default();
    let outcome = {
        let mut entries = Entries { name: &name, sink, stopped: &mut stopped, seen: &mut seen };
        let mut json = serde_json::Deserializer::from_reader(reader);
        Document { entries: &mut entries }.deserialize(&mut json).and_then(|()| json.end())
    };
    if stopped {
        return ControlFlow::Break(());
    }
    if let Err(error) = outcome {
        let fault = problem(&name, error.line(), format!("this is not a HAR file: {error}"));
        let expected = format!(
            "JSON with `log.entries`, at most 1 GiB of it; of each string at most {MAX_STRING} bytes are read"
        );
        sink.problem(Box::new(
            fault
                .expected(expected)
                .help("in the browser's network panel: \"Export HAR (with sensitive data)\""),
        ));
    } else if seen.entries == 0 {
        let fault = problem(&name, 0, "this is a HAR file without entries");
        sink.problem(Box::new(
            fault
                .expected("entries, each a request")
                .help("record the request, and export again \"with sensitive data\""),
        ));
    } else {
        sink.note(&format!("{name}: a HAR file, {} of its {} entries to explain", seen.taken, seen.entries));
        if seen.taken > 0 && seen.cookies == 0 && seen.without_credentials > 0 {
            sink.note(&format!(
                "{name}: no entry has cookies; a browser leaves them out of a HAR file that it calls sanitized"
            ));
        }
    }
    ControlFlow::Continue(())
}

#[derive(Default)]
struct Seen {
    entries: usize,
    taken: usize,
    cookies: usize,
    without_credentials: usize,
}

struct Entries<'s> {
    name: &'s str,
    sink: &'s mut dyn LinkSink,
    stopped: &'s mut bool,
    seen: &'s mut Seen,
}

/// Defines a visitor of an object that looks into one member and passes over the others.
macro_rules! into_member {
    ($outer:ident, $member:literal, $inner:ident, $expected:literal) => {
        struct $outer<'e, 's> {
            entries: &'e mut Entries<'s>,
        }

        impl<'de> DeserializeSeed<'de> for $outer<'_, '_> {
            type Value = ();
            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                deserializer.deserialize_map(self)
            }
        }

        impl<'de> Visitor<'de> for $outer<'_, '_> {
            type Value = ();
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($expected)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
                let mut is_there = false;
                while let Some(name) = map.next_key::<String>()? {
                    if name == $member {
                        is_there = true;
                        map.next_value_seed($inner { entries: &mut *self.entries })?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                if is_there { Ok(()) } else { Err(A::Error::missing_field($member)) }
            }
        }
    };
}

into_member!(Document, "log", Log, "an object with `log`");
into_member!(Log, "entries", List, "an object with `entries`");

struct List<'e, 's> {
    entries: &'e mut Entries<'s>,
}

impl<'de> DeserializeSeed<'de> for List<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(entry) = list.next_element::<HarEntry>()? {
            if self.entries.take(entry).is_break() {
                *self.entries.stopped = true;
                return Err(A::Error::custom("nothing more can be taken"));
            }
        }
        Ok(())
    }
}

/// What counts of an entry; serde passes over everything else.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HarEntry {
    #[serde(default)]
    started_date_time: String,
    request: HarRequest,
    #[serde(default)]
    response: HarResponse,
}

#[derive(Deserialize)]
struct HarRequest {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(default)]
    cookies: Vec<Pair>,
}

#[derive(Default, Deserialize)]
struct HarResponse {
    #[serde(default)]
    status: i64,
    #[serde(default)]
    headers: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    #[serde(default)]
    name: String,
    #[serde(default)]
    value: String,
}

impl Entries<'_> {
    fn take(&mut self, entry: HarEntry) -> ControlFlow<()> {
        self.seen.entries += 1;
        let HarEntry { started_date_time, request, response } = entry;
        let cookies = request.cookie_fields();
        self.seen.cookies += usize::from(!cookies.is_empty());
        let is_signed = is_signed(&request.url) || cookies.iter().any(|field| is_signing(field));
        if !is_signed && response.status != 403 {
            return ControlFlow::Continue(());
        }
        self.seen.taken += 1;
        self.seen.without_credentials += usize::from(!is_signed);
        let place = format!("entry {} of {}", self.seen.entries, self.name);
        if request.url.len() > MAX_URL {
            self.sink.problem(too_long(&place, 0, request.url.len()));
            return ControlFlow::Continue(());
        }
        let may_be_left_out = !is_signed && self.seen.cookies == 0;
        let mut link = link_of(HarEntry { started_date_time, request, response }, cookies, place);
        if may_be_left_out {
            link.ignore("a HAR file without cookies, as browsers export it by default");
        }
        self.sink.link(link)
    }
}

/// A single entry that was copied out of a HAR file.
pub(super) fn entry(object: &serde_json::Map<String, serde_json::Value>, place: &str) -> Option<Link> {
    let request = object.get("request")?;
    if !request.get("url").is_some_and(serde_json::Value::is_string) || request.get("headers").is_none() {
        return None;
    }
    let entry = HarEntry::deserialize(object).ok()?;
    let cookies = entry.request.cookie_fields();
    Some(link_of(entry, cookies, place.to_owned()))
}

fn link_of(entry: HarEntry, cookies: Vec<String>, place: String) -> Link {
    let HarEntry { started_date_time, request, response } = entry;
    let mut notes = Vec::new();
    let at = EpochSeconds::parse(&started_date_time, EpochSeconds(0));
    if at.is_err() {
        notes.push("the entry's startedDateTime can't be read: judged as of now".to_owned());
    }
    let has = |name: &str| request.headers.iter().any(|header| header.name.eq_ignore_ascii_case(name));
    let link = Link {
        is_preflight: request.method == "OPTIONS" && has("origin") && has("access-control-request-method"),
        method: Method::from_bytes(request.method.as_bytes()).ok(),
        cookies,
        at: at.ok(),
        status: u16::try_from(response.status).ok().filter(|status| *status > 0),
        notes,
        ..Link::found_at(place, request.url)
    };
    response.told_by(link)
}

impl HarRequest {
    /// As headers, or else as the list that browsers make of them.
    fn cookie_fields(&self) -> Vec<String> {
        let headers = self.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("cookie"));
        let fields: Vec<String> = headers.map(|header| header.value.clone()).collect();
        if !fields.is_empty() || self.cookies.is_empty() {
            return fields;
        }
        let pairs: Vec<String> =
            self.cookies.iter().map(|pair| format!("{}={}", pair.name, pair.value)).collect();
        vec![pairs.join("; ")]
    }
}

impl HarResponse {
    /// Where a 403 is somebody else's, that is more than what the signature says.
    fn told_by(self, mut link: Link) -> Link {
        if self.status == 403 {
            let headers = self.headers.into_iter().map(|header| (header.name, header.value)).collect();
            let finding = response_source::judge(&ResponseHead { status: Some(403), headers }, "");
            if let Some(verdict) = finding.if_not_the_signature() {
                link.notes.push(verdict);
            }
        }
        link
    }
}

fn is_signing(field: &str) -> bool {
    field
        .split(';')
        .any(|pair| is_signing_cookie(pair.split('=').next().unwrap_or_default().trim().as_bytes()))
}
