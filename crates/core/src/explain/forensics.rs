//! What the signature shows: who made it, how it was written down, and over what. Everything that is called proven here
//! was shown by a digest or a verification.

use super::cause::{Cause, Mistake};
use super::changes::{Dimension, address, escapes, files, folders, message, path, query, text, time};
use super::draft::Writer;
use super::effort::{Effort, Searched};
use super::evidence::Evidence;
use super::examined::Examined;
use super::findings::Findings;
use super::maker::Maker;
use super::reading::readings;
use super::search::{Hit, Space, Tried, search};
use super::{Clues, hints};

/// Looks at the signature, whatever else is wrong with the request.
pub(super) fn examine(examined: &Examined<'_, '_>, clues: &Clues<'_>, effort: &Effort<'_>) -> Findings {
    let Some(value) = examined.sent.signature.as_deref().filter(|value| !value.is_empty()) else {
        return Findings::default();
    };
    let Some(evidence) = Evidence::of(examined) else { return Findings::default() };
    let all = readings(value);
    let makers = evidence.makers(&all);
    if makers.is_empty() {
        return evidence.made_by_no_known_key(value, &all, &Tried::default());
    }
    let writer = Writer::new(evidence.text.clone());
    let space = Space {
        dimensions: dimensions(examined, &evidence, clues),
        starts: evidence.starts(examined),
        other_time: evidence.other_time(),
        writer: &writer,
    };
    let mut searched = Searched::Done;
    let mut all_tried = Tried::default();
    for (reading, maker) in makers {
        let (hit, how, tried) = search(&space, &maker, &reading.bytes, effort);
        let known = match &maker {
            Maker::Known { key, .. } | Maker::Pss { key, is_shown: true, .. } => Some(*key),
            Maker::Pss { .. } | Maker::Unknown { .. } => None,
        };
        if let Some(hit) = hit.or_else(|| with_other_hash(&space, &maker, &reading.bytes)) {
            let sent = space.starts.first().filter(|_| examined.is_under_its_own_base());
            let hit = match sent {
                Some(sent) => hit.seen_from(sent),
                None => hit,
            };
            let mut found = evidence.found(&writer, &hit, &reading);
            // Signed for the very host that was sent, which is no name of the distribution.
            if let (true, Some(fix)) = (examined.tried.is_empty(), hints::no_name(examined)) {
                found.causes.push(Cause::proven(Mistake::Host, fix));
            }
            return found;
        }
        if let Some(key) = known {
            return evidence.over_something_else(&maker, key, &reading, how, &tried);
        }
        if how == Searched::GaveUp {
            searched = how;
        }
        if tried.texts > all_tried.texts {
            all_tried = tried;
        }
    }
    Findings { searched, ..evidence.made_by_no_known_key(value, &all, &all_tried) }
}

/// What was sent, signed by an ECDSA key with a hash that CloudFront doesn't take.
fn with_other_hash<'e>(space: &Space<'_>, maker: &Maker<'e>, signature: &[u8]) -> Option<Hit<'e>> {
    let mut message = Vec::new();
    space.starts.iter().find_map(|start| {
        space.writer.write(start, &mut message);
        let fit = maker.fit_of_other_hash(&message, signature)?;
        Some(Hit { signed: start.clone(), start: start.clone(), mistakes: Vec::new(), fit })
    })
}

fn dimensions<'c>(
    examined: &'c Examined<'_, '_>,
    evidence: &Evidence<'_>,
    clues: &Clues<'c>,
) -> Vec<Dimension<'c>> {
    let is_custom = evidence.is_custom();
    let mut all = vec![message::messages(), time::units_and_zones(is_custom)];
    if is_custom {
        all.push(text::resources(&evidence.text, &examined.tried));
    } else {
        all.extend([
            query::added(examined.tried.query()),
            query::missing(),
            query::signing_parameters(examined),
            query::order(),
            query::encodings(),
            query::html(),
            query::fragment(clues.fragment),
            path::wildcards(examined),
            path::normal_forms(),
            path::root_objects(examined),
            path::trailing_slash(),
            path::origin_paths(examined),
            path::encodings(),
            address::schemes(),
            address::hosts(examined),
            address::ports(examined),
            address::without_address(),
            escapes::of_query(examined),
            escapes::of_path(examined),
            files::others(examined, &clues.surroundings.known_paths),
            folders::folders(examined),
            folders::unset(examined),
            folders::spaces(),
        ]);
    }
    all.push(text::conditions(&evidence.text));
    all.push(text::spacing());
    all.push(text::order(&evidence.text));
    all.push(text::escaping(&evidence.text));
    all.extend(text::forms(&evidence.text));
    all.extend(text::ends());
    all
}
