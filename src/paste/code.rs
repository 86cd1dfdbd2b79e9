//! Requests in program code: `fetch`, PowerShell, Python's `requests` and whatever else names a URL and cookies in string
//! literals. No language is parsed: literals are read, and the names in front of them.

use http::Method;

use super::browser_cookie::{BrowserCookie, has_attributes, is_signing, of_joined};
use super::command::encoded;
use super::cookies::of_header_line;
use super::known_words::may_hold_credentials;
use super::literals::{Dialect, Token, assigned, is_call, is_key, tokens};
use crate::access::credentials::SIGNING_PARAMETERS;

/// What one statement names.
#[derive(Debug, Default)]
pub(super) struct Statement {
    pub(super) urls: Vec<String>,
    /// Values of `Cookie` headers, and single cookies.
    pub(super) cookies: Vec<String>,
    /// Values of `Set-Cookie` headers.
    pub(super) stored: Vec<BrowserCookie>,
    pub(super) method: Option<Method>,
    pub(super) host: Option<String>,
    path: Option<String>,
    /// `name=value` of signing parameters that are given apart from the URL.
    pub(super) parameters: Vec<String>,
    /// Other headers that hold signing cookies, which CloudFront doesn't read.
    pub(super) other_headers: Vec<String>,
    /// Every identifier.
    pub(super) names: Vec<String>,
    /// The variable that is assigned, or whose method is called.
    pub(super) subject: Option<String>,
    /// Whether the subject is assigned.
    pub(super) is_assignment: bool,
    has_signs: bool,
    has_odd_text: bool,
}

impl Statement {
    pub(super) fn has_cookies(&self) -> bool {
        !self.cookies.is_empty() || !self.stored.is_empty()
    }

    /// Host and path that are given apart, as a URL.
    fn put_together(&mut self) {
        if let (true, Some(host), Some(path)) = (self.urls.is_empty(), &self.host, &self.path) {
            self.urls.push(format!("https://{host}{path}"));
            self.host = None;
        }
    }

    /// Whether it may use cookies of a variable that isn't known, or has a text that may hold credentials.
    pub(super) fn may_hold_more(&self) -> bool {
        let own = self.subject.as_deref().filter(|_| self.is_assignment);
        let mut names = self.names.iter().filter(|name| Some(name.as_str()) != own);
        let is_call = self.has_signs || self.names.iter().any(|name| name.eq_ignore_ascii_case("websession"));
        self.has_odd_text
            || self.is_of_client()
            || is_call
                && names.any(|name| {
                    let name = name.to_ascii_lowercase();
                    ["cookie", "headers", "session", "jar", "params", "credentials"]
                        .iter()
                        .any(|word| name.contains(word))
                })
    }

    /// Whether it is a method of an object that keeps cookies from one request to the next.
    fn is_of_client(&self) -> bool {
        let keeps = |name: &String| {
            let root = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
            name.contains('.')
                && ["s", "client", "page", "context", "browser", "driver", "agent", "cy"].contains(&&*root)
        };
        self.names.iter().any(keeps)
    }

    /// Whether it has the signs of code, and isn't a sentence that begins like it.
    pub(super) fn is_code(&self) -> bool {
        let first = self.names.first().map(String::as_str).unwrap_or_default();
        self.has_signs || ["import", "const", "let", "var", "try", "except", "from"].contains(&first)
    }
}

/// Whether a line begins a statement of code.
pub(super) fn begins(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches("PS> ");
    let words = [
        "fetch(",
        "await ",
        "axios",
        "got(",
        "got.",
        "requests.",
        "httpx.",
        "session.",
        "s.get(",
        "s.cookies",
        "client.",
        "$session",
        "$headers",
        "$cookie",
        "$response",
        "$r ",
        "Invoke-",
        "iwr ",
        "irm ",
        "xhr.",
        "req.",
        "request.",
        "request(",
        "page.",
        "context.",
        "curl_setopt",
        "http.",
        "https.get(",
        "urllib",
        "import ",
        "with ",
        "async with ",
        "using ",
        "curl_exec",
        "from ",
        "const ",
        "let ",
        "var ",
        "return ",
        "try ",
        "try:",
        "except",
        "print(",
        "console.",
    ];
    words.iter().any(|word| line.starts_with(word)) || assigned(line).is_some() || is_call(line)
}

