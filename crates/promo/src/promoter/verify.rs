//! Verifying images as anybody can do it: from what their registries hold.

use promo_core::oci::{Digest, ImageReference};
use promo_core::ports::{EvidenceSet, Verification, Verifier};

use super::Promoter;
use crate::error::Result;
use crate::image::{self, Resolved};
use crate::verification::{Demand, VerificationDocument, VerifiedImage};

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
        let (digest, evidence, found) = self.judge(verifier, &resolved).await?;
        Ok(VerifiedImage::judge(
            resolved, digest, evidence, found, demand,
        ))
    }

    /// What stands about an image: about the digest that its registry shows, or where that has no evidence and the
    /// image was named by a tag, about the SHA-512 digest of the same bytes.
    async fn judge(
        &self,
        verifier: &dyn Verifier,
        resolved: &Resolved,
    ) -> Result<(Digest, EvidenceSet, Verification)> {
        let shown = self
            .about(verifier, resolved, resolved.descriptor.digest)
            .await?;
        let Some(other) = resolved.by_sha512 else {
            return Ok(shown);
        };
        if !shown.2.accepted.is_empty() || !shown.2.refused.is_empty() {
            return Ok(shown);
        }
        let named = self.about(verifier, resolved, other).await?;
        Ok(if named.2.accepted.is_empty() {
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
    ) -> Result<(Digest, EvidenceSet, Verification)> {
        let repository = resolved.image.repository();
        let store = &self.registries()?.evidence;
        let evidence = store.read(repository, &digest).await?;
        let identity = Some(&resolved.identity);
        let found = verifier.verify(&digest, identity, &evidence).await?;
        Ok((digest, evidence, found))
    }
}
