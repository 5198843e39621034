//! Single images, outside of promotions: which digest a tag points to, and copying one.

use promo_core::oci::{Digest, ImageReference, ManifestReference};
use promo_core::ports::{CopyRequest, DestinationContent};
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
    /// is verified or signed, and no evidence comes along. A tag that points to something else isn't moved.
    ///
    /// # Errors
    ///
    /// `PROMO-X010` if it isn't there, `PROMO-X041` if the tag belongs to another digest, and whatever keeps a registry
    /// from being read or written.
    pub async fn copy(&self, from: &ImageReference, to: &ImageReference) -> Result<Copied> {
        let registries = self.registries()?;
        let registry = registries.registry.as_ref();
        let digest = image::digest(registry, from).await?;
        let reference = reference_at(to, digest)?;
        let destination = to.repository();
        free(
            registry.head_manifest(destination, &reference).await?,
            to,
            digest,
        )?;
        let request = CopyRequest {
            source: from.repository().clone(),
            digest,
            destinations: vec![destination.clone()],
        };
        let copied = promo_core::ports::Copier::copy(&*registries.copier, &request).await?;
        let mut content = DestinationContent::default();
        for (_, arrived) in copied.destinations {
            content = arrived?;
        }
        // Copying took its time: what the tag is now decides.
        free(
            registry.head_manifest(destination, &reference).await?,
            to,
            digest,
        )?;
        registry
            .put_manifest(destination, &reference, &copied.manifest)
            .await?;
        Ok(Copied { digest, content })
    }
}

/// What the image is put by: the tag, or the digest, which must be that of the source then.
fn reference_at(to: &ImageReference, digest: Digest) -> Result<ManifestReference> {
    match (to.tag(), to.digest()) {
        (_, Some(named)) if named != digest => Err(Error::Taken {
            image: to.to_string(),
            digest: named,
        }),
        (Some(tag), _) => Ok(tag.clone().into()),
        (None, _) => Ok(digest.into()),
    }
}

fn free(
    found: Option<promo_core::ports::ManifestHead>,
    to: &ImageReference,
    digest: Digest,
) -> Result<()> {
    match found {
        Some(head) if head.digest != digest => Err(Error::Taken {
            image: to.to_string(),
            digest: head.digest,
        }),
        _ => Ok(()),
    }
}
