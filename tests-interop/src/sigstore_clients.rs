//! sigstore's own clients in other languages, Python and JavaScript: they judge bundles. And python-tuf, on which one of them
//! stands: it writes repositories.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cosign::Wanted;
use crate::servers::{Server, free_address};
use crate::tools;
use xtask::error::{OnPath, Result};
use xtask::process::{self, Output};

const PYTHON_JUDGE: &str = include_str!("sigstore_clients/judge.py");
const REPOSITORIES: &str = include_str!("sigstore_clients/tuf_repositories.py");
const NODE_JUDGE: &str = include_str!("sigstore_clients/judge.mjs");

/// A client in some language.
#[derive(Debug)]
pub(crate) struct SigstoreClient {
    program: PathBuf,
    script: PathBuf,
}

impl SigstoreClient {
    /// The Python client and the JavaScript library, each with a script of ours.
    pub(crate) fn all(folder: &Path) -> Result<[Self; 2]> {
        let clients = tools::sigstore_clients()?;
        let python = folder.join("judge.py");
        fs::write(&python, PYTHON_JUDGE).on("write", &python)?;
        // Modules are found from where the script stands.
        let node = clients.modules.join("judge.mjs");
        fs::write(&node, NODE_JUDGE).on("write", &node)?;
        Ok([
            Self {
                program: clients.python,
                script: python,
            },
            Self {
                program: clients.node,
                script: node,
            },
        ])
    }

    /// Its judgement of a bundle about an image with this digest.
    pub(crate) fn verify(&self, bundle: &Path, wanted: Wanted<'_>, digest: &str) -> Result<Output> {
        let mut command = Command::new(&self.program);
        command
            .arg(&self.script)
            .arg(wanted.trusted_root)
            .arg(bundle);
        process::capture(command.args([wanted.issuer, wanted.subject, digest]))
    }
}

/// TUF repositories that name one sigstore, of which one at a time is served.
#[derive(Debug)]
pub(crate) struct TufRepositories {
    python: PathBuf,
    folder: PathBuf,
    address: String,
}

/// Which of them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TufState {
    /// As it began.
    First,
    /// After its owner has replaced its keys.
    Second,
    /// As a stranger has it who has got hold of the place.
    Strangers,
}

impl TufRepositories {
    /// Has them written for the sigstore of these documents.
    pub(crate) fn write(folder: &Path, trusted_root: &Path, signing_config: &Path) -> Result<Self> {
        fs::create_dir_all(folder).on("create", folder)?;
        let script = folder.join("repositories.py");
        fs::write(&script, REPOSITORIES).on("write", &script)?;
        let written = Self {
            python: tools::sigstore_clients()?.python,
            folder: folder.to_owned(),
            address: free_address()?,
        };
        let mut command = Command::new(&written.python);
        command.arg(script).arg(folder);
        command.arg(trusted_root).arg(signing_config);
        process::run(&mut command)?;
        Ok(written)
    }

    /// Where they are served, all at the same place.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The root that the owner hands out.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.join("first/1.root.json")
    }

    /// Serves one of them until the server is dropped.
    pub(crate) fn serve(&self, state: TufState) -> Result<Server> {
        let name = match state {
            TufState::First => "first",
            TufState::Second => "second",
            TufState::Strangers => "stranger",
        };
        let (host, port) = self.address.split_once(':').unwrap_or_default();
        let mut command = Command::new(&self.python);
        command.args(["-m", "http.server", port, "--bind", host, "--directory"]);
        command.arg(self.folder.join(name));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Server::start_listening(&mut command, self.address.clone())
    }
}
