//! A file that keeps logins: who keeps that of a host by what it says, and its text with a login more or less.
//!
//! It is read by the same rules as when credentials are looked for, so that what was written is what is found.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use promo_core::oci::RegistryHost;
use zeroize::Zeroizing;

use super::members::Members;
use super::{Login, key_of};
use crate::Error;
use crate::auth::document::{self, CredentialDocument, Keeper};

/// A file with logins: Docker's `config.json` or containers' `auth.json`. Its Debug shows no secret.
#[derive(Debug)]
pub struct LoginFile {
    name: String,
    members: Result<Members, String>,
    document: CredentialDocument,
}

/// Who keeps the login of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginKeeper {
    /// The file, in clear.
    File,
    /// This credential helper.
    Helper(String),
}

impl LoginFile {
    /// Reads a file; one that isn't there has no content. `name` is how it is called in errors. What is wrong with it is an
    /// error when it is asked.
    pub fn parse(name: &str, content: &[u8]) -> Self {
        let content = content
            .strip_prefix(document::BYTE_ORDER_MARK)
            .unwrap_or(content);
        let members = match std::str::from_utf8(content) {
            Err(_) => Err("it is not UTF-8".to_owned()),
            // The message of serde_json may repeat what stands there.
            Ok(text) => Members::parse(text).map_err(|error| {
                let (line, column) = (error.line(), error.column());
                format!("it is no JSON object from line {line}, column {column}, on")
            }),
        };
        Self {
            name: name.to_owned(),
            members,
            document: CredentialDocument::parse(name, content),
        }
    }

    /// Who keeps the login of a host by what this file says: the helper for the host, else that for everything else, else the
    /// file itself. Fails with `PROMO-R019` if it can't be read.
    pub fn keeper(&self, host: &RegistryHost) -> Result<LoginKeeper, Error> {
        self.members()?;
        let helper = match self.document.keeper(host, None)? {
            Keeper::Helper(helper) => Some(helper),
            Keeper::Document => None,
            Keeper::Unnamed => self.document.store()?,
        };
        Ok(helper.map_or(LoginKeeper::File, |helper| {
            LoginKeeper::Helper(helper.to_owned())
        }))
    }

    /// Whether something is found for the host here, so that files that are asked later can't say anything else: an entry, or
    /// a helper. Fails with `PROMO-R019` if it can't be read.
    pub fn speaks_of(&self, host: &RegistryHost) -> Result<bool, Error> {
        let has_entry = self.document.credential(host, None)?.is_some();
        Ok(has_entry || self.keeper(host)? != LoginKeeper::File)
    }

    /// Whether the file has an entry for the host, be it empty. Fails with `PROMO-R019` if it can't be read.
    pub fn has_entry(&self, host: &RegistryHost) -> Result<bool, Error> {
        Ok(!entries_of(host, &self.entries()?).is_empty())
    }

    /// The text of the file with a login in clear.
    pub fn with(&self, login: &Login) -> Result<Zeroizing<String>, Error> {
        let pair = Zeroizing::new(format!("{}:{}", login.user, login.password.expose()));
        let auth = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        let mut entry = Members::default();
        entry.set("auth", Zeroizing::new(format!("\"{}\"", auth.as_str())));
        self.with_entry(&login.host, entry.write(2))
    }

    /// The text of the file with an empty entry for the host, as docker writes it for what a helper keeps.
    pub fn with_mark(&self, host: &RegistryHost) -> Result<Zeroizing<String>, Error> {
        self.with_entry(host, Zeroizing::new("{}".to_owned()))
    }

    /// The text of the file without any login for the host; none if it has none. Entries of single repositories stay.
    pub fn without(&self, host: &RegistryHost) -> Result<Option<Zeroizing<String>>, Error> {
        let mut entries = self.entries()?;
        let of_host = entries_of(host, &entries);
        if of_host.is_empty() {
            return Ok(None);
        }
        entries.remove(&of_host);
        self.with_entries(&entries).map(Some)
    }

    fn with_entry(
        &self,
        host: &RegistryHost,
        value: Zeroizing<String>,
    ) -> Result<Zeroizing<String>, Error> {
        let mut entries = self.entries()?;
        let key = key_of(host);
        // Other names of the same host would be found first, or later, with another password.
        let mut others = entries_of(host, &entries);
        others.retain(|name| name != key);
        entries.remove(&others);
        entries.set(key, value);
        self.with_entries(&entries)
    }

    fn with_entries(&self, entries: &Members) -> Result<Zeroizing<String>, Error> {
        self.members()?;
        let mut whole = self.read()?;
        whole.set_section("auths", entries.write(1));
        let mut text = whole.write(0);
        text.push('\n');
        Ok(text)
    }

    fn entries(&self) -> Result<Members, Error> {
        let section = self.members()?.section("auths").unwrap_or_default();
        Members::parse(section).map_err(|_| self.wrong("`auths` is no object"))
    }

    /// A copy that may be edited.
    fn read(&self) -> Result<Members, Error> {
        let text = self.members()?.write(0);
        Members::parse(&text).map_err(|_| self.wrong("it is no JSON object"))
    }

    fn members(&self) -> Result<&Members, Error> {
        self.members.as_ref().map_err(|reason| self.wrong(reason))
    }

    fn wrong(&self, reason: &str) -> Error {
        Error::CredentialFile {
            file: self.name.clone(),
            reason: reason.to_owned(),
        }
    }
}

/// The names of the entries that are about the whole host, in whatever form they are written.
fn entries_of(host: &RegistryHost, entries: &Members) -> Vec<String> {
    document::keys_of_host(entries.names(), host)
}
