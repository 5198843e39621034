//! in-toto's own Python implementation: it makes Ed25519 keys and judges links.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::tools::Tools;
use xtask::error::{Error, OnPath, Result};
use xtask::process::{self, Output};

const SCRIPT: &str = include_str!("link.py");

/// The judge, in a folder of its own.
#[derive(Debug)]
pub(crate) struct InToto {
    python: PathBuf,
    script: PathBuf,
    folder: PathBuf,
}

/// An Ed25519 key pair on disk.
#[derive(Debug)]
pub(crate) struct LinkKeys {
    /// PKCS#8 in PEM.
    pub(crate) private: PathBuf,
    public: PathBuf,
}

impl InToto {
    pub(crate) fn new(tools: &Tools, folder: &Path) -> Result<Self> {
        let script = folder.join("link.py");
        fs::write(&script, SCRIPT).on("write", &script)?;
        Ok(Self {
            python: tools.python()?,
            script,
            folder: folder.to_owned(),
        })
    }

    pub(crate) fn generate_keys(&self, name: &str) -> Result<LinkKeys> {
        let base = self.folder.join(name);
        process::capture(self.command("generate").arg(&base))?.success()?;
        Ok(LinkKeys {
            private: base.with_extension("pem"),
            public: base.with_extension("hex"),
        })
    }

    /// Its judgement of a link.
    pub(crate) fn verify(&self, link: &Path, keys: &LinkKeys) -> Result<Output> {
        process::capture(self.command("verify").arg(link).arg(&keys.public))
    }

    /// What a link says, if it is signed with the key.
    pub(crate) fn read(&self, link: &Path, keys: &LinkKeys) -> Result<Value> {
        let text = self.verify(link, keys)?.success()?;
        serde_json::from_str(&text).map_err(|error| Error::document("a verified link", error))
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(&self.script).arg(verb);
        command
    }
}
