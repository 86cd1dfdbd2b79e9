//! One request, from its head to its response.

pub mod error_page;
pub mod service;
pub mod test_mode;
pub mod transfer_coding;
pub mod trusted_proxies;
pub mod worker;
