//! What a test kit asks for, read with a word about what is wrong.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock;
use crate::epoch::EpochSeconds;
use crate::testing::{Changes, ExplainRequest, KeyPair, KeyType, Origin, OriginRequest, fields};
use crate::viewer::Country;

/// One wish.
#[derive(Debug)]
pub(super) enum ControlMessage {
    Explain(Box<ExplainRequest>),
    Requests { since: u64 },
    RotateKey(KeyType),
    RevokeKey(String),
    Reload(Changes),
    Exposed { pattern: String, host: Option<String> },
    Stop,
}

/// As it is written.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
enum Written {
    Explain {
        url: String,
        method: Option<String>,
        at: Option<String>,
        ip: Option<String>,
        country: Option<String>,
        cookies: Option<String>,
    },
    Requests {
        #[serde(default)]
        since: u64,
    },
    RotateKey {
        #[serde(rename = "type")]
        kind: Option<KeyName>,
    },
    #[serde(rename_all = "kebab-case")]
    RevokeKey {
        key_pair_id: String,
    },
    #[serde(rename_all = "kebab-case")]
    Reload {
        config: Option<std::path::PathBuf>,
        origin: Option<String>,
        base_urls: Option<Vec<String>>,
        public: Option<Vec<String>>,
    },
    Exposed {
        pattern: String,
        host: Option<String>,
    },
    Stop {},
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum KeyName {
    Rsa,
    Ecdsa,
}

/// The number to answer by, and what is wanted.
pub(super) fn read(line: &[u8]) -> (Value, Result<ControlMessage, String>) {
    let mut json: Value = match serde_json::from_slice(line) {
        Ok(json) => json,
        Err(error) => return (Value::Null, Err(format!("a line that is not JSON: {error}"))),
    };
    let id = json.as_object_mut().and_then(|fields| fields.remove("id")).unwrap_or(Value::Null);
    let written = serde_json::from_value(json).map_err(|error| format!("not understood: {error}"));
    (id, written.and_then(Written::meant))
}

impl Written {
    fn meant(self) -> Result<ControlMessage, String> {
        Ok(match self {
            Self::Explain { url, method, at, ip, country, cookies } => {
                ControlMessage::Explain(Box::new(ExplainRequest {
                    url,
                    method: read_as("method", method, |text| {
                        text.parse().map_err(|_| "no HTTP method".to_owned())
                    })?,
                    at: read_as("at", at, |text| {
                        EpochSeconds::parse(text, clock::now()).map_err(|error| error.to_string())
                    })?,
                    ip: read_as("ip", ip, |text| text.parse().map_err(|_| "no IP address".to_owned()))?,
                    country: read_as("country", country, |text| {
                        Country::parse(text).ok_or_else(|| "no two-letter code".to_owned())
                    })?,
                    cookies,
                }))
            }
            Self::Requests { since } => ControlMessage::Requests { since },
            Self::RotateKey { kind } => ControlMessage::RotateKey(match kind {
                None | Some(KeyName::Rsa) => KeyType::Rsa,
                Some(KeyName::Ecdsa) => KeyType::Ecdsa,
            }),
            Self::RevokeKey { key_pair_id } => ControlMessage::RevokeKey(key_pair_id),
            Self::Reload { config, origin, base_urls, public } => ControlMessage::Reload(Changes {
                config,
                origin: origin.map(Origin::from),
                base_urls,
                public,
            }),
            Self::Exposed { pattern, host } => ControlMessage::Exposed { pattern, host },
            Self::Stop {} => ControlMessage::Stop,
        })
    }
}

fn read_as<T>(
    name: &str,
    text: Option<String>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    let Some(text) = text else { return Ok(None) };
    read(&text).map(Some).map_err(|error| format!("{name}: {text:?}: {error}"))
}

/// A key pair, for the kit.
pub(super) fn key(pair: &KeyPair) -> Value {
    json!({
        "key-pair-id": pair.id(),
        "private-key-file": pair.private_file(),
        "public-key-file": pair.public_file(),
        "private-key": pair.private_pem(),
        "public-key": pair.public_pem(),
    })
}

/// What the origin was asked.
pub(super) fn request(request: &OriginRequest) -> Value {
    json!({
        "number": request.number,
        "method": request.method.as_str(),
        "target": request.target,
        "headers": fields(&request.headers),
    })
}
