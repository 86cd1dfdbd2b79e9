//! The keys of a configuration that are fixed when the proxy starts.

use crate::config::{ServerSettings, Settings};

/// Their values, each by the name of its key.
#[derive(Debug)]
pub struct FixedKeys {
    values: Vec<(&'static str, String)>,
    listen_is_given: bool,
}

impl FixedKeys {
    /// Those of the configuration that the proxy starts with. `--listen` stands in place of the file's listeners.
    #[must_use]
    pub fn of(settings: &Settings, listen_is_given: bool) -> Self {
        Self { values: values(settings, listen_is_given), listen_is_given }
    }

    /// A sentence for each key that another configuration would change.
    pub(super) fn changes(&self, settings: &Settings) -> Vec<String> {
        let new = values(settings, self.listen_is_given);
        let pairs = self.values.iter().zip(&new).filter(|((_, old), (_, new))| old != new);
        pairs
            .map(|((name, old), (_, new))| {
                let change = format!("{name} is fixed at the start; running {old}, found {new}");
                settings.variables.hidden(&change)
            })
            .collect()
    }
}

fn values(settings: &Settings, listen_is_given: bool) -> Vec<(&'static str, String)> {
    let server = &settings.server;
    let mut values = vec![
        ("[server] workers", server.workers.to_string()),
        ("[server] shutdown-grace", format!("{:?}", server.shutdown_grace)),
        ("[server] reload", format!("{:?}", server.reload)),
        ("[server.limits] connections-per-worker", server.limits.connections.to_string()),
        ("[server.limits] origin-connections-per-worker", server.limits.origin_connections.to_string()),
        ("[verified-policy-cache] max-size", settings.verified_policies_size.to_string()),
        ("[[server.https]] listen", https_listeners(server)),
        ("[access-log]", settings.access_log.as_ref().map_or("off".to_owned(), |log| format!("{log:?}"))),
        ("[admin] listen", settings.admin.as_ref().map_or("none".to_owned(), |a| a.listen.to_string())),
        // A missing table is reported once, by its `listen`.
        ("[admin] console", settings.admin.as_ref().is_none_or(|admin| admin.console).to_string()),
    ];
    if !listen_is_given {
        values.push(("[server] listen", format!("{:?}", server.listen)));
        values.push(("[server] proxy-protocol", server.proxy_protocol.to_string()));
    }
    values
}

/// Their addresses. Their certificates may change.
fn https_listeners(server: &ServerSettings) -> String {
    let listeners = server.https.iter().map(|https| format!("{:?} {}", https.listen, https.proxy_protocol));
    listeners.collect::<Vec<_>>().join(", ")
}
