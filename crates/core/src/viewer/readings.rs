//! The readings of a path: what an origin may take the path of a request for. This is the one list of them.
//!
//! A path without odd bytes has one reading, itself ([`super::path::can_only_mean_itself`]). Every other path is rewritten by
//! the steps of `RewriteStep`, in any order and any number of times, but decoded once; each result is a reading. A restriction
//! must hold in each of them, because which one is right depends on the origin.
//!
//! `script/readings` sends paths of this kind to real origins and looks for private content; `docs/security.md` names the
//! origins.

use super::dot_segments::climbs_above_root;
use super::path::normalise_escapes;
use super::symbol::Symbol;
use crate::effort;

mod rewrite;
mod step;

use rewrite::{normalised_symbols, rewritten};
use step::RewriteStep;

/// Before and after decoding.
const REWRITES: [RewriteStep; 5] = [
    RewriteStep::TurnBackslashes,
    RewriteStep::DropParameters,
    RewriteStep::MergeSlashes,
    RewriteStep::DropAuthority,
    RewriteStep::ResolveDots,
];
/// Once.
const DECODINGS: [(Escapes, RewriteStep); 2] =
    [(Escapes::Decoded, RewriteStep::Decode), (Escapes::DecodedButSlashes, RewriteStep::DecodeButSlashes)];
/// Only after decoding: a target holds none of these bytes as they are.
const REWRITES_OF_DECODED: [RewriteStep; 2] = [RewriteStep::CutOff, RewriteStep::StripBlanks];

/// What has become of a form's escapes. A pattern is compared with it in the same state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escapes {
    /// They are there, in the normalised form.
    Kept,
    /// They are decoded.
    Decoded,
    /// They are decoded, but `%2F` is there.
    DecodedButSlashes,
}

/// One reading of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The path as it is read, which begins with `/`.
    pub path: Vec<u8>,
    /// What has become of its escapes.
    pub escapes: Escapes,
}

/// The most forms that a path may be read in, itself included. Paths of real sites have up to 8.
pub const MAX_READINGS: usize = 32;
/// The most bytes that these may hold together.
pub const MAX_READING_BYTES: usize = 64 * 1024;

/// Every reading of one path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readings {
    others: Vec<Reading>,
    climbs: bool,
    too_many: bool,
}

impl Readings {
    /// Reads a path in every way, up to the bounds. The effort is bounded, too: at most [`MAX_READINGS`] forms of at most
    /// [`MAX_READING_BYTES`] are rewritten, each once by each step.
    #[must_use]
    pub fn of(path: &str) -> Self {
        if super::path::can_only_mean_itself(path) {
            return Self::default();
        }
        let normalised = normalise_escapes(path).into_bytes();
        let is_normal = normalised == path.as_bytes();
        // As sent it is looked up as it is; all steps begin with its normalised form.
        let bound = match is_normal {
            true => Bound { forms: MAX_READINGS, symbols: MAX_READING_BYTES },
            false => Bound { forms: MAX_READINGS - 1, symbols: MAX_READING_BYTES.saturating_sub(path.len()) },
        };
        let Some(forms) = closure(normalised, bound) else {
            return Self { others: Vec::new(), climbs: true, too_many: true };
        };
        let climbs = forms.iter().any(|(_, form)| climbs_above_root(form));
        let others = forms.into_iter().skip(usize::from(is_normal));
        let others = others.map(|(escapes, path)| Reading { path, escapes }).collect();
        Self { others, climbs, too_many: false }
    }

    /// The readings beside the path as it was sent; none where it can only mean itself, or where there are too many.
    #[must_use]
    pub fn others(&self) -> &[Reading] {
        &self.others
    }

    /// Whether the path can only mean itself.
    #[must_use]
    pub fn has_none(&self) -> bool {
        self.others.is_empty() && !self.too_many
    }

    /// Whether dot segments climb above the root in any of them: in front of an origin with a path of its own that is a way
    /// out of it, and back in past the behaviors. Where there are too many readings, this is so, too.
    #[must_use]
    pub fn climb(&self) -> bool {
        self.climbs
    }

    /// Whether there are more than the bounds allow. Then none is known.
    #[must_use]
    pub fn are_too_many(&self) -> bool {
        self.too_many
    }

