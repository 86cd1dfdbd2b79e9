//! Judges the built binary from outside: foreign signers, raw sockets, real clients and origins.

mod conformance;
mod forwarding;
mod hard_times;
mod mutations;
mod sdk_signers;
mod second_verifier;
mod sites;
mod support;
