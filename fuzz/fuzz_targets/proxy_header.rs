//! No PROXY header makes the reader panic, and none of a version that it doesn't begin as names a viewer.
#![no_main]

use frontgate::edge::listen::proxy_protocol;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(Some(_)) = proxy_protocol::source(data) {
        assert!(data.starts_with(b"PROXY TCP") || data.starts_with(b"\r\n\r\n\0\r\nQUIT\n\x21"));
    }
});
