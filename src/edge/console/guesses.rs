//! Every wrong token costs its sender half a second, in a header as in the form. The right token is never refused, so that guesses
//! lock no owner out.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::config::AdminToken;

/// Who has brought a wrong token lately.
#[derive(Debug, Default)]
pub(in crate::edge) struct Guesses(RefCell<HashMap<IpAddr, Instant>>);

impl Guesses {
    /// Whether a token that came from an address is the right one. After a wrong one from there, all answers take as long, so
    /// that an early answer reveals nothing.
    pub(in crate::edge) async fn is_right(&self, token: &AdminToken, brought: &[u8], from: IpAddr) -> bool {
        let is_right = token.is(brought);
        let was_suspect = self.is_suspect(from);
        if !is_right {
            self.remember(from);
        }
        if !is_right || was_suspect {
            sleep(PAUSE).await;
        }
        is_right
    }

    fn is_suspect(&self, from: IpAddr) -> bool {
        let known = self.0.borrow();
        let last = known.get(&network(from));
        last.map_or(known.len() >= MAX_KNOWN, |last| last.elapsed() < MEMORY)
    }

    fn remember(&self, from: IpAddr) {
        let mut known = self.0.borrow_mut();
        if known.len() >= MAX_KNOWN {
            known.retain(|_, last| last.elapsed() < MEMORY);
        }
        if known.len() < MAX_KNOWN {
            known.insert(network(from), Instant::now());
        }
    }
}

/// What one person mostly has: an address, or 64 bits of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) >> 64 << 64)),
        v4 => v4,
    }
}

/// After a wrong token.
const PAUSE: Duration = Duration::from_millis(500);
/// How long an address is slowed after its last wrong token.
const MEMORY: Duration = Duration::from_secs(60);
/// Addresses; where more of them guess, everybody else is slowed, too.
const MAX_KNOWN: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn wrong_tokens_take_half_a_second_and_the_right_one_is_slow_only_from_where_they_came() {
        let token = AdminToken::new("a-token-of-good-length");
        let guesses = Guesses::default();
        let (guesser, neighbour, owner): (IpAddr, IpAddr, IpAddr) =
            ("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap(), "192.0.2.1".parse().unwrap());
        for (from, brought, is_right, millis) in [
            (owner, "a-token-of-good-length", true, 0),
            (guesser, "wrong", false, 500),
            (guesser, "a-token-of-good-length", true, 500),
            (neighbour, "a-token-of-good-length", true, 500),
            (owner, "a-token-of-good-length", true, 0),
        ] {
            let begun = Instant::now();
            assert_eq!(guesses.is_right(&token, brought.as_bytes(), from).await, is_right);
            assert_eq!(begun.elapsed().as_millis(), millis, "{from} {brought}");
        }
        sleep(MEMORY).await;
        let begun = Instant::now();
        assert!(guesses.is_right(&token, b"a-token-of-good-length", guesser).await);
        assert_eq!(begun.elapsed().as_millis(), 0);
    }
}
