//! The documents that hold credentials: Docker's `config.json` and containers' `auth.json`.
//!
//! Both have the same fields. They are read as docker, podman, crane and skopeo read them: null, empty and unknown
//! fields are ignored, and a wrong entry is an error only for the registries that it is about. What one entry says is
//! read in `entry`, under which keys it is looked for in `keys`. Which document and which helper come first is not
//! known here: that is in `files`.

mod entry;
mod keys;

use std::collections::{BTreeMap, BTreeSet};

use promo_core::oci::{RegistryHost, Repository};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Credential;
use crate::Error;

/// What one thing says, or what is wrong with it.
type Reading<T> = Result<T, &'static str>;

/// A document. Its Debug shows no secret.
#[derive(Debug)]
pub(super) struct CredentialDocument {
    /// How the caller calls it in errors.
    file: String,
    sections: Result<Sections, String>,
}

#[derive(Debug)]
struct Sections {
    auths: Reading<BTreeMap<String, Reading<Option<Credential>>>>,
    /// Helpers; none where the document switches the helper off.
    helpers: Reading<BTreeMap<String, Reading<Option<String>>>>,
    /// The helper for all other hosts.
    store: Reading<Option<String>>,
}

/// Who has the credentials of a registry, as far as the document says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeper<'a> {
    /// This helper.
    Helper(&'a str),
    /// The document itself: no helper is to be asked.
    Document,
    /// It doesn't say.
    Unnamed,
}

/// Some editors write it at the beginning of a file.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Which of these keys of entries are about a host as a whole, in whatever form they are written.
pub(super) fn keys_of_host<'a>(
    names: impl Iterator<Item = &'a str>,
    host: &RegistryHost,
) -> Vec<String> {
    let names: BTreeMap<String, &str> = names.map(|name| (name.to_owned(), name)).collect();
    let found: BTreeSet<&str> = keys::candidates(&names, host, None)
        .map(|(name, _)| name)
        .collect();
    found.into_iter().map(str::to_owned).collect()
}

impl CredentialDocument {
    /// Reads a document. What is wrong with it is an error when it is asked, and repeats nothing of its content.
    pub(super) fn parse(file: &str, content: &[u8]) -> Self {
        let content = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(content);
        Self {
            file: file.to_owned(),
            sections: Sections::parse(content),
        }
    }

    /// A document that can't be read at all.
    pub(super) fn unreadable(file: &str, reason: &str) -> Self {
        Self {
            file: file.to_owned(),
            sections: Err(reason.to_owned()),
        }
    }

    /// The credential that the document itself holds for a repository.
    pub(super) fn credential(
        &self,
        host: &RegistryHost,
        repository: Option<&Repository>,
    ) -> Result<Option<&Credential>, Error> {
        let auths = self.section("auths", |sections| &sections.auths)?;
        for (key, entry) in keys::candidates(auths, host, repository) {
            match entry {
                Ok(Some(credential)) => return Ok(Some(credential)),
                // Docker leaves an empty entry where a helper has the credential.
                Ok(None) => {}
                Err(reason) => return Err(self.wrong_entry("auths", key, reason)),
            }
        }
        Ok(None)
    }

    /// Who the document says has the credentials of a repository in particular.
    pub(super) fn keeper(
        &self,
        host: &RegistryHost,
        repository: Option<&Repository>,
    ) -> Result<Keeper<'_>, Error> {
        let helpers = self.section("credHelpers", |sections| &sections.helpers)?;
        match keys::candidates(helpers, host, repository).next() {
            None => Ok(Keeper::Unnamed),
            Some((_, Ok(None))) => Ok(Keeper::Document),
            Some((_, Ok(Some(helper)))) => Ok(Keeper::Helper(helper)),
            Some((key, Err(reason))) => Err(self.wrong_entry("credHelpers", key, reason)),
        }
    }

    /// The helper for everything else.
    pub(super) fn store(&self) -> Result<Option<&str>, Error> {
        let store = self.section("credsStore", |sections| &sections.store)?;
        Ok(store.as_deref())
    }

    fn section<T>(
        &self,
        name: &str,
        section: impl Fn(&Sections) -> &Reading<T>,
    ) -> Result<&T, Error> {
        let sections = self
            .sections
            .as_ref()
            .map_err(|reason| self.wrong(reason))?;
        section(sections)
            .as_ref()
            .map_err(|reason| self.wrong(&format!("`{name}` {reason}")))
    }

    fn wrong_entry(&self, section: &str, key: &str, reason: &str) -> Error {
        let key = crate::error::clean(key);
        self.wrong(&format!("the entry of `{key}` in `{section}` {reason}"))
    }

    fn wrong(&self, reason: &str) -> Error {
        Error::CredentialFile {
            file: self.file.clone(),
            reason: reason.to_owned(),
        }
    }
}

impl Sections {
    fn parse(content: &[u8]) -> Result<Self, String> {
        if content.trim_ascii().is_empty() {
            return Ok(Self::of(&Fields::default()));
        }
        let mut reader = serde_json::Deserializer::from_slice(content);
        // What follows the document is not read, as with docker.
        let fields = Option::<Fields<'_>>::deserialize(&mut reader).map_err(|error| {
            // The message of serde_json may repeat what stands there.
            let (line, column) = (error.line(), error.column());
            format!("it is no JSON object from line {line}, column {column}, on")
        })?;
        Ok(Self::of(&fields.unwrap_or_default()))
    }

    fn of(fields: &Fields<'_>) -> Self {
        Self {
            auths: entries(fields, "auths", entry::credential),
            helpers: entries(fields, "credHelpers", entry::name),
            store: fields.get("credsStore").map_or(Ok(None), entry::name),
        }
    }
}

fn entries<T>(
    fields: &Fields<'_>,
    section: &str,
    read: impl Fn(&RawValue) -> Reading<T>,
) -> Reading<BTreeMap<String, Reading<T>>> {
    let Some(section) = fields.get(section) else {
        return Ok(BTreeMap::new());
    };
    let entries = Fields::read(section)?.into_iter();
    Ok(entries.map(|(key, entry)| (key, read(entry))).collect())
}

/// The fields of an object, not read yet. Of a name that is there twice the last counts.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
struct Fields<'a>(#[serde(borrow)] BTreeMap<String, &'a RawValue>);

impl<'a> Fields<'a> {
    /// The fields of an object; null has none.
    fn read(value: &'a RawValue) -> Reading<Self> {
        serde_json::from_str::<Option<Self>>(value.get())
            .map(Option::unwrap_or_default)
            .map_err(|_| "is no object")
    }

    /// A field. Docker doesn't ask for the case of names.
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        let exact = self.0.get(name);
        let any_case = || {
            let found = self
                .0
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value)
        };
        exact.or_else(any_case).copied()
    }

    fn into_iter(self) -> impl Iterator<Item = (String, &'a RawValue)> {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests;
