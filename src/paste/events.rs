//! Requests as AWS hands them to functions: Lambda@Edge, CloudFront Functions, API Gateway and load balancers.

use http::Method;
use serde_json::{Map, Value};

use super::link::Link;
use super::standard_log::lowercase_https;

/// The request of an event, where the object is one.
pub(super) fn request(object: &Map<String, Value>, place: &str) -> Option<Link> {
    let request = object.get("request").and_then(Value::as_object);
    let edge = request.filter(|request| request.get("uri").is_some_and(Value::is_string));
    if let Some(request) = edge {
        return of_edge(request, place);
    }
    let of_firewall = object.get("httpRequest").and_then(Value::as_object);
    if let Some(link) = of_firewall.or(Some(object)).and_then(|request| of_server(request, place)) {
        return Some(link);
    }
    let has_headers = object.contains_key("headers") || object.contains_key("multiValueHeaders");
    let is_gateway = ["path", "rawPath"].iter().any(|name| object.contains_key(*name));
    (has_headers && is_gateway).then(|| of_gateway(object, place))?
}

/// `cf.request` of Lambda@Edge, and `request` of CloudFront Functions.
fn of_edge(request: &Map<String, Value>, place: &str) -> Option<Link> {
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let headers = request.get("headers")?;
    let host = header(headers, "host").into_iter().next()?;
    let query = match request.get("querystring") {
        Some(Value::String(query)) => query.clone(),
        Some(Value::Object(parameters)) => query_of(parameters),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_)) | None => String::new(),
    };
    let mut cookies = header(headers, "cookie");
    if let Some(Value::Object(named)) = request.get("cookies") {
        let pairs = named
            .iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", value.get("value")?.as_str()?)));
        cookies.extend(pairs);
    }
    let scheme = scheme_of(headers);
    let url = with_query(format!("{}://{host}{}", scheme.unwrap_or("https"), text("uri")?), &query);
    let link = Link::found_at(place, url);
    Some(Link {
        is_as_sent: true,
        method: text("method").and_then(|method| Method::from_bytes(method.as_bytes()).ok()),
        cookies,
        address: text("clientIp").and_then(|address| address.parse().ok()),
        notes: without_scheme(scheme),
        ..link
    })
}

/// A request as a server logs it, `{"url": "/x", "headers": {"host": …}}`, and as AWS WAF does, with `uri` and `args`.
fn of_server(request: &Map<String, Value>, place: &str) -> Option<Link> {
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let target = text("url").or_else(|| text("originalUrl")).or_else(|| text("uri"))?;
    let headers = request.get("headers")?;
    let host = header(headers, "host").into_iter().next()?;
    if !target.starts_with('/') {
        return None;
    }
    let scheme = scheme_of(headers);
    let url = with_query(
        format!("{}://{host}{target}", scheme.unwrap_or("https")),
        text("args").unwrap_or_default(),
    );
    let method = text("method").or_else(|| text("httpMethod"));
    Some(Link {
        is_as_sent: true,
        method: method.and_then(|method| Method::from_bytes(method.as_bytes()).ok()),
        cookies: header(headers, "cookie"),
        address: text("clientIp").and_then(|address| address.parse().ok()),
        notes: without_scheme(scheme),
        ..Link::found_at(place, url)
    })
}

