//! Credentials, and the trait of what finds them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use promo_core::oci::{RegistryHost, Repository};

use super::Secret;
use crate::Error;
use crate::error::CredentialSourceError;
use crate::http::Sent;

/// What promo shows to a registry or its token server. Its Debug shows no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credential {
    /// User and password, sent to the registry or to its token server.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A refresh token (OAuth 2): given to the token server for access tokens.
    IdentityToken(Secret),
    /// A token that the registry itself accepts.
    BearerToken(Secret),
    /// A token, and user and password for where it is of no use: an identity token is for token servers only.
    Both {
        /// The token.
        token: Box<Credential>,
        /// User and password.
        password: Box<Credential>,
    },
}

impl Credential {
    /// Records what is sent, or will be, so that it is cut out of all that comes back.
    pub(super) fn tell(&self, sent: &Sent) {
        match self {
            Self::Basic { user, password } => sent.pair(user, password),
            Self::IdentityToken(token) | Self::BearerToken(token) => sent.secret(token.expose()),
            Self::Both { token, password } => {
                token.tell(sent);
                password.tell(sent);
            }
        }
    }

    /// What is shown where tokens are used.
    pub(super) fn for_tokens(&self) -> &Self {
        match self {
            Self::Both { token, .. } => token,
            other => other,
        }
    }

    /// What is shown where user and password are asked for.
    pub(super) fn for_basic(&self) -> &Self {
        match self {
            Self::Both { password, .. } => password,
            other => other,
        }
    }
}

/// Finds the credentials for a registry. It is asked when a registry wants some, and before a list of a registry, or
/// what it says isn't there, is believed: strangers may be told less.
///
/// It fails with whatever error it has, which becomes the cause of `PROMO-R037`; an [`Error`] of this crate stays what it is.
#[async_trait]
pub trait CredentialSource: Debug + Send + Sync {
    /// The credentials for `repository` on `host`; none means anonymous. `repository` is none when the
    /// question is about the host as a whole, such as its catalog.
    async fn credentials(
        &self,
        host: &RegistryHost,
        repository: Option<&Repository>,
    ) -> Result<Option<Credential>, CredentialSourceError>;

    /// The same, after what was given before was refused: a source that remembers asks anew, so that
    /// credentials can be rotated during a run.
    async fn renew(
        &self,
        host: &RegistryHost,
        repository: Option<&Repository>,
    ) -> Result<Option<Credential>, CredentialSourceError> {
        self.credentials(host, repository).await
    }
}

/// A source whose errors are this crate's own.
#[derive(Debug)]
pub(super) struct OwnErrors(pub(super) Arc<dyn CredentialSource>);

impl OwnErrors {
    pub(super) async fn credentials(
        &self,
        host: &RegistryHost,
        repository: Option<&Repository>,
    ) -> Result<Option<Credential>, Error> {
        let found = self.0.credentials(host, repository).await;
        found.map_err(|error| Error::credential_source(host, error))
    }

    pub(super) async fn renew(
        &self,
        host: &RegistryHost,
        repository: Option<&Repository>,
    ) -> Result<Option<Credential>, Error> {
        let found = self.0.renew(host, repository).await;
        found.map_err(|error| Error::credential_source(host, error))
    }
}

/// No credentials for anybody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Anonymous;

#[async_trait]
impl CredentialSource for Anonymous {
    async fn credentials(
        &self,
        _host: &RegistryHost,
        _repository: Option<&Repository>,
    ) -> Result<Option<Credential>, CredentialSourceError> {
        Ok(None)
    }
}

/// Credentials given as values, one per host.
#[derive(Debug, Clone, Default)]
pub struct FixedCredentials {
    hosts: BTreeMap<RegistryHost, Credential>,
}

impl FixedCredentials {
    /// With the credential of one more host.
    #[must_use]
    pub fn with(mut self, host: RegistryHost, credential: Credential) -> Self {
        self.hosts.insert(host, credential);
        self
    }
}

#[async_trait]
impl CredentialSource for FixedCredentials {
    async fn credentials(
        &self,
        host: &RegistryHost,
        _repository: Option<&Repository>,
    ) -> Result<Option<Credential>, CredentialSourceError> {
        Ok(self.hosts.get(host).cloned())
    }
}
