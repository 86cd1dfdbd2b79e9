//! Matches a path pattern in time that grows with the path alone, whatever the path: it is compared before anything is known
//! of the viewer.
//!
//! A pattern is pieces between its `*`s. The first one is compared at the beginning and the last one at the end; each other
//! one is taken at its first place behind the one before. That loses nothing, because a piece has a fixed length.

use memchr::memmem;

use super::token::Token;
use crate::effort;

/// A pattern that is ready to be compared.
#[derive(Clone, Debug)]
pub(super) struct Matcher {
    head: Vec<Token>,
    /// None where the pattern has no `*`: the head is all of it.
    rest: Option<Rest>,
}

#[derive(Clone, Debug)]
struct Rest {
    middle: Vec<Piece>,
    tail: Vec<Token>,
}

/// What stands between two `*`s.
#[derive(Clone, Debug)]
enum Piece {
    Literal(Box<memmem::Finder<'static>>),
    Masked(Box<Masked>),
}

impl Matcher {
    pub(super) fn new(tokens: &[Token]) -> Self {
        let mut pieces = tokens.split(|token| *token == Token::Many);
        let head = pieces.next().unwrap_or_default().to_vec();
        let mut others: Vec<&[Token]> = pieces.collect();
        let rest = others.pop().map(|tail| Rest {
            middle: others.into_iter().filter(|piece| !piece.is_empty()).map(Piece::new).collect(),
            tail: tail.to_vec(),
        });
        Self { head, rest }
    }

    /// Whether the whole text fits.
    pub(super) fn matches(&self, text: &[u8]) -> bool {
        let Some((head, after)) = text.split_at_checked(self.head.len()) else { return false };
        if !fits(&self.head, head) {
            return false;
        }
        let Some(Rest { middle, tail }) = &self.rest else { return after.is_empty() };
        let Some(at) = after.len().checked_sub(tail.len()) else { return false };
        let (between, end) = after.split_at(at);
        fits(tail, end) && find_all(middle, between)
    }
}

fn find_all(pieces: &[Piece], mut text: &[u8]) -> bool {
    pieces.iter().all(|piece| match piece.end_in(text) {
        Some(end) => {
            text = &text[end..];
            true
        }
        None => false,
    })
}

fn fits(tokens: &[Token], text: &[u8]) -> bool {
    effort::spend(tokens.len());
    tokens.iter().zip(text).all(|(token, byte)| match token {
        Token::Literal(literal) => literal == byte,
        Token::One | Token::Many => true,
    })
}

impl Piece {
    fn new(tokens: &[Token]) -> Self {
        let literal: Option<Vec<u8>> = tokens
            .iter()
            .map(|token| match token {
                Token::Literal(byte) => Some(*byte),
                Token::One | Token::Many => None,
            })
            .collect();
        match literal {
            Some(bytes) => Self::Literal(Box::new(memmem::Finder::new(&bytes).into_owned())),
            None => Self::Masked(Box::new(Masked::new(tokens))),
        }
    }

    /// Where its first place ends.
    fn end_in(&self, text: &[u8]) -> Option<usize> {
        let end = match self {
            Self::Literal(finder) => finder.find(text).map(|at| at + finder.needle().len()),
            Self::Masked(masked) => masked.end_in(text),
        };
        effort::spend(end.unwrap_or(text.len()));
        end
    }
}

/// A piece with `?`, found by the shift-and algorithm: one step for each byte of the text, where a search that begins anew
/// at each place would take as many as the piece is long.
#[derive(Clone, Debug)]
struct Masked {
    len: usize,
    /// For each byte, the places of the piece where it may stand.
    places: Vec<Bits>,
}

/// A bit for each place; a path pattern has at most 256.
type Bits = [u64; 4];

impl Masked {
    fn new(tokens: &[Token]) -> Self {
        let mut places = vec![Bits::default(); 256];
        for (at, token) in tokens.iter().enumerate() {
            let (word, bit) = (at / 64, 1 << (at % 64));
            match token {
                Token::Literal(byte) => places[usize::from(*byte)][word] |= bit,
                Token::One | Token::Many => places.iter_mut().for_each(|bits| bits[word] |= bit),
            }
        }
        Self { len: tokens.len(), places }
    }

    fn end_in(&self, text: &[u8]) -> Option<usize> {
        if self.len <= 64 {
            return self.end_in_one_word(text);
        }
        let (word, bit) = ((self.len - 1) / 64, 1 << ((self.len - 1) % 64));
        let mut open = Bits::default();
        let last = text.iter().position(|&byte| {
            let mut carry = 1;
            for (one, places) in open.iter_mut().zip(&self.places[usize::from(byte)]) {
                let next = *one >> 63;
                *one = (*one << 1 | carry) & places;
                carry = next;
            }
            open[word] & bit != 0
        });
        last.map(|at| at + 1)
    }

    /// The same where the places are bits of one word, as those of nearly all patterns are.
    fn end_in_one_word(&self, text: &[u8]) -> Option<usize> {
        let last = 1_u64 << (self.len - 1);
        let mut open = 0;
        let end = text.iter().position(|&byte| {
            open = (open << 1 | 1) & self.places[usize::from(byte)][0];
            open & last != 0
        });
        end.map(|at| at + 1)
    }
}
