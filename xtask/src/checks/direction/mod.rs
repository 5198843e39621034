//! The crates' direction: who may depend on whom, and what must never be in promo-core's tree.
//!
//! promo-registry and promo-sign meet only at promo-core's ports; nothing depends on the command or the Python package. The
//! direction of the modules within a crate is in `layers`.

mod layers;

use crate::checks::metadata::{Dependency, Metadata, Package};
use xtask::error::{Error, Result};
use xtask::{process, workspace};

pub(crate) use self::layers::check as check_modules;

/// A crate, what it may use, and what its tests may use besides.
struct Rule {
    name: &'static str,
    may_use: &'static [&'static str],
    tests_may_use: &'static [&'static str],
}

const RULES: [Rule; 9] = [
    Rule {
        name: "promo-core",
        may_use: &[],
        tests_may_use: &["promo-testkit"],
    },
    Rule {
        name: "promo-registry",
        may_use: &["promo-core"],
        tests_may_use: &["promo-testkit"],
    },
    Rule {
        name: "promo-sign",
        may_use: &["promo-core"],
        tests_may_use: &["promo-testkit"],
    },
    Rule {
        name: "promo-testkit",
        may_use: &["promo-core"],
        tests_may_use: &[],
    },
    Rule {
        name: "promo",
        may_use: &["promo-core", "promo-registry", "promo-sign"],
        tests_may_use: &["promo-testkit"],
    },
    Rule {
        name: "promo-cli",
        may_use: &[
            "promo",
            "promo-core",
            "promo-registry",
            "promo-sign",
            "promo-testkit",
        ],
        tests_may_use: &[],
    },
    Rule {
        name: "promo-py",
        may_use: &[
            "promo",
            "promo-core",
            "promo-registry",
            "promo-sign",
            "promo-testkit",
        ],
        tests_may_use: &[],
    },
    Rule {
        name: "promo-tests-interop",
        may_use: &["xtask"],
        tests_may_use: &[],
    },
    Rule {
        name: "xtask",
        may_use: &[],
        tests_may_use: &[],
    },
];

/// Crates that promo-core must build without: the network, the signers, the terminal, Python.
const NEVER_BELOW_CORE: [&str; 11] = [
    "reqwest",
    "hyper",
    "axum",
    "oci-client",
    "sigstore",
    "sigstore-bundle",
    "sigstore-verify",
    "clap",
    "pyo3",
    "rustls",
    "mio",
];

/// Checks every edge between the workspace's own crates.
pub(crate) fn check_crates(metadata: &Metadata) -> Result<()> {
    let names: Vec<&str> = metadata
        .members()
        .map(|package| package.name.as_str())
        .collect();
    let mut wrong = Vec::new();
    for package in metadata.members() {
        let Some(rule) = RULES.iter().find(|rule| rule.name == package.name) else {
            wrong.push(format!("{} has no rule", package.name));
            continue;
        };
        let own = package
            .dependencies
            .iter()
            .filter(|dependency| names.contains(&dependency.name.as_str()));
        wrong.extend(
            own.filter(|dependency| !rule.allows(dependency))
                .map(|dependency| describe(package, dependency)),
        );
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Error::unmet(wrong.join("; ")))
    }
}

/// Checks what promo-core pulls in when it is built alone: no network, no runtime with one, no terminal, no Python.
pub(crate) fn check_core_tree() -> Result<()> {
    let mut command = workspace::cargo();
    command.args([
        "tree",
        "--locked",
        "--package",
        "promo-core",
        "--edges",
        "normal",
        "--prefix",
        "none",
    ]);
    command.args(["--format", "{p}|{f}"]);
    let tree = process::capture(&mut command)?.success()?;
    let wrong: Vec<&str> = tree
        .lines()
        .filter(|line| is_forbidden_below_core(line))
        .collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Error::unmet(format!(
            "promo-core must not need {}",
            wrong.join(", ")
        )))
    }
}

/// `line` is `name vVERSION …|feature,feature`.
fn is_forbidden_below_core(line: &str) -> bool {
    let (package, features) = line.split_once('|').unwrap_or((line, ""));
    let name = package.split(' ').next().unwrap_or_default();
    let has_network = name == "tokio"
        && features
            .split(',')
            .any(|feature| feature == "net" || feature == "full");
    has_network || NEVER_BELOW_CORE.contains(&name)
}

fn describe(package: &Package, dependency: &Dependency) -> String {
    let kind = dependency.kind.as_deref().unwrap_or("normal");
    format!(
        "{} must not depend on {} ({kind})",
        package.name, dependency.name
    )
}

impl Rule {
    fn allows(&self, dependency: &Dependency) -> bool {
        let name = dependency.name.as_str();
        let in_tests = dependency.kind.as_deref() == Some("dev");
        self.may_use.contains(&name) || (in_tests && self.tests_may_use.contains(&name))
    }
}

#[cfg(test)]
mod tests;
