//! Logging in and out: where a login is kept, and how it gets there.
//!
//! Whether a registry accepts a login is asked over the wire (`WireRegistry::check_login`). Here stand the login itself,
//! the files that keep logins ([`LoginFile`]) and the helpers that do so in their place. Bytes go in and come out: which
//! file that is, and writing it, is the caller's business.

mod file;
mod helper;
mod members;

use promo_core::oci::RegistryHost;

use super::{Credential, Secret};
use crate::Error;
use crate::dialect::Dialect;

pub use file::{LoginFile, LoginKeeper};

/// User and password for a registry, as somebody logs in with them. Its Debug doesn't show the password.
#[derive(Debug, Clone)]
pub struct Login {
    host: RegistryHost,
    user: String,
    password: Secret,
}

/// What a registry said to a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginCheck {
    /// It asked who we are, and accepted it.
    Accepted,
    /// It asks nobody who they are, so nothing is known about the login.
    NotAsked,
}

/// What helpers call the user when the secret is an identity token.
const TOKEN_USER: &str = "<token>";

impl Login {
    /// A login. Fails with `PROMO-R021` if a user or password is empty, or the user has a colon, which ends it in the files.
    pub fn new(host: RegistryHost, user: &str, password: Secret) -> Result<Self, Error> {
        let refused = |reason: &str| Err(Error::setting("the user", reason));
        if user.is_empty() || user.chars().any(char::is_control) {
            return refused("it is empty, or has control characters");
        }
        if user.contains(':') {
            return refused("it has a colon, which ends the user in files with credentials");
        }
        if user == TOKEN_USER {
            return refused("it stands for identity tokens, which are no passwords");
        }
        if password.expose().is_empty() {
            return Err(Error::setting("the password", "it is empty"));
        }
        Ok(Self {
            host,
            user: user.to_owned(),
            password,
        })
    }

    /// The registry.
    pub fn host(&self) -> &RegistryHost {
        &self.host
    }

    /// The user.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// What is shown to the registry.
    pub fn credential(&self) -> Credential {
        Credential::Basic {
            user: self.user.clone(),
            password: self.password.clone(),
        }
    }
}

/// Under which key a registry is kept in files and by helpers, so that docker finds it, too.
fn key_of(host: &RegistryHost) -> &str {
    Dialect::of(host).credential_key.unwrap_or(host.as_str())
}

#[cfg(test)]
mod tests;
