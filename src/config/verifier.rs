//! A verifier from a configuration.

use std::path::Path;
use std::sync::Arc;

use super::{InvalidConfig, load};
use crate::{InvalidVerifier, Verifier};

/// Builds a verifier that decides as `frontgate serve` with this configuration, viewers' countries included. The file is
/// read once. Its listeners and trusted proxies are not used: [`Verifier::with_scheme`] sets the scheme, and the caller
/// chooses the viewer's address.
///
/// # Errors
/// [`InvalidVerifier::Config`] with every fault that was found.
pub fn verifier_from_config(path: impl AsRef<Path>) -> Result<Verifier, InvalidVerifier> {
    let settings =
        load(path.as_ref()).and_then(|settings| settings.fit_for(false)).map_err(invalid_verifier)?;
    let verifier =
        Verifier::new(Arc::clone(&settings.distributions)).with_memo_size(settings.verified_policies_size);
    Ok(match settings.locations {
        Some(locations) => verifier.with_countries(move |address| locations.country(address)),
        None => verifier,
    })
}

fn invalid_verifier(invalid: InvalidConfig) -> InvalidVerifier {
    let lines = [format!("{invalid}:")].into_iter().chain(invalid.errors.iter().map(ToString::to_string));
    InvalidVerifier::Config { faults: lines.collect::<Vec<_>>().join("\n") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign::PrivateKey;

    #[test]
    fn a_configuration_makes_a_verifier_or_tells_its_faults() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        let pem = PrivateKey::generate_ecdsa().unwrap().public_pem().unwrap();
        let text = format!(
            r#"
[[public-keys]]
id = "K1"
pem = """{pem}"""
[[key-groups]]
id = "editors"
public-keys = ["K1"]
[[distributions]]
id = "E1"
domain-name = "media.example.com"
[[distributions.origins]]
id = "app"
url = "http://127.0.0.1:9"
[distributions.default-cache-behavior]
target-origin = "app"
trusted-key-groups = ["editors"]
"#
        );
        std::fs::write(&file, &text).unwrap();
        let verifier = verifier_from_config(&file).unwrap();
        let request = http::Request::get("/a").header("host", "media.example.com").body(()).unwrap();
        let judged = verifier.verify(&request.into_parts().0, crate::epoch::EpochSeconds(1), None);
        assert_eq!(judged.into_result().unwrap_err().reason(), "missing-key-pair-id");

        std::fs::write(&file, text.replace("[\"K1\"]", "[\"K2\"]")).unwrap();
        let told = verifier_from_config(&file).unwrap_err().to_string();
        assert!(told.starts_with("the configuration has 1 fault:\n") && told.contains("K2"), "{told}");
    }
}
