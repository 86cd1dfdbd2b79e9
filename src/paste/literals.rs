//! String literals, names and signs of program code in JavaScript, Python, PowerShell and languages like these.

/// How strings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Backslashes escape; backticks quote.
    Common,
    /// Backticks escape, also line ends.
    PowerShell,
}

impl Dialect {
    pub(super) fn of(text: &str) -> Self {
        let is_powershell = ["Invoke-", "New-Object", "$session", "iwr ", "irm ", "$headers", "@{"]
            .iter()
            .any(|word| text.contains(word));
        if is_powershell { Self::PowerShell } else { Self::Common }
    }
}

/// A part of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// The value of a string literal.
    Text(String),
    /// A name, with the dots between its parts.
    Name(String),
    Sign(char),
}

/// The tokens; literals that stand together or are joined by `+` are one.
pub(super) fn tokens(text: &str, dialect: Dialect) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if found.len() >= MAX_TOKENS {
            break;
        }
        if is_comment(rest, found.last()) {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if is_quote(first, dialect) {
            let (value, after) = literal(rest, first, dialect);
            push_text(&mut found, value, dialect);
            rest = after;
        } else if first.is_ascii_alphabetic() || first == '_' || first == '$' {
            let is_in_name = |c: char| c.is_ascii_alphanumeric() || "_$.-".contains(c);
            let (name, after) = rest.split_at(rest.find(|c| !is_in_name(c)).unwrap_or(rest.len()));
            found.push(Token::Name(name.trim_end_matches(['-', '.']).to_owned()));
            rest = after;
        } else {
            let continues_line = first == '`' && dialect == Dialect::PowerShell;
            if !(first.is_whitespace() || continues_line) {
                found.push(Token::Sign(first));
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

/// Whether a text is the key of what follows it: `"name": …`, `'name' => …`.
pub(super) fn is_key(tokens: &[Token], at: usize) -> bool {
    matches!(tokens.get(at + 1..), Some([Token::Sign(':'), ..] | [Token::Sign('='), Token::Sign('>'), ..]))
}

/// `'a' 'b'` and `'a' + 'b'`.
fn push_text(found: &mut Vec<Token>, value: String, dialect: Dialect) {
    match found.as_mut_slice() {
        [.., Token::Text(before)] if dialect == Dialect::Common => before.push_str(&value),
        [.., Token::Text(before), Token::Sign('+')] => {
            before.push_str(&value);
            found.pop();
        }
        _ => found.push(Token::Text(value)),
    }
}

/// `//` and `#` up to the line's end, where no name is in front of it.
fn is_comment(rest: &str, before: Option<&Token>) -> bool {
    let is_behind_name = matches!(before, Some(Token::Name(_)));
    rest.starts_with("//") || rest.starts_with("# ") && !is_behind_name
}

fn is_quote(c: char, dialect: Dialect) -> bool {
    matches!(c, '"' | '\'') || c == '`' && dialect == Dialect::Common
}

/// The value of a literal at the beginning, and what follows it.
fn literal(text: &str, quote: char, dialect: Dialect) -> (String, &str) {
    let triple: String = [quote; 3].iter().collect();
    if dialect == Dialect::Common && text.starts_with(&triple) {
        let inner = &text[3..];
        let end = inner.find(&triple).unwrap_or(inner.len());
        return (inner[..end].to_owned(), inner.get(end + 3..).unwrap_or_default());
    }
    let mut value = String::new();
    let mut rest = text[quote.len_utf8()..].chars();
    while let Some(c) = rest.next() {
        if c == quote {
            // Doubled in PowerShell.
            if dialect == Dialect::PowerShell && rest.as_str().starts_with(quote) {
                value.push(quote);
                rest.next();
                continue;
            }
            return (value, rest.as_str());
        }
        let escapes = match dialect {
            Dialect::Common => c == '\\',
            Dialect::PowerShell => c == '`' && quote == '"',
        };
        if escapes { unescape(&mut rest, &mut value) } else { value.push(c) }
    }
    (value, "")
}

fn unescape(rest: &mut std::str::Chars<'_>, value: &mut String) {
    match rest.next() {
        Some('n') => value.push('\n'),
        Some('r') => value.push('\r'),
        Some('t') => value.push('\t'),
        Some('\n') | None => {}
        Some(kind @ ('x' | 'u')) => {
            let len = if kind == 'x' { 2 } else { 4 };
            let code = rest.as_str().get(..len).and_then(|digits| u32::from_str_radix(digits, 16).ok());
            match code.and_then(char::from_u32) {
                Some(c) => {
                    value.push(c);
                    rest.nth(len - 1);
                }
                None => value.push(kind),
            }
        }
        Some(other) => value.push(other),
    }
}

/// `name.method(…`.
pub(super) fn is_call(line: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_$.".contains(c);
    let Some(end) = line.find(|c| !is_name(c)) else { return false };
    let (name, rest) = line.split_at(end);
    rest.starts_with('(')
        && name.contains('.')
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || "_$".contains(c))
}

/// The variable of `name = …`, where what follows is a literal, a call or an object.
pub(super) fn assigned(line: &str) -> Option<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_$.[]'\"-".contains(c);
    let line = without_type(line);
    let (name, rest) = line.split_at(line.find(|c| !is_name(c))?);
    let value = rest.trim_start().strip_prefix(":=").or_else(|| rest.trim_start().strip_prefix('='))?;
    let is_var =
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '$') && !name.contains("://");
    let begins = value.trim_start().starts_with(['"', '\'', '`', '{', '[', '(', '@'])
        || value.starts_with(' ') && value.contains('(');
    // `CloudFront-Policy=…` and `Expires=…` are no variables.
    (is_var && begins && !name.is_empty()).then_some(name)
}

