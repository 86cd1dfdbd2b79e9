//! A file's bytes on their way to a viewer.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::mem;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::edge::io::body::BoxError;

/// Sends a range of a file, or fails: a body that ends early is never taken for a whole one.
///
/// The next chunk is read while the viewer takes the one before, and no further ahead.
#[derive(Debug)]
pub(super) struct FileBody {
    next: Next,
    /// Bytes that are still to be given.
    left: u64,
}

#[derive(Debug)]
enum Next {
    Chunk(File, Bytes),
    Reading(JoinHandle<io::Result<(File, Bytes)>>),
    End,
}

impl FileBody {
    /// Goes to the range, which isn't empty, and reads its first chunk; blocks.
    pub(super) fn open(mut file: File, range: Range<u64>) -> io::Result<Self> {
        file.seek(SeekFrom::Start(range.start))?;
        let left = range.end - range.start;
        let (file, chunk) = read(file, left)?;
        Ok(Self { next: Next::Chunk(file, chunk), left })
    }
}

/// Reads on, one chunk of what is left.
fn read(mut file: File, left: u64) -> io::Result<(File, Bytes)> {
    let length = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
    let mut chunk = vec![0; length];
    file.read_exact(&mut chunk).map_err(|error| {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return io::Error::new(error.kind(), "the file became shorter while it was sent");
        }
        error
    })?;
    Ok((file, chunk.into()))
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let read = match mem::replace(&mut self.next, Next::End) {
            Next::Chunk(file, chunk) => Ok((file, chunk)),
            Next::Reading(mut reading) => match Pin::new(&mut reading).poll(cx) {
                Poll::Ready(read) => read.map_err(io::Error::from).flatten(),
                Poll::Pending => {
                    self.next = Next::Reading(reading);
                    return Poll::Pending;
                }
            },
            Next::End => return Poll::Ready(None),
        };
        Poll::Ready(Some(match read {
            Ok((file, chunk)) => {
                self.left -= chunk.len() as u64;
                let left = self.left;
                if left > 0 {
                    self.next = Next::Reading(spawn_blocking(move || self::read(file, left)));
                }
                Ok(Frame::data(chunk))
            }
            Err(error) => Err(error.into()),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// Large enough that a thread's wake-up is small beside the copying.
const CHUNK: usize = 128 << 10;

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use http_body_util::BodyExt as _;

    use super::*;

    fn file_of(length: usize) -> (tempfile::NamedTempFile, Vec<u8>) {
        let bytes: Vec<u8> = (0..length).map(|at| (at / 7) as u8).collect();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&bytes).unwrap();
        (file, bytes)
    }

    #[tokio::test]
    async fn every_range_gives_its_bytes() {
        let (file, bytes) = file_of(3 * CHUNK + 1);
        for range in
            [0..1, 0..CHUNK, 0..CHUNK + 1, 5..2 * CHUNK + 5, 3 * CHUNK..3 * CHUNK + 1, 0..bytes.len()]
        {
            let wanted = range.start as u64..range.end as u64;
            let body = FileBody::open(file.reopen().unwrap(), wanted).unwrap();
            assert_eq!(body.size_hint().exact(), Some(range.len() as u64));
            let sent = body.collect().await.unwrap().to_bytes();
            assert!(sent == bytes[range.clone()], "{range:?}");
        }
    }

    #[tokio::test]
    async fn one_chunk_is_read_at_a_time() {
        let (file, _) = file_of(3 * CHUNK);
        let mut body = FileBody::open(file.reopen().unwrap(), 0..3 * CHUNK as u64).unwrap();
        for left in [2, 1, 0] {
            let chunk = body.frame().await.unwrap().unwrap().into_data().unwrap();
            assert_eq!(chunk.len(), CHUNK);
            assert_eq!(body.size_hint().exact(), Some(left * CHUNK as u64));
            assert_eq!(body.is_end_stream(), left == 0);
        }
        assert!(body.frame().await.is_none());
    }

    #[tokio::test]
    async fn a_file_that_shrinks_breaks_the_body() {
        let (file, _) = file_of(4 * CHUNK);
        let body = FileBody::open(file.reopen().unwrap(), 0..4 * CHUNK as u64).unwrap();
        file.as_file().set_len(2 * CHUNK as u64 + 1).unwrap();
        let error = body.collect().await.unwrap_err();
        assert_eq!(error.to_string(), "the file became shorter while it was sent");
    }

    #[tokio::test]
    async fn a_file_that_grows_is_sent_as_announced() {
        let (mut file, bytes) = file_of(2 * CHUNK);
        let body = FileBody::open(file.reopen().unwrap(), 0..bytes.len() as u64).unwrap();
        file.write_all(b"more").unwrap();
        assert!(body.collect().await.unwrap().to_bytes() == bytes);
    }

    #[test]
    fn a_file_that_shrank_before_the_first_byte_cannot_be_opened() {
        let (file, _) = file_of(10);
        let error = FileBody::open(file.reopen().unwrap(), 5..11).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
