//! Where the heads are in what a viewer sends over HTTP/1.1, and that each of their lines ends with CR LF.
//!
//! hyper also takes a bare LF for the end of a line, as RFC 9112 (2.2) allows. A proxy in front that doesn't may have read
//! another head. So heads are looked at as they are read: a bare LF in one becomes a NUL, which hyper answers with 400. To
//! know what is head, hyper is given each head by itself, and the end of each body is found by its framing.

use crate::edge::io::head_lines::{End, Lines};

/// How a request's body is framed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// There is none: a head follows.
    #[default]
    Empty,
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunked,
    /// What comes before the answer may be another protocol.
    Unknown,
}

/// The reading of one connection.
#[derive(Debug, Default)]
pub struct HeadScan(State);

#[derive(Debug)]
enum State {
    Head(Lines),
    /// The head has been read, and hyper has yet to say what follows.
    Ended,
    Length(u64),
    Chunks(Chunks),
    Unknown,
}

impl Default for State {
    fn default() -> Self {
        Self::Head(Lines::default())
    }
}

impl HeadScan {
    /// How many of these bytes hyper may have now; the others are to be given to it later. A bare LF in a head is replaced.
    ///
    /// `framing` is that of the request of which the head was given to hyper last, and `is_answered` whether its answer is over.
    pub fn pass(&mut self, bytes: &mut [u8], framing: Framing, is_answered: bool) -> usize {
        match (&self.0, framing) {
            (State::Ended, Framing::Empty | Framing::Length(0)) => self.0 = State::default(),
            (State::Ended, Framing::Length(length)) => self.0 = State::Length(length),
            (State::Ended, Framing::Chunked) => self.0 = State::Chunks(Chunks::default()),
            (State::Ended, Framing::Unknown) => self.0 = State::Unknown,
            // The protocol has not changed, so that a head follows.
            (State::Unknown, _) if is_answered => self.0 = State::default(),
            _ => {}
        }
        match &mut self.0 {
            State::Head(lines) => match lines.end(bytes) {
                End::At(at) => {
                    self.0 = State::Ended;
                    at
                }
                End::BareLf(at) => {
                    bytes[at] = 0;
                    self.0 = State::Unknown;
                    at + 1
                }
                End::Later => bytes.len(),
            },
            State::Length(left) => {
                let given = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= given as u64;
                if *left == 0 {
                    self.0 = State::default();
                }
                given
            }
            State::Chunks(chunks) => match chunks.end(bytes) {
                Some(at) => {
                    self.0 = State::default();
                    at
                }
                None => bytes.len(),
            },
            State::Ended | State::Unknown => bytes.len(),
        }
    }
}

/// A body in chunks, as hyper reads it; what it refuses ends the connection, whatever is found here.
#[derive(Debug)]
enum Chunks {
    Size {
        size: u64,
        in_extension: bool,
    },
    /// Of a chunk and the CR LF behind it.
    Data(u64),
    /// Bytes of the line so far.
    Trailer(usize),
}

impl Default for Chunks {
    fn default() -> Self {
        Self::Size { size: 0, in_extension: false }
    }
}