/// An event of API Gateway, of a function URL or of a load balancer.
fn of_gateway(event: &Map<String, Value>, place: &str) -> Option<Link> {
    let text = |name: &str| event.get(name).and_then(Value::as_str);
    let context = event.get("requestContext");
    let at = |path: &str| context?.pointer(path)?.as_str().map(str::to_owned);
    let both: Vec<&Value> =
        ["multiValueHeaders", "headers"].iter().filter_map(|name| event.get(*name)).collect();
    let first = |name: &str| both.iter().find_map(|headers| header(headers, name).into_iter().next());
    let host = first("host").or_else(|| at("/domainName"))?;
    let path = text("rawPath").or_else(|| text("path"))?;
    let query = match (
        text("rawQueryString"),
        event.get("multiValueQueryStringParameters"),
        event.get("queryStringParameters"),
    ) {
        (Some(raw), ..) => raw.to_owned(),
        (None, Some(Value::Object(parameters)), _) | (None, _, Some(Value::Object(parameters))) => {
            query_of(parameters)
        }
        (None, ..) => String::new(),
    };
    let mut cookies = both
        .iter()
        .map(|headers| header(headers, "cookie"))
        .find(|found| !found.is_empty())
        .unwrap_or_default();
    if let Some(Value::Array(list)) = event.get("cookies") {
        cookies.extend(list.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    let scheme = both.iter().find_map(|headers| scheme_of(headers));
    let method = text("httpMethod").map(str::to_owned).or_else(|| at("/http/method"));
    let address = at("/http/sourceIp").or_else(|| at("/identity/sourceIp"));
    let url = with_query(format!("{}://{host}{path}", scheme.unwrap_or("https")), &query);
    Some(Link {
        is_as_sent: true,
        method: method.and_then(|method| Method::from_bytes(method.as_bytes()).ok()),
        cookies,
        address: address.and_then(|address| address.parse().ok()),
        notes: without_scheme(scheme),
        ..Link::found_at(place, url)
    })
}

/// The values of a header, in each form that events have: a text, a list of texts, a list of `{key, value}`, `{value}`.
fn header(headers: &Value, name: &str) -> Vec<String> {
    if let Some(list) = headers.as_array() {
        // A list of `{name, value}`.
        let named = list.iter().filter(|header| {
            header.get("name").and_then(Value::as_str).is_some_and(|known| known.eq_ignore_ascii_case(name))
        });
        return named.flat_map(values).collect();
    }
    let Some(headers) = headers.as_object() else { return Vec::new() };
    let Some((_, value)) = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) else {
        return Vec::new();
    };
    values(value)
}

fn values(value: &Value) -> Vec<String> {
    let one = |value: &Value| {
        let text = value.as_str().or_else(|| value.get("value").and_then(Value::as_str));
        text.map(str::to_owned)
    };
    match value {
        Value::Array(list) => list.iter().filter_map(one).collect(),
        Value::Object(object) => match object.get("multiValue").and_then(Value::as_array) {
            Some(list) => list.iter().filter_map(one).collect(),
            None => one(value).into_iter().collect(),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            one(value).into_iter().collect()
        }
    }
}

fn scheme_of(headers: &Value) -> Option<&'static str> {
    let told = header(headers, "cloudfront-forwarded-proto")
        .into_iter()
        .chain(header(headers, "x-forwarded-proto"))
        .next()?;
    Some(lowercase_https(&told))
}

fn without_scheme(scheme: Option<&str>) -> Vec<String> {
    match scheme {
        Some(_) => Vec::new(),
        None => vec!["the scheme isn't in the event: https was taken".to_owned()],
    }
}

/// Parameters that the event has decoded are encoded as browsers do.
fn query_of(parameters: &Map<String, Value>) -> String {
    let pairs = parameters.iter().flat_map(|(name, value)| {
        values(value)
            .into_iter()
            .map(move |value| format!("{name}={}", value.replace('&', "%26").replace(' ', "%20")))
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn with_query(url: String, query: &str) -> String {
    if query.is_empty() { url } else { format!("{url}?{query}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_become_requests() {
        let edge = json!({"request": {"method": "GET", "uri": "/x", "querystring": "b=1", "clientIp": "192.0.2.1",
            "headers": {"host": [{"key": "Host", "value": "a.com"}], "cookie": [{"key": "Cookie", "value": "c=1"}]}}});
        let function = json!({"request": {"method": "GET", "uri": "/x", "querystring": {"b": {"value": "1"}},
            "headers": {"host": {"value": "a.com"}}, "cookies": {"c": {"value": "1"}}}});
        let gateway = json!({"path": "/x", "httpMethod": "GET", "queryStringParameters": {"b": "1"},
            "multiValueHeaders": {"Host": ["a.com"], "Cookie": ["c=1"]}});
        let http = json!({"rawPath": "/x", "rawQueryString": "b=1", "cookies": ["c=1"], "headers": {"host": "a.com"},
            "requestContext": {"http": {"method": "GET", "sourceIp": "192.0.2.1"}}});
        let server = json!({"method": "GET", "url": "/x?b=1", "headers": {"Host": "a.com", "cookie": "c=1"}});
        let firewall = json!({"httpRequest": {"uri": "/x", "args": "b=1", "httpMethod": "GET",
            "headers": [{"name": "Host", "value": "a.com"}, {"name": "cookie", "value": "c=1"}]}});
        for event in [edge, function, gateway, http, server, firewall] {
            let link = request(event.as_object().unwrap(), "x").unwrap();
            assert_eq!(
                (link.url.as_str(), link.cookies.join("; ").as_str()),
                ("https://a.com/x?b=1", "c=1"),
                "{event}"
            );
        }
        assert!(request(json!({"path": "/x"}).as_object().unwrap(), "x").is_none());
    }
}
