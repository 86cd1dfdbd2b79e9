//! Splits a command line into words, as a POSIX shell does, or as cmd.exe and a program's start on Windows do together.

/// The words; none while a quote is open or the last line goes on.
pub(super) fn split(command: &str) -> Option<Vec<String>> {
    if goes_on(command) {
        None
    } else if command.contains("`\n") || command.contains("`\r\n") {
        of_posix(&command.replace("`\r\n", " ").replace("`\n", " "))
    } else if is_for_cmd(command) {
        of_cmd(command)
    } else {
        of_posix(command)
    }
}

/// Whether the line's end is escaped.
pub(super) fn goes_on(command: &str) -> bool {
    let line = command.trim_end_matches(['\r', '\n']);
    let escapes = |sign: u8| line.bytes().rev().take_while(|byte| *byte == sign).count() % 2 == 1;
    escapes(b'\\') || escapes(b'^') || line.ends_with(" `")
}

/// Whether a text holds a variable that a shell would have replaced.
pub(super) fn has_variable(text: &str) -> bool {
    text.match_indices('$')
        .any(|(at, _)| text[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || "_{(".contains(c)))
        || text.match_indices('%').any(|(at, _)| {
            let rest = &text[at + 1..];
            let name = rest.split('%').next().unwrap_or_default();
            rest.len() > name.len()
                && name.len() > 2
                && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
                && !name.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
}

/// Browsers write `^"` around words for cmd.exe, and `^` at the ends of lines.
fn is_for_cmd(command: &str) -> bool {
    command.contains("^\"") || command.lines().any(|line| line.ends_with(" ^"))
}

fn of_posix(command: &str) -> Option<Vec<String>> {
    let command = command.replace("\r\n", "\n");
    let plain = without_ansi_c(&command)?;
    // A `;` between commands of "copy all" is no part of the last word.
    let words = shlex::split(&plain)?;
    Some(words.into_iter().filter(|word| word != ";" && word != "&").collect())
}

/// `$'…'` (bash's ANSI-C quoting, which browsers use where a text holds `'` or `!`) as plain quotes, and lines joined.
fn without_ansi_c(command: &str) -> Option<String> {
    let mut plain = String::with_capacity(command.len());
    let mut quote = None;
    let mut rest = command.chars().peekable();
    while let Some(character) = rest.next() {
        match (quote, character) {
            (None, '$') if rest.next_if_eq(&'\'').is_some() => {
                let text = ansi_c(&mut rest)?;
                // Only a zero byte can't be quoted, and none is let in.
                plain.push_str(&shlex::try_quote(&text).ok()?);
                continue;
            }
            // A line end that is escaped goes away; shlex takes it for a word.
            (None | Some('"'), '\\') if rest.next_if_eq(&'\n').is_some() => continue,
            (None | Some('"'), '\\') => {
                plain.push(character);
                plain.extend(rest.next());
                continue;
            }
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None | Some(_), _) => {}
        }
        plain.push(character);
    }
    quote.is_none().then_some(plain)
}

/// The text up to the closing quote.
fn ansi_c(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    // Bytes, since `\xHH` names one.
    let mut text = Vec::new();
    let push = |text: &mut Vec<u8>, character: char| {
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    };
    loop {
        match rest.next()? {
            '\'' => return Some(String::from_utf8_lossy(&text).replace('\0', "")),
            '\\' => match rest.next()? {
                'n' => text.push(b'\n'),
                'r' => text.push(b'\r'),
                't' => text.push(b'\t'),
                'x' => text.push(u8::try_from(digits(rest, 16, 2)).unwrap_or(b'?')),
                'u' => push(&mut text, char::from_u32(digits(rest, 16, 4)).unwrap_or('\u{fffd}')),
                'U' => push(&mut text, char::from_u32(digits(rest, 16, 8)).unwrap_or('\u{fffd}')),
                other => push(&mut text, other),
            },
            other => push(&mut text, other),
        }
    }
}

fn digits(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, radix: u32, most: usize) -> u32 {
    let mut value = 0;
    for _ in 0..most {
        let Some(digit) = rest.peek().and_then(|next| next.to_digit(radix)) else { break };
        value = value * radix + digit;
        rest.next();
    }
    value
}

/// First cmd.exe's own escapes, then the quotes of the program's start.
fn of_cmd(command: &str) -> Option<Vec<String>> {
    let mut plain = String::with_capacity(command.len());
    let mut is_quoted = false;
    let mut rest = command.chars().filter(|character| *character != '\r').peekable();
    while let Some(character) = rest.next() {
        match character {
            '^' if !is_quoted => {
                // A line end that is escaped goes away, and what follows it is taken as it stands.
                rest.next_if_eq(&'\n');
                plain.extend(rest.next());
            }
            '"' => {
                is_quoted = !is_quoted;
                plain.push('"');
            }
            other => plain.push(other),
        }
    }
    quoted_words(&plain)
}

fn quoted_words(plain: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut is_quoted = false;
    let mut rest = plain.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\\' if rest.next_if_eq(&'"').is_some() => word.get_or_insert_default().push('"'),
            // Browsers double them everywhere, not only before a quote.
            '\\' if is_quoted && rest.next_if_eq(&'\\').is_some() => {
                word.get_or_insert_default().push('\\');
            }
            '"' if is_quoted && rest.next_if_eq(&'"').is_some() => word.get_or_insert_default().push('"'),
            '"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            blank if blank.is_whitespace() && !is_quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    (!is_quoted).then(|| words.into_iter().filter(|word| word != "&").collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_each_shell_does() {
        for (command, words) in [
            ("curl 'https://a/x?b=1&c=2' -H 'a: b'", vec!["curl", "https://a/x?b=1&c=2", "-H", "a: b"]),
            ("curl 'https://a' \\\n  -b \"x\\\"y\"", vec!["curl", "https://a", "-b", "x\"y"]),
            ("curl $'https://a/it\\'s\\u0021\\x41'", vec!["curl", "https://a/it's!A"]),
            ("curl 'a'\\''b'", vec!["curl", "a'b"]),
            ("curl '$\\'", vec!["curl", "$\\"]),
            (
                "curl ^\"https://a/x?b=1^&c=^%^20^\" ^\r\n  -H ^\"a: ^\\^\"q^\\^\"^\"",
                vec!["curl", "https://a/x?b=1&c=%20", "-H", "a: \"q\""],
            ),
            (
                "curl \"https://a/x?b=1&c=2\" ^\n  -H \"a: b\"",
                vec!["curl", "https://a/x?b=1&c=2", "-H", "a: b"],
            ),
        ] {
            assert_eq!(
                split(command),
                Some(words.iter().map(|word| (*word).to_owned()).collect()),
                "{command}"
            );
        }
    }

    #[test]
    fn a_command_that_goes_on_has_no_words_yet() {
        for command in ["curl 'a", "curl \"a", "curl $'a", "curl a \\", "curl ^\"a^\" ^", "curl ^\"a"] {
            assert_eq!(split(command), None, "{command}");
        }
    }
}
