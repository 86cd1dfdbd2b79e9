//! Where `dev` shows its console: the option `--console`.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::bail;

use crate::cli::output::address;
use crate::edge::console::admin::Admin;

/// What `--console` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConsoleAddress {
    /// Here and nowhere else.
    At(SocketAddr),
    /// Nowhere.
    Off,
}

impl ConsoleAddress {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "off" => Ok(Self::Off),
            _ => address(text).map(Self::At).map_err(|error| format!("{error}; `off` for none")),
        }
    }

    /// Binds what was asked for; without a word, the usual address, or a free port where somebody has that, such as another
    /// `dev`.
    pub(super) fn bind(asked: Option<Self>) -> anyhow::Result<Option<Admin>> {
        match asked {
            Some(Self::Off) => Ok(None),
            Some(Self::At(address)) if !address.ip().is_loopback() => bail!(
                "the console shows every request and signs links, but {address} is not a loopback address and `dev` has \
                 no token; a config.toml for `frontgate serve` has one: [admin] with `token-file`"
            ),
            Some(Self::At(address)) => Ok(Some(Admin::bind_console(address)?)),
            None => {
                let usual = Admin::bind_console(SocketAddr::from((Ipv4Addr::LOCALHOST, USUAL_PORT)));
                let bound =
                    usual.or_else(|_| Admin::bind_console(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))));
                Ok(Some(bound?))
            }
        }
    }
}

/// The one that the documentation names.
const USUAL_PORT: u16 = 9090;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_or_off() {
        let at = ConsoleAddress::At(SocketAddr::from(([127, 0, 0, 1], 9091)));
        assert_eq!(
            (ConsoleAddress::parse("off"), ConsoleAddress::parse("127.0.0.1:9091")),
            (Ok(ConsoleAddress::Off), Ok(at))
        );
        let error = ConsoleAddress::parse("9091").unwrap_err();
        assert!(error.contains("127.0.0.1:9091") && error.contains("off"), "{error}");
    }

    #[test]
    fn where_the_usual_port_is_taken_another_one_is() {
        let (first, second) =
            (ConsoleAddress::bind(None).unwrap().unwrap(), ConsoleAddress::bind(None).unwrap().unwrap());
        assert_ne!(first.address, second.address);
        assert!(second.address.ip().is_loopback());
        assert!(
            ConsoleAddress::bind(Some(ConsoleAddress::At(second.address)))
                .unwrap_err()
                .to_string()
                .contains("`--console`")
        );
    }
}
