//! Attest: makes the promotion attestation stand at every destination, before the image itself is there.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ProofPorts;
use super::children::{self, SharedEvidence};
use super::flow::{Flow, Run};
use super::outcome::{EdgeOutcome, Left};
use super::placing::{self, Place, Target};
use super::publish::Published;
use super::sign::{Signed, SignedImage};
use crate::oci::{ImageReference, RawManifest, Repository, Tag};
use crate::ports::{EvidenceKind, Phase, PromotionRecord, RecordedManifest};

/// Images whose evidence stands.
#[derive(Debug)]
pub struct Attested {
    pub(super) flow: Flow,
    pub(super) passed: Vec<AttestedImage>,
}

/// Proof that all evidence of one (identity, digest) stands at all its remaining destinations, or that
/// the run was told to go without. Only this phase makes it, and publish takes nothing else.
#[derive(Debug)]
pub struct AttestedImage {
    pub(super) signed: SignedImage,
}

impl Attested {
    pub(super) async fn attest(before: Signed) -> Self {
        let Signed { mut flow, passed } = before;
        let status = flow.run.proof_status();
        let attested = flow.carry_out(Phase::Attest, status, passed, attest).await;
        Self {
            flow,
            passed: attested,
        }
    }

    /// The images whose evidence stands.
    pub fn passed(&self) -> &[AttestedImage] {
        &self.passed
    }

    /// Puts manifests and tags.
    pub async fn publish(self) -> Published {
        Published::publish(self).await
    }
}

impl AttestedImage {
    /// The image with its signatures.
    pub fn signed(&self) -> &SignedImage {
        &self.signed
    }
}

async fn attest(
    run: Arc<Run>,
    mut image: SignedImage,
) -> (Option<AttestedImage>, Vec<EdgeOutcome>) {
    let Some(first) = image.first() else {
        return (None, Vec::new());
    };
    let name = format!("{}@{}", first.work().identity, first.work().digest);
    let result = match &run.ports.proof {
        None => Ok(()),
        Some(_) if run.interrupt.is_raised() => Err(Left::interrupted(Phase::Attest)),
        Some(proof) => attest_image(&run, proof, &mut image).await,
    };
    let (image, outcomes) = image.conclude(&run, Phase::Attest, name, result);
    (image.map(|signed| AttestedImage { signed }), outcomes)
}

async fn attest_image(run: &Run, proof: &ProofPorts, image: &mut SignedImage) -> Result<(), Left> {
    let Some(record) = record(run, image) else {
        return Ok(());
    };
    let Some(manifest) = image.first().map(|first| first.manifest.clone()) else {
        return Ok(());
    };
    let shared = image.shared.clone();
    let target = target(&record, Some(&manifest), &shared);
    attest_one(
        run,
        proof,
        &record,
        target,
        &mut image.places,
        &image.mirrors,
    )
    .await?;
    children::attest(run, proof, &record, image).await
}

/// What a record is about.
pub(super) fn target<'a>(
    record: &'a PromotionRecord,
    manifest: Option<&'a RawManifest>,
    shared: &'a SharedEvidence,
) -> Target<'a> {
    Target {
        identity: &record.identity,
        descriptor: &record.descriptor,
        manifest,
        shared: shared.of(&record.identity, record.descriptor.digest),
    }
}

/// Makes the attestations of one manifest stand.
pub(super) async fn attest_one(
    run: &Run,
    proof: &ProofPorts,
    record: &PromotionRecord,
    target: Target<'_>,
    places: &mut [Place],
    mirrors: &[Repository],
) -> Result<(), Left> {
    let kinds = proof.attester.kinds();
    let make = |missing: Vec<EvidenceKind>| {
        let record = record.clone();
        async move { proof.attester.attest(&record, &missing).await }
    };
    placing::bring(run, Phase::Attest, target, places, mirrors, &kinds, make).await
}

/// What the attestation says: the same for all mirrors.
fn record(run: &Run, image: &SignedImage) -> Option<PromotionRecord> {
    let first = image.first()?;
    let work = first.work();
    let tags: BTreeSet<Tag> = image
        .images
        .iter()
        .flat_map(|image| &image.destinations)
        .flat_map(|destination| &destination.work.tags)
        .map(|wanted| wanted.tag.clone())
        .collect();
    let by_digest = |repository| ImageReference::new(repository, None, Some(work.digest));
    Some(PromotionRecord {
        identity: work.identity.clone(),
        descriptor: first.manifest.descriptor(),
        source: by_digest(work.source.clone()),
        destination: by_digest(work.identity.repository().clone()),
        tags: tags.into_iter().collect(),
        part_of: None,
        time: run.started,
        builder_id: run.settings.builder_id.clone(),
        manifest: run
            .settings
            .recorded
            .as_ref()
            .map(|recorded| RecordedManifest {
                name: format!("{}{}", recorded.name, work.manifest),
                ..recorded.clone()
            }),
    })
}
