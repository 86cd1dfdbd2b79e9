//! `frontgate explain`: what would become of links, check by check, in whatever form they come. Reference 1 and 7.

use std::fs::File;
use std::io::{Cursor, IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};

use super::output::{DENIED, Global, write_stdout};
use crate::clock;
use crate::epoch::EpochSeconds;
use crate::explain::report::Paint;
use crate::paste::responder::Responder;
use crate::paste::{PasteReader, response, response_source};

mod json;
mod judged;
mod keys;
mod options;
mod session;
mod text;
mod timeline;

use keys::Trust;
pub(in crate::cli) use options::Explain;
use session::ExplainSession;

/// A text to read: its name, and where it comes from.
type Source = (String, Box<dyn Read>);

impl Explain {
    pub(super) fn run(self, global: Global) -> anyhow::Result<ExitCode> {
        let paint = Paint(global.colored(&std::io::stdout()));
        if self.s3_or_cloudfront {
            return self.tell_whose(paint);
        }
        let now = clock::now();
        let at = self.at.as_deref().map(|at| EpochSeconds::parse(at, now)).transpose();
        let at = at.map_err(|error| anyhow!("--at: {error}"))?;
        let trust = Trust::given(self.config.as_deref(), &self.public_key, self.keys.as_deref())?;
        let sources = self.sources()?;
        let mut session = ExplainSession::new(&self, trust, now, at);
        (session.paint, session.is_quiet) = (paint, global.quiet);
        let mut reader = PasteReader::new(self.url.as_deref());
        let read =
            sources.into_iter().try_for_each(|(name, source)| reader.read(&name, source, &mut session));
        if read.is_continue() {
            // Where it breaks, the session knows why.
            let _ = reader.finish(&mut session);
        }
        session.finish()
    }

    /// What is to be read, in order. Without anything, standard input, unless that is a person.
    fn sources(&self) -> anyhow::Result<Vec<Source>> {
        let mut sources: Vec<Source> = Vec::new();
        for (number, text) in self.links.iter().enumerate() {
            if text == "-" {
                sources.push(("standard input".to_owned(), Box::new(std::io::stdin())));
            } else {
                let name = format!("argument {}", number + 1);
                if Path::new(text).is_file() {
                    bail!("{name} is the name of a file: --file `{text}` reads it");
                }
                sources.push((name, Box::new(Cursor::new(text.clone().into_bytes()))));
            }
        }
        for file in &self.file {
            let name = file.display().to_string();
            let opened = File::open(file).with_context(|| format!("{name} can't be read"))?;
            if opened.metadata().is_ok_and(|metadata| metadata.is_dir()) {
                bail!("{name} is a folder: expected a file");
            }
            sources.push((name, Box::new(opened)));
        }
        if sources.is_empty() && (self.url.is_none() || self.cookie.is_empty()) {
            if std::io::stdin().is_terminal() {
                if self.url.is_some() {
                    return Ok(sources);
                }
                bail!(
                    "nothing to explain: expected a URL, cookies or a copied command as arguments, `--file FILE`, or \
                     something on standard input; `frontgate explain --help` has examples"
                );
            }
            sources.push(("standard input".to_owned(), Box::new(std::io::stdin())));
        }
        Ok(sources)
    }

    fn tell_whose(&self, paint: Paint) -> anyhow::Result<ExitCode> {
        let mut status = ExitCode::SUCCESS;
        for (name, reader) in self.sources()? {
            let mut bytes = Vec::new();
            reader
                .take(MAX_RESPONSE)
                .read_to_end(&mut bytes)
                .with_context(|| format!("{name} can't be read"))?;
            if bytes.trim_ascii().is_empty() {
                bail!("{name} is empty: expected a response, such as `curl -si 'https://…'` prints");
            }
            let (head, body) = response::read(&String::from_utf8_lossy(&bytes));
            let finding = response_source::judge(&head, &body);
            if finding.whose == Responder::Nobody {
                status = ExitCode::from(DENIED);
            }
            write_stdout(&match self.json {
                true => format!("{}\n", json::finding(&finding, head.status)),
                false => text::finding(&finding, paint),
            })?;
        }
        Ok(status)
    }
}