/// Reads a statement.
pub(super) fn read(text: &str) -> Statement {
    let dialect = Dialect::of(text);
    let tokens = tokens(text, dialect);
    let mut statement = Statement::default();
    let line = text.trim_start();
    statement.is_assignment = assigned(line).is_some();
    let mut cookie_name: Option<String> = None;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Name(name) => {
                statement.subject.get_or_insert_with(|| name.clone());
                if statement.names.len() < MAX_NAMES {
                    statement.names.push(name.clone());
                }
                if let Some(method) = method_of_call(&tokens, at) {
                    statement.method.get_or_insert(method);
                }
            }
            Token::Text(_) if is_key(&tokens, at) => {}
            Token::Text(text) => {
                statement.text(text, key_of(&tokens, at, dialect).as_deref(), &mut cookie_name);
            }
            Token::Sign(sign) => statement.has_signs |= "(={".contains(*sign),
        }
    }
    if let Some(name) = assigned(line) {
        statement.subject = Some(name.split(['[', '(']).next().unwrap_or(name).to_owned());
    }
    for word in ["const", "let", "var", "await", "return", "async", "with", "using"] {
        if statement.subject.as_deref() == Some(word) {
            // `with Client(…) as client`: the name that is given.
            let given = statement.names.iter().skip_while(|name| *name != "as").nth(1);
            let given = given.filter(|_| matches!(word, "async" | "with"));
            let next = || statement.names.iter().skip_while(|name| *name != word).nth(1);
            statement.subject = given.or_else(next).cloned();
        }
    }
    statement.put_together();
    statement
}

impl Statement {
    /// Whether it gives cookies to a browser, each with the URL that it belongs to.
    fn sets_cookies(&self) -> bool {
        let ends = |name: &String| {
            let name = name.to_ascii_lowercase();
            ["addcookies", "setcookie", "setcookies"].iter().any(|end| name.ends_with(end))
        };
        self.names.iter().any(ends)
    }

    fn text(&mut self, text: &str, key: Option<&str>, cookie_name: &mut Option<String>) {
        let named = key.map(str::to_ascii_lowercase).unwrap_or_default();
        let named = named.trim_start_matches('$').trim_start_matches('-');
        if let Some(field) = of_header_line(text) {
            self.cookies.push(field.to_owned());
        } else if let Some(key) = key.filter(|key| is_signing(key)) {
            self.cookies.push(format!("{key}={text}"));
        } else if let Some(key) = key.filter(|key| SIGNING_PARAMETERS.contains(key)) {
            self.parameters.push(format!("{key}={}", encoded(text)));
        } else if named == "name" && is_signing(text) {
            *cookie_name = Some(text.to_owned());
        } else if let (Some(name), "value") = (cookie_name.as_ref(), named) {
            self.cookies.push(format!("{name}={text}"));
            *cookie_name = None;
        } else if (named.ends_with("cookie") || named.ends_with("cookies"))
            && !matches!(named, "x-cookie" | "set-cookie")
            && text.contains('=')
            && !has_attributes(text)
        {
            self.cookies.push(text.to_owned());
        } else if named == "set-cookie" {
            self.stored.extend(of_joined(text));
        } else if is_signing(text) && text.contains('=') && !named.starts_with("x-") {
            match has_attributes(text) {
                true => self.stored.extend(of_joined(text)),
                false => self.cookies.push(text.to_owned()),
            }
        } else if begins_url(text) {
            let is_of_cookie = named == "url" && self.sets_cookies();
            if !is_of_cookie && !NO_REQUEST.contains(&named) {
                self.urls.push(text.trim().to_owned());
            }
        } else if matches!(named, "host" | "hostname") && !text.contains('/') {
            self.host = Some(text.trim().to_owned());
        } else if matches!(named, "path" | "pathname") && text.starts_with('/') && text.len() > 1 {
            self.path = Some(text.trim().to_owned());
        } else if text.contains("CloudFront-") && (named.starts_with("x-") || named.contains("cookie")) {
            self.other_headers.push(key.unwrap_or_default().to_owned());
        } else if may_hold_credentials(text) && !named.starts_with("user") && text.contains(['=', '{']) {
            self.has_odd_text = true;
        } else if matches!(named, "method" | "open" | "request" | "type")
            && text.bytes().all(|byte| byte.is_ascii_uppercase())
        {
            self.method = Method::from_bytes(text.as_bytes()).ok().filter(|_| METHODS.contains(&text));
        }
    }
}

/// The name in front of a text: `name: text`, `name = text`, `"name", text`, `[name] = text`, and `-Name text` in PowerShell.
fn key_of(tokens: &[Token], at: usize, dialect: Dialect) -> Option<String> {
    let mut before = tokens[..at].iter().rev();
    let mut sign = before.next()?;
    if matches!(sign, Token::Sign('>')) {
        sign = before.next()?;
    }
    match sign {
        Token::Name(name) if dialect == Dialect::PowerShell => return Some(name.clone()),
        Token::Sign('(') => {
            // The first argument is named by its function.
            return match before.next()? {
                Token::Name(name) => Some(name.rsplit('.').next().unwrap_or(name).to_owned()),
                Token::Text(_) | Token::Sign(_) => None,
            };
        }
        Token::Sign(':' | '=' | ',') => {}
        Token::Text(_) | Token::Name(_) | Token::Sign(_) => return None,
    }
    loop {
        match before.next()? {
            Token::Sign(']' | ')') => {}
            Token::Text(text) if text.len() <= MAX_KEY => return Some(text.clone()),
            Token::Name(name) => return Some(name.rsplit('.').next().unwrap_or(name).to_owned()),
            Token::Text(_) | Token::Sign(_) => return None,
        }
    }
}