    /// Whether a pattern covers every reading of a path that it covers as sent: each reading must fit the pattern, or the
    /// pattern read in the same way, so that `/a;v=1/*` covers `/a;v=1/b`, which is `/a/b` to a servlet container.
    ///
    /// `fits(pattern, path)` matches; `pattern` are its symbols. Where the pairs of readings are too many, the answer is no.
    pub(crate) fn are_covered<P: Symbol>(
        &self,
        sent: &str,
        pattern: &[P],
        mut fits: impl FnMut(&[P], &[u8]) -> bool,
    ) -> bool {
        if self.too_many {
            return false;
        }
        if self.others.iter().all(|form| fits(pattern, &form.path)) {
            return true;
        }
        let both = Pair { path: normalise_escapes(sent).into_bytes(), pattern: normalised_symbols(pattern) };
        let bound = Bound { forms: 4 * MAX_READINGS, symbols: 8 * MAX_READING_BYTES };
        closure(both, bound).is_some_and(|pairs| {
            pairs.iter().all(|(_, pair)| fits(pattern, &pair.path) || fits(&pair.pattern, &pair.path))
        })
    }
}

/// How much may still be read.
#[derive(Clone, Copy)]
struct Bound {
    forms: usize,
    symbols: usize,
}

impl Bound {
    /// None where a form goes beyond it.
    fn take(&mut self, form: &impl Readable) -> Option<()> {
        self.forms = self.forms.checked_sub(1)?;
        self.symbols = self.symbols.checked_sub(form.len())?;
        Some(())
    }
}

/// Something that steps rewrite.
trait Readable: Sized + PartialEq {
    /// None where the step changes nothing.
    fn read(&self, step: RewriteStep) -> Option<Self>;
    fn len(&self) -> usize;
    fn may_decode(&self) -> bool;
}

/// The form, and all that steps make of it, each once; none beyond the bound.
fn closure<R: Readable>(sent: R, bound: Bound) -> Option<Vec<(Escapes, R)>> {
    let mut left = bound;
    left.take(&sent)?;
    let mut kept = vec![sent];
    rewrite_all(&mut kept, &[&REWRITES], &mut left)?;
    let mut all: Vec<(Escapes, R)> = Vec::new();
    for (escapes, step) in DECODINGS {
        let mut decoded: Vec<R> = Vec::new();
        for form in kept.iter().filter(|form| form.may_decode()) {
            let Some(form) = form.read(step).filter(|form| !decoded.contains(form)) else { continue };
            left.take(&form)?;
            decoded.push(form);
        }
        rewrite_all(&mut decoded, &[&REWRITES, &REWRITES_OF_DECODED], &mut left)?;
        all.extend(decoded.into_iter().map(|form| (escapes, form)));
    }
    Some(kept.into_iter().map(|form| (Escapes::Kept, form)).chain(all).collect())
}

/// Applies each step to each form, also to those that are found on the way.
fn rewrite_all<R: Readable>(forms: &mut Vec<R>, steps: &[&[RewriteStep]], left: &mut Bound) -> Option<()> {
    let mut at = 0;
    while at < forms.len() {
        for step in steps.iter().copied().flatten() {
            let Some(form) = forms[at].read(*step) else { continue };
            let is_form = |known: &R| {
                known.len() == form.len() && {
                    effort::spend(form.len());
                    *known == form
                }
            };
            if !forms.iter().any(is_form) {
                left.take(&form)?;
                forms.push(form);
            }
        }
        at += 1;
    }
    Some(())
}

impl Readable for Vec<u8> {
    fn read(&self, step: RewriteStep) -> Option<Self> {
        // Vectorised, and most forms lack most of these.
        let found = match step {
            RewriteStep::TurnBackslashes => memchr::memchr(b'\\', self),
            RewriteStep::DropParameters => memchr::memchr(b';', self),
            RewriteStep::CutOff => memchr::memchr3(0, b'?', b'#', self),
            RewriteStep::MergeSlashes => memchr::memmem::find(self, b"//"),
            RewriteStep::ResolveDots => memchr::memmem::find(self, b"/."),
            // Escapes are in upper case here.
            RewriteStep::DecodeButSlashes => memchr::memmem::find(self, b"%2F"),
            RewriteStep::StripBlanks => match self.last() {
                Some(..=b' ') => Some(0),
                _ => memchr::memchr3(b'\t', b'\n', b'\r', self),
            },
            RewriteStep::Decode | RewriteStep::DropAuthority => Some(0),
        };
        found.and_then(|_| rewritten(self, step))
    }

    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn may_decode(&self) -> bool {
        memchr::memchr(b'%', self).is_some()
    }
}

