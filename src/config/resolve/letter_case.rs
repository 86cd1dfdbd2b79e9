//! Private paths that an origin may serve under another spelling of their letters.

use super::{Fault, Faults};
use crate::distribution::Distribution;
use crate::distribution::origin::{OriginId, OriginLocation};

/// Path patterns distinguish upper and lower case, and some servers don't. So `/MEMBERS/x` may be public and the same file as
/// a private `/members/x`. It is warned of once for each distribution, and only where both go to the same origin, which
/// is another server: storage, folders and the demo site distinguish them.
pub(super) fn letter_case(one: &Distribution, faults: &mut Faults) {
    let is_server = |target: &OriginId| {
        let origins = one.target(target).into_iter().flat_map(|target| target.origins());
        origins.into_iter().any(|origin| matches!(origin.location, OriginLocation::Http(_)))
    };
    let private = one.behaviors.iter().filter(|behavior| behavior.is_private());
    let Some((pattern, path)) =
        private.filter(|behavior| is_server(&behavior.target_origin)).find_map(|behavior| {
            let path = in_other_case(behavior.pattern())?;
            let public = one.behavior_for(&path);
            let is_exposed = !public.is_private() && public.target_origin == behavior.target_origin;
            is_exposed.then(|| (behavior.pattern().to_owned(), path))
        })
    else {
        return;
    };
    let fault = Fault::of_all(format!(
        "`{path}` of `{}` is public: an origin that ignores letter case serves what `{pattern}` protects",
        one.id
    ));
    faults.warning(fault.help(
            "a private default behavior with public exceptions protects every spelling; nothing needs to change where the \
             origin distinguishes upper and lower case",
        ));
}

/// A path that fits a pattern but for the case of its letters; none where it has no letters.
fn in_other_case(pattern: &str) -> Option<String> {
    let mut path = String::with_capacity(pattern.len() + 1);
    if !pattern.starts_with(['/', '*']) {
        path.push('/');
    }
    let mut escape = 0;
    for c in pattern.chars() {
        escape = if c == '%' { 3_usize } else { escape.saturating_sub(1) };
        match c {
            '*' if path.is_empty() => path.push_str("/x"),
            '*' | '?' => path.push('x'),
            c if escape > 0 => path.push(c),
            c if c.is_ascii_lowercase() => path.push(c.to_ascii_uppercase()),
            c => path.push(c.to_ascii_lowercase()),
        }
    }
    let has_letters = pattern.bytes().any(|byte| byte.is_ascii_alphabetic());
    has_letters.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letters_of_a_pattern_change_case() {
        for (pattern, path) in [
            ("/members/*", Some("/MEMBERS/x")),
            ("members/?", Some("/MEMBERS/x")),
            ("*.Txt", Some("/x.tXT")),
            ("/caf%c3%A9/*", Some("/CAF%c3%A9/x")),
            ("/1/*", None),
            ("*", None),
        ] {
            assert_eq!(in_other_case(pattern).as_deref(), path, "{pattern}");
        }
    }
}
