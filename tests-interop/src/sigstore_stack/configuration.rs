//! What is written for the stack's programs and its users: Fulcio's issuers, and by cosign the trusted root and the
//! configurations to sign with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::{Addresses, Log, url};
use xtask::error::{OnPath, Result};
use xtask::process;

/// From when on everything is trusted.
const START: &str = "2026-01-01T00:00:00Z";

/// Fulcio's name of a claim, and the field of a token that it comes from, for workflows of GitHub.
const WORKFLOW_CLAIMS: [(&str, &str); 20] = [
    ("github-workflow-trigger", "event_name"),
    ("github-workflow-sha", "sha"),
    ("github-workflow-name", "workflow"),
    ("github-workflow-repository", "repository"),
    ("github-workflow-ref", "ref"),
    ("build-signer-uri", "{{ .url }}/{{ .job_workflow_ref }}"),
    ("build-signer-digest", "job_workflow_sha"),
    ("runner-environment", "runner_environment"),
    ("source-repository-uri", "{{ .url }}/{{ .repository }}"),
    ("source-repository-digest", "sha"),
    ("source-repository-ref", "ref"),
    ("source-repository-identifier", "repository_id"),
    (
        "source-repository-owner-uri",
        "{{ .url }}/{{ .repository_owner }}",
    ),
    ("source-repository-owner-identifier", "repository_owner_id"),
    ("build-config-uri", "{{ .url }}/{{ .workflow_ref }}"),
    ("build-config-digest", "workflow_sha"),
    ("build-trigger", "event_name"),
    (
        "run-invocation-uri",
        "{{ .url }}/{{ .repository }}/actions/runs/{{ .run_id }}/attempts/{{ .run_attempt }}",
    ),
    (
        "source-repository-visibility-at-signing",
        "repository_visibility",
    ),
    ("deployment-environment", "environment"),
];

/// Writes which issuers Fulcio believes: one of people, one of GitHub's workflows.
pub(super) fn write_issuers(folder: &Path, people: &str, workflows: &str) -> Result<PathBuf> {
    let claims: serde_json::Map<_, _> = WORKFLOW_CLAIMS
        .iter()
        .map(|(claim, field)| ((*claim).to_owned(), json!(field)))
        .collect();
    let issuers = json!({
        "oidc-issuers": {
            people: {"issuer-url": people, "client-id": "sigstore", "type": "email"},
            workflows: {
                "issuer-url": workflows,
                "client-id": "sigstore",
                "type": "ci-provider",
                "ci-provider": "github-workflow",
            },
        },
        "ci-issuer-metadata": {
            "github-workflow": {
                "default-template-values": {"url": "https://github.com"},
                "extension-templates": claims,
                "subject-alternative-name-template": "{{ .url }}/{{ .job_workflow_ref }}",
            },
        },
    });
    // JSON is YAML; but what is JSON to the first byte, Fulcio reads with older names.
    let text = format!("# The issuers that are believed.\n{issuers}\n");
    let path = folder.join("issuers.yaml");
    fs::write(&path, text).on("write", &path)?;
    Ok(path)
}

/// The keys and certificates that a trusted root is made of.
pub(super) struct Anchors<'a> {
    pub(super) authority: &'a Path,
    pub(super) certificates: &'a Path,
    pub(super) rekor_1: &'a Path,
    pub(super) rekor_2: &'a Path,
    pub(super) timestamps: &'a Path,
}

/// Has cosign write the trusted root.
pub(super) fn write_trusted_root(
    cosign: &Path,
    path: &Path,
    addresses: &Addresses,
    anchors: &Anchors<'_>,
) -> Result<()> {
    let mut command = Command::new(cosign);
    command.args(["trusted-root", "create"]).args([
        format!(
            "--fulcio=url={},certificate-chain={},start-time={START}",
            url(&addresses.fulcio),
            anchors.authority.display()
        ),
        format!(
            "--ctfe=url={},public-key={},start-time={START}",
            url(&addresses.certificates),
            anchors.certificates.display()
        ),
        format!(
            "--rekor=url={},public-key={},start-time={START}",
            url(&addresses.rekor_1),
            anchors.rekor_1.display()
        ),
        format!(
            "--rekor=url={},public-key={},start-time={START},origin=127.0.0.1",
            url(&addresses.rekor_2),
            anchors.rekor_2.display()
        ),
        format!(
            "--tsa=url={},certificate-chain={},start-time={START}",
            addresses.timestamp_url(),
            anchors.timestamps.display()
        ),
    ]);
    process::capture(command.arg("--out").arg(path))?
        .success()
        .map(drop)
}

/// Has cosign write how to sign with one of the logs.
pub(super) fn write_signing_config(
    cosign: &Path,
    path: &Path,
    addresses: &Addresses,
    issuer: &str,
    log: Log,
) -> Result<()> {
    let service = |name: &str, url: &str, version: u8| {
        format!("--{name}=url={url},api-version={version},start-time={START},operator=interop")
    };
    let mut command = Command::new(cosign);
    command.args(["signing-config", "create"]);
    command.arg(service("fulcio", &url(&addresses.fulcio), 1));
    command.arg(service("oidc-provider", issuer, 1));
    command.arg(match log {
        Log::One | Log::OneAlone => service("rekor", &url(&addresses.rekor_1), 1),
        Log::Two => service("rekor", &url(&addresses.rekor_2), 2),
    });
    command.arg("--rekor-config=ANY");
    if log != Log::OneAlone {
        command.arg(service("tsa", &addresses.timestamp_url(), 1));
        command.arg("--tsa-config=ANY");
    }
    process::capture(command.arg("--out").arg(path))?
        .success()
        .map(drop)
}
