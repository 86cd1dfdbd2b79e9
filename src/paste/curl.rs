//! What a `curl` command asks for, as far as the decision depends on it.

use http::Method;

use super::link::{Link, beginning};

/// The links of a command, from its words.
///
/// # Errors
/// Where it names no URL.
pub(super) fn links(place: &str, words: &[String]) -> Result<Vec<Link>, String> {
    let mut command = Command::default();
    let mut words = words.iter().skip(1).map(String::as_str);
    while let Some(word) = words.next() {
        if let Some(name) = word.strip_prefix("--") {
            let value = takes_value(name).then(|| words.next()).flatten();
            command.take(name, value.unwrap_or_default());
        } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            command.take_short(letters, || words.next());
        } else {
            command.urls.push(word.to_owned());
        }
    }
    command.into_links(place)
}

#[derive(Default)]
struct Command {
    urls: Vec<String>,
    method: Option<Method>,
    is_head: bool,
    cookies: Vec<String>,
    host: Option<String>,
    headers: Vec<String>,
    data: Vec<String>,
    has_data: bool,
    as_query: bool,
    notes: Vec<String>,
}

impl Command {
    /// Several letters may share one `-`; the rest behind one that takes a value is the value.
    fn take_short<'w>(&mut self, letters: &'w str, mut next: impl FnMut() -> Option<&'w str>) {
        for (at, letter) in letters.char_indices() {
            let Some((_, name)) = SHORT.iter().find(|(short, _)| *short == letter) else { continue };
            if takes_value(name) {
                let glued = &letters[at + letter.len_utf8()..];
                let value = if glued.is_empty() { next().unwrap_or_default() } else { glued };
                return self.take(name, value);
            }
            self.take(name, "");
        }
    }

    fn take(&mut self, name: &str, value: &str) {
        match name {
            "url" => self.urls.push(value.to_owned()),
            "request" => match Method::from_bytes(value.as_bytes()) {
                Ok(method) => self.method = Some(method),
                Err(_) => self.notes.push(format!("-X {} is no method", beginning(value))),
            },
            "head" => self.is_head = true,
            "get" => self.as_query = true,
            "header" => self.header(value),
            "cookie" if value.contains('=') => self.cookies.push(value.to_owned()),
            "cookie" => self.notes.push(format!(
                "the cookies in the file {} aren't read: give them with --cookie",
                beginning(value)
            )),
            "data-urlencode" | "form" | "upload-file" | "json" => self.has_data = true,
            name if name.starts_with("data") => {
                self.has_data = true;
                self.data.push(value.to_owned());
            }
            "resolve" | "connect-to" | "proxy" => self
                .notes
                .push(format!("--{name} changes who is asked, not what is judged, so it is left out")),
            _ => {}
        }
    }

    fn header(&mut self, text: &str) {
        let Some((name, value)) = text.split_once(':') else { return };
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        match name.as_str() {
            "cookie" => self.cookies.push(value.to_owned()),
            "host" => self.host = Some(value.to_owned()),
            _ => self.headers.push(name),
        }
    }

    fn into_links(mut self, place: &str) -> Result<Vec<Link>, String> {
        let posts = self.has_data && !self.as_query;
        let implied = if self.is_head {
            Method::HEAD
        } else if posts {
            Method::POST
        } else {
            Method::GET
        };
        let method = self.method.take().unwrap_or(implied);
        if posts {
            self.notes.push("the body isn't looked at: no policy has a condition on it".to_owned());
        }
        let query = self.as_query.then(|| self.data.join("&")).filter(|query| !query.is_empty());
        if query.is_some() {
            self.notes.push("-G: the data became part of the query, as curl does".to_owned());
        }
        if self.urls.is_empty() {
            return Err("the command names no URL".to_owned());
        }
        let is_preflight = method == Method::OPTIONS
            && ["origin", "access-control-request-method"]
                .iter()
                .all(|name| self.headers.iter().any(|header| header == name));
        let links = self.urls.iter().map(|url| {
            let mut notes = self.notes.clone();
            let mut url = url.clone();
            if !url.contains("://") {
                notes.push("the URL has no scheme; curl takes http://".to_owned());
                url.insert_str(0, "http://");
            }
            if let Some(query) = &query {
                url.push(if url.contains('?') { '&' } else { '?' });
                url.push_str(query);
            }
            Link {
                cookies: self.cookies.clone(),
                method: Some(method.clone()),
                host: self.host.clone(),
                is_preflight,
                notes,
                ..Link::found_at(place, url)
            }
        });
        Ok(links.collect())
    }
}

