//! Asks credential helpers: programs called `docker-credential-NAME` that print a credential.
//!
//! How a program is run, and what is kept from its output, is in `process`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::advice::advice;
use super::process::{Ended, Program, run};
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
    #[serde(default)]
    username: String,
    secret: Secret,
}

/// What helpers call the user when the secret is an identity token.
const TOKEN_USER: &str = "<token>";
/// What helpers print when they have nothing, as a line of its own.
const NOT_FOUND: [&str; 2] = ["credentials not found in native", "credentials not found"];

/// Asks the helper `name` for the credential of `server`; none if it has none.
pub(super) async fn ask(
    settings: &HelperSettings,
    name: &str,
    server: &str,
) -> Result<Option<Credential>, Error> {
    let failed = |reason: &str, advice: Option<String>| Error::CredentialHelper {
        name: crate::error::clean(name),
        reason: reason.to_owned(),
        advice,
    };
    let path = find(settings, name).map_err(|reason| failed(reason, None))?;
    let program = Program {
        path: &path,
        arguments: &["get"],
        input: server,
        deadline: settings.deadline,
    };
    let (ended, printed) = run(program).await;
    let advice = || advice(&printed.output, &printed.complaint);
    match ended {
        Ended::Well => {}
        Ended::Badly if has_nothing(&printed.output) => return Ok(None),
        Ended::Badly => return Err(failed("failed", advice())),
        Ended::Not(did) => return Err(failed(did, advice())),
    }
    let output: Output = serde_json::from_slice(&printed.output)
        .map_err(|_| failed("printed something that is no credential", advice()))?;
    if output.username.is_empty() && output.secret.expose().is_empty() {
        return Ok(None);
    }
    Ok(Some(match output.username.as_str() {
        TOKEN_USER => Credential::IdentityToken(output.secret),
        _ => Credential::Basic {
            user: output.username,
            password: output.secret,
        },
    }))
}

/// Whether a helper says that it has no credential for this server, and not what keeps it from having one.
fn has_nothing(output: &[u8]) -> bool {
    let text = String::from_utf8_lossy(output);
    let [names_it, is] = NOT_FOUND;
    text.lines()
        .map(|line| line.trim().trim_end_matches('.'))
        .any(|line| line.contains(names_it) || line == is)
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
