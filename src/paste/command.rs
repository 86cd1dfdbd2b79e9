//! What a command requests, as far as the decision depends on it: curl, wget, aria2c, yt-dlp, HTTPie, xh, ffmpeg and mpv.

use http::Method;

use super::command_url::{httpie_url, streamed};
use super::curl_options::{SHORT, takes_value};
use super::link::{Link, MAX_IGNORED, beginning};

/// What the words of a command name.
#[derive(Default)]
pub(super) struct Command {
    urls: Vec<String>,
    method: Option<Method>,
    is_head: bool,
    cookies: Vec<String>,
    host: Option<String>,
    headers: Vec<String>,
    data: Vec<String>,
    has_data: bool,
    as_query: bool,
    hides_cookies: bool,
    notes: Vec<String>,
    /// Words with credentials that no option explains.
    unread: Vec<String>,
}

impl Command {
    pub(super) fn of_curl<'w>(mut words: impl Iterator<Item = &'w str>) -> Self {
        let mut command = Self::default();
        while let Some(word) = words.next() {
            if let Some(name) = word.strip_prefix("--") {
                // curl wants two words; other programs that people copy from take `--cookie=…`.
                let (name, glued) =
                    name.split_once('=').map_or((name, None), |(name, value)| (name, Some(value)));
                let value = glued.or_else(|| takes_value(name).then(|| words.next()).flatten());
                command.take(name, value.unwrap_or_default());
            } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
                command.take_short(letters, || words.next());
            } else {
                command.urls.push(word.to_owned());
            }
        }
        command
    }

    pub(super) fn of_httpie<'w>(words: impl Iterator<Item = &'w str>, scheme: &str) -> Self {
        let mut command = Self::default();
        let mut query = Vec::new();
        let (options, words): (Vec<&str>, Vec<&str>) = words.partition(|word| word.starts_with('-'));
        if options.iter().any(|option| option.starts_with("--session")) {
            command.hide("the cookies of the session aren't in the text".to_owned());
        }
        options.iter().for_each(|option| command.unread(option));
        // A value of an option may come first, so that a whole URL counts before other words.
        let url = words.iter().position(|word| word.starts_with("http://") || word.starts_with("https://"));
        let is_method = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase());
        let skipped = |at: usize, word: &str| {
            url.is_some_and(|url| at < url) && !is_method(word) && !word.contains(':')
        };
        words
            .iter()
            .enumerate()
            .filter(|(at, word)| skipped(*at, word))
            .for_each(|(_, word)| command.unread(word));
        let kept = words.iter().enumerate().filter(|(at, word)| !skipped(*at, word)).map(|(_, word)| *word);
        for word in kept {
            if command.urls.is_empty() {
                if is_method(word) {
                    command.method = Method::from_bytes(word.as_bytes()).ok();
                    continue;
                }
                command.urls.push(httpie_url(word, scheme));
            } else if let Some((name, value)) = word.split_once("==") {
                query.push(format!("{name}={}", encoded(value)));
            } else if word
                .split_once(':')
                .is_some_and(|(name, value)| is_header(name) && !value.starts_with('='))
            {
                command.header(word);
            } else {
                command.unread(word);
                command.has_data |= word.contains('=') || word.contains('@');
            }
        }
        if let Some(url) = command.urls.first_mut().filter(|_| !query.is_empty()) {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&query.join("&"));
        }
        command
    }

    /// Options whose value is a header or a cookie, and words with a scheme.
    pub(super) fn of_downloader<'w>(mut words: impl Iterator<Item = &'w str>) -> Self {
        let mut command = Self::default();
        while let Some(word) = words.next() {
            let (name, glued) = match word.split_once('=') {
                Some((name, value)) if word.starts_with('-') => (name, Some(value)),
                Some(_) | None => (word, None),
            };
            match name {
                "--header"
                | "-headers"
                | "--add-header"
                | "--add-headers"
                | "--http-header"
                | "--http-header-fields"
                | "--http-header-fields-append"
                | "-cookies"
                | "--http-cookie"
                | "-H" => {
                    let value = glued.or_else(|| words.next()).unwrap_or_default();
                    command.headers_or_cookies(name, value);
                }
                "--referer" | "-referer" | "--referrer" | "--user-agent" | "-user_agent" | "-U"
                | "--proxy" | "--all-proxy" | "--output" | "-o" | "-O" => {
                    let _ = glued.or_else(|| words.next());
                }
                "--spider" => command.is_head = true,
                "--method" => command.take("request", glued.or_else(|| words.next()).unwrap_or_default()),
                "--post-data" | "--body-data" | "--post-file" => command.has_data = true,
                "--load-cookies" | "--cookies" | "--cookies-file" => {
                    command.take("cookie", glued.or_else(|| words.next()).unwrap_or_default());
                }
                "--cookies-from-browser" => {
                    command.hide("the browser's cookies aren't in the text".to_owned());
                }
                _ if word.contains("://") && !word.starts_with('-') => command.urls.push(streamed(word)),
                _ => command.unread(word),
            }
        }
        command
    }

    fn headers_or_cookies(&mut self, option: &str, value: &str) {
        if matches!(option, "-cookies" | "--http-cookie") {
            // ffmpeg takes lines as of Set-Cookie.
            let pairs = value.lines().filter_map(|line| line.split(';').next());
            return self.cookies.extend(pairs.map(str::to_owned));
        }
        // ffmpeg separates headers by line ends, mpv by commas.
        let lines = value.split(['\r', '\n']).flat_map(|line| line.split("\\r\\n"));
        lines.filter(|line| !line.trim().is_empty()).for_each(|line| self.header(line));
    }

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
                Err(_) => self.notes.push(format!("-X {} is not a method", beginning(value))),
            },
            "head" => self.is_head = true,
            "get" => self.as_query = true,
            "header" => self.header(value),
            "cookie" if value.contains('=') => self.cookies.push(value.to_owned()),
            "cookie" => self.hide(format!(
                "the cookies in the file {} aren't read: paste them too, or give them with --cookie",
                beginning(value)
            )),
            "config" => self.hide(format!("the options in the file {} aren't read", beginning(value))),
            "data-urlencode" | "form" | "upload-file" | "json" => self.has_data = true,
            name if name.starts_with("data") => {
                self.has_data = true;
                self.data.push(value.to_owned());
            }
            "resolve" | "connect-to" | "proxy" => self
                .notes
                .push(format!("--{name} changes which server is contacted, not what is judged: ignored")),
            _ => {}
        }
    }

    /// Notes that there may be cookies which the text leaves out.
    fn hide(&mut self, note: String) {
        self.hides_cookies = true;
        self.notes.push(note);
    }

    fn header(&mut self, text: &str) {
        if let Some(file) = text.strip_prefix('@') {
            return self.hide(format!("the headers in the file {} aren't read", beginning(file)));
        }
        // streamlink separates name and value by `=`.
        let is_pair = |name: &str| name.trim().eq_ignore_ascii_case("cookie");
        let pair = text.split_once('=').filter(|(name, _)| is_pair(name)).or_else(|| text.split_once(':'));
        let Some((name, value)) = pair else { return self.unread(text) };
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        match name.as_str() {
            // What stands in place of a value was cut out of it, or is in a file.
            "cookie" if !value.contains('=') => {
                self.hide(format!("the header Cookie is {}", beginning(value)));
            }
            "cookie" => self.cookies.push(value.to_owned()),
            "host" => self.host = Some(value.to_owned()),
            _ => {
                if value.contains("CloudFront-Signature") {
                    self.notes.push(format!(
                        "the header {name} holds signing cookies; CloudFront reads Cookie alone"
                    ));
                }
                self.headers.push(name);
            }
        }
    }

    /// A word that isn't understood, where it may hold signing values: what isn't in the rest is then not proven to be absent.
    fn unread(&mut self, word: &str) {
        if (word.contains("CloudFront-") || word.contains("Signature")) && self.unread.len() < MAX_IGNORED {
            self.unread.push(word.to_owned());
        }
    }

    pub(super) fn into_links(mut self, place: &str) -> Result<Vec<Link>, String> {
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
            let mut link = Link {
                cookies: self.cookies.clone(),
                method: Some(method.clone()),
                host: self.host.clone(),
                hides_cookies: self.hides_cookies && self.cookies.is_empty(),
                is_preflight,
                notes,
                ..Link::found_at(place, url)
            };
            self.unread.iter().for_each(|word| link.ignore(word));
            link
        });
        Ok(links.collect())
    }
}

