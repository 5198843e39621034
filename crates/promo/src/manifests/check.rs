//! Checking promoter manifests: every finding with its place, the document `promo.check/v1`.

use std::path::{Path, PathBuf};

use promo_core::manifest::{Finding, LoadError, ManifestSummary, Severity};
use serde::Serialize;

use super::sarif::sarif;
use crate::ending::Ending;
use crate::error::{Error, Result};
use crate::tree::TreeSource;

/// `promo.check/v1`: what was found in promoter manifests.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    schema: &'static str,
    /// What the manifests hold; nothing if their structure is broken.
    pub summary: Option<ManifestSummary>,
    /// All findings, ordered.
    pub findings: Vec<Finding>,
}

impl Checked {
    /// The findings in SARIF 2.1.0, as code hosts take them.
    pub fn sarif(&self, source: &TreeSource) -> serde_json::Value {
        let paths: Vec<_> = self
            .findings
            .iter()
            .map(|finding| path_of(finding, source))
            .collect();
        sarif(self.findings.iter().zip(paths.iter().map(PathBuf::as_path)))
    }

    /// What the worst finding means.
    pub fn ending(&self) -> Ending {
        let worst = self.findings.iter().map(|finding| finding.severity).min();
        match worst {
            Some(Severity::Error) => Ending::Usage,
            Some(Severity::Invalid) => Ending::Partial,
            Some(Severity::Warning) | None => Ending::Done,
        }
    }
}

/// Loads promoter manifests and says what was found, lints as well.
///
/// # Errors
///
/// `PROMO-M…` if they can't be read at all; what is wrong in them is a finding.
pub fn check(source: &TreeSource) -> Result<Checked> {
    let (summary, findings) = match source.load() {
        Ok(set) => {
            let lints = set.lint();
            let mut summary = set.summary();
            summary.warnings += lints.len() as u64;
            let mut findings = [set.findings(), &lints].concat();
            findings.sort();
            (Some(summary), findings)
        }
        Err(LoadError::Refused(findings)) => (None, findings),
        Err(other) => return Err(Error::from(other)),
    };
    Ok(Checked {
        schema: "promo.check/v1",
        summary,
        findings,
    })
}

/// The file of a finding as it can be opened: findings name files of a tree relative to it.
pub fn path_of(finding: &Finding, source: &TreeSource) -> PathBuf {
    match source {
        TreeSource::Plain(path) => path.clone(),
        TreeSource::Thin(folder) => folder.join(Path::new(finding.file.as_str())),
    }
}
