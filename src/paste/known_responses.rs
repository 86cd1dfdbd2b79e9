//! The answers that are told from each other, and what to do about each.

use super::responder::Responder;
use crate::access::deny_reason::AccessError;

/// What the signature check answers, and what each answer means.
pub(crate) fn signature_codes() -> impl Iterator<Item = (AccessError, &'static str)> {
    [
        (
            AccessError::MissingKey,
            "no Key-Pair-Id came: the parameters or cookies weren't sent, or the id isn't one",
        ),
        (AccessError::InvalidKey, "the key of that id isn't in a key group of the path's behavior"),
        (AccessError::MalformedSignature, "Signature isn't CloudFront's base64: `-` for `+`, `~` for `/`, `_` for `=`"),
        (
            AccessError::MalformedPolicy,
            "the policy can't be read: JSON, one statement, a DateLessThan in seconds that is a bare number",
        ),
        (
            AccessError::AccessDenied,
            "the signature doesn't fit the request, or time, address or Resource don't: CloudFront reports no more",
        ),
    ]
    .into_iter()
}

/// Where a code of S3 has no advice of its own.
pub(crate) const S3_NEXT: [&str; 1] =
    ["look at the bucket's policy and at the distribution's origin access control"];

/// What CloudFront's pages say (cloudfront 7.4): who answered, words of the page, and what to do.
pub(crate) const PAGES: [(Responder, &str, &str); 17] = [
    (
        Responder::Firewall,
        "Request blocked.",
        "look into the web ACL's sampled requests for the rule that blocked; no signature was looked at",
    ),
    (
        Responder::Country,
        "configured to block access from your country",
        "the viewer's country isn't among those of the distribution's geo restriction",
    ),
    (
        Responder::Method,
        "not configured to allow the HTTP request method",
        "allow the method in the behavior (GET and HEAD; with OPTIONS; or all seven)",
    ),
    (
        Responder::CloudFrontPage,
        "does not match the certificate for which the HTTPS connection was established",
        "the Host isn't an alias of the distribution that owns the certificate (a reused connection, or SNI for another name): \
         send the same name in SNI and Host, or use a connection of its own",
    ),
    (
        Responder::CloudFrontPage,
        "Bad request.",
        "the Host isn't an alias (alternate domain name) of any distribution: add it to the distribution, with a certificate that \
         covers it. Or the behavior is https-only and the request came over HTTP, or the request is malformed",
    ),
    (
        Responder::CloudFrontPage,
        "Lambda function",
        "the function at the edge failed or returned a response that isn't valid: look into its log in the region of the edge",
    ),
    (
        Responder::CloudFrontPage,
        "CloudFront function",
        "the CloudFront function failed or returned something that isn't valid: test it in the console, and look into its log",
    ),
    (
        Responder::CloudFrontPage,
        "resolve the origin domain name",
        "the origin's domain name can't be resolved: correct it in the origin's settings, or its DNS; the signature was good",
    ),
    (
        Responder::CloudFrontPage,
        "connect to the origin",
        "the origin didn't accept a connection: its port, its firewall, or its certificate (name, chain, end); the signature was good",
    ),
    (
        Responder::CloudFrontPage,
        "establish a connection with the origin",
        "the origin didn't accept a connection: its port, its firewall, or its certificate (name, chain, end); the signature was good",
    ),
    (
        Responder::CloudFrontPage,
        "origin closed the connection",
        "the origin ended the connection without a response: look into its log; the signature was good",
    ),
    (
        Responder::CloudFrontPage,
        "incorrect response",
        "the origin's response isn't valid HTTP, or its head is too large; the signature was good",
    ),
    (
        Responder::CloudFrontPage,
        "Limit Exceeded",
        "a quota of the account or of functions at the edge is used up",
    ),
    (
        Responder::CloudFrontPage,
        "apacity",
        "CloudFront had no capacity for the moment: the same request works later",
    ),
    (
        Responder::CloudFrontPage,
        "too large",
        "the URL may have 8,192 bytes and the head of a request 32,768: make cookies or the query smaller",
    ),
    (Responder::CloudFrontPage, "origin", "the origin couldn't be reached: the signature was good"),
    (
        Responder::CloudFrontPage,
        "We can't connect to the server for this app or website at this time",
        "the page names no reason: is the Host an alias of the distribution, is the distribution deployed and enabled, and does the \
         behavior take HTTP?",
    ),
];

/// What every page of CloudFront has.
pub(crate) const PAGE_SIGNS: [&str; 2] = ["Generated by cloudfront", "The request could not be satisfied"];

#[cfg(test)]
mod tests {
    use super::super::response::read;
    use super::super::response_source::judge;
    use super::*;

    #[test]
    fn each_answer_is_told_from_the_others() {
        let cloudfront =
            "HTTP/2 403 \nserver: CloudFront\ncontent-type: text/xml\nx-cache: Error from cloudfront\n\n";
        let s3 = "<Error><Code>NoSuchKey</Code><Message>x</Message><RequestId>1</RequestId><HostId>2</HostId></Error>";
        let denied = AccessError::AccessDenied.xml();
        let page =
            |reason: &str| format!("{cloudfront}<HTML>\n{reason}\nGenerated by cloudfront (CloudFront)\n");
        for (text, whose, is_certain) in [
            (format!("{cloudfront}{denied}"), Responder::Signature, true),
            (denied.clone(), Responder::Signature, true),
            (denied.replace("denied", "Denied"), Responder::App, false),
            (format!("HTTP/1.1 403 F\nServer: AmazonS3\n\n{s3}"), Responder::S3, true),
            (s3.to_owned(), Responder::S3, true),
            ("HTTP/1.1 403 F\nServer: AmazonS3\nX-Cache: Error from cloudfront\n\n".to_owned(), Responder::S3, true),
            (page("Request blocked."), Responder::Firewall, true),
            (page("… is configured to block access from your country."), Responder::Country, true),
            (page("not configured to allow the HTTP request method that"), Responder::Method, true),
            (page("Bad request."), Responder::CloudFrontPage, true),
            (format!("HTTP/1.1 403 F\nX-Frontgate-Reason: expired\n\n{denied}"), Responder::Frontgate, true),
            ("HTTP/1.1 403 F\nServer: nginx\nVia: 1.1 x.cloudfront.net (CloudFront)\n\nno".to_owned(), Responder::App, false),
            (cloudfront.to_owned(), Responder::Signature, false),
            (cloudfront.replace("\n\n", "\nContent-Length: 110\n\n"), Responder::Signature, true),
            (page("Bad request.").replace("Generated by cloudfront", "<H2>The request could not be satisfied"), Responder::CloudFrontPage, true),
            (
                "HTTP/1.1 301 Moved\nServer: AmazonS3\nX-Cache: Error from cloudfront\n\n<Error><Code>PermanentRedirect</Code></Error>".to_owned(),
                Responder::S3,
                true,
            ),
            (String::new(), Responder::Nobody, false),
            (
                "HTTP/2 200 \ncontent-type: text/html\nserver: AmazonS3\nx-cache: Error from cloudfront\n\n<html>".to_owned(),
                Responder::Nobody,
                false,
            ),
        ] {
            let (head, body) = read(&text);
            let finding = judge(&head, &body);
            assert_eq!((finding.whose, finding.is_certain), (whose, is_certain), "{text}: {finding:?}");
            assert!(!finding.next.is_empty(), "{text}");
        }
    }
}