/// Whether the word behind an option belongs to it.
fn takes_value(name: &str) -> bool {
    name.starts_with("data") || WITH_VALUE.contains(&name) || SHORT_WITH_VALUE.contains(&name)
}

/// The short options that matter, or that take a value, by their long names.
const SHORT: [(char, &str); 31] = [
    ('X', "request"),
    ('I', "head"),
    ('G', "get"),
    ('H', "header"),
    ('b', "cookie"),
    ('d', "data"),
    ('F', "form"),
    ('T', "upload-file"),
    ('x', "proxy"),
    ('A', "user-agent"),
    ('c', "cookie-jar"),
    ('C', "continue-at"),
    ('D', "dump-header"),
    ('e', "referer"),
    ('E', "cert"),
    ('h', "help"),
    ('K', "config"),
    ('m', "max-time"),
    ('o', "output"),
    ('P', "ftp-port"),
    ('Q', "quote"),
    ('r', "range"),
    ('t', "telnet-option"),
    ('u', "user"),
    ('U', "proxy-user"),
    ('w', "write-out"),
    ('y', "speed-time"),
    ('Y', "speed-limit"),
    ('z', "time-cond"),
    ('L', "location"),
    ('k', "insecure"),
];
const WITH_VALUE: [&str; 37] = [
    "url",
    "request",
    "header",
    "cookie",
    "form",
    "form-string",
    "json",
    "upload-file",
    "resolve",
    "connect-to",
    "proxy",
    "user-agent",
    "cookie-jar",
    "referer",
    "cert",
    "key",
    "cacert",
    "capath",
    "ciphers",
    "max-time",
    "connect-timeout",
    "output",
    "output-dir",
    "range",
    "retry",
    "retry-delay",
    "user",
    "write-out",
    "interface",
    "dns-servers",
    "limit-rate",
    "max-redirs",
    "oauth2-bearer",
    "aws-sigv4",
    "url-query",
    "proxy-header",
    "config",
];
const SHORT_WITH_VALUE: [&str; 9] = [
    "continue-at",
    "dump-header",
    "ftp-port",
    "quote",
    "telnet-option",
    "proxy-user",
    "speed-time",
    "speed-limit",
    "time-cond",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(command: &str) -> Vec<Link> {
        links("x", &super::super::words::split(command).unwrap()).unwrap()
    }

    #[test]
    fn what_curl_would_ask_is_read() {
        let link =
            &read("curl -sIL 'https://a/x?b=1' -H 'Cookie: c=1' -b d=2 -H 'Host: h' -o out --resolve a:1:b")
                [0];
        assert_eq!((link.url.as_str(), link.method.as_ref()), ("https://a/x?b=1", Some(&Method::HEAD)));
        assert_eq!((link.cookies.join("; ").as_str(), link.host.as_deref()), ("c=1; d=2", Some("h")));
        assert!(link.notes[0].contains("--resolve"));
        assert_eq!(read("curl a/x -d b=1")[0].method, Some(Method::POST));
        assert_eq!(read("curl -XDELETE a/x")[0].method, Some(Method::DELETE));
        let query = &read("curl -G https://a/x?c=2 --data b=1")[0];
        assert_eq!((query.url.as_str(), query.method.as_ref()), ("https://a/x?c=2&b=1", Some(&Method::GET)));
        assert_eq!(read("curl https://a https://b").len(), 2);
        let asks = "curl -X OPTIONS https://a -H 'Origin: x' -H 'Access-Control-Request-Method: GET'";
        assert!(read(asks)[0].is_preflight);
        assert!(links("x", &["curl".to_owned()]).is_err());
    }
}
