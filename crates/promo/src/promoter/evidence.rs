//! Signing and attesting images outside of a promotion: makes what is missing, attaches it, says what was done.

use promo_core::identity::Identity;
use promo_core::oci::{Digest, ImageReference, Repository};
use promo_core::pipeline::SigningPorts;
use promo_core::ports::{
    Attachment, Evidence, EvidenceKind, PromotionRecord, SignatureFormat, Subject,
};
use promo_core::trust::AboutImage;
use serde::Serialize;

use super::{Extent, Promoter};
use crate::error::{Error, Result};
use crate::image::{self, Resolved};

/// `promo.evidence/v1`: what was attached to images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EvidenceDocument {
    schema: &'static str,
    /// Each image, in the order asked for.
    pub images: Vec<Attached>,
}

/// What was attached to one image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Attached {
    /// The image as it was named.
    pub image: String,
    /// Its digest.
    pub digest: Digest,
    /// The public name that the evidence speaks of.
    pub identity: Identity,
    /// What was made; nothing if all of it stood there.
    pub made: Vec<EvidenceKind>,
    /// What a run would make that may write.
    pub missing: Vec<EvidenceKind>,
    /// What stood there already and verifies as ours.
    pub kept: Vec<EvidenceKind>,
    /// How many pieces were written.
    pub written: u64,
}

impl Promoter {
    /// Signs each image in the forms that it isn't signed in yet, with the key of the settings. Without `identity` it
    /// is the image's public name. A dry run only looks what is missing.
    ///
    /// # Errors
    ///
    /// `PROMO-X001` without a key, `PROMO-X010` if an image isn't there, and whatever keeps a registry from being read
    /// or written.
    pub async fn sign(
        &self,
        images: Vec<ImageReference>,
        identity: Option<&Identity>,
        extent: Extent,
    ) -> Result<EvidenceDocument> {
        let ports = self.signing().await?.ok_or(Error::NoKey)?;
        self.tell_of_shared_keys();
        let formats = ports.signer.formats();
        let wanted: Vec<EvidenceKind> = formats.iter().copied().map(signature).collect();
        let mut attached = Vec::new();
        for reference in images {
            let image = self.resolve(reference, identity).await?;
            let missing = self.missing(&ports, &image, &wanted).await?;
            if extent == Extent::DryRun {
                attached.push(Attached::wanting(&image, &wanted, missing));
                continue;
            }
            let absent = |format: &SignatureFormat| missing.contains(&signature(*format));
            let formats: Vec<_> = formats.iter().copied().filter(absent).collect();
            let subject = Subject {
                identity: image.identity.clone(),
                descriptor: image.descriptor.clone(),
            };
            let evidence = ports.signer.sign(&subject, &formats).await?;
            attached.push(self.attach(&image, &evidence, &wanted, missing).await?);
        }
        Ok(EvidenceDocument::new(attached))
    }

    /// Attests each image that isn't attested yet: that it was promoted from `source`. A dry run only looks what is missing.
    ///
    /// # Errors
    ///
    /// As [`Self::sign`].
    pub async fn attest(
        &self,
        images: Vec<ImageReference>,
        source: &Repository,
        identity: Option<&Identity>,
        extent: Extent,
    ) -> Result<EvidenceDocument> {
        let ports = self.signing().await?.ok_or(Error::NoKey)?;
        self.tell_of_shared_keys();
        let wanted = ports.attester.kinds();
        let mut attached = Vec::new();
        for reference in images {
            let image = self.resolve(reference, identity).await?;
            let missing = self.missing(&ports, &image, &wanted).await?;
            if extent == Extent::DryRun {
                attached.push(Attached::wanting(&image, &wanted, missing));
                continue;
            }
            let record = self.record(&image, source);
            let evidence = ports.attester.attest(&record, &missing).await?;
            attached.push(self.attach(&image, &evidence, &wanted, missing).await?);
        }
        Ok(EvidenceDocument::new(attached))
    }

    /// What an image is now, with its public name by the settings' rules unless `identity` names another: one request.
    ///
    /// # Errors
    ///
    /// `PROMO-X010` if it isn't there, and whatever keeps its registry from being read.
    pub async fn resolve(
        &self,
        image: ImageReference,
        identity: Option<&Identity>,
    ) -> Result<Resolved> {
        let registry = self.registries()?.registry.as_ref();
        image::resolve(registry, self.settings.scope.identities(), image, identity).await
    }

    /// Those of `wanted` that the registry doesn't hold yet in a form that verifies as ours.
    async fn missing(
        &self,
        ports: &SigningPorts,
        image: &Resolved,
        wanted: &[EvidenceKind],
    ) -> Result<Vec<EvidenceKind>> {
        let digest = image.descriptor.digest;
        let store = &self.registries()?.evidence;
        let repository = image.image.repository();
        let held = store.read(repository, &digest, ports.forms()).await?;
        let about = AboutImage {
            digest: &digest,
            identity: Some(&image.identity),
            now: self.around.clock.now(),
        };
        let found = ports.judge.verify(about, &held).await?;
        let stands = |kind: &EvidenceKind| found.accepted.iter().any(|held| held.kind == *kind);
        let absent = wanted.iter().filter(|kind| !stands(kind));
        Ok(absent.cloned().collect())
    }

    async fn attach(
        &self,
        image: &Resolved,
        evidence: &[Evidence],
        wanted: &[EvidenceKind],
        made: Vec<EvidenceKind>,
    ) -> Result<Attached> {
        let repository = image.image.repository();
        let attachment = if evidence.is_empty() {
            Attachment::default()
        } else {
            let store = &self.registries()?.evidence;
            store
                .attach(repository, &image.descriptor, evidence)
                .await?
        };
        let looked = Attached::wanting(image, wanted, made);
        Ok(Attached {
            made: looked.missing,
            missing: Vec::new(),
            written: attachment.written,
            ..looked
        })
    }

    /// What is known of a promotion that others made: no manifest asked for it.
    fn record(&self, image: &Resolved, source: &Repository) -> PromotionRecord {
        let digest = Some(image.descriptor.digest);
        let by_digest =
            |repository: &Repository| ImageReference::new(repository.clone(), None, digest);
        PromotionRecord {
            identity: image.identity.clone(),
            descriptor: image.descriptor.clone(),
            source: by_digest(source),
            destination: by_digest(image.identity.repository()),
            tags: image.image.tag().cloned().into_iter().collect(),
            time: self.around.clock.now(),
            builder_id: self.settings.signing.builder_id().to_owned(),
            manifest: None,
            part_of: None,
        }
    }
}

impl Attached {
    /// An image of which it is known what it lacks, and to which nothing was attached.
    fn wanting(image: &Resolved, wanted: &[EvidenceKind], missing: Vec<EvidenceKind>) -> Self {
        let kept = wanted.iter().filter(|kind| !missing.contains(kind));
        Self {
            image: image.image.to_string(),
            digest: image.descriptor.digest,
            identity: image.identity.clone(),
            made: Vec::new(),
            kept: kept.cloned().collect(),
            missing,
            written: 0,
        }
    }
}

impl EvidenceDocument {
    fn new(images: Vec<Attached>) -> Self {
        Self {
            schema: "promo.evidence/v1",
            images,
        }
    }
}

fn signature(format: SignatureFormat) -> EvidenceKind {
    EvidenceKind::Signature { format }
}
