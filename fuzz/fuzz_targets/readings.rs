//! No path costs more than the bounds on its readings allow, and none is public that a simple reading makes private.
#![no_main]

use std::sync::{Arc, LazyLock};

use frontgate::distribution::behavior::{CacheBehavior, Restriction};
use frontgate::distribution::key::KeyGroup;
use frontgate::distribution::{Distribution, HostStanding, Route};
use frontgate::effort;
use frontgate::viewer::readings::{MAX_READING_BYTES, MAX_READINGS};
use libfuzzer_sys::fuzz_target;

/// `*/p0/*` to `*/p73/*` and `/members/*` are private, everything else is public.
static DISTRIBUTION: LazyLock<Arc<Distribution>> = LazyLock::new(|| {
    let group = Arc::new(KeyGroup { id: "g".to_owned(), keys: Vec::new() });
    let mut one = Distribution::private("E1", "a.example.com", Arc::clone(&group));
    let patterns = (0..74).map(|number| format!("*/p{number}/*")).chain(["/members/*".to_owned()]);
    for pattern in patterns {
        let path_pattern = Some(pattern.parse().expect("a pattern"));
        one.behaviors.push(CacheBehavior { path_pattern, ..one.default_behavior.clone() });
    }
    one.default_behavior.restriction = Restriction::Open;
    Arc::new(one)
});

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // CloudFront's quota for a URL.
    if text.len() >= 8_192 || text.contains(['?', '#']) {
        return;
    }
    let path = format!("/{text}");
    let (route, cost) = effort::of(|| Route::new(&DISTRIBUTION, HostStanding::Own, &path));
    assert!(cost <= (20 + 75) * MAX_READING_BYTES, "{cost}");
    let readings = route.readings.others();
    let bytes: usize = readings.iter().map(|reading| reading.path.len()).sum();
    assert!(readings.len() < MAX_READINGS && (readings.is_empty() || path.len() + bytes <= MAX_READING_BYTES));
    let bare = path.trim_start_matches('/');
    let behind_authority = bare.find('/').filter(|_| path.starts_with("//")).map(|at| &bare[at..]);
    for read in [Some(path.as_str()), behind_authority].into_iter().flatten() {
        assert!(!read.starts_with("/members/") || route.is_private(), "{path} is read as {read}");
    }
});