/// `.head(` and its like.
fn method_of_call(tokens: &[Token], at: usize) -> Option<Method> {
    let (Token::Name(name), Some(Token::Sign('('))) = (&tokens[at], tokens.get(at + 1)) else { return None };
    let (_, called) = name.rsplit_once('.')?;
    let called = called.to_ascii_uppercase();
    METHODS.contains(&called.as_str()).then(|| Method::from_bytes(called.as_bytes()).ok())?
}

fn begins_url(text: &str) -> bool {
    let text = text.trim_start();
    ["http://", "https://"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)))
}

/// Names of URLs that aren't requested.
const NO_REQUEST: [&str; 8] =
    ["referer", "referrer", "origin", "user-agent", "useragent", "proxy", "from", "sec-fetch-site"];
const METHODS: [&str; 7] = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"];
const MAX_KEY: usize = 100;
const MAX_NAMES: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_requested_is_read_in_every_language() {
        let url = "https://a.com/x";
        for text in [
            r#"fetch("https://a.com/x", {"headers": {"accept": "*/*", "cookie": "CloudFront-Policy=p; b=c"}, "referrer": "https://b.com/", "method": "GET"});"#,
            "await fetch('https://a.com/x', {headers: {Cookie: 'CloudFront-Policy=p; b=c'}})",
            "axios.get(`https://a.com/x`, { headers: { Cookie: \"CloudFront-Policy=p; b=c\" } })",
            "requests.get('https://a.com/x', headers={'Cookie': 'CloudFront-Policy=p; b=c'})",
            "requests.get(\n  \"https://a.com/x\",  # the link\n  headers={\"Cookie\": \"CloudFront-Policy=p; \"\n \"b=c\"})",
            "Invoke-WebRequest -Uri \"https://a.com/x\" `\n-Headers @{\n\"Cookie\"=\"CloudFront-Policy=p; b=c\"\n}",
            "xhr.open('GET', 'https://a.com/x'); xhr.setRequestHeader('Cookie', 'CloudFront-Policy=p; b=c')",
            "curl_setopt_array($c, array(CURLOPT_URL => 'https://a.com/x', CURLOPT_HTTPHEADER => array('Cookie: CloudFront-Policy=p; b=c')));",
            "$client->request('GET', 'https://a.com/x', ['headers' => ['Cookie' => 'CloudFront-Policy=p; b=c']]);",
        ] {
            let found = read(text);
            assert_eq!(found.urls, [url], "{text}");
            assert_eq!(found.cookies, ["CloudFront-Policy=p; b=c"], "{text}");
            assert!(found.method.is_none_or(|method| method == Method::GET), "{text}");
        }
        for text in [
            "cookies = {\n 'CloudFront-Policy': 'p',\n}",
            "$session.Cookies.Add((New-Object System.Net.Cookie(\"CloudFront-Policy\", \"p\", \"/\", \"a.com\")))",
            "s.cookies.set('CloudFront-Policy', 'p', domain='a.com')",
            "req.AddCookie(&http.Cookie{Name: \"CloudFront-Policy\", Value: \"p\"})",
            "await context.addCookies([{name: 'CloudFront-Policy', value: 'p', url: 'x'}])",
        ] {
            assert_eq!(read(text).cookies, ["CloudFront-Policy=p"], "{text}");
        }
        let given = read(
            "await context.addCookies([{\"name\": \"CloudFront-Policy\", \"value\": \"p\", \"url\": \"https://a.com\"}])",
        );
        assert_eq!((given.cookies, given.urls), (vec!["CloudFront-Policy=p".to_owned()], vec![]));
        assert_eq!(read("requests.head('https://a.com/x')").method, Some(Method::HEAD));
        assert_eq!(
            read("fetch('x', {headers: {'X-Cookie': 'CloudFront-Policy=p'}})").other_headers,
            ["X-Cookie"]
        );
        for (text, may_hold_more) in [
            ("fetch('https://a.com/x')", false),
            ("requests.get('https://a.com/x')", false),
            ("axios.get('https://a.com/x', {withCredentials: true})", true),
            ("r = s.get('https://a.com/x')", true),
            ("await page.goto('https://a.com/x')", true),
            ("Invoke-WebRequest -Uri \"https://a.com/x\" -WebSession $session", true),
        ] {
            assert_eq!(read(text).may_hold_more(), may_hold_more, "{text}");
        }
        assert_eq!(read("cookies = {}").subject.as_deref(), Some("cookies"));
    }

    #[test]
    fn a_line_of_code_is_told_from_others() {
        for line in [
            "fetch(\"x\")",
            "cookies = {",
            "const a = 1",
            "$session.x",
            "url='https://a'",
            "headers[\"a\"] = 'b'",
            "jar.set('a', 'b')",
            "res.cookie('a', 'b', {})",
        ] {
            assert!(begins(line), "{line}");
        }
        for line in [
            "https://a.com/x?b='c'",
            "CloudFront-Policy=abc",
            "Expires=1",
            "hello",
            "GET / HTTP/1.1",
            "Host: a",
        ] {
            assert!(!begins(line), "{line}");
        }
    }
}
