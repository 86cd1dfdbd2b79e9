//! Common signing mistakes, made on purpose. The output of each failed assertion is recorded in `tests/failures`.
//! `FRONTGATE_BLESS=1 cargo test` rewrites it.

use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::{env, fs};

use axum::body::Body;
use axum::http::{Request, header};
use frontgate::testing::{Edge, Origin};
use tower::ServiceExt;
use video_site::{Settings, app, sign};

const NOW: u64 = 1_900_000_000;

/// Each mistake, and the cause that the assertion names.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_names_the_mistake() -> Result<(), Box<dyn Error>> {
    for (mistake, plant) in [
        ("scheme", scheme as fn(Settings) -> Result<Planted, Box<dyn Error>>),
        ("path-encoding", path_encoding),
        ("milliseconds", milliseconds),
    ] {
        let edge = Edge::start(Origin::Echo).await?;
        let settings = Settings {
            base_url: edge.url(),
            key_pair_id: edge.key_pair_id(),
            private_key: edge.key_pair().private_pem_pkcs1().ok_or("an RSA key")?,
            now: || NOW,
        };
        let link = match plant(settings)? {
            Planted::Link(link) => link,
            Planted::Site(settings) => {
                let visit = Request::get("/watch/film.mp4").body(Body::empty())?;
                let answer = app(settings).oneshot(visit).await?;
                answer.headers().get(header::LOCATION).ok_or("no link")?.to_str()?.to_owned()
            }
        };
        // The viewer requests the link over http.
        let link = link.replace("https://", "http://");
        let said = failure(async { edge.at(NOW).assert_allowed(&link).await });
        let is_named = [format!("cause: {mistake} (proven)"), format!("warning: {mistake}: ")];
        assert!(is_named.iter().any(|named| said.contains(named)), "{said}");
        recorded(mistake, &stable(&said, &edge))?;
    }
    Ok(())
}

/// A link that was signed wrongly.
enum Planted {
    Site(Settings),
    Link(String),
}

/// Links are signed for https, as in production, and requested over http.
fn scheme(settings: Settings) -> Result<Planted, Box<dyn Error>> {
    Ok(Planted::Site(Settings { base_url: settings.base_url.replace("http://", "https://"), ..settings }))
}

/// The path is signed as the file name, and encoded afterwards.
fn path_encoding(settings: Settings) -> Result<Planted, Box<dyn Error>> {
    let link = sign(&settings, &format!("{}/films/der film.mp4", settings.base_url))?;
    Ok(Planted::Link(link.replace(' ', "%20")))
}

/// A clock in milliseconds.
fn milliseconds(settings: Settings) -> Result<Planted, Box<dyn Error>> {
    Ok(Planted::Site(Settings { now: || NOW * 1000, ..settings }))
}

/// Returns the message of a failed assertion.
fn failure(assertion: impl Future<Output = ()>) -> String {
    let run = || tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(assertion));
    let panic = std::panic::catch_unwind(AssertUnwindSafe(run)).expect_err("the assertion passed");
    panic.downcast_ref::<String>().expect("a text").clone()
}

/// Replaces values that differ from run to run.
fn stable(said: &str, edge: &Edge) -> String {
    let port = edge.address().port().to_string();
    let said = said.replace(&port, "PORT").replace(&edge.key_pair_id(), "KEY");
    said.split("\n\n(asserted at").next().unwrap_or_default().to_owned() + "\n"
}

fn recorded(mistake: &str, said: &str) -> Result<(), Box<dyn Error>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/failures/{mistake}.txt"));
    if env::var_os("FRONTGATE_BLESS").is_some() {
        fs::write(&file, said)?;
    }
    assert_eq!(said, fs::read_to_string(&file)?, "{} differs; FRONTGATE_BLESS=1 records anew", file.display());
    Ok(())
}
