//! The addresses of an origin's name: one question at a time, however many requests wait for its answer.
//!
//! The system answers on a thread of a small pool that all origins share. A name whose servers are silent must not take
//! all of them.

use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use tokio::net::lookup_host;
use tokio::sync::watch;

/// A name, and the question that is under way for it.
#[derive(Debug)]
pub(super) struct Lookup {
    host: Rc<str>,
    literal: Option<IpAddr>,
    asked: Rc<RefCell<Option<watch::Receiver<Resolution>>>>,
}

/// None until it is there.
type Resolution = Option<Result<Rc<[IpAddr]>, Rc<io::Error>>>;

impl Lookup {
    pub(super) fn new(host: &str) -> Self {
        Self { host: host.into(), literal: host.parse().ok(), asked: Rc::default() }
    }

    /// The addresses in the order in which they are tried: as the system gives them, the kinds in turn.
    pub(super) async fn addresses(&self, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Some(address) = self.literal {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let mut asked = self.ask();
        let answer = asked.wait_for(Option::is_some).await;
        match answer.as_deref() {
            Ok(Some(Ok(found))) => Ok(found.iter().map(|&address| SocketAddr::new(address, port)).collect()),
            Ok(Some(Err(error))) => Err(io::Error::new(error.kind(), error.to_string())),
            Ok(None) | Err(_) => Err(io::Error::other("the lookup of the origin's name was cancelled")),
        }
    }

    /// Joins the question that is under way, or asks it.
    fn ask(&self) -> watch::Receiver<Resolution> {
        let mut asked = self.asked.borrow_mut();
        if let Some(under_way) = &*asked {
            return under_way.clone();
        }
        let (sender, receiver) = watch::channel(None);
        *asked = Some(receiver.clone());
        let (host, asked) = (Rc::clone(&self.host), Rc::clone(&self.asked));
        // A task of its own: it goes on where those who wait give up, so that the next joins it.
        tokio::task::spawn_local(async move {
            let found = lookup_host((&*host, 0)).await;
            asked.borrow_mut().take();
            let found = found.map(|found| in_turn(found.map(|address| address.ip()).collect()).into());
            sender.send_replace(Some(found.map_err(Rc::new)));
        });
        receiver
    }
}

/// IPv4 and IPv6 in turn (RFC 8305, section 4), beginning with what the system prefers, so that a kind that doesn't work
/// here costs one step.
fn in_turn(found: Vec<IpAddr>) -> Vec<IpAddr> {
    let first_is_ipv6 = found.first().is_some_and(IpAddr::is_ipv6);
    let (preferred, other): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|address| address.is_ipv6() == first_is_ipv6);
    let (mut preferred, mut other) = (preferred.into_iter(), other.into_iter());
    let mut ordered = Vec::new();
    while ordered.len() < MAX_ADDRESSES {
        let before = ordered.len();
        ordered.extend(preferred.next());
        ordered.extend(other.next());
        if ordered.len() == before {
            break;
        }
    }
    ordered.truncate(MAX_ADDRESSES);
    ordered
}

/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_of_address_come_in_turn() {
        let parse = |list: &str| list.split(' ').map(|one| one.parse().unwrap()).collect::<Vec<IpAddr>>();
        for (found, ordered) in [
            ("::1 127.0.0.1", "::1 127.0.0.1"),
            ("::1 ::2 ::3 1.1.1.1", "::1 1.1.1.1 ::2 ::3"),
            ("1.1.1.1 2.2.2.2 ::1", "1.1.1.1 ::1 2.2.2.2"),
            ("::1 ::2 ::3 ::4 ::5 ::6 ::7 ::8 ::9 1.1.1.1", "::1 1.1.1.1 ::2 ::3 ::4 ::5 ::6 ::7"),
        ] {
            assert_eq!(in_turn(parse(found)), parse(ordered), "{found}");
        }
        assert!(in_turn(Vec::new()).is_empty());
    }
}
