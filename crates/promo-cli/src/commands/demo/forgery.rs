//! A forgery for the story: somebody who may write to staging takes a real signature of the build team from one image and
//! puts it beside another. The signature holds, the key is the right one; only what it speaks of is something else.

use promo_core::oci::{Descriptor, MediaType, RawManifest, Repository};
use promo_core::ports::{Evidence, EvidenceForms};
use serde_json::{Value, json};

use super::unexpected;
use super::world::World;
use crate::error::Result;
use promo_core::pipeline::StagingPolicy;
use promo_testkit::image::BuiltImage;

/// Puts the signatures of the image `from` beside `image`, which stands in staging as `to`.
pub(super) async fn transplant(
    world: &World,
    from: (&str, &BuiltImage),
    to: (&str, &BuiltImage),
) -> Result<()> {
    let store = world.promoter(StagingPolicy::Off)?.evidence_store()?;
    let (source, destination) = (repository(world, from.0)?, repository(world, to.0)?);
    let digest = from.1.digest().parse();
    let digest = digest.map_err(|_| unexpected("an image has no digest"))?;
    let real = store.read(&source, &digest, EvidenceForms::ALL).await;
    let subject = Descriptor::of(MediaType::OCI_MANIFEST, &to.1.manifest());
    let forged = real.map_err(promo::Error::from)?.evidence;
    let forged: Vec<_> = forged
        .into_iter()
        .filter_map(|piece| about(piece, &subject))
        .collect();
    if forged.is_empty() {
        return Err(unexpected("there is no signature to steal"));
    }
    let attached = store.attach(&destination, &subject, &forged).await;
    attached.map_err(promo::Error::from)?;
    Ok(())
}

fn repository(world: &World, name: &str) -> Result<Repository> {
    let text = format!("{}/staging/{name}", world.staging.host());
    text.parse()
        .map_err(|_| unexpected(format!("{text} is no repository")))
}

/// The same evidence in a manifest that refers to something else.
fn about(piece: Evidence, subject: &Descriptor) -> Option<Evidence> {
    let Evidence::Referrer { manifest, blobs } = piece else {
        return Some(piece);
    };
    let mut written: Value = serde_json::from_slice(manifest.bytes()).ok()?;
    let other = json!({
        "mediaType": subject.media_type,
        "digest": subject.digest,
        "size": subject.size,
    });
    written.as_object_mut()?.insert("subject".to_owned(), other);
    let bytes = serde_json::to_vec(&written).ok()?;
    let algorithm = subject.digest.algorithm();
    let manifest = RawManifest::new(manifest.media_type().clone(), algorithm, bytes.into());
    Some(Evidence::Referrer { manifest, blobs })
}
