//! Whose response it is: S3's, CloudFront's signature check, one of its pages, a firewall's, the application's.
//! Cloudfront 7.1, 7.2 and 7.4 have the bytes.

use super::known_responses::{PAGE_SIGNS, PAGES, S3_NEXT, signature_codes};
use super::responder::Responder;
use super::response::ResponseHead;
use super::s3_responses;

/// What was found, and why.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) whose: Responder,
    /// The code in an XML body.
    pub(crate) code: Option<String>,
    pub(crate) is_certain: bool,
    pub(crate) evidence: Vec<String>,
    pub(crate) next: Vec<String>,
}

impl Finding {
    /// The sentence where another sender than the signature check is meant.
    pub(crate) fn if_not_the_signature(&self) -> Option<String> {
        let others = [
            Responder::S3,
            Responder::Firewall,
            Responder::Country,
            Responder::Method,
            Responder::CloudFrontPage,
            Responder::App,
        ];
        others.contains(&self.whose).then(|| {
            let certainty = if self.is_certain { "" } else { " probably" };
            format!(
                "the 403 is{certainty} not the signature's: {} ({})",
                self.whose.sentence(),
                self.evidence.join("; ")
            )
        })
    }
}

/// Judges a response.
pub(crate) fn judge(head: &ResponseHead, body: &str) -> Finding {
    let shown = ResponseText { head, body };
    let mut finding =
        shown.by_frontgate().or_else(|| shown.by_s3()).or_else(|| shown.by_xml()).or_else(|| shown.by_page());
    let finding = finding.take().unwrap_or_else(|| shown.by_headers());
    shown.with_status(finding)
}

struct ResponseText<'r> {
    head: &'r ResponseHead,
    body: &'r str,
}

