//! Whether a path that fits a pattern needs no signature: the question behind "is everything below `/members/` private?".
//!
//! A path is looked up among the behaviors in every form in which an origin may read it, and each form's behavior must be
//! public for the path to be ([`Route`]). So an answer is found in both directions:
//!
//! - Where no text at all both fits the pattern and belongs to a public behavior, no path does, however it is spelled: each
//!   of its forms would be such a text. That is how a pattern is known to be private.
//! - Where there are such texts, they are tried as paths, the shortest ones first, and one that the real lookup finds public
//!   is the witness. First come paths that nobody can read in another way; with them the first text is one. Only a pattern
//!   that no such path fits, as `/.well-known/*` or `//*`, has other paths tried.
//! - What remains are texts that the lookup finds private by another reading. Whether all of them are isn't known, so nothing
//!   is concluded; nor where the patterns are too entangled for the search to end.

use std::sync::Arc;

use super::behavior::CacheBehavior;
use super::pattern::PathPattern;
use super::route::Route;
use super::{Distribution, Distributions, HostStanding};
use crate::viewer::path;
use crate::viewer::readings::Escapes;

mod search;

use search::{End, Machine};

/// A path that needs no signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// The path, as it can be asked for.
    pub path: String,
    /// The pattern of the behavior that it belongs to: `*` for the default one.
    pub behavior: String,
    /// The distribution's id.
    pub distribution: String,
}

/// Why nobody can say whether a pattern is private.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CantTell {
    /// The patterns are too entangled.
    #[error(
        "can't tell whether {pattern:?} is private: it and the distribution's path patterns have too many wildcards to be \
         followed together; ask for a narrower pattern"
    )]
    TooMany {
        /// What was asked.
        pattern: String,
    },
    /// Paths were found whose own behavior is public, and which are private in another reading.
    #[error(
        "can't tell whether {pattern:?} is private: {path:?} fits it and belongs to a public behavior, and is private only \
         because an origin may read it otherwise; ask for a pattern without escapes and repeated slashes"
    )]
    Readings {
        /// What was asked.
        pattern: String,
        /// The shortest one.
        path: String,
    },
}

impl Distributions {
    /// A path of any distribution that fits a pattern and needs no signature; none where all of them need one.
    ///
    /// # Errors
    /// [`CantTell`], never instead of a path that was found in another distribution.
    pub fn exposed(&self, pattern: &PathPattern) -> Result<Option<Exposed>, CantTell> {
        let mut unknown = None;
        for distribution in &self.list {
            match distribution.exposed(pattern) {
                Ok(Some(exposed)) => return Ok(Some(exposed)),
                Ok(None) => {}
                Err(cant_tell) => unknown = unknown.or(Some(cant_tell)),
            }
        }
        unknown.map_or(Ok(None), Err)
    }
}

impl Distribution {
    /// A path that fits a pattern and needs no signature, a shortest one of those that can be read in one way only; none where
    /// every path that fits needs one. Letters' case counts.
    ///
    /// # Errors
    /// [`CantTell`] where neither is known.
    pub fn exposed(self: &Arc<Self>, pattern: &PathPattern) -> Result<Option<Exposed>, CantTell> {
        let is_plain = pattern.is_plain() && self.all_behaviors().all(CacheBehavior::is_plain);
        let text = Machine::of(self, pattern, PathPattern::tokens, |path| {
            !self.behavior_for(&*self.rooted(path)).is_private()
        });
        let mut doubtful = None;
        for only_plain in [true, false] {
            let end = text.search(only_plain, |found| {
                let path = std::str::from_utf8(found).ok().filter(|path| path::normalised(path) == *path)?;
                self.if_public(path).or_else(|| {
                    doubtful.get_or_insert_with(|| path.to_owned());
                    None
                })
            });
            match end {
                End::Found(exposed) => return Ok(Some(exposed)),
                End::Nothing if !only_plain && is_plain => return Ok(None),
                End::Nothing => {}
                End::Rejected => break,
                End::TooMany => return Err(CantTell::TooMany { pattern: pattern.as_str().to_owned() }),
            }
        }
        self.exposed_decoded(pattern, doubtful)
    }

