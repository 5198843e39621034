//! What `promo sign` and `promo attest` have in common: make what is missing, attach it, say what was done.

use std::fmt::Write as _;

use promo_core::identity::Identity;
use promo_core::oci::Digest;
use promo_core::ports::{Attachment, Evidence, EvidenceKind, Verifier};
use schemars::JsonSchema;
use serde::Serialize;

use super::image::Resolved;
use crate::app::Registries;
use crate::diagnostics::GREEN;
use crate::error::Result;
use crate::output::{Format, Outcome, evidence_kind, json, yaml};

/// `promo.evidence/v1`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EvidenceDocument {
    schema: &'static str,
    images: Vec<Attached>,
}

/// What was attached to one image.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attached {
    image: String,
    digest: Digest,
    identity: Identity,
    /// What was made; nothing if all of it stood there.
    made: Vec<EvidenceKind>,
    /// What stood there already and verifies as ours.
    kept: Vec<EvidenceKind>,
    /// How many pieces were written.
    written: u64,
}

/// Those of `wanted` that the registry doesn't hold yet in a form that verifies as ours.
pub(crate) async fn missing(
    registries: &Registries,
    verifier: &dyn Verifier,
    image: &Resolved,
    wanted: &[EvidenceKind],
) -> Result<Vec<EvidenceKind>> {
    let digest = image.descriptor.digest;
    let held = registries
        .evidence
        .read(image.image.repository(), &digest)
        .await?;
    let found = verifier
        .verify(&digest, Some(&image.identity), &held)
        .await?;
    let stands = |kind: &&EvidenceKind| found.accepted.iter().any(|held| held.kind == **kind);
    Ok(wanted
        .iter()
        .filter(|kind| !stands(kind))
        .cloned()
        .collect())
}

/// Attaches what was made.
pub(crate) async fn attach(
    registries: &Registries,
    image: &Resolved,
    evidence: &[Evidence],
    wanted: &[EvidenceKind],
    made: Vec<EvidenceKind>,
) -> Result<Attached> {
    let repository = image.image.repository();
    let attachment = if evidence.is_empty() {
        Attachment::default()
    } else {
        registries
            .evidence
            .attach(repository, &image.descriptor, evidence)
            .await?
    };
    Ok(Attached {
        image: image.image.to_string(),
        digest: image.descriptor.digest,
        identity: image.identity.clone(),
        kept: wanted
            .iter()
            .filter(|kind| !made.contains(kind))
            .cloned()
            .collect(),
        made,
        written: attachment.written,
    })
}

/// The result in the form asked for.
pub(crate) fn outcome(images: Vec<Attached>, format: Format) -> Result<Outcome> {
    let document = EvidenceDocument {
        schema: "promo.evidence/v1",
        images,
    };
    let text = match format {
        Format::Json => json(&document)?,
        Format::Yaml => yaml(&document)?,
        _ => document.images.iter().map(lines).collect(),
    };
    Ok(Outcome::done(text))
}

fn lines(attached: &Attached) -> String {
    let mut text = format!("{} as {}\n", attached.image, attached.identity);
    for kind in &attached.made {
        let _ = writeln!(text, "  {GREEN}made{GREEN:#} {}", evidence_kind(kind));
    }
    for kind in &attached.kept {
        let _ = writeln!(text, "  stands already: {}", evidence_kind(kind));
    }
    text
}
