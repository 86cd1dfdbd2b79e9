//! No text of a policy makes the reader panic, and what it reads is read the same way again.
#![no_main]

use frontgate::access::policy::Policy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(policy) = Policy::parse(data) {
        assert_eq!(Policy::parse(data).as_ref(), Ok(&policy));
    }
});
