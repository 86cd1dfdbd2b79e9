//! What is recorded of requests: log lines, counts, and the requests that the console shows.

pub mod access_log;
pub mod denial_explainer;
pub mod known_paths;
pub mod label_cache;
pub mod metrics;
pub mod observer;
pub mod origin_requests;
pub mod recent_requests;
pub mod request_log;
