//! Verifying images as anybody can do it: from what their registries hold.

use promo_core::evidence::{Demand, FoundEvidence, VerificationDocument, VerifiedImage};
use promo_core::oci::{Digest, ImageReference};
use promo_core::ports::EvidenceForms;
use promo_core::trust::{AboutImage, Decision, Judge, JudgedEvidence};

use super::Promoter;
use crate::error::Result;
use crate::image::{self, Resolved};

impl Promoter {
    /// Verifies images, one after the other, in their order: who signed and attested them, and whether `judge`
    /// accepts it.
    ///
    /// # Errors
    ///
    /// `PROMO-X010` if an image isn't there, and whatever keeps a registry from being read. That an image is not
    /// accepted is no error but stands in the document.
    pub async fn verify(
        &self,
        images: Vec<ImageReference>,
        judge: &Judge,
        demand: &Demand,
    ) -> Result<VerificationDocument> {
        let mut verified = Vec::new();
        for image in images {
            verified.push(self.verify_one(image, judge, demand).await?);
        }
        Ok(VerificationDocument::new(verified))
    }

    async fn verify_one(
        &self,
        image: ImageReference,
        judge: &Judge,
        demand: &Demand,
    ) -> Result<VerifiedImage> {
        let registry = self.registries()?.registry.as_ref();
        let identities = self.settings.scope.identities();
        let resolved =
            image::resolve(registry, identities, image, demand.identity.as_ref()).await?;
        let found = self.find(judge, &resolved).await?;
        Ok(VerifiedImage::judge(found, judge.trust(), demand))
    }

    /// What stands about an image: about the digest that its registry shows, or where that has no evidence and the
    /// image was named by a tag, about the SHA-512 digest of the same bytes.
    async fn find(&self, judge: &Judge, resolved: &Resolved) -> Result<FoundEvidence> {
        let shown = self
            .about(judge, resolved, resolved.descriptor.digest)
            .await?;
        let Some(other) = resolved.by_sha512 else {
            return Ok(shown);
        };
        let mut decisions = shown.judged.iter().filter_map(JudgedEvidence::decision);
        if decisions.any(|decision| *decision != Decision::Stranger) {
            return Ok(shown);
        }
        let named = self.about(judge, resolved, other).await?;
        let mut decisions = named.judged.iter().filter_map(JudgedEvidence::decision);
        let counts = decisions.any(|decision| matches!(decision, Decision::Counts(_)));
        Ok(if counts { named } else { shown })
    }

    async fn about(
        &self,
        judge: &Judge,
        resolved: &Resolved,
        digest: Digest,
    ) -> Result<FoundEvidence> {
        let store = &self.registries()?.evidence;
        let repository = resolved.image.repository();
        let evidence = store.read(repository, &digest, EvidenceForms::ALL).await?;
        let about = AboutImage {
            digest: &digest,
            identity: Some(&resolved.identity),
            now: self.around.clock.now(),
        };
        let judged = judge.judge(about, &evidence).await?;
        Ok(FoundEvidence {
            image: resolved.image.clone(),
            identity: resolved.identity.clone(),
            digest,
            passed_over: evidence.passed_over,
            judged,
        })
    }
}
