//! The lines of a head of HTTP/1.1, each of which has to end with CR LF.

use memchr::memchr_iter;

/// The lines of a head.
#[derive(Debug, Default)]
pub struct Lines {
    /// The last byte that was seen.
    last: u8,
    /// Bytes of the line so far, its CR included.
    length: usize,
    /// Whether a line was not empty: empty ones before a request are skipped (RFC 9112, 2.2).
    has_begun: bool,
}

/// What was found in some bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// The head ends before this place.
    At(usize),
    /// A line ends here without CR.
    BareLf(usize),
    /// It goes on.
    Later,
}

impl Lines {
    /// Looks for the end of the head.
    pub fn end(&mut self, bytes: &[u8]) -> End {
        let mut begin = 0;
        for at in memchr_iter(b'\n', bytes) {
            let before = if at == 0 { self.last } else { bytes[at - 1] };
            if before != b'\r' {
                return End::BareLf(at);
            }
            let is_empty = self.length + (at - begin) == 1;
            self.length = 0;
            begin = at + 1;
            if is_empty && self.has_begun {
                return End::At(begin);
            }
            self.has_begun |= !is_empty;
        }
        self.length += bytes.len() - begin;
        self.last = bytes.last().copied().unwrap_or(self.last);
        End::Later
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_with_an_empty_line_after_another_one() {
        for (text, end) in [
            ("\r\nHTTP/1.1 200 OK\r\n\r\nbody\n", End::At(21)),
            ("HTTP/1.1 200 OK\r\nA: b\r\n\r\n", End::At(25)),
            ("HTTP/1.1 200 OK\r\nA: b\r\n", End::Later),
            ("HTTP/1.1 200 OK\nA: b\r\n\r\n", End::BareLf(15)),
            ("HTTP/1.1 200 OK\r\n\n", End::BareLf(17)),
            ("\n", End::BareLf(0)),
        ] {
            assert_eq!(Lines::default().end(text.as_bytes()), end, "{text:?}");
        }
    }
}
