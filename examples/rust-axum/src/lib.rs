//! A site with signed films: `/watch/FILM` redirects to a signed link, `/login` sets cookies for a whole stream.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::get;
use cloudfront_sign::{EncodingError, SignedOptions, get_signed_cookie, get_signed_url};

/// The settings of the site, which `main` reads from the environment.
#[derive(Clone)]
pub struct Settings {
    /// The base URL of the films: `https://media.example.com`.
    pub base_url: String,
    /// The id of the key that CloudFront trusts.
    pub key_pair_id: String,
    /// The private key as PKCS#1, the format that this signer reads.
    pub private_key: String,
    /// Unix seconds.
    pub now: fn() -> u64,
}

/// The lifetime of a link, in seconds.
pub const LIFETIME: u64 = 600;

/// The site.
pub fn app(settings: Settings) -> Router {
    Router::new()
        .route("/watch/{film}", get(watch))
        .route("/login", get(login))
        .with_state(Arc::new(settings))
}

/// Returns a link to one film, valid for the lifetime.
async fn watch(State(settings): State<Arc<Settings>>, Path(film): Path<String>) -> Response {
    let url = format!("{}/films/{}", settings.base_url, film.replace(' ', "%20"));
    match sign(&settings, &url) {
        Ok(link) => (StatusCode::FOUND, [(header::LOCATION, link)]).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Signs one URL.
pub fn sign(settings: &Settings, url: &str) -> Result<String, EncodingError> {
    get_signed_url(url, &options(settings))
}

/// Returns cookies for everything below `/hls/`, valid from this second on, for the lifetime.
async fn login(State(settings): State<Arc<Settings>>) -> Response {
    let mut options = options(&settings);
    options.date_greater_than = Some((settings.now)() - 1); // opens now: CloudFront compares strictly
    match get_signed_cookie(&format!("{}/hls/*", settings.base_url), &options) {
        Ok(cookies) => {
            let set = cookies.into_iter().map(|(name, value)| {
                (header::SET_COOKIE, format!("{name}={value}; Path=/hls/; Secure; HttpOnly"))
            });
            AppendHeaders(set.collect::<Vec<_>>()).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn options(settings: &Settings) -> SignedOptions<'static> {
    SignedOptions {
        key_pair_id: settings.key_pair_id.clone().into(),
        private_key: settings.private_key.clone().into(),
        date_less_than: (settings.now)() + LIFETIME,
        ..SignedOptions::default()
    }
}
