//! PEM as it arrives: with `\n` as two characters, on one line, indented, with a BOM or with text around it.
//!
//! Environment variables, YAML and secret stores change the line ends of a key, never its base64. So only the markers, the
//! label and the base64 between them count here. The strict form is RFC 7468; the key inside is parsed strictly.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// One block: what its label promises, and its bytes.
pub struct Block {
    /// As in `-----BEGIN label-----`, with single spaces.
    pub label: String,
    pub content: Content,
}

/// What is between the markers.
pub enum Content {
    Der(Vec<u8>),
    /// By a passphrase (`Proc-Type: 4,ENCRYPTED`).
    Encrypted,
}

/// Why a text that has PEM's markers can't be read. Nothing of the text but a label is repeated.
#[derive(Debug, PartialEq, Eq)]
pub enum BrokenPem {
    /// No `-----END label-----`.
    Cut { label: String },
    /// Another label at the end than at the beginning.
    Labels { begin: String, end: String },
    /// A character that isn't base64, counted from the first one after the label, or bits that are left over.
    NotBase64 { label: String, at: Option<usize> },
}

/// Every block of a text, in order; none where the text has no marker.
pub fn blocks(text: &str) -> Result<Vec<Block>, BrokenPem> {
    let text = with_line_ends(&percent_decoded(text));
    let mut rest = text.as_str();
    let mut found = Vec::new();
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let Some((label, after)) = label(after) else {
            rest = after;
            continue;
        };
        let Some((body, after)) = after.split_once(END) else { return Err(BrokenPem::Cut { label }) };
        let Some((end, after)) = self::label(after) else { return Err(BrokenPem::Cut { label }) };
        // A second beginning before the end: the first block has none.
        if body.contains(BEGIN) {
            return Err(BrokenPem::Cut { label });
        }
        if end != label {
            return Err(BrokenPem::Labels { begin: label, end });
        }
        found.push(Block { content: content(&label, body)?, label });
        rest = after;
    }
    Ok(found)
}

/// A value that was written for a URL or a form; `%` is no part of base64.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    let is_form = text.contains("-----BEGIN+");
    if !is_form && !text.contains("-----BEGIN%20") {
        return Cow::Borrowed(text);
    }
    let spaced = if is_form { text.replace('+', " ") } else { text.to_owned() };
    Cow::Owned(percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

/// Escapes of JSON, of shells and of .env files as what they stand for; a backslash is no part of base64.
fn with_line_ends(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        // `\\n` is what is left of a newline that was escaped twice.
        while characters.next_if_eq(&'\\').is_some() {}
        match characters.next_if(|next| matches!(next, 'n' | 'r' | 't' | '/')) {
            Some('/') => plain.push('/'),
            Some(_) | None => plain.push('\n'),
        }
    }
    plain
}

/// The label of a marker, and what follows the marker. `RSAPRIVATEKEY`, from which all spaces were removed, is known too.
fn label(text: &str) -> Option<(String, &str)> {
    let (label, after) = text.split_once("-----")?;
    let words: Vec<&str> = label.split_whitespace().collect();
    let is_label = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    if words.is_empty()
        || words.len() > MAX_LABEL_WORDS
        || !words.iter().all(|word| word.bytes().all(is_label))
    {
        return None;
    }
    let squeezed = words.concat();
    let known = KEY_LABELS.into_iter().find(|known| known.replace(' ', "") == squeezed);
    Some((known.map_or_else(|| words.join(" "), str::to_owned), after))
}

fn content(label: &str, body: &str) -> Result<Content, BrokenPem> {
    if body.contains("Proc-Type") || label.starts_with("ENCRYPTED") {
        return Ok(Content::Encrypted);
    }
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let mut base64 = String::with_capacity(body.len());
    for character in body.chars().filter(|c| !is_between(*c)) {
        if !is_base64(character) {
            return Err(BrokenPem::NotBase64 { label: label.to_owned(), at: Some(base64.len() + 1) });
        }
        base64.push(character);
    }
    match LENIENT.decode(&base64) {
        Ok(der) => Ok(Content::Der(der)),
        Err(_) => Err(BrokenPem::NotBase64 { label: label.to_owned(), at: None }),
    }
}

/// Spaces, a BOM or a zero-width space, and the quotes of strings that are joined line by line.
fn is_between(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{feff}' | '\u{200b}' | '"' | '\'')
}

