//! Attest: makes the promotion attestation stand at every destination, before the image itself is there.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::SigningPorts;
use super::children;
use super::flow::{Flow, Run};
use super::group::ImageGroup;
use super::making;
use super::outcome::{Blocked, EdgeOutcome};
use super::promote::PromotedImage;
use super::sign::Signed;
use crate::oci::{ImageReference, Tag};
use crate::ports::{Phase, PromotionRecord, RecordedManifest};

/// Images whose evidence stands.
#[derive(Debug)]
pub struct Attested {
    flow: Flow,
    passed: Vec<AttestedImage>,
}

/// Proof that all evidence of one (identity, digest) stands at all its remaining destinations, or that
/// the run was told to go without. Only the end of this phase makes it, and publish takes nothing else.
#[derive(Debug)]
pub struct AttestedImage(ImageGroup);

impl Signed {
    /// Attests their promotion.
    pub async fn attest(self) -> Attested {
        let (mut flow, passed) = self.into_parts();
        let status = flow.run.evidence_status();
        let passed = flow.carry_out(Phase::Attest, status, passed, attest).await;
        Attested { flow, passed }
    }
}

impl Attested {
    /// The images whose evidence stands.
    pub fn passed(&self) -> &[AttestedImage] {
        &self.passed
    }

    /// What the next phase works on.
    pub(super) fn into_parts(self) -> (Flow, Vec<AttestedImage>) {
        (self.flow, self.passed)
    }
}

impl AttestedImage {
    /// The promotions of this image: one for each source it comes from.
    pub fn images(&self) -> &[PromotedImage] {
        &self.0.images
    }

    /// The image, to be published.
    pub(super) fn into_group(self) -> ImageGroup {
        self.0
    }
}

async fn attest(run: Arc<Run>, mut image: ImageGroup) -> (Option<AttestedImage>, Vec<EdgeOutcome>) {
    let Some(first) = image.first() else {
        return (None, Vec::new());
    };
    let name = format!("{}@{}", first.work().identity, first.work().digest);
    let result = match &run.signing {
        None => Ok(()),
        Some(_) if run.interrupt.is_raised() => Err(Blocked::interrupted(Phase::Attest)),
        Some(signing) => attest_image(&run, signing, &mut image).await,
    };
    let (image, outcomes) = image.conclude(&run, Phase::Attest, name, result);
    (image.map(AttestedImage), outcomes)
}

async fn attest_image(
    run: &Run,
    signing: &SigningPorts,
    image: &mut ImageGroup,
) -> Result<(), Blocked> {
    let Some(record) = record(run, image) else {
        return Ok(());
    };
    let Some(manifest) = image.first().map(|first| first.manifest.clone()) else {
        return Ok(());
    };
    let target = making::target(&record, Some(&manifest));
    making::attest(
        run,
        signing,
        &record,
        target,
        &mut image.repositories,
        &image.mirrors,
    )
    .await?;
    children::attest(run, signing, &record, image).await
}

/// What the attestation says: the same for all mirrors.
fn record(run: &Run, image: &ImageGroup) -> Option<PromotionRecord> {
    let first = image.first()?;
    let work = first.work();
    let tags: BTreeSet<Tag> = image
        .images
        .iter()
        .flat_map(|image| &image.destinations)
        .flat_map(|destination| &destination.work.tags)
        .map(|wanted| &wanted.tag)
        .chain(run.shared.tags(&work.identity, work.digest))
        .cloned()
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
