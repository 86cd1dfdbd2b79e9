//! The demo's first page: a template with what `dev` knows, or without it.

use crate::distribution::origin::DemoGuide;

/// Fills in `{{name}}`, and keeps of the parts between `<!--dev-->`, `<!--plain-->` or `<!--console-->` and `<!--end-->` those
/// that hold.
pub(super) fn rendered(template: &str, guide: Option<&DemoGuide>) -> String {
    let console = guide.and_then(|guide| guide.console.as_deref());
    let mut text = String::with_capacity(template.len());
    for (number, piece) in template.split("<!--").enumerate() {
        let Some((name, after)) = piece.split_once("-->").filter(|_| number > 0) else {
            text.push_str(piece);
            continue;
        };
        let holds = match name {
            "dev" => guide.is_some(),
            "plain" => guide.is_none(),
            "console" => console.is_some(),
            _ => true,
        };
        if holds {
            text.push_str(after);
        }
    }
    let Some(guide) = guide else { return text };
    for (name, value) in [
        ("base", guide.base.as_str()),
        ("key-pair-id", &guide.key_pair_id),
        ("key-file", &guide.key_file.display().to_string()),
        ("key-folder", &guide.key_folder.display().to_string()),
        ("console", console.unwrap_or_default()),
    ] {
        text = text.replace(&format!("{{{{{name}}}}}"), &escaped(value));
    }
    text
}

/// For text and for attributes within quotes. A name of the template stays text, too.
fn escaped(value: &str) -> String {
    let mut text = String::new();
    for c in value.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&#39;"),
            '{' => text.push_str("&#123;"),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str =
        "a<!--dev-->b {{base}} {{key-file}}<!--end--><!--plain-->c<!--end--><!--console-->d<!--end-->e";

    fn guide(console: Option<&str>) -> DemoGuide {
        DemoGuide {
            base: "http://a/{{key-file}}".to_owned(),
            key_pair_id: "K".to_owned(),
            key_file: "it's <b>.pem".into(),
            key_folder: ".".into(),
            console: console.map(str::to_owned),
        }
    }

    #[test]
    fn what_does_not_hold_is_left_out() {
        assert_eq!(rendered(TEMPLATE, None), "ace");
        let shown = rendered(TEMPLATE, Some(&guide(None)));
        assert_eq!(shown, "ab http://a/&#123;&#123;key-file}} it&#39;s &lt;b&gt;.peme");
        assert!(rendered(TEMPLATE, Some(&guide(Some("http://c")))).ends_with("de"));
    }
}
