//! Gives a login to a credential helper, and takes it away from there.

use serde::Serialize;

use super::{Login, key_of};
use crate::Error;
use crate::auth::helper::{self, Told};
use crate::auth::{HelperSettings, Secret};
use promo_core::oci::RegistryHost;

/// What a helper reads to store a login.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Stored<'a> {
    #[serde(rename = "ServerURL")]
    server: &'a str,
    username: &'a str,
    secret: &'a str,
}

impl HelperSettings {
    /// Gives a login to the helper `name`. Fails with `PROMO-R020` if it doesn't take it.
    pub async fn store(&self, name: &str, login: &Login) -> Result<(), Error> {
        let stored = Stored {
            server: key_of(&login.host),
            username: &login.user,
            secret: login.password.expose(),
        };
        let input = serde_json::to_string(&stored)
            .map_err(|_| Error::setting("the login", "it can't be written"))?;
        let input = Secret::new(input);
        helper::tell(self, name, "store", input.expose())
            .await
            .map(drop)
    }

    /// Takes the login of a host away from the helper `name`. Whether it had one; some don't tell. Fails with `PROMO-R020`
    /// if it can't.
    pub async fn erase(&self, name: &str, host: &RegistryHost) -> Result<bool, Error> {
        let mut had = false;
        let key = key_of(host);
        let names = [key, host.as_str()];
        let names = names.iter().take(if key == host.as_str() { 1 } else { 2 });
        for server in names {
            had |= helper::tell(self, name, "erase", server).await? == Told::Done;
        }
        Ok(had)
    }
}
