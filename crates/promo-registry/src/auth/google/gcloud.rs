//! Tokens from `gcloud`, of the account that a person logged in with. Where the program is, the settings say.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::token::AccessToken;
use crate::Error;
use crate::auth::Secret;
use crate::auth::advice::advice;
use crate::auth::process::{Ended, Program, run};

/// What prints the token of the active account, and makes a new one for it.
const ARGUMENTS: [&str; 4] = [
    "config",
    "config-helper",
    "--force-auth-refresh",
    "--format=json(credential)",
];
/// How long it may take. It starts slowly, and asks the network.
const DEADLINE: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct Output {
    credential: PrintedCredential,
}

#[derive(Deserialize)]
struct PrintedCredential {
    access_token: Secret,
    token_expiry: Timestamp,
}

/// A token from the program at `path`.
pub(super) async fn token(path: &Path, now: Timestamp) -> Result<AccessToken, Error> {
    let failed = |reason: &str, advice: Option<String>| Error::CredentialHelper {
        name: "gcloud".to_owned(),
        reason: reason.to_owned(),
        advice,
    };
    let program = Program {
        path,
        arguments: &ARGUMENTS,
        input: "",
        deadline: DEADLINE,
    };
    let (ended, printed) = run(program).await;
    let advice = || advice(&printed.output, &printed.complaint);
    match ended {
        Ended::Well => {}
        Ended::Badly => return Err(failed("failed: perhaps nobody is logged in", advice())),
        Ended::Not(did) => return Err(failed(did, advice())),
    }
    let output: Output = serde_json::from_slice(&printed.output)
        .map_err(|_| failed("printed something that is no credential", None))?;
    let PrintedCredential {
        access_token,
        token_expiry,
    } = output.credential;
    AccessToken::until(access_token, token_expiry, now)
        .map_err(|_| failed("printed a token that is of no use", None))
}
