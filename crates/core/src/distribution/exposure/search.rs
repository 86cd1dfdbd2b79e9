//! The texts that fit a pattern and belong to a public behavior, the shortest first: a walk over what every pattern may have
//! read up to here.

use std::collections::{HashMap, VecDeque};

use super::super::Distribution;
use super::super::pattern::{PathPattern, Token};

/// The pattern that was asked for and those of the behaviors, followed together.
pub(super) struct Machine<'d> {
    asked: Vec<Token>,
    /// In order: the tokens, and whether what fits is public.
    behaviors: Vec<(Vec<Token>, bool)>,
    default_is_public: bool,
    /// The characters that occur, and one that doesn't and stands for all others.
    alphabet: Vec<u8>,
    /// The same of `/`, which may stand for the default root object.
    root_is_public: Box<dyn Fn(&str) -> bool + 'd>,
}

/// How a search ended.
pub(super) enum End<T> {
    /// With a text that was taken.
    Found(T),
    /// There are no texts.
    Nothing,
    /// There are, but none was taken.
    Rejected,
    /// It was given up.
    TooMany,
}

/// Where a pattern may stand: the tokens that may come next, of at most 256 and the end.
type Places = [u64; 5];

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    asked: Places,
    behaviors: Vec<Places>,
    after_slash: bool,
}

/// A text: another one and a character more.
struct Step {
    before: Option<usize>,
    byte: u8,
    state: State,
}

impl<'d> Machine<'d> {
    pub(super) fn of(
        distribution: &Distribution,
        asked: &PathPattern,
        tokens: impl Fn(&PathPattern) -> Vec<Token>,
        root_is_public: impl Fn(&str) -> bool + 'd,
    ) -> Self {
        let default_is_public = !distribution.default_behavior.is_private();
        let with_pattern = distribution.behaviors.iter().filter_map(|behavior| {
            behavior.path_pattern.as_ref().map(|pattern| (tokens(pattern), !behavior.is_private()))
        });
        let mut behaviors: Vec<(Vec<Token>, bool)> = with_pattern.collect();
        // The last ones that do as the default one change nothing.
        while behaviors.last().is_some_and(|(_, is_public)| *is_public == default_is_public) {
            behaviors.pop();
        }
        let asked = tokens(asked);
        let alphabet = alphabet(behaviors.iter().map(|(tokens, _)| tokens).chain([&asked]));
        let root_is_public = Box::new(root_is_public);
        Self { asked, behaviors, default_is_public, alphabet, root_is_public }
    }

    /// Offers texts in the order of their length, until one is taken. With `only_plain`, only those that nobody can read in
    /// another way; then one text for each state is enough. Without, each state has several, since some may be private in
    /// another reading.
    pub(super) fn search<T>(&self, only_plain: bool, mut take: impl FnMut(&[u8]) -> Option<T>) -> End<T> {
        let Some(first) = self.read(&self.start(), b'/') else { return End::Nothing };
        let (mut steps, mut seen, mut rejected, mut effort) = (Vec::new(), HashMap::new(), false, 0);
        let mut waiting = VecDeque::from([Step { before: None, byte: b'/', state: first }]);
        while let Some(step) = waiting.pop_front() {
            let (at, state) = (steps.len(), step.state.clone());
            steps.push(step);
            if self.accepts(at, &state) {
                match take(&text(&steps, at)) {
                    Some(taken) => return End::Found(taken),
                    None => rejected = true,
                }
            }
            for &byte in &self.alphabet {
                if only_plain && is_ambiguous(byte, state.after_slash) {
                    continue;
                }
                effort += 1 + self.behaviors.len();
                let Some(next) = self.read(&state, byte) else { continue };
                let times: &mut usize = seen.entry(next.clone()).or_default();
                *times += 1;
                if *times <= if only_plain { 1 } else { TEXTS_OF_A_STATE } {
                    waiting.push_back(Step { before: Some(at), byte, state: next });
                }
            }
            if effort > MAX_EFFORT || steps.len() + waiting.len() > MAX_STEPS {
                return End::TooMany;
            }
        }
        if rejected { End::Rejected } else { End::Nothing }
    }

    fn start(&self) -> State {
        State {
            asked: beginning(&self.asked),
            behaviors: self.behaviors.iter().map(|(tokens, _)| beginning(tokens)).collect(),
            after_slash: false,
        }
    }

