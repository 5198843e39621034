//! Images by reference: parsed, and resolved to what their registry holds now. Verifying, signing and attesting begin
//! here.

use promo_core::identity::{Identity, IdentityRules};
use promo_core::oci::{
    Descriptor, Digest, DigestAlgorithm, ImageReference, RawManifest, RepositoryError,
};
use promo_core::ports::Registry;

use crate::error::{Error, Result};

/// An image with its digest and public name.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The image as it was named.
    pub image: ImageReference,
    /// Its manifest: type, digest and size.
    pub descriptor: Descriptor,
    /// Its public name.
    pub identity: Identity,
    /// The SHA-512 digest of what a tag points to, where the registry names it by another one. Where an image was
    /// promoted by its SHA-512 digest, evidence speaks of that.
    pub by_sha512: Option<Digest>,
}

/// Images, each with a tag or a digest; all are checked before anything is sent.
///
/// # Errors
///
/// `PROMO-X009`: one of them is no image.
pub fn references(texts: &[String]) -> Result<Vec<ImageReference>> {
    texts.iter().map(|text| reference(text)).collect()
}

/// An image with a tag or a digest.
pub fn reference(text: &str) -> Result<ImageReference> {
    let image: ImageReference = text.parse().map_err(|error| Error::Image {
        text: text.to_owned(),
        source: Box::new(error),
    })?;
    if image.manifest().is_none() {
        return Err(Error::Image {
            text: text.to_owned(),
            source: "it has neither a tag nor a digest".into(),
        });
    }
    Ok(image)
}

/// A public name of images: a repository.
pub fn identity(text: &str) -> Result<Identity> {
    let repository = text
        .parse()
        .map_err(|error: RepositoryError| Error::Argument {
            name: format!("the identity `{text}`"),
            problem: error.to_string(),
            expected: "an identity is a repository without tag, such as `registry.example.com/app`",
        })?;
    Ok(Identity::new(repository))
}

/// Finds out what the image is now: one request.
pub(crate) async fn resolve(
    registry: &dyn Registry,
    identities: &IdentityRules,
    image: ImageReference,
    identity: Option<&Identity>,
) -> Result<Resolved> {
    let manifest = manifest(registry, &image).await?;
    let is_other = manifest.digest().algorithm() != DigestAlgorithm::Sha512;
    let by_sha512 = (is_other && image.digest().is_none())
        .then(|| Digest::of(DigestAlgorithm::Sha512, manifest.bytes()));
    Ok(Resolved {
        identity: match identity {
            Some(identity) => identity.clone(),
            None => identities.identity(image.repository()),
        },
        descriptor: manifest.descriptor(),
        by_sha512,
        image,
    })
}

/// The digest of an image, held against its bytes: one request.
pub(crate) async fn digest(registry: &dyn Registry, image: &ImageReference) -> Result<Digest> {
    Ok(manifest(registry, image).await?.digest())
}

/// The manifest itself is asked for, not only its head: a subject names media type and size, which some
/// registries don't say.
async fn manifest(registry: &dyn Registry, image: &ImageReference) -> Result<RawManifest> {
    let missing = || Error::ImageMissing {
        image: image.to_string(),
    };
    let reference = image.manifest().ok_or_else(missing)?;
    let manifest = registry
        .get_manifest(image.repository(), &reference)
        .await?;
    manifest.ok_or_else(missing)
}
