//! What a registry shows under a reference, as publish has to believe it.

use super::flow::Run;
use crate::oci::{Digest, ManifestReference, Repository};
use crate::ports::Failure;

/// The digest that a registry shows. By HEAD some show nothing of what is there, so it takes a GET to believe that
/// there is nothing.
pub(super) async fn shown(
    run: &Run,
    repository: &Repository,
    reference: &ManifestReference,
    by_get: bool,
) -> Result<Option<Digest>, Failure> {
    let registry = &run.ports.registry;
    if by_get {
        let manifest = registry.get_manifest(repository, reference).await;
        return Ok(manifest?.map(|manifest| manifest.digest()));
    }
    let head = registry.head_manifest(repository, reference).await;
    Ok(head?.map(|head| head.digest))
}
