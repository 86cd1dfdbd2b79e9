//! Judges the built binary from outside: foreign signers, raw sockets, real clients and origins.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod access_log;
mod admin;
mod architecture;
mod attacks;
mod bench;
mod browser;
mod cli;
mod configuration;
mod conformance;
mod console;
mod denials;
mod documented;
mod examples;
mod explain_inputs;
mod fallbacks;
mod false_proofs;
mod footprint;
mod forensics;
mod forwarding;
mod hard_times;
mod http2;
mod https_origins;
mod memo;
mod mistakes;
mod mmdb;
mod mutations;
mod origins;
mod policies;
mod proxy_protocol;
mod public_api;
mod readme;
mod reload;
mod rotation;
mod s3;
mod sdk_signers;
mod second_verifier;
mod secure;
mod sites;
mod support;
mod test_mode;
mod troubleshooting;
mod trusted_proxies;
mod websocket;
