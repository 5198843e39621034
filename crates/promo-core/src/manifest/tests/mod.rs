//! Loading of promoter manifests from the outside: every code, every bad input.

mod codes;
mod corpus;
mod edit;
mod folder;
mod format;
mod kpromo;
#[cfg(unix)]
mod links;
mod lint;
mod on_disk;
mod properties;
mod provenance;

use super::*;

/// `LINE:COLUMN CODE` or `FILE CODE` of all findings, whether the set was refused or not.
fn found(result: &Result<ManifestSet, LoadError>) -> Vec<String> {
    let findings = match result {
        Ok(set) => set.findings(),
        Err(error) => error.findings(),
    };
    findings
        .iter()
        .map(|finding| match finding.position {
            Some(position) => format!("{position} {}", finding.code),
            None => format!("{} {}", finding.file, finding.code),
        })
        .collect()
}

/// A plain manifest with sound registries and these images.
fn with_images(images: &str) -> String {
    format!(
        "registries: [{{name: a.example/s, src: true}}, {{name: b.example/p}}]\nimages:\n{images}"
    )
}

fn hex(digit: char) -> String {
    digit.to_string().repeat(64)
}