    /// The state after one character more; none where nothing that follows can be a find.
    fn read(&self, state: &State, byte: u8) -> Option<State> {
        let asked = after(&self.asked, &state.asked, byte);
        if is_empty(&asked) {
            return None;
        }
        let mut behaviors: Vec<Places> = Vec::with_capacity(self.behaviors.len());
        let (mut is_settled, mut may_be_public) = (false, false);
        for ((tokens, is_public), places) in self.behaviors.iter().zip(&state.behaviors) {
            // Behind one that everything fits from now on, nothing counts.
            let places = if is_settled { Places::default() } else { after(tokens, places, byte) };
            may_be_public |= *is_public && !is_empty(&places);
            is_settled |= fits_whatever_follows(tokens, &places);
            behaviors.push(places);
        }
        may_be_public |= !is_settled && self.default_is_public;
        may_be_public.then_some(State { asked, behaviors, after_slash: byte == b'/' })
    }

    fn accepts(&self, at: usize, state: &State) -> bool {
        if !has(&state.asked, self.asked.len()) {
            return false;
        }
        if at == 0 {
            return (self.root_is_public)("/");
        }
        let fits = |((tokens, _), places): &(&(Vec<Token>, bool), &Places)| has(places, tokens.len());
        let first = self.behaviors.iter().zip(&state.behaviors).find(fits);
        first.map_or(self.default_is_public, |((_, is_public), _)| *is_public)
    }
}

/// Letters first, so that a path looks like one.
fn alphabet<'t>(patterns: impl Iterator<Item = &'t Vec<Token>>) -> Vec<u8> {
    let mut occurring: Vec<u8> = patterns
        .flatten()
        .filter_map(|token| match token {
            Token::Literal(byte) => Some(*byte),
            Token::One | Token::Many => None,
        })
        .chain([b'/'])
        .collect();
    occurring.sort_unstable();
    occurring.dedup();
    let usual = (b'a'..=b'z').chain(b'0'..=b'9').chain(b'A'..=b'Z').chain([b'!']);
    let other = usual.into_iter().find(|byte| occurring.binary_search(byte).is_err());
    other.into_iter().chain(occurring).collect()
}

/// As `path::can_only_mean_itself` has it.
fn is_ambiguous(byte: u8, after_slash: bool) -> bool {
    matches!(byte, b'%' | b'\\' | b';') || !byte.is_ascii() || (after_slash && matches!(byte, b'/' | b'.'))
}

fn text(steps: &[Step], last: usize) -> Vec<u8> {
    let mut text = Vec::new();
    let mut at = Some(last);
    while let Some(step) = at.map(|at| &steps[at]) {
        text.push(step.byte);
        at = step.before;
    }
    text.reverse();
    text
}

fn beginning(tokens: &[Token]) -> Places {
    let mut places = Places::default();
    put(tokens, &mut places, 0);
    places
}

fn after(tokens: &[Token], places: &Places, byte: u8) -> Places {
    let mut next = Places::default();
    for (at, token) in tokens.iter().enumerate().filter(|(at, _)| has(places, *at)) {
        match token {
            Token::Literal(literal) if *literal != byte => {}
            Token::Literal(_) | Token::One => put(tokens, &mut next, at + 1),
            Token::Many => put(tokens, &mut next, at),
        }
    }
    next
}

/// A `*` may also be nothing.
fn put(tokens: &[Token], places: &mut Places, mut at: usize) {
    places[at / 64] |= 1 << (at % 64);
    while tokens.get(at) == Some(&Token::Many) {
        at += 1;
        places[at / 64] |= 1 << (at % 64);
    }
}

fn has(places: &Places, at: usize) -> bool {
    places[at / 64] & (1 << (at % 64)) != 0
}

fn is_empty(places: &Places) -> bool {
    *places == Places::default()
}

fn fits_whatever_follows(tokens: &[Token], places: &Places) -> bool {
    tokens.last() == Some(&Token::Many) && has(places, tokens.len() - 1)
}

/// How many texts are tried for what is the same to every pattern.
const TEXTS_OF_A_STATE: usize = 4;
/// Texts that are looked at.
const MAX_STEPS: usize = 50_000;
/// Patterns that are followed by one character: about a second.
const MAX_EFFORT: usize = 2_000_000;
