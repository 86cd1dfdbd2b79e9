//! Bytes of a path, and symbols of a pattern, which are rewritten in the same way.

/// A byte of a path, or of a pattern, which has wildcards, too.
pub(crate) trait Symbol: Copy + PartialEq {
    /// The byte that it stands for; none for a wildcard.
    fn byte(self) -> Option<u8>;
    /// What stands for a byte.
    fn literal(byte: u8) -> Self;
    /// Whether it is that byte.
    fn is(self, byte: u8) -> bool {
        self.byte() == Some(byte)
    }
    /// Where a byte stands first.
    fn find(text: &[Self], byte: u8) -> Option<usize> {
        text.iter().position(|symbol| symbol.is(byte))
    }
    /// Where two slashes stand first.
    fn find_slashes(text: &[Self]) -> Option<usize> {
        text.windows(2).position(|pair| pair.iter().all(|symbol| symbol.is(b'/')))
    }
}

impl Symbol for u8 {
    fn byte(self) -> Option<u8> {
        Some(self)
    }

    fn literal(byte: u8) -> Self {
        byte
    }

    fn find(text: &[Self], byte: u8) -> Option<usize> {
        memchr::memchr(byte, text)
    }

    fn find_slashes(text: &[Self]) -> Option<usize> {
        memchr::memmem::find(text, b"//")
    }
}
