//! The keys in use, which follow their file.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::time::SystemTime;

use aws_credential_types::Credentials as SigningCredentials;
use aws_smithy_runtime_api::client::identity::Identity;

use crate::config::material::aws_credentials::{self as credentials, Credentials};
use crate::distribution::origin::AwsCredentialSource;
use crate::edge::origin::error::OriginError;

/// One thread's copy of the keys.
#[derive(Debug)]
pub(super) struct Keys {
    source: AwsCredentialSource,
    current: RefCell<Option<(Credentials, Identity)>>,
    /// What the file looked like when it was read.
    stamp: Cell<Option<(SystemTime, u64)>>,
    looks: Cell<bool>,
}

impl Keys {
    /// The keys as they are now. That they can be read was checked when the configuration was; where that has changed
    /// since, requests fail until the file is mended.
    pub(super) fn of(source: &AwsCredentialSource) -> Rc<Self> {
        let stamp = match source {
            AwsCredentialSource::Environment => None,
            AwsCredentialSource::File { path, .. } => {
                std::fs::metadata(path).ok().as_ref().and_then(credentials::stamp)
            }
        };
        let keys = Self {
            source: source.clone(),
            current: RefCell::new(None),
            stamp: Cell::new(stamp),
            looks: Cell::new(false),
        };
        keys.take(credentials::read(source));
        Rc::new(keys)
    }

    /// What requests are signed with.
    pub(super) fn identity(&self) -> Result<Identity, OriginError> {
        let current = self.current.borrow();
        current.as_ref().map(|(_, identity)| identity.clone()).ok_or(OriginError::NoCredentials)
    }

    /// Looks, beside the requests, whether the file has changed. Called about once a second.
    pub(super) fn look(self: &Rc<Self>) {
        let AwsCredentialSource::File { path, .. } = &self.source else { return };
        if self.looks.replace(true) {
            return;
        }
        let (keys, path) = (Rc::clone(self), path.clone());
        tokio::task::spawn_local(async move {
            keys.follow(&path).await;
            keys.looks.set(false);
        });
    }

    async fn follow(&self, path: &Path) {
        let Ok(metadata) = tokio::fs::metadata(path).await else { return };
        let stamp = credentials::stamp(&metadata);
        if stamp == self.stamp.get() {
            return;
        }
        let source = self.source.clone();
        let Ok(read) = tokio::task::spawn_blocking(move || credentials::read(&source)).await else { return };
        self.stamp.set(stamp);
        self.take(read);
    }

    /// Good ones replace those in use; what can't be read replaces nothing.
    fn take(&self, read: Result<Credentials, credentials::CredentialsError>) {
        match read {
            Ok(new) => {
                let mut current = self.current.borrow_mut();
                if let Some((old, _)) = &*current
                    && *old != new
                {
                    tracing::info!(access_key_id = new.access_key_id, "S3 credentials have changed");
                }
                let identity = identity(&new);
                *current = Some((new, identity));
            }
            Err(error) => {
                tracing::warn!(%error, "reading the S3 credentials failed; keeping the current ones");
            }
        }
    }
}

fn identity(credentials: &Credentials) -> Identity {
    let Credentials { access_key_id, secret_access_key, session_token } = credentials.clone();
    SigningCredentials::new(access_key_id, secret_access_key, session_token, None, "frontgate").into()
}
