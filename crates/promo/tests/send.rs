//! Every verb's future may be moved to another thread: an embedding program spawns them on a runtime of many threads.

use promo::settings::IdentityPlaces;
use promo::{Extent, IdentityTokenSource, PlanRequest, PromoteRequest, Promoter, SnapshotRequest};
use promo_core::evidence::Demand;
use promo_core::manifest::ManifestSet;
use promo_core::oci::{ImageReference, RegistryPath, Repository};
use promo_core::plan::SavedPlan;
use promo_sign::KeyVerifier;

fn is_send<T: Send>(future: T) {
    // Nothing is run: whether this compiles is the test.
    drop(future);
}

#[expect(dead_code, reason = "whether it compiles is the test")]
fn all_verbs(
    promoter: &Promoter,
    saved: &SavedPlan,
    set: &ManifestSet,
    image: &ImageReference,
    repository: &Repository,
    registry: &RegistryPath,
) {
    let request = PromoteRequest::new(Extent::Confirmed);
    let images = || vec![image.clone()];
    let judge = KeyVerifier::new([]).trusting_all();
    is_send(promoter.plan(&PlanRequest::default()));
    is_send(promoter.promote(&request));
    is_send(promoter.promote_set(set, &request));
    is_send(promoter.apply(saved, &request));
    is_send(promoter.snapshot(&SnapshotRequest::new(registry.clone())));
    is_send(promoter.verify(images(), &judge, &Demand::default()));
    is_send(promoter.sign(images(), None, Extent::DryRun));
    is_send(promoter.attest(images(), repository, None, Extent::DryRun));
    is_send(promoter.resolve(image.clone(), None));
    is_send(promoter.digest(image));
    is_send(promoter.copy(image, image));
    is_send(promoter.add(image, &[]));
    is_send(promoter.confirmed());
    let (source, places) = (IdentityTokenSource::Auto, IdentityPlaces::default());
    is_send(promoter.identity_token(&source, &places, "sigstore"));
}