impl ResponseText<'_> {
    fn by_frontgate(&self) -> Option<Finding> {
        let reason = self.head.get("X-Frontgate-Reason")?;
        let next = "`frontgate explain` with the same URL shows what was expected and how to fix it";
        Some(Finding {
            code: Some(reason.to_owned()),
            ..Finding::certain(Responder::Frontgate, [format!("X-Frontgate-Reason: {reason}")], [next])
        })
    }

    fn by_s3(&self) -> Option<Finding> {
        let mut evidence = Vec::new();
        for name in ["x-amz-request-id", "x-amz-id-2"] {
            if self.head.get(name).is_some() {
                evidence.push(format!("a header {name}, which S3 sends (and storage that speaks its protocol), and CloudFront doesn't"));
            }
        }
        if self.head.begins("Server", "AmazonS3") {
            evidence.push("Server: AmazonS3".to_owned());
        }
        if self.element("RequestId").is_some() && self.element("HostId").is_some() {
            evidence
                .push("RequestId and HostId in the body, which CloudFront's own XML never has".to_owned());
        }
        let code = self.element("Code");
        if evidence.is_empty() {
            let is_s3s = code.as_deref().is_some_and(s3_responses::is_known)
                && code.as_deref() != Some("AccessDenied");
            let code = code.filter(|_| is_s3s)?;
            let message = self.element("Message").unwrap_or_default();
            let next = s3_responses::advice(&code, &message, None).unwrap_or(S3_NEXT[0]);
            let evidence = [format!("the code {code}, which S3 has and CloudFront hasn't")];
            return Some(Finding { code: Some(code), ..Finding::likely(Responder::S3, evidence, [next]) });
        }
        let way = match (self.head.came_through_cloudfront(), self.head.headers.is_empty()) {
            (true, _) => {
                "the signature of the link was good: CloudFront forwarded the request to S3, and S3 denied it"
            }
            (false, false) => "CloudFront wasn't involved: the link leads to S3 itself",
            (false, true) => {
                "without the headers (`curl -i`) it is unknown whether the request went to CloudFront or to S3 itself"
            }
        };
        let mut next = vec![way.to_owned()];
        evidence.extend(self.head.of_cloudfront());
        let is_through = match (self.head.came_through_cloudfront(), self.head.headers.is_empty()) {
            (true, _) => Some(true),
            (false, false) => Some(false),
            (false, true) => None,
        };
        let message = self.element("Message").unwrap_or_default();
        let advice = code.as_deref().and_then(|code| s3_responses::advice(code, &message, is_through));
        next.push(advice.unwrap_or(S3_NEXT[0]).to_owned());
        next.extend(self.element("Endpoint").map(|endpoint| format!("S3 names the endpoint {endpoint}")));
        next.extend(self.element("Region").map(|region| format!("S3 names the region {region}")));
        Some(Finding { code, is_certain: true, whose: Responder::S3, evidence, next })
    }

    /// XML without a RequestId: the signature's.
    fn by_xml(&self) -> Option<Finding> {
        let (code, message) = (self.element("Code")?, self.element("Message")?);
        let (answer, next) =
            signature_codes().find(|(known, _)| known.code() == code && known.message() == message)?;
        let mut evidence = vec![
            format!("the body's code {code} with the message `{message}`, word for word CloudFront's"),
            "no RequestId and no HostId in it".to_owned(),
        ];
        let supports = self.head.of_cloudfront();
        let is_certain = !supports.is_empty() || self.body.trim_end() == answer.xml();
        evidence.extend(supports);
        let more = "`frontgate explain URL` shows which mistake it was";
        let finding = Finding::certain(Responder::Signature, evidence, [next, more]);
        Some(Finding { code: Some(code), is_certain, ..finding })
    }

    fn by_page(&self) -> Option<Finding> {
        let sign = PAGE_SIGNS.iter().find(|sign| self.body.contains(**sign))?;
        let is_other = self.head.get("Server").is_some_and(|server| !server.contains("CloudFront"));
        if is_other && *sign != PAGE_SIGNS[0] {
            return None;
        }
        let mut evidence = vec![format!("the page `{sign}`")];
        let (whose, words, next) =
            PAGES.iter().find(|(_, words, _)| self.body.contains(words)).copied().unwrap_or((
                Responder::CloudFrontPage,
                "",
                "the page's own sentence gives the reason; no signature was checked",
            ));
        if !words.is_empty() {
            evidence.push(format!("its sentence `{words}`"));
        }
        evidence.extend(self.head.of_cloudfront());
        Some(Finding::certain(whose, evidence, [next]))
    }

    /// Without a body that tells.
    fn by_headers(&self) -> Finding {
        let evidence = self.head.of_cloudfront();
        let is_xml = self.head.begins("Content-Type", "text/xml");
        let is_own = self.head.begins("Server", "CloudFront");
        let length = self.head.get("Content-Length").and_then(|length| length.parse::<usize>().ok());
        let of_signature = signature_codes().find(|(answer, _)| Some(answer.xml().len()) == length);
        if is_own && is_xml {
            let mut finding = Finding::likely(
                Responder::Signature,
                evidence
                    .into_iter()
                    .chain(["Content-Type: text/xml, as only its signature check sends".to_owned()]),
                ["`frontgate explain URL` shows which mistake it was"],
            );
            if let Some((answer, next)) = of_signature {
                let code = answer.code().to_owned();
                finding.evidence.push(format!("Content-Length: that of its body with the code {code}"));
                finding.next.insert(0, next.to_owned());
                finding.code = Some(code);
                finding.is_certain = true;
            }
            return finding;
        }
        if is_own {
            let next = "give the body too: its sentence distinguishes firewall, country and method";
            let is_page = self.head.begins("Content-Type", "text/html");
            return Finding::likely(
                if is_page { Responder::CloudFrontPage } else { Responder::Nobody },
                evidence,
                [next],
            );
        }
        let Some(server) = self.head.get("Server").map(str::to_owned).or_else(|| self.body_of_app()) else {
            let next = "give the whole response: `curl -si 'URL' | frontgate explain --s3-or-cloudfront`";
            return Finding::likely(Responder::Nobody, evidence, [next]);
        };
        let through = self.head.came_through_cloudfront();
        let said = vec![format!("{server}, neither CloudFront nor AmazonS3")];
        let next = match through {
            true => "the signature was good, or the path is public: look into the application's own log",
            false => {
                "nothing shows that the request reached CloudFront at all: does the name lead to the distribution?"
            }
        };
        Finding::likely(Responder::App, said.into_iter().chain(evidence), [next])
    }

    fn body_of_app(&self) -> Option<String> {
        let body = self.body.trim();
        (!body.is_empty()).then(|| "a body that is none of CloudFront's and none of S3's".to_owned())
    }

    /// A status other than 403, or a page that hides one (cloudfront 11.20).
    fn with_status(&self, mut finding: Finding) -> Finding {
        match self.head.status {
            Some(403) | None => {}
            Some(301 | 307) if finding.whose == Responder::S3 => {}
            Some(status @ 200..=399) => {
                if self.head.begins("X-Cache", "Error") {
                    finding.evidence.push(format!("status {status} though X-Cache says Error"));
                    finding.next.insert(
                        0,
                        "a custom error response put its page and its status in place of an error: \
                         look at the distribution's error pages, 403 to 200 above all"
                            .to_owned(),
                    );
                    if finding.whose == Responder::App || finding.whose == Responder::S3 {
                        finding.whose = Responder::Nobody;
                        finding.is_certain = false;
                    }
                } else {
                    finding.next.insert(0, format!("status {status} is not a denial"));
                }
            }
            Some(_) if finding.whose == Responder::S3 => {}
            Some(status) => finding
                .next
                .insert(0, format!("status {status} is none of a signature's: that is always 403")),
        }
        finding
    }

    /// An element's text, of XML as flat as these bodies are.
    fn element(&self, name: &str) -> Option<String> {
        let (_, after) = self.body.split_once(&format!("<{name}>"))?;
        let (text, _) = after.split_once(&format!("</{name}>"))?;
        (text.len() < 300 && !text.contains('<')).then(|| text.to_owned())
    }
}

impl Finding {
    fn certain<E: Into<String>, N: Into<String>>(
        whose: Responder,
        evidence: impl IntoIterator<Item = E>,
        next: impl IntoIterator<Item = N>,
    ) -> Self {
        let evidence = evidence.into_iter().map(Into::into).collect();
        Self {
            whose,
            code: None,
            is_certain: true,
            evidence,
            next: next.into_iter().map(Into::into).collect(),
        }
    }

    fn likely<E: Into<String>, N: Into<String>>(
        whose: Responder,
        evidence: impl IntoIterator<Item = E>,
        next: impl IntoIterator<Item = N>,
    ) -> Self {
        Self { is_certain: false, ..Self::certain(whose, evidence, next) }
    }
}
