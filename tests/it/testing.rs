//! `frontgate::testing` as Rust tests use it, with links that another library signs: what it says must not be its own opinion.

use std::time::{Duration, Instant};

use frontgate::testing::{Changes, Edge, KeyType, Origin, StartError};
use http::{HeaderMap, Method, Response};

use crate::support::signatures::sign_with;
use crate::support::{canned, cloudfront_base64};

const START: u64 = 1_999_996_400;
const END: u64 = 2_000_000_000;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// What an assertion says when it fails.
fn failure(edge: &Edge, assertion: impl Future<Output = ()>) -> String {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(assertion));
    }));
    let panic = caught.expect_err(&format!("it passed before {}", edge.url()));
    panic.downcast_ref::<String>().expect("a text").clone()
}

/// A signature by another library, in CloudFront's base64.
fn another(edge: &Edge, message: &str) -> String {
    let pem = std::fs::read_to_string(edge.private_key_file()).unwrap();
    cloudfront_base64(&sign_with(&pem, message))
}

/// A canned link, signed by another library.
fn link(edge: &Edge, path: &str, end: u64) -> String {
    let (id, url) = (edge.key_pair_id(), format!("{}{path}", edge.url()));
    let signature = another(edge, &canned(&url, &end.to_string()));
    let mark = if path.contains('?') { '&' } else { '?' };
    format!("{url}{mark}Expires={end}&Signature={signature}&Key-Pair-Id={id}")
}

#[test]
fn links_open_to_the_second_and_failures_say_why() {
    runtime().block_on(async {
        let edge = Edge::start(Origin::Echo).await.unwrap();
        let good = link(&edge, "/members/film.mp4?size=large", END);
        edge.assert_allowed(&good).await;
        edge.at(END - 1).assert_allowed(&good).await;
        edge.at(END).assert_denied(&good, "expired").await;
        edge.assert_valid_until(&good, END).await;
        edge.assert_denied(&good.replace("film", "song"), "signature-mismatch").await;
        edge.assert_denied("/members/film.mp4", "missing-key-pair-id").await;
        edge.assert_private("/members/*").await;

        let said = failure(&edge, edge.assert_valid_until(&good, END + 1));
        for part in
            ["one second before the end, 2033-05-18T03:33:20Z", "was denied: 403, expired", "cause: expired"]
        {
            assert!(said.contains(part), "{said}");
        }
        let said = failure(&edge, edge.assert_allowed(&format!("{good}&utm_source=mail")));
        assert!(said.contains("cause: query-added (proven)"), "{said}");
        assert!(said.contains("tests/it/testing.rs"), "where it was asserted: {said}");
        let signature = good.split("Signature=").nth(1).unwrap().split('&').next().unwrap();
        assert!(!said.contains(signature), "{said}");
        let said = failure(&edge, edge.assert_denied(&good, "expired"));
        assert!(
            said.contains("was allowed (the origin responded with 200)") && said.contains("allowed"),
            "{said}"
        );
        let said = failure(&edge, edge.assert_denied(&good, "expierd"));
        assert!(said.contains("did you mean \"expired\""), "{said}");
        let said = failure(&edge, edge.assert_private(&format!("{}/members/*", edge.url())));
        assert!(said.contains("is not a path pattern"), "{said}");
        let said =
            failure(&edge, edge.assert_allowed(&good.replace(&edge.url(), "https://media.example.com")));
        assert!(said.contains("the edge is not its host") && said.contains("base_url"), "{said}");
        let said = failure(&edge, edge.assert_denied(&good.replace("/members", "members"), "bad-request"));
        assert!(said.contains("its host is none"), "{said}");
        let said = failure(&edge, edge.assert_private("/pub*"));
        assert!(said.contains("/public/ is public") && said.contains("`/public/*`"), "{said}");
        edge.stop();
    });
}

