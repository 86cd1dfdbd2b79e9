//! A key is rotated as docs/rotation.md says, under load: no link that should open is refused, none opens after its key
//! is gone.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::thread;

use crate::support::configs;
use crate::support::{Edge, Raw, RecordingOrigin, canned, cloudfront_base64, sign_raw, wait_for};

const HOST: &str = "d111111abcdef8.cloudfront.net";
const LINKS: usize = 16;

/// How far the rotation is.
const ONLY_OLD: u8 = 0;
const ADDING: u8 = 1;
const BOTH: u8 = 2;
const REMOVING: u8 = 3;
const ONLY_NEW: u8 = 4;

/// Links of one key, each to a path of its own.
fn links(key: &str) -> Vec<String> {
    let paths: Vec<String> = (0..LINKS).map(|number| format!("/{key}/{number}")).collect();
    let jobs: Vec<Raw> = paths
        .iter()
        .map(|path| Raw::new(key, "SHA1", canned(&format!("http://{HOST}{path}"), "1990000000")))
        .collect();
    let signatures = sign_raw(&jobs);
    let link = |(path, signature): (&String, &Vec<u8>)| {
        let signature = cloudfront_base64(signature);
        format!("{path}?Expires=1990000000&Signature={signature}&Key-Pair-Id={}", configs::id(key))
    };
    paths.iter().zip(&signatures).map(link).collect()
}

/// Requests that a key let pass, and when it last did.
fn usage(edge: &Edge, key: &str) -> (u64, u64) {
    let metrics = edge.admin_page("/metrics").text();
    let value = |name: &str| {
        let series = format!("{name}{{distribution=\"EDFDVBD6EXAMPLE\",key=\"{}\"}} ", configs::id(key));
        metrics.lines().find_map(|line| line.strip_prefix(&series)).map_or(0, |value| value.parse().unwrap())
    };
    (value("frontgate_key_requests_total"), value("frontgate_key_last_used_timestamp_seconds"))
}

/// Writes the configuration with these keys in the group, and waits until it runs.
fn trust(edge: &Edge, config: &str, keys: &[&str]) {
    let ids: Vec<String> = keys.iter().map(|key| format!("\"{}\"", configs::id(key))).collect();
    let both = format!("[\"{}\", \"{}\"]", configs::id("rsa"), configs::id("ecdsa"));
    assert!(config.contains(&both));
    let reloaded = || edge.log().matches("was reloaded").count();
    let before = reloaded();
    let new = edge.file("config.toml.new");
    std::fs::write(&new, config.replace(&both, &format!("[{}]", ids.join(", ")))).unwrap();
    std::fs::rename(&new, edge.file("config.toml")).unwrap();
    wait_for(|| (reloaded() > before).then_some(()));
}

#[test]
fn a_key_is_rotated_under_load_and_nobody_notices_but_who_has_an_old_link() {
    let origin = RecordingOrigin::start();
    let config = format!("[admin]\nlisten = \"127.0.0.1:0\"\n{}", configs::private(&origin.url(), ""));
    let edge = Edge::serve(&config);
    trust(&edge, &config, &["rsa"]);
    let (old_links, new_links) = (links("rsa"), links("rsa2"));
    let stage = AtomicU8::new(ONLY_OLD);
    let (old_asked, new_asked, refused) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let over = AtomicU8::new(0);
    // What a request may get depends on the stage before it was sent and on the one after it was answered.
    let ask = |link: &str, is_old: bool| {
        let before = stage.load(Ordering::SeqCst);
        let response = edge.get(HOST, link, &[]);
        let after = stage.load(Ordering::SeqCst);
        let passed = response.status == 200;
        match (is_old, before, after) {
            (true, _, ONLY_OLD | ADDING | BOTH) => {
                assert!(passed, "an old link was refused too early: {}", response.head);
            }
            (true, ONLY_NEW, _) => {
                assert_eq!(response.reason(), Some("unknown-key"), "an old link still opens");
            }
            (false, BOTH | REMOVING | ONLY_NEW, _) => {
                assert!(passed, "a new link is refused: {}", response.head);
            }
            (false, _, ONLY_OLD) => assert!(!passed, "a new link opens too early"),
            // In between, both may be.
            (_, _, _) => {}
        }
        if !passed {
            refused.fetch_add(1, Ordering::Relaxed);
        }
        if is_old { &old_asked } else { &new_asked }.fetch_add(1, Ordering::Relaxed);
    };
    let moves_on = |counter: &AtomicU64, by: u64| {
        let from = counter.load(Ordering::Relaxed);
        wait_for(|| (counter.load(Ordering::Relaxed) >= from + by).then_some(()));
    };
    thread::scope(|scope| {
        let _end = AtTheEnd(&over);
        for number in 0..4 {
            let (ask, over) = (&ask, &over);
            let links = if number % 2 == 0 { &old_links } else { &new_links };
            scope.spawn(move || {
                for link in links.iter().cycle() {
                    if over.load(Ordering::Relaxed) > number % 2 {
                        return;
                    }
                    ask(link, number % 2 == 0);
                }
            });
        }
        // 1. The new key is trusted beside the old one, before anybody signs with it.
        moves_on(&old_asked, 30);
        assert_eq!(usage(&edge, "rsa2"), (0, 0));
        stage.store(ADDING, Ordering::SeqCst);
        trust(&edge, &config, &["rsa", "rsa2"]);
        stage.store(BOTH, Ordering::SeqCst);
        moves_on(&new_asked, 30);
        // 2. Signers sign with the new key, and 3. the old one comes to rest: its count stands still.
        over.store(1, Ordering::Relaxed);
        wait_for(|| {
            let before = usage(&edge, "rsa").0;
            moves_on(&new_asked, 10);
            (usage(&edge, "rsa").0 == before).then_some(())
        });
        let ((old, old_last), (new, new_last)) = (usage(&edge, "rsa"), usage(&edge, "rsa2"));
        assert!(old >= 30 && new >= 30 && new_last >= old_last && old_last > 0, "{old} {new}");
        // 4. The old one is removed; somebody still has links of it.
        ask(&old_links[0], true);
        stage.store(REMOVING, Ordering::SeqCst);
        trust(&edge, &config, &["rsa2"]);
        stage.store(ONLY_NEW, Ordering::SeqCst);
        let known = edge.verified_hits();
        for link in &old_links {
            ask(link, true);
        }
        moves_on(&new_asked, 30);
        over.store(2, Ordering::Relaxed);
        assert!(edge.verified_hits() > known, "remembered links of the new key");
    });
    // Those of the old key that came too late, and those of the new one that came too early.
    assert!(refused.load(Ordering::Relaxed) >= LINKS as u64);
    let metrics = edge.admin_page("/metrics").text();
    assert!(metrics.contains("reason=\"unknown-key\""), "{metrics}");
}

/// Ends the load also where the test fails.
struct AtTheEnd<'a>(&'a AtomicU8);

impl Drop for AtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.store(2, Ordering::Relaxed);
    }
}

impl Edge {
    fn verified_hits(&self) -> u64 {
        let metrics = self.admin_page("/metrics").text();
        let line =
            metrics.lines().find_map(|line| line.strip_prefix("frontgate_verified_policy_cache_hits_total "));
        line.unwrap().parse().unwrap()
    }
}
