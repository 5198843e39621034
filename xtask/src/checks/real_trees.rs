//! The promoter manifests of Kubernetes, as they stood in 2022, planned offline by `promo`: the counts are known.
//!
//! The trees are not part of the project; `PROMO_CORPUS` says where they are, and without it this is told, not checked.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use xtask::error::{Error, Result};
use xtask::{process, workspace};

/// A tree and what its plan must say.
struct Tree {
    name: &'static str,
    edges: u64,
    invalid: u64,
}

const TREES: [Tree; 2] = [
    Tree {
        name: "k8s-2022",
        edges: 43_116,
        invalid: 1,
    },
    Tree {
        name: "k8s-2022-legacy",
        edges: 97_959,
        invalid: 0,
    },
];

/// Plans each tree and compares its summary.
pub(crate) fn check() -> Result<()> {
    let Some(corpus) = std::env::var_os("PROMO_CORPUS") else {
        println!("PROMO_CORPUS is not set: the real trees were not checked");
        return Ok(());
    };
    let corpus = workspace::root().join(corpus);
    let promo = workspace::build_promo(workspace::Profile::Debug)?;
    for tree in &TREES {
        tree.check(&promo, &corpus)?;
    }
    Ok(())
}

impl Tree {
    fn check(&self, promo: &Path, corpus: &Path) -> Result<()> {
        let mut command = Command::new(promo);
        command
            .args([
                "plan",
                "--offline",
                "--output",
                "json",
                "--thin-manifest-dir",
            ])
            .arg(corpus.join(self.name));
        let output = process::capture(&mut command)?;
        // A bad entry is reported by the exit code too; the summary says what it is about.
        let plan: Value = serde_json::from_slice(&output.stdout).map_err(|error| {
            Error::document(
                format!("the plan of {} ({})", self.name, output.stderr),
                error,
            )
        })?;
        let count = |name: &str| {
            plan.pointer(&format!("/summary/{name}"))
                .and_then(Value::as_u64)
        };
        let found = (count("edges"), count("invalid"));
        println!("{}: edges {:?}, invalid {:?}", self.name, found.0, found.1);
        if found == (Some(self.edges), Some(self.invalid)) {
            return Ok(());
        }
        let wanted = (self.edges, self.invalid);
        Err(Error::unmet(format!(
            "{}: (edges, invalid) should be {wanted:?}, not {found:?}",
            self.name
        )))
    }
}
