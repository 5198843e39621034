//! Runs credential helpers: programs called `docker-credential-NAME` that print a credential.
//!
//! What a helper prints is a secret or may contain one, so it is capped, wiped, and in no error.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use super::{Credential, Secret};
use crate::Error;

/// The most that a helper may print.
const MAX_OUTPUT: u64 = 64 << 10;

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
    let program = find(settings, name).map_err(failed)?;
    let asked = run(&program, server);
    let (is_success, output) = tokio::time::timeout(settings.deadline, asked)
        .await
        .map_err(|_| failed("did not answer in time"))?
        .map_err(failed)?;
    if !is_success {
        let text = String::from_utf8_lossy(&output);
        if text.contains(NOT_FOUND) {
            return Ok(None);
        }
        return Err(failed("failed"));
    }
    let output: Output = serde_json::from_slice(&output)
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

async fn run(program: &Path, server: &str) -> Result<(bool, Zeroizing<Vec<u8>>), &'static str> {
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|_| "could not be started")?;
    let output = exchange(&mut child, server)
        .await
        .map_err(|_| "could not be read")?;
    if output.len() as u64 > MAX_OUTPUT {
        return Err("printed more than a credential");
    }
    let status = child.wait().await.map_err(|_| "did not end")?;
    Ok((status.success(), output))
}

async fn exchange(child: &mut Child, server: &str) -> std::io::Result<Zeroizing<Vec<u8>>> {
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that doesn't read what it is asked may have closed its end already.
        let _written = stdin.write_all(server.as_bytes()).await.is_ok();
    }
    let mut output = Zeroizing::new(Vec::new());
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MAX_OUTPUT + 1).read_to_end(&mut output).await?;
    }
    Ok(output)
}
