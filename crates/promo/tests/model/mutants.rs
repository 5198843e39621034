//! The laws can fail: parts that break one of them, each of which the seeds catch.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use promo_core::oci::{
    Descriptor, Digest, DigestAlgorithm, ManifestReference, RawManifest, Repository, Tag,
};
use promo_core::ports::{
    CopiedContent, Copier, CopyRequest, Failure, ImageSize, ManifestHead, Mount, PutManifest,
    Registry, RegistryDecorator, SubjectHandling,
};
use promo_testkit::world::World;

use crate::case::Case;
use crate::laws::Law;
use crate::life::Life;
use crate::process::Parts;

/// So many seeds are enough to catch each mutant.
const SEEDS: u64 = 60;

/// Fails unless one of the first seeds sees that this law is broken.
fn caught(law: Law, parts: &dyn Parts) {
    let mut seen = BTreeSet::new();
    for seed in 0..SEEDS {
        let case = Case::from_seed(seed);
        match Life::with(&case, parts).live() {
            Err(broken) if broken.law == law => return,
            Err(broken) => drop(seen.insert(broken.law)),
            Ok(_) => {}
        }
    }
    panic!("{law:?} was not seen broken in {SEEDS} seeds, but {seen:?}");
}

/// What a mutant does to requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mutation {
    /// Evidence is gone when the tag is put, after it was looked at.
    DropsEvidence,
    /// The mount of a blob is said to have succeeded, and isn't sent.
    MountsNothing,
    /// A tag is said to be free, whatever it points to.
    SeesNoTags,
    /// A tag is said to have been put, and isn't.
    KeepsNoTags,
    /// What stood under a shared tag is put away.
    StartsSharedTagsAnew,
    /// An upload is opened for each question.
    OpensUploads,
    /// One question is never answered.
    NeverAnswers,
    /// What is put to a mirror is put to staging, too.
    WritesToStaging,
    /// What is asked of staging by digest isn't there.
    HidesStaging,
}

#[derive(Debug)]
struct Mutant {
    world: World,
    inner: Arc<dyn Registry>,
    mutation: Mutation,
}

impl Mutant {
    fn is(&self, mutation: Mutation) -> bool {
        self.mutation == mutation
    }

    fn drop_evidence(&self, repository: &Repository, digest: Digest) {
        let state = self.world.state(repository.host_str());
        for referrer in state.referrers(repository.name(), &digest.to_string()) {
            state.delete_manifest(repository.name(), &referrer);
        }
    }

    async fn write_to_staging(&self) -> Result<(), Failure> {
        let repository = format!("{}/team/copy", crate::case::STAGING)
            .parse()
            .unwrap();
        let session = self.inner.start_upload(&repository).await?;
        let blob = Descriptor::of("text/plain", b"ours");
        let body = stream::iter([Ok(b"ours".as_slice().into())]).boxed();
        self.inner.put_blob(&repository, &blob, session, body).await
    }
}

fn image_tag(reference: &ManifestReference) -> Option<&Tag> {
    match reference {
        ManifestReference::Tag(tag) if !tag.as_str().starts_with("sha256-") => Some(tag),
        _ => None,
    }
}

/// The same image of evidence with its last layer alone; none if it has no more than that.
fn last_layer_alone(manifest: &RawManifest) -> Option<RawManifest> {
    let mut image: serde_json::Value = serde_json::from_slice(manifest.bytes()).ok()?;
    let layers = image.get_mut("layers")?.as_array_mut()?;
    if layers.len() < 2 {
        return None;
    }
    layers.drain(..layers.len() - 1);
    Some(RawManifest::new(
        manifest.media_type().clone(),
        DigestAlgorithm::Sha256,
        image.to_string().into(),
    ))
}

#[async_trait]
impl RegistryDecorator for Mutant {
    fn inner(&self) -> &dyn Registry {
        &*self.inner
    }