/// Of a response: its head and what tells whose body it is.
const MAX_RESPONSE: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use clap::Parser;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::paste::Kept;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        explain: Explain,
    }

    /// Reads a text and judges what was found in it, as `run` does without keys; says how many links and problems.
    fn explained(bytes: &[u8]) -> (usize, usize) {
        let mut kept = Kept::default();
        let mut reader = PasteReader::new(None);
        assert!(reader.read("x", Cursor::new(bytes.to_vec()), &mut kept).is_continue());
        assert!(reader.finish(&mut kept).is_continue());
        let asked = Only::parse_from(["explain", "--timeline"]).explain;
        let session = ExplainSession::new(&asked, Trust::Nothing, EpochSeconds(1_900_000_000), None);
        let found = (kept.links.len(), kept.problems.len());
        for link in kept.links {
            if let Ok(judged) = session.judge(link, std::time::Duration::ZERO) {
                let shown = text::block(&judged, Some(1), true, Paint(false));
                assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
                let _ = json::object(&judged, Some(1), true);
            }
        }
        let (head, body) = response::read(&String::from_utf8_lossy(bytes));
        let _ = text::finding(&response_source::judge(&head, &body), Paint(false));
        found
    }

    const URL: &str = "https://a.com/x?b=1&Expires=1990000000&Signature=abcd~-__&Key-Pair-Id=K2JCJMDEHXQW5F";

    fn valid() -> Vec<String> {
        let har = format!(
            r#"{{"log":{{"version":"1.2","entries":[{{"startedDateTime":"2026-11-24T10:00:00.5Z","request":{{"method":"GET",
            "url":"{URL}","headers":[{{"name":"Cookie","value":"a=b"}}],"cookies":[]}},"response":{{"status":403,
            "content":{{"text":"\u00e9\\\"x"}}}}}}]}}}}"#
        );
        let fields = "2026-11-24\t10:00:00\tLHR3-C1\t1\t192.0.2.1\tGET\ta.com\t/x%2520y\t403\t-\t-\tSignature=abc%7E&Expires=1\t-";
        vec![
            URL.to_owned(),
            format!("<{URL}>\n\"https:\\/\\/b.com\\/x\\u0026y\""),
            format!("curl '{URL}' \\\n  -H 'Cookie: CloudFront-Policy=e30_; CloudFront-Signature=ab' -I"),
            "curl $'https://a.com/it\\'s\\u0021' --compressed".to_owned(),
            format!("curl ^\"{}^\" ^\n  -H ^\"Host: b.com^\"", URL.replace('&', "^&")),
            format!("{URL}\nCookie: CloudFront-Policy=e30_; CloudFront-Key-Pair-Id=K"),
            har,
            format!("#Version: 1.0\n{}\n{fields}\tError\tid\ta.com\thttps", HEAD_OF_LOG),
            r#"{"date":"2026-11-24","time":"10:00:00","c-ip":"::1","cs-uri-stem":"/x","sc-status":"403","cs-protocol":"https","x-host-header":"a.com"}"#.to_owned(),
            r#"{"CloudFront-Policy":"e30_","CloudFront-Signature":"x"}"#.to_owned(),
            "HTTP/1.1 403 Forbidden\r\nServer: CloudFront\r\n\r\n<Error><Code>AccessDenied</Code></Error>".to_owned(),
        ]
    }

    const HEAD_OF_LOG: &str = "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status \
        cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol";

    #[test]
    fn what_is_valid_is_found_once() {
        let found: Vec<usize> = valid().iter().map(|text| explained(text.as_bytes()).0).collect();
        assert_eq!(found, [1, 2, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            explained(&bytes);
        }

        #[test]
        fn nothing_that_was_valid_is_too_odd(
            which in any::<Index>(),
            changes in proptest::collection::vec((any::<Index>(), any::<Index>(), "\\PC{0,4}|[\"'\\\\^$\n\t:%{}]{0,3}", 0..4_u8), 1..6),
        ) {
            let mut bytes = valid()[which.index(valid().len())].clone().into_bytes();
            for (at, to, text, kind) in changes {
                let (a, b) = (at.index(bytes.len() + 1), to.index(bytes.len() + 1));
                let (from, to) = (a.min(b), a.max(b));
                match kind {
                    0 => drop(bytes.splice(from..from, text.into_bytes())),
                    1 => drop(bytes.drain(from..to.min(from + 20))),
                    2 => bytes.extend_from_within(from..to),
                    _ => bytes.truncate(to),
                }
            }
            explained(&bytes);
        }
    }
}