#[test]
fn an_end_in_milliseconds_is_not_what_was_meant() {
    runtime().block_on(async {
        let edge = Edge::start(Origin::Echo).await.unwrap();
        let link = link(&edge, "/film.mp4", END * 1000);
        assert_eq!(edge.get(&link).await.unwrap().warnings(), ["milliseconds"]);
        let said = failure(&edge, edge.assert_allowed(&link));
        for part in ["CloudFront allows it until the year ", "`allow_warnings()`", "warning: milliseconds: "]
        {
            assert!(said.contains(part), "{part} in {said}");
        }
        edge.allow_warnings().assert_allowed(&link).await;
        edge.at(END).allow_warnings().assert_allowed(&link).await;
        failure(&edge, edge.assert_valid_until(&link, END));
        edge.allow_warnings().assert_denied(&format!("{link}&x=1"), "signature-mismatch").await;
        edge.stop();
    });
}

#[test]
fn the_beginning_of_a_custom_policy_is_exact() {
    runtime().block_on(async {
        let edge = Edge::start(Origin::Echo).await.unwrap();
        let policy = format!(
            r#"{{"Statement":[{{"Resource":"{}/hls/*","Condition":{{"DateLessThan":{{"AWS:EpochTime":{END}}},"DateGreaterThan":{{"AWS:EpochTime":{}}},"IpAddress":{{"AWS:SourceIp":"203.0.113.0/24"}}}}}}]}}"#,
            edge.url(),
            START
        );
        let pairs = [
            ("CloudFront-Policy", cloudfront_base64(policy.as_bytes())),
            ("CloudFront-Signature", another(&edge, &policy)),
            ("CloudFront-Key-Pair-Id", edge.key_pair_id()),
        ];
        let viewer = edge.from_ip([203, 0, 113, 9]).with_cookies(pairs);
        viewer.assert_valid_between("/hls/a.m3u8", START, END).await;
        let there = viewer.at(START + 1);
        there.assert_allowed("/hls/b.ts").await;
        there.from_ip([198, 51, 100, 9]).assert_denied("/hls/b.ts", "ip-mismatch").await;
        there.assert_denied("/other/b.ts", "resource-mismatch").await;
        let answer = there.request(Method::HEAD, "/hls/c", HeaderMap::new(), Vec::new()).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.reason()), (200, None));
        let asked = edge.requests();
        let last = asked.last().unwrap();
        assert_eq!((last.method.as_str(), &*last.target), ("HEAD", "/hls/c"));
        assert!(!last.headers.contains_key("cookie"), "signing cookies stay at the edge: {:?}", last.headers);
        assert!(!last.headers.contains_key("x-frontgate-now"));
    });
}

#[test]
fn keys_rotate_and_configurations_are_replaced() {
    runtime().block_on(async {
        let edge = Edge::builder().origin("echo:").key_type(KeyType::Ecdsa).start().await.unwrap();
        let old = edge.key_pair();
        let of_old = link(&edge, "/a", END);
        let fresh = edge.rotate_key().unwrap();
        assert_eq!(edge.key_pair_id(), fresh.id());
        let of_fresh = link(&edge, "/a", END);
        edge.assert_allowed(&of_old).await;
        edge.assert_allowed(&of_fresh).await;
        edge.revoke_key(old.id()).unwrap();
        edge.assert_denied(&of_old, "unknown-key").await;
        edge.assert_allowed(&of_fresh).await;
        for (id, says) in [(old.id(), "isn't trusted"), (fresh.id(), "the only key")] {
            assert!(edge.revoke_key(id).unwrap_err().to_string().contains(says));
        }

        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.toml");
        let text = "[[distributions]]\nid = \"E\"\ndomain-name = \"d1.cloudfront.net\"\n[[distributions.origins]]\n\
                    id = \"o\"\nurl = \"http://127.0.0.1:1\"\n[distributions.default-cache-behavior]\ntarget-origin = \"o\"\n";
        std::fs::write(&config, text).unwrap();
        edge.reload(Changes::default().config(&config)).unwrap();
        edge.assert_allowed("/now/public").await;
        std::fs::write(&config, text.replace("url =", "urn =")).unwrap();
        let error = edge.reload(Changes::default()).unwrap_err().to_string();
        assert!(error.contains("config.toml:6:1") && error.contains("has no key `urn`"), "{error}");
        edge.assert_allowed("/now/public").await;
    });
}

