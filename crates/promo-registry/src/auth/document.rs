//! The documents that hold credentials: Docker's `config.json` and containers' `auth.json`.
//!
//! Both have the same fields. Docker's keys are hosts or URLs of hosts; containers' keys may go on with a path,
//! and then hold for the repositories below it. Reading them chooses nothing: that is in `files`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use promo_core::oci::{RegistryHost, Repository};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{Credential, Secret};
use crate::Error;

/// Some tools write the padding, some don't.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A document with its keys in one form. Its Debug shows no secret.
#[derive(Debug)]
pub(super) struct CredentialDocument {
    /// By `HOST` or `HOST/PATH`.
    auths: BTreeMap<String, Credential>,
    /// Helpers by `HOST` or `HOST/PATH`.
    helpers: BTreeMap<String, String>,
    /// The helper for all other hosts.
    store: Option<String>,
}

#[derive(Deserialize)]
struct RawDocument {
    #[serde(default)]
    auths: Option<BTreeMap<String, RawEntry>>,
    #[serde(default, rename = "credHelpers")]
    helpers: Option<BTreeMap<String, String>>,
    #[serde(default, rename = "credsStore")]
    store: Option<String>,
}

#[derive(Deserialize)]
struct RawEntry {
    auth: Option<Secret>,
    username: Option<String>,
    password: Option<Secret>,
    identitytoken: Option<Secret>,
    registrytoken: Option<Secret>,
}

impl CredentialDocument {
    /// Reads a document. `file` is how the caller calls it in errors, which repeat nothing of its content.
    pub(super) fn parse(file: &str, content: &[u8]) -> Result<Self, Error> {
        let unreadable = |reason: String| Error::CredentialFile {
            file: file.to_owned(),
            reason,
        };
        let raw: RawDocument = serde_json::from_slice(content).map_err(|error| {
            // The message of serde_json may repeat what stands there.
            let (line, column) = (error.line(), error.column());
            unreadable(format!("line {line}, column {column} is not as expected"))
        })?;
        let mut auths = BTreeMap::new();
        for (key, entry) in raw.auths.unwrap_or_default() {
            let key = normal_key(&key);
            let found = entry.credential().map_err(|reason| {
                unreadable(format!(
                    "the entry of {} {reason}",
                    crate::error::clean(&key)
                ))
            })?;
            if let Some(credential) = found {
                auths.insert(key, credential);
            }
        }
        let helpers = raw.helpers.unwrap_or_default();
        Ok(Self {
            auths,
            helpers: helpers
                .into_iter()
                .map(|(key, helper)| (normal_key(&key), helper))
                .collect(),
            store: raw.store.filter(|store| !store.is_empty()),
        })
    }

    /// The credential that the document itself holds: that of the longest key that covers the repository.
    pub(super) fn credential(
        &self,
        host: &RegistryHost,
        repository: Option<&Repository>,
    ) -> Option<&Credential> {
        longest(&self.auths, host, repository)
    }

    /// The helper that the document names for a repository in particular.
    pub(super) fn helper(
        &self,
        host: &RegistryHost,
        repository: Option<&Repository>,
    ) -> Option<&str> {
        longest(&self.helpers, host, repository).map(String::as_str)
    }

    /// The helper for everything else.
    pub(super) fn store(&self) -> Option<&str> {
        self.store.as_deref()
    }
}

impl RawEntry {
    /// The credential of an entry; none if it is empty, as Docker writes it beside a credential store.
    fn credential(self) -> Result<Option<Credential>, &'static str> {
        let given = |secret: Option<Secret>| secret.filter(|secret| !secret.expose().is_empty());
        if let Some(token) = given(self.registrytoken) {
            return Ok(Some(Credential::BearerToken(token)));
        }
        if let Some(token) = given(self.identitytoken) {
            return Ok(Some(Credential::IdentityToken(token)));
        }
        if let Some(auth) = given(self.auth) {
            return decode(&auth).map(Some);
        }
        match (self.username, given(self.password)) {
            (Some(user), Some(password)) => Ok(Some(Credential::Basic { user, password })),
            _ => Ok(None),
        }
    }
}

/// `auth`: base64 of `USER:PASSWORD`.
fn decode(auth: &Secret) -> Result<Credential, &'static str> {
    let bytes = BASE64
        .decode(auth.expose().trim())
        .map(Zeroizing::new)
        .map_err(|_| "is not base64")?;
    let text = std::str::from_utf8(&bytes).map_err(|_| "is not UTF-8")?;
    let (user, password) = text.split_once(':').ok_or("has no colon")?;
    Ok(Credential::Basic {
        user: user.to_owned(),
        // Old versions of Docker padded with NUL.
        password: Secret::new(password.trim_end_matches('\0')),
    })
}

/// `HOST` or `HOST/PATH`, without the scheme and version that Docker's old keys carry.
fn normal_key(key: &str) -> String {
    let (bare, is_url) = match key.split_once("://") {
        Some((_, bare)) => (bare, true),
        None => (key, false),
    };
    let bare = bare.trim_end_matches('/');
    let (host, path) = bare.split_once('/').unwrap_or((bare, ""));
    let host = normal_host(host);
    // Only containers' keys have paths that mean repositories.
    if is_url || path.is_empty() || matches!(path, "v1" | "v2") {
        return host.to_owned();
    }
    format!("{host}/{path}")
}

/// Docker Hub goes by three names.
pub(super) fn normal_host(host: &str) -> &str {
    match host {
        "index.docker.io" | "registry-1.docker.io" => "docker.io",
        other => other,
    }
}

/// The value of the longest key that covers the repository, by whole path components.
fn longest<'a, V>(
    map: &'a BTreeMap<String, V>,
    host: &RegistryHost,
    repository: Option<&Repository>,
) -> Option<&'a V> {
    let host = normal_host(host.as_str());
    let mut key = match repository {
        Some(repository) => format!("{host}/{}", repository.name()),
        None => host.to_owned(),
    };
    loop {
        if let Some(found) = map.get(&key) {
            return Some(found);
        }
        let slash = key.rfind('/')?;
        key.truncate(slash);
    }
}