    /// The rest of the question where patterns have escapes, which are also compared decoded.
    fn exposed_decoded(
        self: &Arc<Self>,
        pattern: &PathPattern,
        doubtful: Option<String>,
    ) -> Result<Option<Exposed>, CantTell> {
        let decoded = Machine::of(self, pattern, PathPattern::decoded_tokens, |path| {
            !self.behavior_for_reading(path.as_bytes(), Escapes::Decoded).is_private()
        });
        let mut doubtful = doubtful;
        let end = decoded.search(false, |found| {
            let path = percent_encoding::percent_encode(found, ESCAPED).to_string();
            self.if_public(&path).or_else(|| {
                doubtful.get_or_insert(path);
                None
            })
        });
        let pattern = pattern.as_str().to_owned();
        match (end, doubtful) {
            (End::Found(exposed), _) => Ok(Some(exposed)),
            (End::Nothing, None) => Ok(None),
            (_, Some(path)) => Err(CantTell::Readings { pattern, path }),
            (End::TooMany | End::Rejected, None) => Err(CantTell::TooMany { pattern }),
        }
    }

    /// What decides in the end: the lookup that requests go through.
    fn if_public(self: &Arc<Self>, path: &str) -> Option<Exposed> {
        let route = Route::new(self, HostStanding::Own, path);
        (!route.is_private()).then(|| Exposed {
            path: path.to_owned(),
            behavior: route.behavior.pattern().to_owned(),
            distribution: self.id.clone(),
        })
    }
}