#[test]
fn a_function_is_an_origin_and_a_dead_one_is_told() {
    runtime().block_on(async {
        let origin = Origin::handler(|request| async move {
            assert!(request.uri().path() != "/panics");
            Response::builder()
                .status(201)
                .body([request.method().as_str().as_bytes(), request.body()].concat())
                .unwrap()
        });
        let edge = Edge::builder().origin(origin).public("/*").start().await.unwrap();
        let answer = edge.request(Method::PUT, "/x", HeaderMap::new(), b" body".to_vec()).await.unwrap();
        assert_eq!((answer.status.as_u16(), &*answer.text()), (201, "PUT body"));
        assert_eq!(edge.get("/panics").await.unwrap().status.as_u16(), 500);
        assert_eq!(edge.get("/x").await.unwrap().status.as_u16(), 201);

        // A panic before there is a future is one, too.
        let at_once = Origin::handler(|_| -> std::future::Ready<Response<Vec<u8>>> { panic!("at once") });
        let hasty = Edge::builder().origin(at_once).public("/*").start().await.unwrap();
        assert_eq!(hasty.get("/x").await.unwrap().status.as_u16(), 500);

        let dead = "http://127.0.0.1:1";
        let error = Edge::start(dead).await.unwrap_err();
        assert!(matches!(error, StartError::DeadOrigin { .. }), "{error}");
        assert!(
            error.to_string().contains("127.0.0.1:1") && error.to_string().contains("start it before"),
            "{error}"
        );
        let edge = Edge::builder().origin(dead).check_origin(false).public("/*").start().await.unwrap();
        let said = failure(&edge, edge.assert_allowed("/x"));
        assert!(
            said.contains("the origin gave no response") && said.contains("The link itself is allowed"),
            "{said}"
        );

        let taken = Edge::builder().listen(edge.address()).start().await.unwrap_err().to_string();
        assert!(taken.contains("in use") && taken.contains("port 0"), "{taken}");
        let unreadable =
            Edge::builder().private_key("/nowhere.pem", "K1").start().await.unwrap_err().to_string();
        assert!(unreadable.contains("/nowhere.pem can't be read"), "{unreadable}");
    });
}

/// A test's client has no certificate, and a path that takes TLS alone is judged all the same.
#[test]
fn a_link_over_tls_is_judged_as_one() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.toml");
        let text = "[[public-keys]]\nid = \"KREAL\"\nfile = \"real.pem\"\n[[key-groups]]\nid = \"g\"\npublic-keys = [\"KREAL\"]\n\
            [[distributions]]\nid = \"E\"\ndomain-name = \"d1.cloudfront.net\"\naliases = [\"media.example.com\"]\n\
            [[distributions.origins]]\nid = \"o\"\nurl = \"http://127.0.0.1:1\"\n[distributions.default-cache-behavior]\n\
            target-origin = \"o\"\ntrusted-key-groups = [\"g\"]\nviewer-protocol-policy = \"https-only\"\n";
        std::fs::write(&config, text).unwrap();
        std::fs::copy(crate::support::keys().join("rsa.public.pem"), folder.path().join("real.pem")).unwrap();
        let edge = Edge::builder().config(config).origin("echo:").start().await.unwrap();
        let url = "https://media.example.com/film.mp4";
        let signature = another(&edge, &canned(url, &END.to_string()));
        let good = format!("{url}?Expires={END}&Signature={signature}&Key-Pair-Id={}", edge.key_pair_id());
        edge.assert_valid_until(&good, END).await;
        edge.assert_denied(&good.replace("https:", "http:"), "https-required").await;
        let error = edge.reload(Changes::default().public(["/*"])).unwrap_err();
        assert!(error.to_string().contains("the configuration's own"), "{error}");
    });
}

