//! Links and cookies of the site, judged by a Frontgate in the test's process. No test waits for a clock.

use std::error::Error;

use axum::body::Body;
use axum::http::{Request, Response, header};
use frontgate::testing::{Edge, Origin};
use tower::ServiceExt;
use video_site::{LIFETIME, Settings, app};

const NOW: u64 = 1_900_000_000;

type Done = Result<(), Box<dyn Error>>;

fn settings(edge: &Edge) -> Result<Settings, Box<dyn Error>> {
    Ok(Settings {
        base_url: edge.url(),
        key_pair_id: edge.key_pair_id(),
        private_key: edge.key_pair().private_pem_pkcs1().ok_or("an RSA key")?,
        now: || NOW,
    })
}

async fn visit(settings: Settings, path: &str) -> Result<Response<Body>, Box<dyn Error>> {
    Ok(app(settings).oneshot(Request::get(path).body(Body::empty())?).await?)
}

/// Returns the link that the site redirects a viewer to.
async fn link(settings: Settings, path: &str) -> Result<String, Box<dyn Error>> {
    let answer = visit(settings, path).await?;
    Ok(answer.headers().get(header::LOCATION).ok_or("no link")?.to_str()?.to_owned())
}

#[tokio::test]
async fn a_link_opens_until_its_last_second_and_only_as_it_is() -> Done {
    let edge = Edge::start(Origin::Echo).await?;
    let link = link(settings(&edge)?, "/watch/der%20film.mp4").await?;
    let viewer = edge.at(NOW);
    viewer.assert_allowed(&link).await;
    edge.assert_valid_until(&link, NOW + LIFETIME).await;
    for (changed, reason) in [
        (link.replace("der%20film", "das%20lied"), "signature-mismatch"), // another path
        (link.replace("Expires=19", "Expires=29"), "signature-mismatch"), // a later end
        (link.replace("Signature=", "Signature=A"), "malformed-signature"),
        (link.replace(&edge.key_pair_id(), "KSOMEBODYELSES"), "unknown-key"),
    ] {
        viewer.assert_denied(&changed, reason).await;
    }
    edge.assert_private("/films/*").await;
    assert_eq!(edge.requests()[0].target, "/films/der%20film.mp4", "the origin sees no signature");
    Ok(())
}

#[tokio::test]
async fn cookies_open_a_stream_from_this_second_on() -> Done {
    let edge = Edge::start(Origin::Echo).await?;
    let answer = visit(settings(&edge)?, "/login").await?;
    let set = answer.headers().get_all(header::SET_COOKIE).iter();
    let pairs: Vec<(&str, &str)> = set
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next()?.split_once('='))
        .collect();
    assert_eq!(pairs.len(), 3);
    let session = edge.with_cookies(pairs);
    session.assert_valid_between("/hls/film/1.ts", NOW - 1, NOW + LIFETIME).await;
    session.at(NOW).assert_denied("/films/film.mp4", "resource-mismatch").await;
    edge.at(NOW).assert_denied("/hls/film/1.ts", "missing-key-pair-id").await;
    Ok(())
}

#[tokio::test]
async fn a_link_for_one_address_opens_from_there_alone() -> Done {
    let edge = Edge::start(Origin::Echo).await?;
    let of = settings(&edge)?;
    let url = format!("{}/films/a.mp4", edge.url());
    let options = cloudfront_sign::SignedOptions {
        key_pair_id: of.key_pair_id.into(),
        private_key: of.private_key.into(),
        date_less_than: NOW + LIFETIME,
        ip_address: Some("203.0.113.0/24".into()),
        ..Default::default()
    };
    let link = cloudfront_sign::get_signed_url(&url, &options)?;
    let viewer = edge.at(NOW);
    viewer.from_ip([203, 0, 113, 9]).assert_allowed(&link).await;
    viewer.from_ip([198, 51, 100, 9]).assert_denied(&link, "ip-mismatch").await;
    Ok(())
}

#[tokio::test]
async fn a_key_is_rotated_and_then_revoked() -> Done {
    let edge = Edge::start(Origin::Echo).await?;
    let (old, viewer) = (edge.key_pair(), edge.at(NOW));
    let before = link(settings(&edge)?, "/watch/a.mp4").await?;
    edge.rotate_key()?;
    let after = link(settings(&edge)?, "/watch/a.mp4").await?;
    viewer.assert_allowed(&before).await;
    viewer.assert_allowed(&after).await;
    edge.revoke_key(old.id())?;
    viewer.assert_denied(&before, "unknown-key").await;
    viewer.assert_allowed(&after).await;
    Ok(())
}
