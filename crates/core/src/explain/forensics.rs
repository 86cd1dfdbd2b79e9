//! What the signature shows: who made it, how it was written down, and over what. Everything that is called proven here
//! was shown by a digest or a verification.

use crate::explain::Context;
use crate::explain::checks::hints;
use crate::explain::forensics::budget::{Budget, Searched};
use crate::explain::forensics::candidate::Writer;
use crate::explain::forensics::changes::{
    address, change::Dimension, escapes, files, folders, message, path, query, text, time,
};
use crate::explain::forensics::evidence::Evidence;
use crate::explain::forensics::findings::Findings;
use crate::explain::forensics::search::{Hit, Space, Tried, search};
use crate::explain::forensics::signing_key::SigningKey;
use crate::explain::mistakes::decodings::all_decodings;
use crate::explain::mistakes::mistake::{Diagnosis, Mistake};
use crate::explain::request::parsed_request::ParsedRequest;

pub(in crate::explain) mod budget;
pub(in crate::explain) mod candidate;
pub(in crate::explain) mod changes;
pub(in crate::explain) mod evidence;
pub(in crate::explain) mod findings;
pub(in crate::explain) mod json_forms;
pub(in crate::explain) mod policy_piece;
pub(in crate::explain) mod policy_style;
pub(in crate::explain) mod policy_text;
pub(in crate::explain) mod rsa_recovery;
pub(in crate::explain) mod search;
pub(in crate::explain) mod signers;
pub(in crate::explain) mod signing_key;

/// Looks at the signature, whatever else is wrong with the request.
pub(in crate::explain) fn examine(
    parsed: &ParsedRequest<'_, '_>,
    context: &Context<'_>,
    budget: &Budget<'_>,
) -> Findings {
    let Some(value) = parsed.sent.signature.as_deref().filter(|value| !value.is_empty()) else {
        return Findings::default();
    };
    let Some(evidence) = Evidence::of(parsed) else { return Findings::default() };
    let all = all_decodings(value);
    let makers = evidence.makers(&all);
    if makers.is_empty() {
        return evidence.made_by_no_known_key(value, &all, &Tried::default());
    }
    let writer = Writer::new(evidence.text.clone());
    let space = Space {
        dimensions: dimensions(parsed, &evidence, context),
        starts: evidence.starts(parsed),
        other_time: evidence.other_time(),
        writer: &writer,
    };
    let mut searched = Searched::Done;
    let mut all_tried = Tried::default();
    for (reading, signer_key) in makers {
        let (hit, how, tried) = search(&space, &signer_key, &reading.bytes, budget);
        let known = match &signer_key {
            SigningKey::Known { key, .. } | SigningKey::Pss { key, is_shown: true, .. } => Some(*key),
            SigningKey::Pss { .. } | SigningKey::Unknown { .. } => None,
        };
        if let Some(hit) = hit.or_else(|| with_other_hash(&space, &signer_key, &reading.bytes)) {
            let sent = space.starts.first().filter(|_| parsed.is_under_its_own_base());
            let hit = match sent {
                Some(sent) => hit.seen_from(sent),
                None => hit,
            };
            let mut found = evidence.found(&writer, &hit, &reading);
            // Signed for the very host that was sent, which is no name of the distribution.
            if let (true, Some(fix)) = (parsed.tried.is_empty(), hints::no_name(parsed)) {
                found.causes.push(Diagnosis::proven(Mistake::Host, fix));
            }
            return found;
        }
        if let Some(key) = known {
            return evidence.over_something_else(&signer_key, key, &reading, how, &tried);
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
fn with_other_hash<'e>(space: &Space<'_>, signer_key: &SigningKey<'e>, signature: &[u8]) -> Option<Hit<'e>> {
    let mut message = Vec::new();
    space.starts.iter().find_map(|start| {
        space.writer.write(start, &mut message);
        let fit = signer_key.fit_of_other_hash(&message, signature)?;
        Some(Hit { signed: start.clone(), start: start.clone(), mistakes: Vec::new(), fit })
    })
}

fn dimensions<'c>(
    parsed: &'c ParsedRequest<'_, '_>,
    evidence: &Evidence<'_>,
    context: &Context<'c>,
) -> Vec<Dimension<'c>> {
    let is_custom = evidence.is_custom();
    let mut all = vec![message::messages(), time::units_and_zones(is_custom)];
    if is_custom {
        all.push(text::resources(&evidence.text, &parsed.tried));
    } else {
        all.extend([
            query::added(parsed.tried.query()),
            query::missing(),
            query::signing_parameters(parsed),
            query::order(),
            query::encodings(),
            query::html(),
            query::fragment(context.fragment),
            path::wildcards(parsed),
            path::normal_forms(),
            path::root_objects(parsed),
            path::trailing_slash(),
            path::origin_paths(parsed),
            path::encodings(),
            address::schemes(),
            address::hosts(parsed),
            address::ports(parsed),
            address::without_address(),
            escapes::of_query(parsed),
            escapes::of_path(parsed),
            files::others(parsed, &context.surroundings.known_paths),
            folders::folders(parsed),
            folders::unset(parsed),
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
