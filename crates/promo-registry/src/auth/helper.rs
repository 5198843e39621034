//! Asks credential helpers: programs called `docker-credential-NAME` that print a credential.
//!
//! How a program is run, and what is kept from its output, is in `process`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::advice::advice;
use super::process::{Ended, Printed, Program, run};
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
    let Some(printed) = talk(settings, name, "get", server).await? else {
        return Ok(None);
    };
    let output: Output = serde_json::from_slice(&printed.output)
        .map_err(|_| failed(name, "printed something that is no credential", &printed))?;
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

/// What became of telling a helper to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// It did it.
    Done,
    /// It has no credential for this server.
    HasNothing,
}

/// Tells the helper `name` to do something with `input`.
pub(super) async fn tell(
    settings: &HelperSettings,
    name: &str,
    action: &str,
    input: &str,
) -> Result<Told, Error> {
    let printed = talk(settings, name, action, input).await?;
    Ok(match printed {
        Some(_) => Told::Done,
        None => Told::HasNothing,
    })
}

/// Runs the helper `name`. What it printed; none if it says that it has nothing for what it was asked.
async fn talk(
    settings: &HelperSettings,
    name: &str,
    action: &str,
    input: &str,
) -> Result<Option<Printed>, Error> {
    let path = find(settings, name).map_err(|reason| failed(name, reason, &Printed::default()))?;
    let program = Program {
        path: &path,
        arguments: &[action],
        input,
        deadline: settings.deadline,
    };
    let (ended, printed) = run(program).await;
    match ended {
        Ended::Well => Ok(Some(printed)),
        Ended::Badly if has_nothing(&printed.output) => Ok(None),
        Ended::Badly => Err(failed(name, "failed", &printed)),
        Ended::Not(did) => Err(failed(name, did, &printed)),
    }
}

fn failed(name: &str, reason: &str, printed: &Printed) -> Error {
    Error::CredentialHelper {
        name: crate::error::clean(name),
        reason: reason.to_owned(),
        advice: advice(&printed.output, &printed.complaint),
    }
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
