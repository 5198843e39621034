//! What `verify`, `sign` and `attest` share: an image of the command line, resolved.

use promo_core::identity::{Identity, IdentityRules};
use promo_core::oci::{Descriptor, Digest, DigestAlgorithm, ImageReference, RawManifest};

use crate::app::Registries;
use crate::error::{Error, Result};

/// An image with its digest and public name.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) image: ImageReference,
    pub(crate) descriptor: Descriptor,
    pub(crate) identity: Identity,
    /// The SHA-512 digest of what a tag points to, where the registry names it by another one. Where an image was
    /// promoted by its SHA-512 digest, proof speaks of that.
    pub(crate) by_sha512: Option<Digest>,
}

/// The images of the command line; all are checked before anything is sent.
pub(crate) fn references(texts: &[String]) -> Result<Vec<ImageReference>> {
    texts.iter().map(|text| reference(text)).collect()
}

/// An image of the command line, with a tag or a digest.
pub(crate) fn reference(text: &str) -> Result<ImageReference> {
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

/// The name that was typed as public name of images.
pub(crate) fn identity(text: &str) -> Result<Identity> {
    let repository = text.parse().map_err(|error| Error::Usage {
        message: format!("--identity {text}: {error}"),
        hint: "an identity is a repository without tag, such as `registry.example.com/app`"
            .to_owned(),
    })?;
    Ok(Identity::new(repository))
}

/// Finds out what the image is now: one request.
pub(crate) async fn resolve(
    registries: &Registries,
    identities: &IdentityRules,
    image: ImageReference,
    identity: Option<&Identity>,
) -> Result<Resolved> {
    let manifest = manifest(registries, &image).await?;
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
pub(crate) async fn digest(registries: &Registries, image: &ImageReference) -> Result<Digest> {
    Ok(manifest(registries, image).await?.digest())
}

/// The manifest itself is asked for, not only its head: a subject names media type and size, which some
/// registries don't say.
async fn manifest(registries: &Registries, image: &ImageReference) -> Result<RawManifest> {
    let missing = || Error::ImageMissing {
        image: image.to_string(),
    };
    let reference = image.manifest().ok_or_else(missing)?;
    let manifest = registries
        .registry
        .get_manifest(image.repository(), &reference)
        .await?;
    manifest.ok_or_else(missing)
}

/// Signing by hand needs a key.
pub(crate) fn no_key() -> Error {
    Error::Usage {
        message: "there is no key to sign with".to_owned(),
        hint: "pass `--key cosign.key`; `promo key generate` makes one".to_owned(),
    }
}
