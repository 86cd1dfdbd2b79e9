//! Serves the site on 127.0.0.1:3000.

use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

use video_site::{Settings, app};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings {
        base_url: env::var("FRONTGATE_URL")?,
        key_pair_id: env::var("FRONTGATE_KEY_PAIR_ID")?,
        private_key: fs::read_to_string(env::var("PRIVATE_KEY_PKCS1_FILE")?)?,
        now: || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app(settings)).await?)
}
