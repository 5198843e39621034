//! Which revision a job of Prow is compared with, by the variables that Prow sets.

use promo::git::Since;
use promo::settings::Environment;

use crate::error::{Error, Result};

/// The revision that a Prow job is compared with: for a pull request its base, after a merge the commit before it.
pub(super) fn since(environment: &Environment) -> Result<Since> {
    let wrong = |message: String, hint: &str| Error::Usage {
        message,
        hint: hint.to_owned(),
    };
    match environment.text("JOB_TYPE").as_deref() {
        Some("presubmit" | "batch") => environment
            .text("PULL_BASE_SHA")
            .map(Since::Revision)
            .ok_or_else(|| {
                wrong(
                    "PULL_BASE_SHA is not set".to_owned(),
                    "Prow sets it for presubmits; elsewhere pass `--manifest-diff-since DATE`",
                )
            }),
        Some("postsubmit") => Ok(Since::Revision("HEAD^".to_owned())),
        Some(other) => Err(wrong(
            format!("JOB_TYPE is `{other}`: such a job has no revision to compare with"),
            "for periodic jobs pass `--manifest-diff-since DATE`",
        )),
        None => Err(wrong(
            "JOB_TYPE is not set: this is no job of Prow".to_owned(),
            "pass `--manifest-diff-since DATE`",
        )),
    }
}
