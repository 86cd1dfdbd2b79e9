//! Where texts come from, line by line and never whole, and which form one has.

use std::io::{BufRead, BufReader, Cursor, Read};

use super::link::{LinkSink, Problem, problem};
use super::log_line::is_log_line;

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextForm {
    /// URLs, cookies and `curl` commands, each on its own line or lines.
    Pasted,
    /// A HAR file.
    Har,
    /// CloudFront's standard log, version 1.
    Log,
    /// A standard log as JSON lines.
    JsonLog,
    /// White space at the most.
    Nothing,
}

/// A text with a name, whose beginning was looked at.
pub(super) struct Text {
    /// As it stands in errors: `argument 1`, `standard input`, a file's name.
    pub(super) name: String,
    /// What it is.
    pub(super) form: TextForm,
    reader: Box<dyn BufRead>,
}

impl Text {
    /// Looks at the beginning.
    ///
    /// # Errors
    /// Where it can't be read, or is no text.
    pub(super) fn recognise(name: &str, mut reader: impl Read + 'static) -> Result<Self, Problem> {
        let first = first_bytes(&mut reader)
            .map_err(|error| Box::new(problem(name, 0, format!("it can't be read: {error}"))))?;
        let first = first.strip_prefix(b"\xef\xbb\xbf").map_or(first.clone(), <[u8]>::to_vec);
        is_text(name, &first)?;
        let form = TextForm::of(&first);
        // One byte more than is allowed, so that the end of what is allowed is told from the end.
        let reader = BufReader::with_capacity(BUFFER, Cursor::new(first).chain(reader).take(MAX_INPUT + 1));
        Ok(Self { name: name.to_owned(), form, reader: Box::new(reader) })
    }

    pub(super) fn lines(self) -> TextLines {
        TextLines { name: self.name, reader: self.reader, number: 0, read: 0 }
    }

    pub(super) fn into_reader(self) -> Box<dyn BufRead> {
        self.reader
    }
}

/// As much as it takes to recognise a form: the first line, or more of a JSON document.
fn first_bytes(reader: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut first = Vec::new();
    let mut chunk = vec![0; 4096];
    loop {
        let is_open_json = first.trim_ascii_start().first() == Some(&b'{') && !first.contains(&b'}');
        let has_line = memchr::memchr(b'\n', first.trim_ascii_start()).is_some();
        if first.len() >= PEEKED || (has_line && !is_open_json) {
            return Ok(first);
        }
        match reader.read(&mut chunk)? {
            0 => return Ok(first),
            count => first.extend_from_slice(&chunk[..count]),
        }
    }
}

fn is_text(name: &str, first: &[u8]) -> Result<(), Problem> {
    let refuse = |found: &str, help: &str| {
        Err(Box::new(problem(name, 0, "this is not text").found(found).expected(SOMETHING).help(help)))
    };
    match first {
        [0x1f, 0x8b, ..] => refuse("gzip", "unpack it on the way: `zcat FILE | frontgate explain`"),
        [b'P', b'K', 3, 4, ..] => refuse("a ZIP archive", "unpack it first"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            refuse("UTF-16, as Windows PowerShell's `>` writes", "save it as UTF-8")
        }
        _ if first.contains(&0) => refuse("binary, with zero bytes", "give the text that names the link"),
        _ => Ok(()),
    }
}

impl TextForm {
    /// By the first line, or the first bytes of it.
    pub(super) fn of(first: &[u8]) -> Self {
        let text = first.trim_ascii_start();
        let has = |word: &[u8]| memchr::memmem::find(text, word).is_some();
        if text.starts_with(b"#Version:") || text.starts_with(b"#Fields:") || is_log_line(text) {
            return Self::Log;
        }
        if text.is_empty() && first.len() < PEEKED {
            return Self::Nothing;
        }
        if !text.starts_with(b"{") {
            return Self::Pasted;
        }
        if has(b"\"log\"") && has(b"\"entries\"") || is_har_begun(text) {
            Self::Har
        } else if is_record(text) {
            Self::JsonLog
        } else {
            Self::Pasted
        }
    }
}

/// `{"log":`, whatever follows it.
fn is_har_begun(text: &[u8]) -> bool {
    let plain: Vec<u8> = text.iter().take(200).copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    plain.starts_with(b"{\"log\":{")
}

/// Whether the first line is a record of a log by itself; others are looked at as a whole.
fn is_record(text: &[u8]) -> bool {
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let has = |word: &[u8]| memchr::memmem::find(line, word).is_some();
    let ends = line.trim_ascii_end().ends_with(b"}");
    ends && has(b"cs-uri-stem") && !has(b"\\\"cs-uri-stem")
}

/// Lines, each of bounded length.
pub(super) struct TextLines {
    name: String,
    reader: Box<dyn BufRead>,
    number: usize,
    read: u64,
}

/// One line.
#[derive(Clone, Debug)]
pub(super) struct TextLine {
    /// From 1.
    pub(super) number: usize,
    /// Without its end.
    pub(super) text: String,
    /// Whether bytes that aren't UTF-8 were replaced.
    pub(super) is_lossy: bool,
}