fn is_header(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A value as Python's `urlencode` writes it, which HTTPie and `requests` use.
pub(super) fn encoded(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, QUERY_VALUE).to_string()
}

const QUERY_VALUE: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

#[cfg(test)]
mod tests {
    use super::super::tool::{Tool, links};
    use super::*;

    fn read(command: &str) -> Vec<Link> {
        let (tool, text) = Tool::of(command).expect("a command");
        links(tool, "x", &super::super::shell_words::split(text).unwrap()).unwrap()
    }

    #[test]
    fn what_other_programs_request_is_read() {
        for command in [
            "wget --header 'Cookie: c=1' 'https://a.com/x'",
            "$ wget -q --header='Cookie: c=1' --referer https://b.com/ https://a.com/x -O out",
            "aria2c -x 16 --header='Cookie: c=1' 'https://a.com/x'",
            "yt-dlp --add-header 'Cookie: c=1' -f best 'https://a.com/x'",
            "http https://a.com/x 'Cookie: c=1'",
            "https a.com/x Cookie:c=1",
            "xh GET https://a.com/x cookie:c=1",
            "ffmpeg -headers $'Cookie: c=1\r\nX: y\r\n' -i https://a.com/x -c copy out.mp4",
            "streamlink --http-header 'Cookie=c=1' hls://a.com/x best",
            "streamlink --http-cookie c=1 'hls://https://a.com/x' best",
            "curl --cookie=\"c=1\" --url=https://a.com/x",
            "mpv --http-header-fields='Cookie: c=1' https://a.com/x",
            "user@host:~$ sudo curl -H 'cookie: c=1' https://a.com/x | jq .",
            "PS C:\\Users\\me> curl.exe -b c=1 https://a.com/x",
        ] {
            let link = &read(command)[0];
            assert_eq!(
                (link.url.as_str(), link.cookies.join("; ").as_str()),
                ("https://a.com/x", "c=1"),
                "{command}"
            );
        }
        assert_eq!(read("http :8080/x a==b~ HEAD=1")[0].url, "http://localhost:8080/x?a=b~");
        assert_eq!(read("http HEAD a.com/x")[0].method, Some(Method::HEAD));
        let unread = read("aria2c --x-opt 'CloudFront-Signature=b' https://a.com/x");
        assert_eq!(unread[0].surroundings.ignored.len(), 1, "what may hold a signature is named");
        for command in [
            "curl -H @headers.txt https://a.com/x",
            "curl -K curl.cfg https://a.com/x",
            "curl -H 'Cookie: <redacted>' https://a.com/x",
            "http --session=me https://a.com/x",
        ] {
            assert!(read(command)[0].hides_cookies, "{command}");
        }
        let unread = read("http get --headers [Cookie 'CloudFront-Signature=s'] https://a.com/x");
        assert_eq!(unread[0].surroundings.ignored.len(), 1);
        assert!(!read("curl -H 'Accept: x' https://a.com/x")[0].hides_cookies);
        assert!(read("wget --load-cookies jar https://a.com/x")[0].hides_cookies);
        for line in [
            "https://a.com/x",
            "http is a protocol://x",
            "hello",
            "curl",
            "Cookie: wget=1",
            "$curl = curl_init();",
            "https 2026-09-21T13:33:20.0Z app/x",
        ] {
            assert!(Tool::of(line).is_none() || line.starts_with("http is"), "{line}");
        }
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
        assert!(links(Tool::Curl, "x", &["curl".to_owned()]).is_err());
    }
}
