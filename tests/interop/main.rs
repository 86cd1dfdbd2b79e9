//! Tests the built binary with foreign signers, clients, servers and browsers, and with rustdoc: `script/test` installs them.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod access_log;
mod admin;
mod bench;
mod browser;
mod certificates;
mod cli;
mod conformance;
mod console;
mod console_tools;
mod demo_page;
mod dev;
mod dev_browser;
mod early_answers;
mod examples;
mod field;
mod forensics;
mod http2;
mod key_files;
mod mistakes;
mod origins;
mod public_api;
mod readings;
mod readme;
mod s3;
mod sdk_signers;
#[path = "../support/mod.rs"]
mod support;
mod troubleshooting;
mod trusted_proxies;
mod unix_sockets;
mod websocket;
