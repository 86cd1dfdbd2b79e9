//! Counts the work of what a remote client may try to make expensive, in tests and under a fuzzer. Elsewhere it does nothing.
//!
//! A limit on counted work holds on every machine; a limit on time fails on a busy one.

/// Counts units of work: bytes that are read, most of the time.
pub(crate) fn spend(units: usize) {
    #[cfg(any(test, fuzzing))]
    SPENT.with(|spent| spent.set(spent.get() + units));
    #[cfg(not(any(test, fuzzing)))]
    let _ = units;
}

/// Does some work, and says how much of it was counted.
#[cfg(any(test, fuzzing))]
pub fn of<T>(work: impl FnOnce() -> T) -> (T, usize) {
    SPENT.with(|spent| spent.set(0));
    let done = work();
    (done, SPENT.with(std::cell::Cell::get))
}

#[cfg(any(test, fuzzing))]
thread_local! {
    static SPENT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}
