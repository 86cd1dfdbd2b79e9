//! One request, from its head to its response.

mod context;
mod error_page;
mod finish;
pub mod service;
pub mod test_mode;
pub mod transfer_coding;
pub mod trusted_proxies;
pub mod worker;

#[cfg(test)]
mod tests;