/// The header by which the edge says why it refused is the edge's alone.
#[test]
fn an_origin_does_not_speak_for_the_edge() {
    runtime().block_on(async {
        let forging = Origin::handler(|_| async {
            Response::builder().header("X-Frontgate-Reason", "expired").body(Vec::new()).unwrap()
        });
        let edge = Edge::start(forging).await.unwrap();
        edge.assert_allowed("/public/a").await;
        let said = failure(&edge, edge.assert_denied("/public/a", "expired"));
        assert!(said.contains("was allowed (the origin responded with 200)"), "{said}");
    });
}

#[test]
fn an_edge_ends_whoever_still_holds_a_viewer_or_blocks_in_its_origin() {
    runtime().block_on(async {
        let (_kept, waiting) = std::sync::mpsc::channel::<()>();
        let waiting = std::sync::Arc::new(std::sync::Mutex::new(waiting));
        let (begin, begun) = std::sync::mpsc::channel();
        let blocking = Origin::handler(move |request| {
            let waiting = std::sync::Arc::clone(&waiting);
            let begin = begin.clone();
            async move {
                if request.uri().path() == "/blocks" {
                    begin.send(()).unwrap();
                    let _ = waiting.lock().unwrap().recv();
                }
                Response::new(Vec::new())
            }
        });
        let edge = Edge::builder().origin(blocking).public("/*").start().await.unwrap();
        let viewer = edge.at("+1h");
        let blocked = tokio::spawn({
            let viewer = viewer.clone();
            async move { viewer.get("/blocks").await }
        });
        tokio::task::spawn_blocking(move || begun.recv()).await.unwrap().unwrap();
        // Others are served meanwhile.
        assert_eq!(viewer.get("/other").await.unwrap().status.as_u16(), 200);
        let folder = edge.private_key_file().parent().unwrap().to_owned();
        drop(edge);
        assert!(blocked.await.unwrap().is_err());
        assert!(viewer.get("/other").await.is_err(), "nobody listens any longer");
        assert!(!folder.exists());
        let shown = format!("{:?}", viewer.with_cookies([("CloudFront-Signature", "secret")]));
        assert!(shown.contains("+1h") && !shown.contains("secret"), "{shown}");
        // The origin's thread is let go, too: a runtime waits for nobody's.
        drop(_kept);
    });
}

#[test]
fn fifty_at_once_each_with_its_own_key_and_nothing_left_behind() {
    runtime().block_on(async {
        let begun = Instant::now();
        let starting: Vec<_> = (0..50).map(|_| tokio::spawn(Edge::start(Origin::Echo))).collect();
        let mut edges = Vec::new();
        for edge in starting {
            edges.push(edge.await.unwrap().unwrap());
        }
        println!("50 edges took {:?}", begun.elapsed());
        let files: Vec<_> = edges.iter().map(Edge::private_key_file).collect();
        for (edge, other) in edges.iter().zip(edges.iter().skip(1)) {
            let good = edge.sign("/a", Duration::from_secs(60)).unwrap();
            edge.assert_allowed(&good).await;
            let elsewhere = good.replace(&edge.url(), &other.url());
            other.assert_denied(&elsewhere, "unknown-key").await;
        }
        drop(edges);
        assert!(files.iter().all(|file| !file.parent().unwrap().exists()));
    });
}

/// The names stand in every kit, and in the reference.
#[test]
fn every_kit_knows_every_reason() {
    for file in
        ["kits/node/src/reasons.ts", "kits/python/python/frontgate/_assertions.py", "docs/reference.md"]
    {
        let text = std::fs::read_to_string(crate::support::root().join(file)).unwrap();
        for reason in frontgate::testing::REASONS.into_iter().filter(|name| *name != "origin-error") {
            let is_there = ["\"", "`"].iter().any(|quote| text.contains(&format!("{quote}{reason}{quote}")));
            assert!(is_there, "{file} lacks {reason}");
        }
    }
}