/// What a path has to have escaped to be sent, or to be read as itself.
const ESCAPED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::behavior::Restriction;
    use super::super::key::KeyGroup;
    use super::*;

    fn group() -> Arc<KeyGroup> {
        Arc::new(KeyGroup { id: "g".to_owned(), keys: Vec::new() })
    }

    /// `+pattern` is public, `-pattern` private; `*` is the default behavior.
    fn distribution(rules: &[String], root: Option<&str>) -> Arc<Distribution> {
        let mut one = Distribution::private("E1", "a.example.com", group());
        one.default_root_object = root.map(str::to_owned);
        for rule in rules {
            let (sign, pattern) = rule.split_at(1);
            let restriction = match sign {
                "+" => Restriction::Open,
                _ => Restriction::Signed(vec![group()]),
            };
            if pattern == "*" {
                one.default_behavior.restriction = restriction;
            } else {
                let path_pattern = Some(pattern.parse().unwrap());
                let default = one.default_behavior.clone();
                one.behaviors.push(CacheBehavior { path_pattern, restriction, ..default });
            }
        }
        Arc::new(one)
    }

    fn asked(rules: &str, root: Option<&str>, pattern: &str) -> String {
        let rules: Vec<String> = rules.split_whitespace().map(str::to_owned).collect();
        match distribution(&rules, root).exposed(&pattern.parse().unwrap()) {
            Ok(None) => "private".to_owned(),
            Ok(Some(Exposed { path, behavior, .. })) => format!("{path} by {behavior}"),
            Err(CantTell::TooMany { .. }) => "too many".to_owned(),
            Err(CantTell::Readings { path, .. }) => format!("can't tell: {path}"),
        }
    }

    #[test]
    fn a_pattern_is_private_or_has_a_shortest_public_path() {
        for (rules, root, pattern, expected) in [
            ("", None, "*", "private"),
            ("+*", None, "*", "/ by *"),
            ("+/public/*", None, "/members/*", "private"),
            ("+/public/*", None, "*", "/public/ by /public/*"),
            ("-/members/*  +*", None, "/members/*", "private"),
            ("-/members/*  +*", None, "/member*", "/member by *"),
            ("-/members/*  +*", None, "/Members/*", "/Members/ by *"),
            ("+/members/free/* -/members/* +*", None, "/members/*", "/members/free/ by /members/free/*"),
            ("-/members/* +/members/free/* +*", None, "/members/*", "private"),
            ("+*.css", None, "/members/*", "/members/a.css by *.css"),
            ("-/members/?* +*.css", None, "/members/*", "private"),
            ("-/a?c +/a*", None, "/a??", "/abb by /a*"),
            ("+/index.html", Some("index.html"), "/", "/ by /index.html"),
            ("+/index.html", None, "/", "private"),
            ("-/index.html +*", Some("index.html"), "/", "private"),
            ("-/index.html +*", Some("index.html"), "/*", "/a by *"),
            ("+/.well-known/*", None, "/*", "/.well-known/ by /.well-known/*"),
            ("+/pub//*", None, "/pub/*", "can't tell: /pub//"),
            ("-/x/y +*", None, "/x%2Fy", "can't tell: /x%2Fy"),
            ("+/caf%C3%A9/*", None, "/*", "/caf%C3%A9/ by /caf%C3%A9/*"),
            ("+/team%40x/*", None, "/team@x/*", "/team%40x/ by /team%40x/*"),
            ("+/team%40x/*", None, "/team@y/*", "private"),
        ] {
            assert_eq!(asked(rules, root, pattern), expected, "{rules} {pattern}");
        }
    }

    #[test]
    fn what_is_too_entangled_is_not_called_private() {
        let many: String = (0..18).map(|n| format!("-*{}a{} ", "?".repeat(n), "?".repeat(12))).collect();
        assert_eq!(asked(&format!("{many} +/zz*zzzz"), None, "/*a*b*c????????????"), "too many");
    }

    #[test]
    fn one_public_distribution_is_enough() {
        let all = Distributions {
            list: vec![distribution(&[], None), distribution(&["+/a".to_owned()], None)],
            ..Distributions::default()
        };
        let found = all.exposed(&"*".parse().unwrap()).unwrap();
        assert_eq!(found.map(|exposed| exposed.path).as_deref(), Some("/a"));
    }

    /// Every path of some pieces, the shortest first.
    fn every_path(pieces: &[&str], longest: usize) -> Vec<String> {
        let mut all = vec!["/".to_owned()];
        let mut begin = 0;
        for _ in 1..longest {
            let end = all.len();
            for at in begin..end {
                let before = all[at].clone();
                all.extend(pieces.iter().map(|piece| format!("{before}{piece}")));
            }
            begin = end;
        }
        all
    }

    fn is_public(one: &Arc<Distribution>, path: &str) -> bool {
        !Route::new(one, HostStanding::Own, path).is_private()
    }

    proptest! {
        #[test]
        fn it_agrees_with_trying_every_path(
            rules in proptest::collection::vec("[+-]/?[ab/*?]{1,4}", 0..5),
            has_root: bool,
            pattern in "/?[ab/*?]{1,4}",
        ) {
            let one = distribution(&rules, has_root.then_some("a"));
            let pattern: PathPattern = pattern.parse().unwrap();
            let found = one.exposed(&pattern);
            let fits = |path: &&String| pattern.matches(path) && is_public(&one, path);
            let all = every_path(&["a", "b", "/", "c"], 6);
            let first = all.iter().find(|path| path::can_only_mean_itself(path) && fits(path));
            match (&found, first) {
                (Ok(Some(exposed)), first) => {
                    prop_assert!(fits(&&exposed.path), "{:?}", exposed);
                    prop_assert!(first.is_none_or(|first| exposed.path.len() == first.len()), "{:?} {:?}", exposed, first);
                }
                (Ok(None), _) => prop_assert_eq!(all.iter().find(fits), None),
                (Err(CantTell::Readings { .. }), first) => prop_assert_eq!(first, None),
                (Err(other), _) => prop_assert!(false, "{}", other),
            }
        }

        #[test]
        fn no_spelling_makes_a_private_pattern_public(
            rules in proptest::collection::vec("[+-]/?(a|@|\\.b|/|%2F|%40|\\*|\\?){1,4}", 0..4),
            pattern in "/?(a|@|\\.b|/|%2F|%40|\\*|\\?){1,4}",
        ) {
            let one = distribution(&rules, None);
            let pattern: PathPattern = pattern.parse().unwrap();
            match one.exposed(&pattern) {
                Ok(Some(exposed)) => prop_assert!(is_public(&one, &exposed.path), "{:?}", exposed),
                Ok(None) => {
                    let all = every_path(&["a", "@", "/", ".b", "%2f", "%40", "%61", ";", "\\", ".."], 4);
                    let fits = |path: &&String| {
                        let decoded: Vec<u8> = percent_encoding::percent_decode_str(path).collect();
                        pattern.matches(path) || pattern.matches(&*path::normalised(path)) || pattern.matches_as(Escapes::Decoded, &decoded)
                    };
                    prop_assert_eq!(all.iter().filter(fits).find(|path| is_public(&one, path)), None);
                }
                Err(_) => {}
            }
        }
    }
}
