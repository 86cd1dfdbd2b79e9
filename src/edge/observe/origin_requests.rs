//! What the origins were asked, for tests that look at it. Bounded; nothing where nobody asked for it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, Method};

/// A request as the origin received it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OriginRequest {
    /// Its number, from 1.
    pub number: u64,
    /// The method.
    pub method: Method,
    /// Path and query, without the signing parameters.
    pub target: String,
    /// The header fields.
    pub headers: HeaderMap,
}

impl OriginRequest {
    fn weight(&self) -> usize {
        let fields = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64);
        size_of::<Self>() + self.target.len() + fields.sum::<usize>()
    }
}

/// The last of them, oldest first.
#[derive(Debug, Default)]
pub struct OriginRequestLog(Mutex<LoggedRequests>);

#[derive(Debug, Default)]
struct LoggedRequests {
    requests: VecDeque<OriginRequest>,
    bytes: usize,
    last: u64,
}

impl OriginRequestLog {
    /// Remembers a request, in place of the oldest ones where there are too many.
    pub fn keep(&self, method: &Method, target: &str, headers: &HeaderMap) {
        let mut kept = self.lock();
        kept.last += 1;
        let request = OriginRequest {
            number: kept.last,
            method: method.clone(),
            target: target.to_owned(),
            headers: headers.clone(),
        };
        kept.bytes += request.weight();
        kept.requests.push_back(request);
        while kept.requests.len() > MAX_REQUESTS || kept.bytes > MAX_BYTES {
            let Some(oldest) = kept.requests.pop_front() else { break };
            kept.bytes -= oldest.weight();
        }
    }

    /// Those that came after a number; 0 for all.
    #[must_use]
    pub fn since(&self, number: u64) -> Vec<OriginRequest> {
        self.lock().requests.iter().filter(|request| request.number > number).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, LoggedRequests> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const MAX_REQUESTS: usize = 10_000;
const MAX_BYTES: usize = 32 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_kept() {
        let asked = OriginRequestLog::default();
        for number in 0..MAX_REQUESTS + 5 {
            asked.keep(&Method::GET, &format!("/{number}"), &HeaderMap::new());
        }
        let all = asked.since(0);
        assert_eq!((all.len(), all[0].number, &*all[0].target), (MAX_REQUESTS, 6, "/5"));
        assert_eq!(asked.since(MAX_REQUESTS as u64 + 4).len(), 1);
        let long = "x".repeat(MAX_BYTES / 3);
        (0..9).for_each(|_| asked.keep(&Method::GET, &long, &HeaderMap::new()));
        assert_eq!(asked.since(0).len(), 2);
    }
}