/// A path, and a pattern that is read as the path is.
#[derive(PartialEq)]
struct Pair<P> {
    path: Vec<u8>,
    pattern: Vec<P>,
}

impl<P: Symbol> Readable for Pair<P> {
    /// What an origin does to the path it would do to the pattern's text; so the pattern alone is never rewritten.
    fn read(&self, step: RewriteStep) -> Option<Self> {
        let path = self.path.read(step)?;
        let pattern = rewritten(&self.pattern, step).unwrap_or_else(|| self.pattern.clone());
        Some(Self { path, pattern })
    }

    fn len(&self) -> usize {
        self.path.len() + self.pattern.len()
    }

    fn may_decode(&self) -> bool {
        self.path.may_decode()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(path: &str) -> Vec<String> {
        let readings = Readings::of(path);
        assert!(!readings.are_too_many(), "{path}");
        readings.others().iter().map(|form| String::from_utf8_lossy(&form.path).into_owned()).collect()
    }

    fn forms(path: &str) -> usize {
        1 + texts(path).len()
    }

    #[test]
    fn a_path_has_every_reading_that_an_origin_may_take_it_for() {
        for (path, other) in [
            ("/team%40x/s", "/team@x/s"),
            ("/caf%C3%A9/s", "/café/s"),
            ("//private/s", "/private/s"),
            ("/private%2fs", "/private/s"),
            ("/a\\private", "/a/private"),
            ("/public/..;x/private", "/private"),
            ("/public/%2e%2e/private", "/private"),
            ("/public%5c..%5cprivate", "/private"),
            ("/a;v=1/b", "/a/b"),
            ("/a%5cb\\..\\private/s", "/private/s"),
            ("/a%2fb/../team%40x/s", "/team@x/s"),
            ("/x//..//private/y", "/x/private/y"),
            ("/;%2fz/private/s", "/private/s"),
            ("/public/..;x%2fy/private/s", "/private/s"),
            ("/videos/../private/x", "/private/x"),
            ("/videos/..%2fprivate/x", "/private/x"),
            ("/videos/..\\private", "/private"),
            ("/videos//../private", "/private"),
            ("/videos//../private", "/videos/private"),
            ("/videos/..;v=1/x", "/x"),
            ("/a%2Fb/..%5c..%40", "/a%2Fb/..\\..@"),
            ("/a%2Fb%5c..%5cprivate", "/private"),
        ] {
            assert!(texts(path).contains(&other.to_owned()), "{path}: {:?}", texts(path));
        }
        for path in ["/plain/a.b/c-d_e~f@g+h", "/a/b..c", "/..x/...", "/.well-known/x"] {
            assert!(Readings::of(path).has_none(), "{path}");
        }
    }

    /// Bytes that opened private paths at Node and PHP before the authority was a reading.
    #[test]
    fn a_path_that_begins_with_an_authority_is_read_without_it() {
        for path in [
            "//x/members/secret.txt",
            "/\\x/members/secret.txt",
            "///x/members/secret.txt",
            "////x/members/secret.txt",
            "/\\/x/members/secret.txt",
            "//[::1]:1/members/secret.txt",
            "//u:p@x:1/members/secret.txt",
            "//u@x/members/secret.txt",
            "//x:80/members/secret.txt",
            "//%00/members/secret.txt",
            "//x/%6dembers/secret.txt",
            "/%2Fx/members/secret.txt",
            "/%5Cx/members/secret.txt",
            "/%09/x/members/secret.txt",
            "/.//x/members/secret.txt",
            "/a/..//x/members/secret.txt",
            "//x\\members\\secret.txt",
            "//x/;a/../members;b/secret.txt",
        ] {
            assert!(texts(path).contains(&"/members/secret.txt".to_owned()), "{path}: {:?}", texts(path));
        }
    }

    #[test]
    fn what_is_decoded_to_an_end_or_a_blank_is_read_without_it() {
        for (path, other) in [
            ("/secret.mp4%00.jpg", "/secret.mp4"),
            ("/secret.mp4%3Fx.jpg", "/secret.mp4"),
            ("/secret.mp4%23.jpg", "/secret.mp4"),
            ("/secret.mp4%20%0a", "/secret.mp4"),
            ("/sec%0Dret.mp4", "/secret.mp4"),
        ] {
            assert!(texts(path).contains(&other.to_owned()), "{path}: {:?}", texts(path));
        }
    }

    /// Paths of image proxies, of file names in other scripts and of object keys: none is refused, nor near it.
    #[test]
    fn real_paths_have_few_readings() {
        let base64 = "aHR0cHM6Ly9leGFtcGxlLmNvbS9pbWFnZXMvY3VyaW9zaXR5LmpwZw/".repeat(140);
        let cjk = "%E6%97%A5%E6%9C%AC%E8%AA%9E/".repeat(280);
        let long = [
            format!("/insecure/plain64/{base64}"),
            format!("/{cjk}"),
            format!("/{}", "a%2Fb%2F".repeat(1_000)),
        ];
        for path in long.iter().map(String::as_str).chain([
            "/a%20b/c%2Bd.txt",
            "/%E6%97%A5%E6%9C%AC%E8%AA%9E/%E5%8B%95%E7%94%BB.mp4",
            "/%e6%97%a5%e6%9c%ac%e8%aa%9e.mp4",
            "/日本語/動画.mp4",
            "/o/users%2Fanna%2Fphotos%2F2026%2Fcat.jpg",
            "/v0/b/app.appspot.com/o/users%2Fanna%2F%E7%8C%AB%2Fcat%20(1).jpg",
            "/fit-in/https://images.example.com/a/b.jpg",
            "/fit-in/600x400/filters:quality(80):format(webp)/https%3A%2F%2Fimages.example.com%2Fa%20b.jpg",
            "/insecure/rs:fill:300:400:0/g:sm/plain/https://example.com/images/curiosity.jpg@png",
            "/insecure/rs:fill:300:400/plain/https%3A%2F%2Fexample.com%2Fa.jpg%3Fw%3D1%26h%3D2@png",
            "/AfrOrF3gWeDA6VOlDG4TzxMv39O7MXnF4CXpKUwGqRM/rs:fit:300/aHR0cDovL2V4YW1wbGUuY29t/L2EvYi5qcGc=.png",
            "/image/upload/w_400,h_300,c_fill/e_shadow:40;co_rgb:333/v1/folder%20one/sample.jpg",
            "/image/fetch/https://upload.example.org/a/b.jpg",
            "/cdn-cgi/image/width=80,quality=75/https://example.com/storage/a%20b.jpg",
            "/_next/image/https%3A%2F%2Fexample.com%2Fa.jpg",
            "//dir/file.jpg",
            "/dir//file.jpg",
            "/a;v=1/b.jpg",
            "/maps;scale=2/tile;x=1;y=2.png",
            "/wiki/C%2B%2B_(language)",
            "/100%/a.jpg",
            "/.well-known/acme-challenge/x",
            "/api/v1/users/..%2Fsafe",
            "/hls/%E7%95%AA%E7%B5%84%2F1/seg;t=1/https%3A%2F%2Fa.example%2F0001.ts",
        ]) {
            assert!(forms(path) <= 8, "{path} has {} forms: {:?}", forms(path), texts(path));
        }
        // As far as it goes with everything at once, in lower case.
        let all = "/x/%e7%8c%ab;p=1/https%3a%2f%2fa.example%2f%e7%8c%ab.jpg%3fw%3d1%26h%3d2";
        assert!(forms(all) <= 16, "{} forms: {:?}", forms(all), texts(all));
    }

    #[test]
    fn the_bounds_count_the_path_itself() {
        // Each merged run of slashes at the beginning may be a host: as many forms as there are segments.
        let deep = |segments: usize| format!("/{}", "/a/".repeat(segments));
        let most = (1..40).take_while(|n| !Readings::of(&deep(*n)).are_too_many()).last().unwrap();
        assert!(forms(&deep(most)) <= MAX_READINGS && most > 8, "{most}");
        // Three forms: as sent, normalised, decoded. 64 KiB hold these, and not one byte more.
        let wide = |escapes: usize| format!("/{}", "%e6".repeat(escapes));
        assert_eq!((wide(9_361).len(), forms(&wide(9_361))), (28_084, 3));
        assert!(Readings::of(&wide(9_362)).are_too_many());
    }

    #[test]
    fn a_path_that_climbs_above_the_root_is_known_in_every_reading() {
        for (path, above) in [
            ("/../site/x", true),
            ("/..%2fsite/x", true),
            ("/%2e%2e/site/x", true),
            ("/x/../../site/x", true),
            ("/x//../../site/x", true),
            ("/x\\..\\..\\site", true),
            ("/x/..;a/..;b/site", true),
            ("//x/../site", true),
            ("/x/../y", false),
            ("/x/y/../../z", false),
            ("/..x/...", false),
        ] {
            assert_eq!(Readings::of(path).climb(), above, "{path}");
        }
    }

    /// What was found by climbing hills: 925 forms of 158 bytes, each compared with the others and with every pattern.
    const MANY: &str = "//b/.%3b%5c%3b%5c%25/\\%2e%2f%2eb/c;/%5c../%5c/./..%2f/%2f\\//b/./%3b/;%2f%2ea\\.a;;/%3b\\/.;/...\\%25%2f%25/../b/%2f/../.%2fa./\\a//%2e./b;\\//%2f..\\\\b.a/.%3b/%2f..";

    #[test]
    fn a_path_of_many_readings_is_not_read_to_the_end() {
        let readings = Readings::of(MANY);
        assert!(readings.are_too_many() && readings.others().is_empty() && readings.climb());
    }

    proptest! {
        /// The effort, counted in forms and bytes rather than in time: nothing beyond the bounds is ever held.
        #[test]
        fn no_path_has_more_readings_than_the_bounds(path in "/([a./\\\\;]|%2[eEfF]|%3[bBfF]|%5[cC]|%00|%09|é){0,60}", times in 1_usize..60) {
            let path = path.repeat(times);
            let readings = Readings::of(&path);
            let bytes: usize = readings.others().iter().map(|form| form.path.len()).sum();
            prop_assert!(readings.others().len() < MAX_READINGS);
            prop_assert!(path.len() + bytes <= MAX_READING_BYTES || readings.has_none());
            for form in readings.others() {
                prop_assert!(form.path.starts_with(b"/"));
            }
        }

        /// The cost limit, counted in bytes that are rewritten and compared rather than in time: some twenty times the bound,
        /// whatever the path. A combination of rewrites without the bound took hundreds of times as many.
        #[test]
        fn no_path_costs_more_than_a_multiple_of_the_bound(
            path in "/([a./\\\\;]|//|/\\.\\./|%2[eEfF]|%3[bBfF]|%5[cC]|%00|%09|%C3){0,40}",
            filler in "(\\.c|;/|//|%2F;|a|\\\\.\\./){1,4}",
            is_last: bool,
        ) {
            let filler = filler.repeat((8_192 - path.len()) / filler.len());
            let path = if is_last { format!("{path}{filler}") } else { format!("/{filler}{path}") };
            let (_, effort) = crate::effort::of(|| Readings::of(&path));
            prop_assert!(effort <= 20 * MAX_READING_BYTES, "{} for {}", effort, path);
        }

        /// Whatever one step makes of a reading is a reading.
        #[test]
        fn readings_are_closed_under_every_step(path in "/([ab./\\\\;]|%2[eF]|%3[bF]|%5C){0,9}") {
            let readings = Readings::of(&path);
            prop_assume!(!readings.are_too_many());
            let others = readings.others().iter().map(|form| form.path.clone());
            let all: Vec<Vec<u8>> = [path.clone().into_bytes()].into_iter().chain(others).collect();
            for form in readings.others() {
                for step in REWRITES {
                    prop_assert!(rewritten(&form.path, step).is_none_or(|new| all.contains(&new)), "{} {:?}", path, step);
                }
            }
        }
    }
}
