//! Puts the manifests below an image's own: children before parents.

use futures_util::{StreamExt as _, stream};
use promo_core::oci::{ManifestReference, RawManifest};

use super::RegistryCopier;
use super::destinations::Destination;

impl RegistryCopier {
    /// Puts `groups`, one after the other, to a destination that is still going.
    pub(super) async fn put_children(
        &self,
        groups: &[Vec<RawManifest>],
        destination: &Destination,
    ) {
        for group in groups {
            if !destination.is_going() {
                return;
            }
            let putting: Vec<_> = group
                .iter()
                .map(|child| self.put_child(child, destination))
                .collect();
            stream::iter(putting)
                .buffer_unordered(self.settings.manifests.max(1))
                .collect::<()>()
                .await;
        }
    }

    async fn put_child(&self, child: &RawManifest, destination: &Destination) {
        let repository = destination.repository();
        if !destination.is_going() || self.deliveries.has_manifest(repository, &child.digest()) {
            return;
        }
        let reference = ManifestReference::Digest(child.digest());
        match self
            .registry
            .put_manifest(repository, &reference, child)
            .await
        {
            Ok(_) => {
                self.deliveries.manifest_arrived(repository, child.digest());
                destination.child_arrived();
            }
            Err(failure) => destination.fail(failure),
        }
    }
}
