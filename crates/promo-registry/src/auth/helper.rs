//! Asks credential helpers: programs called `docker-credential-NAME` that print a credential.
//!
//! How a program is run, and what is kept from its output, is in `process`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::process::{Program, run};
use super::{Credential, Secret};
use crate::Error;

/// Where helpers are looked for, and how long one may take.
#[derive(Debug, Clone)]
pub struct HelperSettings {
    /// The folders in which helpers are looked for, in this order.
    pub search_path: Vec<PathBuf>,
    /// How long one may take. Some ask the user or the network.
    pub deadline: Duration,
}

impl Default for HelperSettings {
    fn default() -> Self {
        Self {
            search_path: Vec::new(),
            deadline: Duration::from_secs(30),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    username: String,
    secret: Secret,
}

/// What helpers call the user when the secret is an identity token.
const TOKEN_USER: &str = "<token>";
/// What helpers print when they have nothing.
const NOT_FOUND: &str = "credentials not found";

/// Asks the helper `name` for the credential of `server`; none if it has none.
pub(super) async fn ask(
    settings: &HelperSettings,
    name: &str,
    server: &str,
) -> Result<Option<Credential>, Error> {
    let failed = |reason: &str| Error::CredentialHelper {
        name: crate::error::clean(name),
        reason: reason.to_owned(),
    };
    let path = find(settings, name).map_err(failed)?;
    let printed = run(Program {
        path: &path,
        arguments: &["get"],
        input: server,
        deadline: settings.deadline,
    })
    .await
    .map_err(failed)?;
    if !printed.is_success {
        let text = String::from_utf8_lossy(&printed.output);
        if text.contains(NOT_FOUND) {
            return Ok(None);
        }
        return Err(failed("failed"));
    }
    let output: Output = serde_json::from_slice(&printed.output)
        .map_err(|_| failed("printed something that is no credential"))?;
    Ok(Some(match output.username.as_str() {
        TOKEN_USER => Credential::IdentityToken(output.secret),
        _ => Credential::Basic {
            user: output.username,
            password: output.secret,
        },
    }))
}

/// The program of a helper. The name comes from a file, so it must not lead out of the folders.
fn find(settings: &HelperSettings, name: &str) -> Result<PathBuf, &'static str> {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'-');
    if name.is_empty() || !name.bytes().all(allowed) {
        return Err("has a name that is not allowed (letters, digits, `_`, `.` and `-`)");
    }
    let file = format!("docker-credential-{name}{}", std::env::consts::EXE_SUFFIX);
    settings
        .search_path
        .iter()
        .map(|folder| folder.join(&file))
        .find(|program| program.is_file())
        .ok_or("is not in the folders where helpers are looked for")
}
