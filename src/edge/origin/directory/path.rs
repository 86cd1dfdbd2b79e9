//! The names that a request's path is made of.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The decoded names of a path, each of which can only mean an entry of one folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FilePath(Vec<Vec<u8>>);

impl FilePath {
    /// Decodes a path once; `None` if a name is empty, climbs, or could be more than one name.
    ///
    /// The last name may not be empty either: a trailing slash means a folder, and folders aren't served.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let names = path.strip_prefix('/')?.split('/').map(|segment| {
            let name: Vec<u8> = percent_decode_str(segment).collect();
            let is_step = matches!(name.as_slice(), b"" | b"." | b"..");
            let is_name = !is_step && !name.iter().any(|byte| matches!(byte, b'/' | b'\\' | b'\0'));
            is_name.then_some(name)
        });
        names.collect::<Option<_>>().map(Self)
    }

    pub(super) fn names(&self) -> &[Vec<u8>] {
        &self.0
    }

    /// The file's own name, as far as it is text.
    pub(super) fn last_name(&self) -> Cow<'_, str> {
        self.0.last().map_or_else(Cow::default, |name| String::from_utf8_lossy(name))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_and_their_names() {
        for (path, expected) in [
            ("/a", Some(vec!["a"])),
            ("/a/b.txt", Some(vec!["a", "b.txt"])),
            ("/a%20b", Some(vec!["a b"])),
            ("/a+b", Some(vec!["a+b"])),
            ("/%61", Some(vec!["a"])),
            ("/100%", Some(vec!["100%"])),
            ("/%zz", Some(vec!["%zz"])),
            ("/%252e%252e", Some(vec!["%2e%2e"])),
            ("/%252f", Some(vec!["%2f"])),
            ("/...", Some(vec!["..."])),
            ("/é", Some(vec!["é"])),
            ("/%C3%A9", Some(vec!["é"])),
            ("", None),
            ("/", None),
            ("a", None),
            ("*", None),
            ("//", None),
            ("//a", None),
            ("/a//b", None),
            ("/a/", None),
            ("/.", None),
            ("/./a", None),
            ("/a/..", None),
            ("/../a", None),
            ("/%2e%2e/a", None),
            ("/.%2E/a", None),
            ("/%2e/a", None),
            ("/..%2fa", None),
            ("/a%2Fb", None),
            ("/a\\b", None),
            ("/..%5Ca", None),
            ("/a%00", None),
            ("/a%00.txt", None),
        ] {
            let parsed = FilePath::parse(path);
            let names = parsed.as_ref().map(|path| {
                path.names().iter().map(|name| std::str::from_utf8(name).unwrap()).collect::<Vec<_>>()
            });
            assert_eq!(names, expected, "{path}");
        }
    }

    #[test]
    fn a_name_need_not_be_text() {
        assert_eq!(FilePath::parse("/%ff").unwrap().names(), [b"\xff"]);
        assert_eq!(FilePath::parse("/%ff.txt").unwrap().last_name(), "\u{fffd}.txt");
    }

    proptest! {
        #[test]
        fn any_path_gives_names_that_cannot_climb(
            path in prop_oneof![any::<String>(), "(/|%2[fFeE]|%5[cC]|%00|[.a\\\\]){0,12}"],
        ) {
            let Some(parsed) = FilePath::parse(&path) else { return Ok(()) };
            prop_assert!(!parsed.names().is_empty());
            for name in parsed.names() {
                prop_assert!(!matches!(name.as_slice(), b"" | b"." | b".."), "{path}: {name:?}");
                prop_assert!(!name.iter().any(|byte| b"/\\\0".contains(byte)), "{path}: {name:?}");
            }
        }
    }
}
