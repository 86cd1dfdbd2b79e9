//! However a viewer's bytes are cut, hyper is given the same ones, and a bare LF within a head never as it is.
#![no_main]

use frontgate::edge::http::head_scan::{Framing, HeadScan};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((size, stream)) = data.split_first() else { return };
    let cut = passed(stream, usize::from(*size).max(1));
    assert_eq!(cut, passed(stream, stream.len().max(1)));
    assert_eq!(cut.len(), stream.len());
    let before = |at: usize| at.checked_sub(1).map(|at| cut[at]);
    // Up to the first byte that was replaced everything is head: all requests here are without a body.
    let head = cut.iter().zip(stream).position(|(given, sent)| given != sent).unwrap_or(cut.len());
    assert!((0..head).all(|at| cut[at] != b'\n' || before(at) == Some(b'\r')));
});

/// What hyper is given of a stream of requests without bodies that comes in pieces of so many bytes.
fn passed(stream: &[u8], size: usize) -> Vec<u8> {
    let (mut scan, mut waiting, mut given) = (HeadScan::default(), stream.to_vec(), Vec::new());
    while !waiting.is_empty() {
        let end = size.min(waiting.len());
        let count = scan.pass(&mut waiting[..end], Framing::Empty, false);
        assert!((1..=end).contains(&count));
        given.extend(waiting.drain(..count));
    }
    given
}
