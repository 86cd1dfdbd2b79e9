//! The grammar: each form that a request may have in a pasted text.

use std::fmt::Write as _;

use serde_json::json;

use super::{Case, HOST, Random};

/// Single quotes of a POSIX shell.
fn posix(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A literal of JavaScript, Python and JSON.
fn literal(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The forms that carry a URL alone.
pub(super) fn of_url(case: &Case, random: &mut Random) -> String {
    let url = &case.url;
    let is_signed = url.contains("Signature=");
    match random.below(14) {
        0 => format!("GET {url} 403 (Forbidden)"),
        1 if !url.contains('\'') => format!("<img src=\"{}\" alt='x'>", url.replace('&', "&amp;")),
        2 if !url.contains(['(', ')']) => format!("![x]({url})"),
        3 => format!("<{url}>"),
        4 => format!(
            "{{\"type\":\"networkError\",\"url\":{},\"response\":{{\"code\":403}}}}",
            literal(url).replace('/', "\\/")
        ),
        5 if is_signed => format!("https://www.example.org/_next/image?url={}&w=640&q=75", encoded(url)),
        6 if is_signed => format!("https://i.example.org/?u={}", encoded(&encoded(url))),
        7 if is_signed => {
            let mut text = url.clone();
            for name in ["Expires=", "Policy=", "Signature=", "Key-Pair-Id="] {
                text = text.replace(&format!("&{name}"), &format!("\n   &{name}"));
            }
            text
        }
        8 if is_signed && !url.contains(['\'', ',', ';', '(', '!', '@', '[']) => {
            let letters: Vec<char> = url.chars().collect();
            letters.chunks(76).map(|line| line.iter().collect::<String>() + "\n").collect()
        }
        9 => format!("Location: {url} [following]\nHTTP request sent, awaiting response... 403 Forbidden"),
        10 => format!("  \"{url}\",\r\n"),
        11 => format!("Request URL:\n{url}\nRequest Method:\nGET\nStatus Code:\n403 Forbidden"),
        12 if !url.contains(['*', '_']) => format!("**{url}**"),
        _ => format!("{url}\n"),
    }
}

/// The forms that carry URL and cookies.
pub(super) fn of_both(case: &Case, random: &mut Random) -> String {
    let (url, header) = (&case.url, case.header());
    let name = random.pick(&["Cookie", "cookie"]);
    match random.below(24) {
        0 => format!("{url}\n{name}: {header}\n"),
        1 => format!("{name}: {header}\n\n{url}"),
        2 => format!(
            "curl {} \\\n  -H 'accept: */*' \\\n  -H {} --compressed",
            posix(url),
            posix(&format!("{name}: {header}"))
        ),
        3 => format!("$ curl -sI -b {} {} | head", posix(&header), posix(url)),
        4 => format!("wget --header={} {}", posix(&format!("{name}: {header}")), posix(url)),
        5 => format!("aria2c -x4 --header {} {}", posix(&format!("{name}: {header}")), posix(url)),
        6 => format!("yt-dlp --add-header {} -o out.mp4 {}", posix(&format!("{name}:{header}")), posix(url)),
        7 => format!("http GET {} {}", posix(url), posix(&format!("{name}: {header}"))),
        8 => format!(
            "fetch({}, {{\n  \"headers\": {{\n    \"accept\": \"*/*\",\n    \"{name}\": {}\n  }},\n  \"referrer\": \"https://app.example.org/\",\n  \"method\": \"GET\"\n}});",
            literal(url),
            literal(&header)
        ),
        9 => powershell(case),
        10 => python(case),
        11 => format!(
            "headers = {{'{name}': {}}}\nr = requests.get({}, headers=headers)",
            literal(&header),
            literal(url)
        ),
        12 => http1(case, ""),
        13 => format!(
            "* Connected to {HOST} (192.0.2.1) port {}\n{}> \n< HTTP/1.1 403 Forbidden\n< server: CloudFront\n",
            if case.is_https() { 443 } else { 80 },
            http1(case, "> ")
        ),
        14 => format!(
            ":authority: {HOST}\n:method: GET\n:path: {}\n:scheme: {}\naccept: */*\n{name}: {header}\n",
            case.target(),
            if case.is_https() { "https" } else { "http" }
        ),
        15 => format!(
            ":authority\n{HOST}\n:method\nGET\n:path\n{}\n:scheme\n{}\naccept\n*/*\ncookie\n{header}\n",
            case.target(),
            if case.is_https() { "https" } else { "http" }
        ),
        16 => serde_json::to_string_pretty(&json!({"url": url, "cookies": pairs(case)})).unwrap(),
        17 => format!("{url}\n{}", json!({"cookies": exported(case), "origins": []})),
        18 => jar(case),
        19 => format!("{url}\n{}", set_cookies(case)),
        20 => log(case, random),
        21 => har(case),
        22 => event(case, random),
        _ => json!({"request": {"url": url, "method": "GET", "headers": {"Cookie": header}}}).to_string(),
    }
}

fn pairs(case: &Case) -> serde_json::Map<String, serde_json::Value> {
    case.cookies
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect()
}

fn exported(case: &Case) -> Vec<serde_json::Value> {
    let one = |(name, value)| json!({"name": name, "value": value, "domain": ".example.com", "path": "/", "expires": -1, "httpOnly": true, "secure": false});
    case.cookies.iter().filter_map(|pair| pair.split_once('=')).map(one).collect()
}

fn powershell(case: &Case) -> String {
    let mut text = "$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\n".to_owned();
    for (name, value) in case.cookies.iter().filter_map(|pair| pair.split_once('=')) {
        let _ = writeln!(
            text,
            "$session.Cookies.Add((New-Object System.Net.Cookie(\"{name}\", \"{value}\", \"/\", \"{HOST}\")))"
        );
    }
    let url = case.url.replace('$', "`$");
    text + &format!(
        "Invoke-WebRequest -UseBasicParsing -Uri \"{url}\" `\n-WebSession $session `\n-Headers @{{\n\"accept\"=\"*/*\"\n}}\n"
    )
}

fn python(case: &Case) -> String {
    let mut text = "import requests\n\ncookies = {\n".to_owned();
    for (name, value) in case.cookies.iter().filter_map(|pair| pair.split_once('=')) {
        let _ = writeln!(text, "    '{name}': '{value}',");
    }
    text + &format!(
        "}}\n\nresponse = requests.get({}, cookies=cookies)\nprint(response.status_code)\n",
        literal(&case.url)
    )
}

/// A Referer, or curl's mark and trace, tells the scheme.
fn http1(case: &Case, mark: &str) -> String {
    let scheme = if case.is_https() { "https" } else { "http" };
    let referer = if mark.is_empty() { format!("Referer: {scheme}://{HOST}/\n") } else { String::new() };
    let cookies =
        if case.cookies.is_empty() { String::new() } else { format!("{mark}Cookie: {}\n", case.header()) };
    format!("{mark}GET {} HTTP/1.1\n{mark}Host: {HOST}\n{referer}{mark}Accept: */*\n{cookies}", case.target())
}

fn jar(case: &Case) -> String {
    let mut text = format!("{}\n# Netscape HTTP Cookie File\n", case.url);
    for (name, value) in case.cookies.iter().filter_map(|pair| pair.split_once('=')) {
        let _ = writeln!(text, "#HttpOnly_.example.com\tTRUE\t/\tFALSE\t1999999999\t{name}\t{value}");
    }
    text + ".other.org\tTRUE\t/\tFALSE\t0\t_ga\tGA1.2\n"
}

fn set_cookies(case: &Case) -> String {
    case.cookies.iter().fold(String::new(), |mut text, pair| {
        let _ = writeln!(text, "Set-Cookie: {pair}; Domain=example.com; Path=/; HttpOnly");
        text
    })
}

fn log(case: &Case, random: &mut Random) -> String {
    let (stem, query) = case.target().split_once('?').unwrap_or((case.target(), "-"));
    let twice =
        |text: &str| text.replace('%', "%25").replace('~', "%7E").replace('\'', "%27").replace(' ', "%20");
    let scheme = if case.is_https() { "https" } else { "http" };
    let cookies = if case.cookies.is_empty() { "-".to_owned() } else { twice(&case.header()) };
    let (stem, query) = (twice(stem), twice(query));
    let record = json!({"date": "2026-09-21", "time": "13:33:20", "c-ip": "203.0.113.9", "cs-method": "GET", "cs(Host)": "d1.cloudfront.net",
        "cs-uri-stem": stem, "sc-status": "403", "cs-uri-query": query, "x-host-header": HOST, "cs-protocol": scheme, "cs(Cookie)": cookies});
    match random.below(5) {
        0 => record.to_string(),
        1 => serde_json::to_string_pretty(&record).unwrap(),
        2 => json!({"events": [{"timestamp": 1, "message": record.to_string()}]}).to_string(),
        3 => format!(
            "1790000000.123\t203.0.113.9\t0.01\t403\t500\tGET\t{scheme}\t{HOST}\t{stem}\t30\tFRA\tid\t{HOST}\t0.1\tHTTP/2.0\tIPv4\tua\t-\t{cookies}\t{query}\tError\t-\t-\t-\tError\n"
        ),
        _ => format!(
            "2026-09-21\t13:33:20\tFRA56-P1\t491\t203.0.113.9\tGET\td1.cloudfront.net\t{stem}\t403\t-\tua\t{query}\t{cookies}\tError\tid\t{HOST}\t{scheme}\t30\t0.001\n"
        ),
    }
}

fn har(case: &Case) -> String {
    json!({"log": {"version": "1.2", "entries": [{"startedDateTime": "2026-09-21T13:33:20.1Z",
        "request": {"method": "GET", "url": case.url, "headers": [{"name": "Cookie", "value": case.header()}], "cookies": []},
        "response": {"status": 403, "headers": []}}]}})
    .to_string()
}

fn event(case: &Case, random: &mut Random) -> String {
    let (path, query) = case.target().split_once('?').unwrap_or((case.target(), ""));
    let scheme = if case.is_https() { "https" } else { "http" };
    match random.below(2) {
        0 => json!({"Records": [{"cf": {"request": {"method": "GET", "uri": path, "querystring": query, "clientIp": "192.0.2.1",
            "headers": {"host": [{"key": "Host", "value": HOST}], "cookie": [{"key": "Cookie", "value": case.header()}],
            "cloudfront-forwarded-proto": [{"key": "X", "value": scheme}]}}}}]}),
        _ => json!({"rawPath": path, "rawQueryString": query, "cookies": case.cookies,
            "headers": {"host": HOST, "x-forwarded-proto": scheme}, "requestContext": {"http": {"method": "GET"}}}),
    }
    .to_string()
}
