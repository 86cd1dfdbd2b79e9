//! Who has shown the token in a browser: a cookie that is no token, but a random name for having shown it.

use std::time::{Duration, Instant};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::rand;
use http::HeaderMap;
use http::header::COOKIE;

use crate::config::AdminToken;

/// The sessions of all browsers, oldest first.
#[derive(Default)]
pub(in crate::edge) struct Sessions(Vec<Session>);

struct Session {
    name: String,
    /// The token that was shown; another one ends the session.
    token: AdminToken,
    ends: Instant,
}

impl Sessions {
    /// Begins a session for who has shown the token; gives the cookie. None where the system has no randomness.
    pub(super) fn begin(&mut self, token: &AdminToken, now: Instant) -> Option<String> {
        let mut random = [0; 32];
        rand::fill(&mut random).ok()?;
        let name: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        self.0.retain(|session| session.ends > now);
        if self.0.len() == MAX_SESSIONS {
            self.0.remove(0);
        }
        let cookie = set_cookie(&name, LIFETIME);
        self.0.push(Session { name, token: token.clone(), ends: now + LIFETIME });
        Some(cookie)
    }

    /// Whether a request comes from a session that was begun with this token.
    pub(in crate::edge) fn hold(&self, headers: &HeaderMap, token: &AdminToken, now: Instant) -> bool {
        let alive = || self.0.iter().filter(|session| session.ends > now && session.token == *token);
        brought(headers).any(|name| alive().any(|session| session.is(name)))
    }

    /// Ends the session of a request; gives the cookie that removes the other one.
    pub(super) fn end(&mut self, headers: &HeaderMap) -> String {
        self.0.retain(|session| !brought(headers).any(|name| session.is(name)));
        set_cookie("", Duration::ZERO)
    }
}

impl Session {
    fn is(&self, name: &[u8]) -> bool {
        verify_slices_are_equal(self.name.as_bytes(), name).is_ok()
    }
}

/// The values of our cookie.
fn brought(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let pairs = headers.get_all(COOKIE).iter().flat_map(|field| field.as_bytes().split(|byte| *byte == b';'));
    pairs.filter_map(|pair| pair.trim_ascii().strip_prefix(NAME.as_bytes())?.strip_prefix(b"="))
}

/// Out of reach of scripts and of other sites. No `Secure`: the listener speaks plain HTTP.
fn set_cookie(value: &str, lifetime: Duration) -> String {
    format!("{NAME}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict", lifetime.as_secs())
}

const NAME: &str = "frontgate-console";
/// A working day, and then some.
const LIFETIME: Duration = Duration::from_secs(12 * 3600);
/// More than the people who look at one proxy.
const MAX_SESSIONS: usize = 32;

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn brings(cookie: &str) -> HeaderMap {
        let value = cookie.split(';').next().unwrap_or_default();
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&format!("a=1; {value}")).unwrap())])
    }

    #[test]
    fn a_session_ends_with_its_time_its_token_its_logout_and_when_there_are_too_many() {
        let (token, other) = (AdminToken::new("one"), AdminToken::new("two"));
        let (mut sessions, now) = (Sessions::default(), Instant::now());
        let cookie = sessions.begin(&token, now).unwrap();
        let held = |sessions: &Sessions, token, now| sessions.hold(&brings(&cookie), token, now);
        assert!(held(&sessions, &token, now) && !held(&sessions, &other, now));
        assert!(!held(&sessions, &token, now + LIFETIME));
        assert!(!sessions.hold(&brings("frontgate-console="), &token, now));
        for _ in 1..MAX_SESSIONS {
            sessions.begin(&token, now).unwrap();
        }
        assert!(held(&sessions, &token, now));
        let last = sessions.begin(&token, now).unwrap();
        assert!(!held(&sessions, &token, now) && sessions.hold(&brings(&last), &token, now));
        assert!(sessions.end(&brings(&last)).contains("Max-Age=0"));
        assert!(!sessions.hold(&brings(&last), &token, now));
    }
}
