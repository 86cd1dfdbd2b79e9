//! Which page a path of the console is, and how it may be requested.

use super::paste_form;
use super::request_name::RequestName;
use crate::edge::io::form;
use crate::edge::state::shared::Edge;

/// A page, or what stands behind a form of one.
pub(super) enum Place {
    Requests,
    Request(RequestName),
    Explain,
    Paths,
    Keys,
    Sign,
    Clock,
    Events,
    Logout,
}

impl Place {
    /// The place of a path. Links are signed in `dev` alone; the clock is moved in test mode alone.
    pub(super) fn of(path: &str, edge: &Edge) -> Option<Self> {
        Some(match path {
            "/" => Self::Requests,
            "/explain" => Self::Explain,
            "/paths" => Self::Paths,
            "/keys" => Self::Keys,
            "/sign" if edge.dev_signer.is_some() => Self::Sign,
            "/clock" if edge.test_mode => Self::Clock,
            "/events" => Self::Events,
            "/logout" => Self::Logout,
            _ => Self::Request(RequestName::parse(path.strip_prefix("/requests/")?)?),
        })
    }

    /// Bytes of a form.
    pub(super) fn max_body(&self) -> usize {
        match self {
            Self::Explain => 4 * paste_form::MAX_TEXT,
            Self::Requests
            | Self::Request(_)
            | Self::Paths
            | Self::Keys
            | Self::Sign
            | Self::Clock
            | Self::Events
            | Self::Logout => form::MAX_BODY,
        }
    }

    /// What `Allow` names.
    pub(super) fn methods(&self) -> &'static str {
        match self {
            Self::Requests | Self::Paths | Self::Keys | Self::Events => "GET, HEAD",
            Self::Request(_) | Self::Explain | Self::Sign => "GET, HEAD, POST",
            Self::Logout | Self::Clock => "POST",
        }
    }
}
