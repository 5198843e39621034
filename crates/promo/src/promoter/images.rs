//! Single images, outside of promotions: which digest a tag points to, and copying one.

use promo_core::oci::{Digest, DigestAlgorithm, ImageReference, ManifestReference, RawManifest};
use promo_core::ports::{CopyRequest, DestinationContent, Registry};
use serde::Serialize;

use super::Promoter;
use crate::error::{Error, Result};
use crate::image;

/// `promo.digest/v1`: what an image is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DigestDocument {
    schema: &'static str,
    /// The image as it was named.
    pub image: String,
    /// Its digest.
    pub digest: Digest,
}

/// An image that was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Copied {
    /// Its digest.
    pub digest: Digest,
    /// How its content came there.
    pub content: DestinationContent,
}

impl Promoter {
    /// The digest of an image, held against the bytes of its manifest: one request.
    ///
    /// # Errors
    ///
    /// `PROMO-X010` if it isn't there, and whatever keeps its registry from being read.
    pub async fn digest(&self, image: &ImageReference) -> Result<DigestDocument> {
        let registry = self.registries()?.registry.as_ref();
        Ok(DigestDocument {
            schema: "promo.digest/v1",
            image: image.to_string(),
            digest: image::digest(registry, image).await?,
        })
    }

    /// Copies one image with all that it consists of, byte for byte, its own manifest last. This is no promotion: nothing
    /// is verified or signed, and no evidence comes along. A tag that points to something else isn't moved: it is looked at
    /// before anything is copied and right before it is put. Who writes it in between is not seen, as in a promotion.
    ///
    /// # Errors
    ///
    /// `PROMO-X010` if it isn't there, `PROMO-X041` if the tag belongs to another digest, `PROMO-X042` if the registry
    /// doesn't keep what was put, and whatever keeps a registry from being read or written.
    pub async fn copy(&self, from: &ImageReference, to: &ImageReference) -> Result<Copied> {
        let registries = self.registries()?;
        let registry = registries.registry.as_ref();
        let digest = image::digest(registry, from).await?;
        let target = Target::new(registry, to, digest)?;
        target.demand_free().await?;
        let destinations = vec![to.repository().clone()];
        let request = CopyRequest::new(from.repository().clone(), digest, destinations);
        let copied = registries.copier.copy(&request).await?;
        let mut content = DestinationContent::default();
        for (_, arrived) in copied.destinations {
            content = arrived?;
        }
        target.put(&copied.manifest).await?;
        Ok(Copied { digest, content })
    }
}

/// Where an image is copied to.
struct Target<'a> {
    registry: &'a dyn Registry,
    to: &'a ImageReference,
    /// What the image is put by: the tag, or the digest.
    reference: ManifestReference,
    digest: Digest,
}

impl<'a> Target<'a> {
    /// A digest that was named must be that of the source.
    fn new(registry: &'a dyn Registry, to: &'a ImageReference, digest: Digest) -> Result<Self> {
        let reference = match (to.tag(), to.digest()) {
            (_, Some(named)) if named != digest => {
                return Err(Error::Taken {
                    image: to.to_string(),
                    digest: named,
                });
            }
            (Some(tag), _) => tag.clone().into(),
            (None, _) => digest.into(),
        };
        Ok(Self {
            registry,
            to,
            reference,
            digest,
        })
    }

    /// What is there, by the algorithm of the image's own digest. It takes the manifest itself: by HEAD some registries
    /// show nothing of what is there.
    async fn found(&self) -> Result<Option<Digest>> {
        let repository = self.to.repository();
        let manifest = self.registry.get_manifest(repository, &self.reference);
        let algorithm = self.digest.algorithm();
        let digest = |manifest: RawManifest| Digest::of(algorithm, manifest.bytes());
        Ok(manifest.await?.map(digest))
    }

    /// Refuses to take the place of another image.
    async fn demand_free(&self) -> Result<()> {
        match self.found().await? {
            Some(digest) if digest != self.digest => Err(Error::Taken {
                image: self.to.to_string(),
                digest,
            }),
            _ => Ok(()),
        }
    }

    /// Puts the image's own manifest, and looks at what the registry kept unless its answer told. Copying took its time, so
    /// what is there now decides.
    async fn put(&self, manifest: &RawManifest) -> Result<()> {
        let repository = self.to.repository();
        if self.digest.algorithm() != DigestAlgorithm::Sha256 {
            // A tag alone makes it known by SHA-256 only.
            let by_digest = self.digest.into();
            self.registry
                .put_manifest(repository, &by_digest, manifest)
                .await?;
        }
        self.demand_free().await?;
        let put = self
            .registry
            .put_manifest(repository, &self.reference, manifest)
            .await?;
        if put.digest_confirmed || self.found().await? == Some(self.digest) {
            return Ok(());
        }
        Err(Error::NotKept {
            image: self.to.to_string(),
        })
    }
}