    async fn head_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<ManifestHead>, Failure> {
        if image_tag(reference).is_some() {
            match self.mutation {
                Mutation::SeesNoTags => return Ok(None),
                Mutation::OpensUploads => drop(self.inner.start_upload(repository).await?),
                Mutation::NeverAnswers => std::future::pending::<()>().await,
                _ => {}
            }
        }
        self.inner.head_manifest(repository, reference).await
    }

    async fn get_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<RawManifest>, Failure> {
        let is_staging = repository.host_str() == crate::case::STAGING;
        match self.mutation {
            Mutation::SeesNoTags if image_tag(reference).is_some() => return Ok(None),
            Mutation::HidesStaging if is_staging => return Ok(None),
            _ => {}
        }
        self.inner.get_manifest(repository, reference).await
    }

    async fn put_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<PutManifest, Failure> {
        if image_tag(reference).is_some() {
            match self.mutation {
                Mutation::DropsEvidence => self.drop_evidence(repository, manifest.digest()),
                Mutation::KeepsNoTags => {
                    return Ok(PutManifest {
                        digest_confirmed: true,
                        subject: SubjectHandling::NoSubject,
                    });
                }
                Mutation::WritesToStaging => self.write_to_staging().await?,
                _ => {}
            }
        }
        let mut put = manifest.clone();
        if self.is(Mutation::StartsSharedTagsAnew)
            && reference.to_string().strip_suffix(".sig").is_some()
            && let Some(alone) = last_layer_alone(manifest)
        {
            put = alone;
        }
        self.inner.put_manifest(repository, reference, &put).await
    }

    async fn mount_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        from: &Repository,
    ) -> Result<Mount, Failure> {
        if self.is(Mutation::MountsNothing) {
            return Ok(Mount::Mounted);
        }
        self.inner.mount_blob(repository, digest, from).await
    }
}

impl Parts for Mutation {
    fn registry(&self, world: &World, registry: Arc<dyn Registry>) -> Arc<dyn Registry> {
        Arc::new(Mutant {
            world: world.clone(),
            inner: registry,
            mutation: *self,
        })
    }
}

/// Each law that a registry can break is seen to be broken.
#[test]
fn registries_that_break_a_law_are_caught() {
    for (mutation, law) in [
        (Mutation::DropsEvidence, Law::EvidenceFirst),
        (Mutation::MountsNothing, Law::ContentFirst),
        (Mutation::SeesNoTags, Law::TagsAsAskedFor),
        (Mutation::KeepsNoTags, Law::Converges),
        (Mutation::StartsSharedTagsAnew, Law::NothingLost),
        (Mutation::OpensUploads, Law::Rests),
        (Mutation::NeverAnswers, Law::RunsEnd),
        (Mutation::WritesToStaging, Law::StagingIsRead),
        (Mutation::HidesStaging, Law::Converges),
    ] {
        caught(law, &mutation);
    }
}

/// A publisher that doesn't wait for evidence: it shows each image as soon as its content is there.
#[derive(Debug)]
struct ManifestFirst;

#[derive(Debug)]
struct PuttingManifests {
    registry: Arc<dyn Registry>,
    inner: Arc<dyn Copier>,
}

#[async_trait]
impl Copier for PuttingManifests {
    async fn copy(&self, request: &CopyRequest) -> Result<CopiedContent, Failure> {
        let copied = self.inner.copy(request).await?;
        for (destination, outcome) in &copied.destinations {
            if outcome.is_ok() {
                let reference = copied.manifest.digest().into();
                let put = self
                    .registry
                    .put_manifest(destination, &reference, &copied.manifest);
                drop(put.await);
            }
        }
        Ok(copied)
    }

    async fn measure(&self, source: &Repository, digest: &Digest) -> Result<ImageSize, Failure> {
        self.inner.measure(source, digest).await
    }
}

impl Parts for ManifestFirst {
    fn copier(&self, registry: &Arc<dyn Registry>, inner: Arc<dyn Copier>) -> Arc<dyn Copier> {
        Arc::new(PuttingManifests {
            registry: Arc::clone(registry),
            inner,
        })
    }
}

#[test]
fn a_publisher_that_does_not_wait_for_evidence_is_caught() {
    caught(Law::EvidenceFirst, &ManifestFirst);
}