const BEGIN: &str = "-----BEGIN";
const END: &str = "-----END";
/// The longest in use has four.
const MAX_LABEL_WORDS: usize = 6;
/// Labels whose spaces can be put back.
const KEY_LABELS: [&str; 6] = [
    "PUBLIC KEY",
    "PRIVATE KEY",
    "RSA PUBLIC KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
];
/// Some secret stores trim the `=` at the end.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests {
    use super::*;

    /// The content that every accepted form must give.
    const BYTES: &[u8] = b"forty-eight bytes make sixty-four base64 digits!";

    fn standard() -> String {
        let base64 = base64::prelude::BASE64_STANDARD.encode(BYTES);
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n{}\n-----END PUBLIC KEY-----\n",
            &base64[..40],
            &base64[40..]
        )
    }

    #[test]
    fn every_damage_to_line_ends_is_undone() {
        let pem = standard();
        let json = serde_json::Value::from(pem.as_str()).to_string();
        for (name, text) in [
            ("as it is", pem.clone()),
            ("CRLF", pem.replace('\n', "\r\n")),
            ("CR", pem.replace('\n', "\r")),
            ("literal \\n", pem.replace('\n', "\\n")),
            ("literal \\r\\n", pem.replace('\n', "\\r\\n")),
            ("escaped twice", pem.replace('\n', "\\\\n")),
            ("literal and real", pem.replace('\n', "\\n\n")),
            ("one line", pem.replace('\n', " ")),
            ("nothing between", pem.replace('\n', "")),
            ("tabs", pem.replace('\n', "\t")),
            ("all spaces removed", pem.split_whitespace().collect()),
            ("indented", pem.lines().map(|line| format!("      {line}\n")).collect()),
            ("spaces at line ends", pem.replace('\n', "  \n")),
            ("blank lines", pem.replace('\n', "\n\n")),
            ("no last newline", pem.trim_end().to_owned()),
            ("BOM", format!("\u{feff}{pem}")),
            ("no-break spaces", pem.replace('\n', "\u{a0}")),
            ("text around", format!("Bag Attributes\n    friendlyName: x\nKey: -----\n{pem}\nthe end -----")),
            ("quoted", format!("PUBLIC_KEY=\"{}\"\nOTHER=1\n", pem.replace('\n', "\\n"))),
            ("JSON", json.replace('/', "\\/")),
            ("a URL's value", pem.replace(' ', "%20").replace('+', "%2B").replace('\n', "%0A")),
            ("a form's value", pem.replace('+', "%2B").replace(' ', "+").replace('\n', "%0D%0A")),
            ("shell continuation", pem.replace('\n', "\\\n")),
        ] {
            let read = blocks(&text).unwrap_or_else(|broken| panic!("{name}: {broken:?}"));
            let [Block { label, content: Content::Der(der) }] = &read[..] else { panic!("{name}") };
            assert_eq!((label.as_str(), der.as_slice()), ("PUBLIC KEY", BYTES), "{name}");
        }
    }

    #[test]
    fn damage_to_the_content_is_named() {
        let pem = standard();
        let label = || "PUBLIC KEY".to_owned();
        for (text, expected) in [
            (pem.replace("-----END", "-----ENT"), BrokenPem::Cut { label: label() }),
            (pem[..60].to_owned(), BrokenPem::Cut { label: label() }),
            (format!("{}{pem}", &pem[..60]), BrokenPem::Cut { label: label() }),
            (
                pem.replace("END PUBLIC", "END PRIVATE"),
                BrokenPem::Labels { begin: label(), end: "PRIVATE KEY".to_owned() },
            ),
            (pem.replacen('\n', "\n-", 1), BrokenPem::NotBase64 { label: label(), at: Some(1) }),
            (pem.replacen('\n', "\nA", 1), BrokenPem::NotBase64 { label: label(), at: None }),
        ] {
            assert_eq!(blocks(&text).err(), Some(expected), "{text}");
        }
        for text in ["", "no key", "-----BEGIN", "-----BEGIN -----", "-----BEGIN pub key-----"] {
            assert!(blocks(text).unwrap().is_empty(), "{text}");
        }
    }

    #[test]
    fn several_blocks_and_encrypted_ones_are_told_apart() {
        let encrypted = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAA==\n\
                         -----END RSA PRIVATE KEY-----\n";
        let read = blocks(&format!("{encrypted}{}", standard())).unwrap();
        assert_eq!(read.len(), 2);
        assert!(matches!(read[0].content, Content::Encrypted) && read[0].label == "RSA PRIVATE KEY");
        assert_eq!(read[1].label, "PUBLIC KEY");
    }
}
