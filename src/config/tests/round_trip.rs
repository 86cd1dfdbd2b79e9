//! What is written is read again, to an equal configuration.

use std::path::Path;

use proptest::prelude::*;

use super::generate::configuration;
use crate::config::declared::Configuration;
use crate::config::fault::Faults;
use crate::config::to_toml;
use crate::config::toml::Document;

fn read(text: &str) -> Configuration {
    let mut faults = Faults::default();
    let document = Document::read(Path::new("config.toml"), text, &mut faults);
    let declared = document.unwrap_or_else(|errors| panic!("{errors:?}\n{text}")).declared;
    assert_eq!(faults.errors, vec![], "{text}");
    declared
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_written_configuration_is_read_to_an_equal_one(declared in configuration()) {
        let text = to_toml(&declared).map_err(TestCaseError::fail)?;
        prop_assert_eq!(&read(&text), &declared);
        let effective = declared.effective();
        let text = to_toml(&effective).map_err(TestCaseError::fail)?;
        prop_assert_eq!(&read(&text).effective(), &effective);
    }

    #[test]
    fn json_holds_a_configuration_too(declared in configuration()) {
        let json = serde_json::to_string(&declared).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Configuration>(&json).unwrap(), &declared);
    }
}

/// Every configuration in the repository, as it is and with its defaults written down.
#[test]
fn the_configurations_of_the_repository_are_written_and_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in [
        "config.toml",
        "docker/config.toml",
        "examples/compose-object-storage/config.toml",
        "tests/forensics/field/config.toml",
    ] {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        let declared = read(&text);
        assert_eq!(read(&to_toml(&declared).unwrap()), declared, "{file}");
        let effective = declared.clone().effective();
        assert_eq!(read(&to_toml(&effective).unwrap()), effective, "{file}");
    }
}

#[test]
fn a_default_is_written_down() {
    let text = to_toml(&Configuration::default().effective()).unwrap();
    for line in [
        "listen = [\"127.0.0.1:8080\"]",
        "shutdown-grace = \"30s\"",
        "max-size = \"64MiB\"",
        "early-resets = 20",
    ] {
        assert!(text.lines().any(|written| written == line), "{line} in\n{text}");
    }
}