/// Without the type in front of a variable: `HttpRequest request = …`, `OkHttpClient client = …`.
fn without_type(line: &str) -> &str {
    let Some((kind, rest)) = line.split_once(' ') else { return line };
    let is_kind = kind.starts_with(|c: char| c.is_ascii_uppercase())
        && kind.chars().all(|c| c.is_ascii_alphanumeric() || "_<>.[]?".contains(c));
    let is_declared = rest.split_whitespace().nth(1) == Some("=");
    if is_kind && is_declared { rest } else { line }
}

/// Whether brackets are open at the end of a text that is read line by line.
#[derive(Clone, Debug, Default)]
pub(super) struct Balance {
    depth: usize,
    quote: Option<char>,
    is_escaped: bool,
    goes_on: bool,
}

impl Balance {
    /// Reads the next line.
    pub(super) fn line(&mut self, line: &str) {
        for c in line.chars() {
            match self.quote {
                _ if self.is_escaped => self.is_escaped = false,
                Some(_) if c == '\\' => self.is_escaped = true,
                Some(quote) if c == quote => self.quote = None,
                Some(_) => {}
                None if c == '"' || c == '\'' => self.quote = Some(c),
                None if "([{".contains(c) => self.depth += 1,
                None if ")]}".contains(c) => self.depth = self.depth.saturating_sub(1),
                None => {}
            }
        }
        // A quote that isn't closed on its line was an apostrophe.
        self.quote = None;
        self.is_escaped = false;
        self.goes_on = line.trim_end().ends_with(['`', '\\', '=', ',', '+']);
    }

    /// Whether the statement is complete.
    pub(super) fn is_closed(&self) -> bool {
        self.depth == 0 && !self.goes_on
    }
}

const MAX_TOKENS: usize = 50_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(code: &str) -> Vec<String> {
        let found = tokens(code, Dialect::of(code));
        found
            .into_iter()
            .filter_map(|token| if let Token::Text(text) = token { Some(text) } else { None })
            .collect()
    }

    #[test]
    fn literals_are_read_as_each_language_writes_them() {
        for (code, found) in [
            (r#"f("a\"b", 'c\'d')"#, vec!["a\"b", "c'd"]),
            (r#"x = "a" + 'b'  // "c""#, vec!["ab"]),
            ("x = ('a'\n  'b')", vec!["ab"]),
            ("x = '''a'b'''", vec!["a'b"]),
            (r#"x = "\u0041\x42\u00""#, vec!["ABu00"]),
            ("$session.x(\"a`\"b`$c\", 'd''e')", vec!["a\"b$c", "d'e"]),
            ("`a${b}`", vec!["a${b}"]),
        ] {
            assert_eq!(texts(code), found, "{code}");
        }
    }

    #[test]
    fn a_statement_ends_where_its_brackets_close() {
        let closed = |text: &str| {
            let mut balance = Balance::default();
            text.lines().for_each(|line| balance.line(line));
            balance.is_closed()
        };
        for text in ["f(", "f(\"(\", [1", "Invoke-X -Uri \"a\" `", "x = {\n 'a': 'don\\'t',"] {
            assert!(!closed(text), "{text}");
        }
        for text in ["f()", "f(\"(\")", "x = {\n}", ")"] {
            assert!(closed(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_code_is_too_odd(text in "[\"'`\\\\$@{}()a-z0-9xu\n é]{0,200}") {
            for dialect in [Dialect::Common, Dialect::PowerShell] {
                let _ = tokens(&text, dialect);
            }
        }
    }
}
