//! The characters of a pattern, of which two are wildcards.

use crate::viewer::symbol::Symbol;

/// One character of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Literal(u8),
    One,
    Many,
}

impl Token {
    pub(super) fn of(byte: u8) -> Self {
        match byte {
            b'*' => Self::Many,
            b'?' => Self::One,
            literal => Self::Literal(literal),
        }
    }
}

impl Symbol for Token {
    fn byte(self) -> Option<u8> {
        match self {
            Self::Literal(byte) => Some(byte),
            Self::One | Self::Many => None,
        }
    }

    fn literal(byte: u8) -> Self {
        Self::Literal(byte)
    }
}
