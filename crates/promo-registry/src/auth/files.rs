//! Credentials from files that the caller names, and from the helpers that those name.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use promo_core::oci::{RegistryHost, Repository};

use super::document::{CredentialDocument, Keeper};
use super::flight::Flight;
use super::helper::{HelperSettings, ask};
use super::{Credential, CredentialSource, CredentialSourceError};
use crate::Error;
use crate::dialect::Dialect;

/// Credentials from Docker's `config.json` and containers' `auth.json`, first file first. In each file the
/// helper for the host comes before the entry with the longest prefix of the repository, and that before the
/// helper for everything else. What is wrong with a file or an entry fails with `PROMO-R019`, but only when a
/// credential is looked for there: a run that needs none isn't stopped.
///
/// ```
/// use promo_registry::auth::CredentialFiles;
///
/// let files = CredentialFiles::default()
///     .with_file("config.json", br#"{"auths":{"registry.example.com":{"auth":"dXNlcjpodW50ZXIy"}}}"#);
/// assert!(!format!("{files:?}").contains("hunter2"));
/// ```
#[derive(Debug, Default)]
pub struct CredentialFiles {
    documents: Vec<CredentialDocument>,
    helpers: HelperSettings,
    answers: Mutex<BTreeMap<(String, String), Arc<HelperAnswer>>>,
}

/// What a helper said about a server.
type HelperAnswer = Flight<Option<Credential>>;

/// How long a helper that failed isn't asked again: many repositories may need it, and it may have taken its time.
const FAILURE_LASTS: Duration = Duration::from_secs(60);

/// Whether what a helper said before will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Memory {
    Use,
    Renew,
}

impl CredentialFiles {
    /// With one more file, given as its bytes. `name` is how it is called in errors.
    #[must_use]
    pub fn with_file(mut self, name: &str, content: &[u8]) -> Self {
        self.documents
            .push(CredentialDocument::parse(name, content));
        self
    }

    /// With one more file, which is there but can't be read: whoever looks for a credential in it fails.
    #[must_use]
    pub fn with_unreadable_file(mut self, name: &str, reason: &str) -> Self {
        self.documents
            .push(CredentialDocument::unreadable(name, reason));
        self
    }

    /// With folders in which helpers are looked for. Without it none is run, and a file that asks for one
    /// fails with `PROMO-R020`.
    #[must_use]
    pub fn with_helpers(mut self, helpers: HelperSettings) -> Self {
        self.helpers = helpers;
        self
    }

    async fn find(
        &self,
        host: &RegistryHost,
        repository: Option<&Repository>,
        memory: Memory,
    ) -> Result<Option<Credential>, Error> {
        for document in &self.documents {
            let keeper = document.keeper(host, repository)?;
            if let Keeper::Helper(helper) = keeper
                && let Some(found) = self.ask_helper(helper, host, memory).await?
            {
                return Ok(Some(found));
            }
            if let Some(found) = document.credential(host, repository)? {
                return Ok(Some(found.clone()));
            }
            if keeper != Keeper::Document
                && let Some(helper) = document.store()?
                && let Some(found) = self.ask_helper(helper, host, memory).await?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Asks a helper for a host, under each name that it may know it by.
    async fn ask_helper(
        &self,
        helper: &str,
        host: &RegistryHost,
        memory: Memory,
    ) -> Result<Option<Credential>, Error> {
        let key = Dialect::of(host).credential_key;
        for server in key.into_iter().chain([host.as_str()]) {
            if let Some(found) = self.ask_for(helper, server, memory).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Asks a helper for a server, once for all repositories there.
    async fn ask_for(
        &self,
        helper: &str,
        server: &str,
        memory: Memory,
    ) -> Result<Option<Credential>, Error> {
        let answer = {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            let key = (helper.to_owned(), server.to_owned());
            let new = || Arc::new(Flight::new(|_| FAILURE_LASTS));
            Arc::clone(answers.entry(key).or_insert_with(new))
        };
        let found = answer
            .join(
                |_| memory == Memory::Use,
                || ask(&self.helpers, helper, server),
            )
            .await?;
        Ok(found.value)
    }
}

#[async_trait]
impl CredentialSource for CredentialFiles {
    async fn credentials(
        &self,
        host: &RegistryHost,
        repository: Option<&Repository>,
    ) -> Result<Option<Credential>, CredentialSourceError> {
        Ok(self.find(host, repository, Memory::Use).await?)
    }

    async fn renew(
        &self,
        host: &RegistryHost,
        repository: Option<&Repository>,
    ) -> Result<Option<Credential>, CredentialSourceError> {
        Ok(self.find(host, repository, Memory::Renew).await?)
    }
}