impl TextLines {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The next line; none at the end, nor where it can't be read, of which the sink is told.
    pub(super) fn next_or_tell(&mut self, sink: &mut dyn LinkSink) -> Option<TextLine> {
        self.next().unwrap_or_else(|problem| {
            sink.problem(problem);
            None
        })
    }

    /// The next line; none at the end.
    ///
    /// # Errors
    /// Where it can't be read, is too long, or holds zero bytes.
    pub(super) fn next(&mut self) -> Result<Option<TextLine>, Problem> {
        let mut bytes = Vec::new();
        self.number += 1;
        let fault = |message: String| problem(&self.name, self.number, message);
        let limit = MAX_LINE as u64 + 1;
        let count = (&mut self.reader).take(limit).read_until(b'\n', &mut bytes);
        let count = count.map_err(|error| Box::new(fault(format!("it can't be read: {error}"))))?;
        self.read += count as u64;
        if self.read > MAX_INPUT {
            return Err(Box::new(too_long(&self.name)));
        }
        if bytes.len() > MAX_LINE {
            let fault = fault("the line is too long".to_owned());
            return Err(Box::new(
                fault.found(format!("more than {MAX_LINE} bytes without a line end")).expected(
                    "a line of a log, or a link: CloudFront takes URLs of 8192 bytes, and heads of 32768",
                ),
            ));
        }
        if bytes.contains(&0) {
            let fault = fault("this is not text".to_owned());
            return Err(Box::new(fault.found("zero bytes").expected("lines of UTF-8")));
        }
        if count == 0 {
            return Ok(None);
        }
        while bytes.last().is_some_and(|last| matches!(last, b'\n' | b'\r')) {
            bytes.pop();
        }
        let (text, is_lossy) = match String::from_utf8(bytes) {
            Ok(text) => (text, false),
            Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
        };
        Ok(Some(TextLine { number: self.number, text, is_lossy }))
    }
}

/// That a text has more bytes than are read.
pub(super) fn too_long(name: &str) -> crate::config::Fault {
    problem(name, 0, "the text is too long")
        .found("more than 1 GiB")
        .expected("at most 1 GiB")
        .help("give a part of it, such as `head -c 1G FILE | frontgate explain`, or only its denied lines")
}

/// Of a whole text.
pub(super) const MAX_INPUT: u64 = 1 << 30;
/// Of a line: CloudFront's longest head, three bytes for each of its own, fits twice.
pub(super) const MAX_LINE: usize = 256 << 10;
/// What may be given.
pub(super) const SOMETHING: &str =
    "a URL, cookies, a copied command or request, JSON, a HAR file, or lines of CloudFront's logs";
const PEEKED: usize = 16 << 10;
const BUFFER: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_recognised_by_their_beginning() {
        for (text, form) in [
            ("https://a.com/x", TextForm::Pasted),
            ("curl 'https://a.com'", TextForm::Pasted),
            ("#Version: 1.0\n#Fields: date", TextForm::Log),
            ("2026-11-24\t10:00:00\tX\t1\t1.1.1.1\tGET\th\t/x\t403\t-\t-\t-\t-\t-", TextForm::Log),
            ("2026-11-24 10:00:00 nothing", TextForm::Pasted),
            ("{\n  \"log\": {", TextForm::Har),
            ("{\"date\":\"2026-11-24\",\"cs-uri-stem\":\"/x\"}", TextForm::JsonLog),
            ("{\"CloudFront-Policy\":\"x\"}", TextForm::Pasted),
            ("{}", TextForm::Pasted),
            ("{\"events\":[{\"message\":\"{\\\"cs-uri-stem\\\":1}\"}]}", TextForm::Pasted),
            (" \n", TextForm::Nothing),
        ] {
            assert_eq!(TextForm::of(text.as_bytes()), form, "{text}");
        }
    }

    #[test]
    fn what_is_no_text_is_named() {
        for (bytes, word) in [
            (&b"\x1f\x8b\x08"[..], "zcat"),
            (b"PK\x03\x04", "ZIP"),
            (b"\xff\xfeh\0", "UTF-16"),
            (b"a\0b", "zero bytes"),
        ] {
            let problem = Text::recognise("x", Cursor::new(bytes)).err().unwrap().to_string();
            assert!(problem.contains(word), "{problem}");
        }
    }

    #[test]
    fn an_endless_line_ends_in_an_error() {
        let endless = std::io::repeat(b'x');
        let mut lines = Text::recognise("standard input", endless).ok().unwrap().lines();
        let problem = lines.next().unwrap_err().to_string();
        assert!(problem.starts_with("standard input:1:1: the line is too long"), "{problem}");
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        let text = Text::recognise("x", Cursor::new("\u{feff}https://a/\r\n")).ok().unwrap();
        assert_eq!(text.lines().next().unwrap().unwrap().text, "https://a/");
    }
}
