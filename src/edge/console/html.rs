//! HTML that can't forget to escape: markup is what the source says literally, everything else goes through [`Html::text`].

use std::fmt::{self, Display, Write as _};

/// A piece of a page.
#[derive(Clone, Debug, Default)]
pub(super) struct Html(String);

impl Html {
    pub(super) fn markup(&mut self, literal: &'static str) {
        self.0.push_str(literal);
    }

    /// Anything that is no markup, between tags or within a quoted attribute.
    pub(super) fn text(&mut self, value: &(impl Display + ?Sized)) {
        let _ = write!(Escaping(&mut self.0), "{value}");
    }

    pub(super) fn nest(&mut self, piece: &Self) {
        self.0.push_str(&piece.0);
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// Writes parts one after the other: `"markup"`, `(text)`, `[piece]`.
macro_rules! html {
    (@ $out:expr;) => {};
    (@ $out:expr; ($value:expr) $($rest:tt)*) => { $out.text(&$value); html!(@ $out; $($rest)*); };
    (@ $out:expr; [$piece:expr] $($rest:tt)*) => { $out.nest(&$piece); html!(@ $out; $($rest)*); };
    (@ $out:expr; $markup:literal $($rest:tt)*) => { $out.markup($markup); html!(@ $out; $($rest)*); };
    ($out:expr; $($parts:tt)*) => {{ html!(@ $out; $($parts)*); }};
}

struct Escaping<'a>(&'a mut String);

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\n' | '\t' => self.0.push(c),
                c if c.is_control() || changes_the_reading(c) => write!(self.0, "{}", c.escape_unicode())?,
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}

/// Characters that nobody sees and that turn around or glue together what stands beside them.
fn changes_the_reading(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

pub(super) use html;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_source_says_is_markup() {
        let mut out = Html::default();
        html!(out; "<a href=\"" ("\"'><script>&\u{202e}\0é\n") "\">" ('<') "</a>");
        assert_eq!(
            out.into_string(),
            "<a href=\"&quot;&#39;&gt;&lt;script&gt;&amp;\\u{202e}\\u{0}é\n\">&lt;</a>"
        );
    }
}
