//! Judges the built binary from outside: foreign signers, raw sockets, real clients and origins.

mod conformance;
mod sdk_signers;
mod sites;
mod support;
