//! Judges the built binary from outside: foreign signers, raw sockets, real clients and origins.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod access_log;
mod admin;
mod architecture;
mod bench;
mod cli;
mod configuration;
mod conformance;
mod examples;
mod fallbacks;
mod forwarding;
mod hard_times;
mod https_origins;
mod memo;
mod mmdb;
mod mutations;
mod origins;
mod policies;
mod readme;
mod reload;
mod rotation;
mod s3;
mod sdk_signers;
mod second_verifier;
mod sites;
mod support;
mod test_mode;
