//! The policy's text: how encoders space, order and escape it, and another policy than the one that was sent.

use std::rc::Rc;

use super::change::{Change, Dimension};
use crate::access::CandidateUrls;
use crate::explain::forensics::candidate::{Candidate, CandidateResource, Url};
use crate::explain::forensics::policy_style::{
    Bom, Conditions, Escaping, Number, Order, PolicyStyle, SPACINGS, Spacing, Statement, Tail,
};
use crate::explain::forensics::policy_text::PolicyText;
use crate::explain::mistakes::mistake::Mistake;

/// Only changes that change something: the others would be proven by whatever else is changed with them.
fn effective<'c>(
    policy: &PolicyText,
    spellings: impl Iterator<Item = (Mistake, u8, PolicyStyle)>,
) -> Dimension<'c> {
    let mut made: Vec<PolicyStyle> = Vec::new();
    let kept = spellings.filter(|(_, _, spelling)| {
        let is_new = !made.contains(spelling) && policy.is_changed_by(*spelling);
        made.push(*spelling);
        is_new
    });
    kept.map(|(mistake, cost, own)| spelled(mistake, cost, move |spelling| spelling.with(own))).collect()
}

fn spelled<'c>(mistake: Mistake, cost: u8, change: impl Fn(PolicyStyle) -> PolicyStyle + 'c) -> Change<'c> {
    Change::new(mistake, cost, move |candidate| {
        Some(Candidate { spelling: change(candidate.spelling), ..candidate.clone() })
    })
}

pub(in crate::explain) fn spacing<'c>() -> Dimension<'c> {
    let to = |spacing: Spacing| {
        let cost = if matches!(spacing, Spacing::Compact | Spacing::Python | Spacing::Pretty(2 | 4)) {
            1
        } else {
            2
        };
        spelled(Mistake::JsonSpacing, cost, move |spelling| PolicyStyle { spacing, ..spelling })
    };
    SPACINGS.into_iter().map(to).collect()
}

pub(in crate::explain) fn order<'c>(policy: &PolicyText) -> Dimension<'c> {
    let to = |order: Order, cost| (Mistake::JsonOrder, cost, PolicyStyle { order, ..PolicyStyle::default() });
    let permuted = (0..6).map(|number| to(Order::Conditions(number), 1));
    effective(policy, [to(Order::Sorted, 1), to(Order::ConditionFirst, 2)].into_iter().chain(permuted))
}

pub(in crate::explain) fn escaping<'c>(policy: &PolicyText) -> Dimension<'c> {
    let to = |(escaping, cost): (Escaping, u8)| {
        (Mistake::JsonEscaping, cost, PolicyStyle { escaping, ..PolicyStyle::default() })
    };
    let all = [(Escaping::Slashes, 1), (Escaping::Html, 1), (Escaping::DotNet, 2), (Escaping::Least, 2)];
    effective(policy, all.into_iter().map(to))
}

/// The other forms of a statement and of numbers.
pub(in crate::explain) fn forms<'c>(policy: &PolicyText) -> [Dimension<'c>; 2] {
    let stated =
        |mistake, statement, cost| (mistake, cost, PolicyStyle { statement, ..PolicyStyle::default() });
    let statements = [
        stated(Mistake::StatementObject, Statement::Bare, 1),
        stated(Mistake::StatementObject, Statement::Listed, 1),
        stated(Mistake::UnknownPolicyKey, Statement::Versioned, 2),
    ];
    let numbered =
        |number| spelled(Mistake::QuotedNumber, 1, move |spelling| PolicyStyle { number, ..spelling });
    [effective(policy, statements.into_iter()), vec![numbered(Number::Quoted), numbered(Number::Bare)]]
}

/// What stands before and behind it.
pub(in crate::explain) fn ends<'c>() -> [Dimension<'c>; 2] {
    let ended =
        |tail, cost| spelled(Mistake::JsonNewline, cost, move |spelling| PolicyStyle { tail, ..spelling });
    let marked = |bom| spelled(Mistake::JsonBom, 1, move |spelling| PolicyStyle { bom, ..spelling });
    [
        vec![
            ended(Tail::Lf, 1),
            ended(Tail::Trimmed, 1),
            ended(Tail::CrLf, 1),
            ended(Tail::CrLfThroughout, 2),
            ended(Tail::LfThroughout, 1),
        ],
        vec![marked(Bom::Added), marked(Bom::Removed)],
    ]
}

/// Conditions in the one and not in the other.
pub(in crate::explain) fn conditions<'c>(policy: &PolicyText) -> Dimension<'c> {
    let to = |(conditions, cost): (Conditions, u8)| {
        (Mistake::PolicyNotTheSignedOne, cost, PolicyStyle { conditions, ..PolicyStyle::default() })
    };
    let all = [
        (Conditions::EndAlone, 1),
        (Conditions::AnyAddress, 1),
        (Conditions::AnyBeginning, 1),
        (Conditions::Everybody, 1),
        (Conditions::SinceEver, 2),
        (Conditions::EverybodySinceEver, 2),
    ];
    effective(policy, all.into_iter().map(to))
}

/// Another Resource than that of the policy which was sent.
pub(in crate::explain) fn resources<'c>(policy: &PolicyText, tried: &CandidateUrls<'_>) -> Dimension<'c> {
    let to = |cost, resource: CandidateResource| {
        Change::new(Mistake::PolicyNotTheSignedOne, cost, move |candidate| {
            Some(Candidate { resource: resource.clone(), ..candidate.clone() })
        })
    };
    let text = |text: String| CandidateResource::Text(Rc::from(text));
    let mut changes: Dimension<'c> = Vec::new();
    for url in tried.urls() {
        changes.push(to(1, CandidateResource::Url(Url::of(&url.base.to_string(), url.path, url.query))));
        let folder = &url.path[..=url.path.rfind('/').unwrap_or(0)];
        for pattern in [format!("{}{folder}*", url.base), format!("{}/*", url.base)] {
            changes.push(to(2, text(pattern)));
        }
        if url.query.is_some() {
            changes.push(to(2, CandidateResource::Url(Url::of(&url.base.to_string(), url.path, None))));
        }
    }
    let sent = policy.resource();
    changes.push(to(2, text("*".to_owned())));
    for (cost, other) in [
        (1, other_scheme(sent)),
        (2, sent.replacen("https://", "http*://", 1)),
        (2, format!("{sent}*")),
        (2, format!("{sent}/*")),
        (2, sent.trim_end_matches('*').to_owned()),
        (2, sent.replace("\\?", "?")),
        (3, sent.replace('?', "\\?")),
    ] {
        if other != sent {
            changes.push(to(cost, text(other)));
        }
    }
    changes
}

fn other_scheme(resource: &str) -> String {
    match resource.strip_prefix("https://") {
        Some(rest) => format!("http://{rest}"),
        None => resource.replacen("http://", "https://", 1),
    }
}
