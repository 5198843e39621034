//! Verifying images as anybody can do it: from what their registries hold.

use promo_core::evidence::{Demand, FoundEvidence, VerificationDocument, VerifiedImage};
use promo_core::oci::{Digest, ImageReference};
use promo_core::ports::{EvidenceForms, Verifier};

use super::Promoter;
use crate::error::Result;
use crate::image::{self, Resolved};

impl Promoter {
    /// Verifies images, one after the other, in their order: who signed and attested them, and whether `verifier`
    /// accepts it.
    ///
    /// # Errors
    ///
    /// `PROMO-X010` if an image isn't there, and whatever keeps a registry from being read. That an image is not
    /// accepted is no error but stands in the document.
    pub async fn verify(
        &self,
        images: Vec<ImageReference>,
        verifier: &dyn Verifier,
        demand: &Demand,
    ) -> Result<VerificationDocument> {
        let mut verified = Vec::new();
        for image in images {
            verified.push(self.verify_one(image, verifier, demand).await?);
        }
        Ok(VerificationDocument::new(verified))
    }

    async fn verify_one(
        &self,
        image: ImageReference,
        verifier: &dyn Verifier,
        demand: &Demand,
    ) -> Result<VerifiedImage> {
        let registry = self.registries()?.registry.as_ref();
        let identities = self.settings.scope.identities();
        let resolved =
            image::resolve(registry, identities, image, demand.identity.as_ref()).await?;
        let found = self.find(verifier, &resolved).await?;
        Ok(VerifiedImage::judge(found, demand))
    }

    /// What stands about an image: about the digest that its registry shows, or where that has no evidence and the
    /// image was named by a tag, about the SHA-512 digest of the same bytes.
    async fn find(&self, verifier: &dyn Verifier, resolved: &Resolved) -> Result<FoundEvidence> {
        let shown = self
            .about(verifier, resolved, resolved.descriptor.digest)
            .await?;
        let Some(other) = resolved.by_sha512 else {
            return Ok(shown);
        };
        let verification = &shown.verification;
        if !verification.accepted.is_empty() || !verification.refused.is_empty() {
            return Ok(shown);
        }
        let named = self.about(verifier, resolved, other).await?;
        Ok(if named.verification.accepted.is_empty() {
            shown
        } else {
            named
        })
    }

    async fn about(
        &self,
        verifier: &dyn Verifier,
        resolved: &Resolved,
        digest: Digest,
    ) -> Result<FoundEvidence> {
        let store = &self.registries()?.evidence;
        let repository = resolved.image.repository();
        let evidence = store.read(repository, &digest, EvidenceForms::ALL).await?;
        let identity = Some(&resolved.identity);
        let verification = verifier.verify(&digest, identity, &evidence).await?;
        Ok(FoundEvidence {
            image: resolved.image.clone(),
            identity: resolved.identity.clone(),
            digest,
            evidence,
            verification,
        })
    }
}
