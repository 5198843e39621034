//! sigstore's own clients in other languages, Python and JavaScript: they judge bundles.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cosign::Wanted;
use crate::tools;
use xtask::error::{OnPath, Result};
use xtask::process::{self, Output};

const PYTHON_JUDGE: &str = include_str!("sigstore_clients/judge.py");
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
