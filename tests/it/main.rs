//! Tests the built binary from outside over raw sockets. They need Rust and a POSIX system, nothing else.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod access_log;
mod admin;
mod architecture;
mod attacks;
mod cli;
mod config_versions;
mod configuration;
mod conformance;
mod console;
mod denials;
mod dev;
mod doc_links;
mod docs;
mod explain_inputs;
mod explain_soundness;
mod fallbacks;
mod forwarding;
mod https_origins;
mod memo;
mod memory;
mod mutations;
mod one_decision;
mod policies;
mod proxy_protocol;
mod redirects;
mod reload;
mod rotation;
mod rule_references;
mod second_verifier;
mod signing;
#[path = "../support/mod.rs"]
mod support;
mod test_command;
mod test_mode;
mod testing;
mod timeouts;
mod trusted_proxies;
mod unproven;
mod usage;
mod variables;
mod warnings;