impl Chunks {
    /// Where the body ends, if it does.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            match self {
                Self::Data(left) => {
                    let given = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len() - at);
                    (*left, at) = (*left - given as u64, at + given);
                    if *left == 0 {
                        *self = Self::default();
                    }
                    continue;
                }
                Self::Size { size: 0, .. } if byte == b'\n' => *self = Self::Trailer(0),
                Self::Size { size, .. } if byte == b'\n' => *self = Self::Data(size.saturating_add(2)),
                Self::Size { size, in_extension } => match char::from(byte).to_digit(16) {
                    Some(digit) if !*in_extension => {
                        *size = size.saturating_mul(16).saturating_add(digit.into());
                    }
                    _ => *in_extension = true,
                },
                Self::Trailer(..=1) if byte == b'\n' => return Some(at + 1),
                Self::Trailer(length) if byte == b'\n' => *length = 0,
                Self::Trailer(length) => *length += 1,
            }
            at += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What hyper is given of a stream that comes in pieces of so many bytes, piece by piece of its own.
    fn given(stream: &[u8], size: usize, framings: &[Framing]) -> Vec<Vec<u8>> {
        let mut scan = HeadScan::default();
        let mut framings = framings.iter().copied();
        let mut framing = Framing::default();
        let mut waiting = stream.to_vec();
        let mut all: Vec<Vec<u8>> = Vec::new();
        while !waiting.is_empty() {
            let end = size.min(waiting.len());
            if matches!(scan.0, State::Ended) {
                framing = framings.next().unwrap();
            }
            let count = scan.pass(&mut waiting[..end], framing, false);
            assert!(count > 0);
            all.push(waiting.drain(..count).collect());
        }
        all
    }

    const STREAM: &[u8] = b"\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n\
        POST /b HTTP/1.1\r\nContent-Length: 4\r\n\r\na\n\nbPUT /c HTTP/1.1\r\n\r\n\
        3;x=\"y\"\r\n\na\n\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nT: x\r\n\r\nGET /d HTTP/1.1\r\n\r\n";
    const FRAMINGS: [Framing; 4] = [Framing::Empty, Framing::Length(4), Framing::Chunked, Framing::Empty];

    #[test]
    fn heads_and_bodies_are_told_apart_however_they_come() {
        let whole = given(STREAM, usize::MAX, &FRAMINGS);
        let begin = |piece: &Vec<u8>| String::from_utf8_lossy(&piece[..6.min(piece.len())]).into_owned();
        let begins: Vec<String> = whole.iter().map(begin).collect();
        assert_eq!(begins, ["\r\nGET ", "POST /", "a\n\nb", "PUT /c", "3;x=\"y", "GET /d"]);
        for size in 1..60 {
            assert_eq!(given(STREAM, size, &FRAMINGS).concat(), STREAM, "{size}");
        }
    }

    #[test]
    fn a_line_of_a_head_that_ends_without_cr_is_broken() {
        for (stream, broken) in [
            ("GET / HTTP/1.1\nHost: a\r\n\r\n", "GET / HTTP/1.1\0Host: a\r\n\r\n"),
            (
                "GET / HTTP/1.1\r\nX: y\nTransfer-Encoding: chunked\r\n\r\n",
                "GET / HTTP/1.1\r\nX: y\0Transfer-Encoding: chunked\r\n\r\n",
            ),
            ("GET / HTTP/1.1\r\nHost: a\r\n\n", "GET / HTTP/1.1\r\nHost: a\r\n\0"),
            ("\nGET / HTTP/1.1\r\n\r\n", "\0GET / HTTP/1.1\r\n\r\n"),
        ] {
            for size in 1..40 {
                assert_eq!(
                    given(stream.as_bytes(), size, &[]).concat(),
                    broken.as_bytes(),
                    "{stream:?} {size}"
                );
            }
        }
        let behind = [STREAM, b"GET /e HTTP/1.1\nHost: a\r\n\r\n"].concat();
        let framings = [&FRAMINGS[..], &[Framing::Empty]].concat();
        let found = given(&behind, 7, &framings).concat();
        assert!(found.ends_with(b"GET /e HTTP/1.1\0Host: a\r\n\r\n"), "{}", found.escape_ascii());
    }

    #[test]
    fn what_may_be_another_protocol_is_left_alone_until_the_answer_is_over() {
        let mut scan = HeadScan::default();
        let mut head = *b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
        assert_eq!(scan.pass(&mut head, Framing::Empty, false), head.len());
        let mut frame = *b"\x81\x01\n";
        assert_eq!((scan.pass(&mut frame, Framing::Unknown, false), frame), (3, *b"\x81\x01\n"));
        let mut next = *b"GET / HTTP/1.1\n";
        assert_eq!((scan.pass(&mut next, Framing::Unknown, true), next.last()), (15, Some(&0)));
    }
}
