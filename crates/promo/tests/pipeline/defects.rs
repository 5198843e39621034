//! Ports that panic: what they worked on is blocked with a code, the rest of the run goes on, and nobody waits for ever.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use promo_core::oci::{Descriptor, Digest, ManifestReference, RawManifest, Repository};
use promo_core::pipeline::Interrupt;
use promo_core::ports::{
    BlobStream, Event, Failure, ManifestHead, Mount, Observer, PutManifest, ReferrerList, Registry,
    RegistryDecorator, UploadSession,
};
use promo_core::report::{Report, RunOutcome};
use promo_registry::copy::{CopySettings, RegistryCopier};
use promo_registry::inventory::{InventorySettings, RegistryInventoryReader};
use promo_testkit::image::{ImageBuilder, Layer};

use crate::world::{self, World, WorldPorts, blocked_codes, image, want};

/// Which call panics, of those that are made for one repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    HeadManifest,
    GetManifest,
    PutManifest,
    GetBlob,
    StartUpload,
    PutBlob,
    Mount,
    Referrers,
}

/// A registry with a defect that one repository meets.
#[derive(Debug)]
struct Defective {
    inner: Arc<dyn Registry>,
    call: Call,
    repository: Repository,
}

impl Defective {
    fn meet(&self, call: Call, repository: &Repository) {
        assert!(
            call != self.call || *repository != self.repository,
            "a defect in {call:?}"
        );
    }
}

#[async_trait]
impl RegistryDecorator for Defective {
    fn inner(&self) -> &dyn Registry {
        &*self.inner
    }

    async fn head_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<ManifestHead>, Failure> {
        self.meet(Call::HeadManifest, repository);
        self.inner.head_manifest(repository, reference).await
    }

    async fn get_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<RawManifest>, Failure> {
        self.meet(Call::GetManifest, repository);
        self.inner.get_manifest(repository, reference).await
    }

    async fn put_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<PutManifest, Failure> {
        self.meet(Call::PutManifest, repository);
        self.inner
            .put_manifest(repository, reference, manifest)
            .await
    }

    async fn get_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
    ) -> Result<Option<BlobStream>, Failure> {
        self.meet(Call::GetBlob, repository);
        self.inner.get_blob(repository, blob).await
    }

    async fn start_upload(&self, repository: &Repository) -> Result<UploadSession, Failure> {
        self.meet(Call::StartUpload, repository);
        self.inner.start_upload(repository).await
    }

    async fn put_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        session: UploadSession,
        body: BlobStream,
    ) -> Result<(), Failure> {
        self.meet(Call::PutBlob, repository);
        self.inner.put_blob(repository, blob, session, body).await
    }

    /// Its parts have the defects of an upload.
    async fn put_whole_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        bytes: Bytes,
    ) -> Result<(), Failure> {
        self.meet(Call::StartUpload, repository);
        self.meet(Call::PutBlob, repository);
        self.inner.put_whole_blob(repository, blob, bytes).await
    }

    async fn mount_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        from: &Repository,
    ) -> Result<Mount, Failure> {
        self.meet(Call::Mount, repository);
        self.inner.mount_blob(repository, digest, from).await
    }

    async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ReferrerList, Failure> {
        self.meet(Call::Referrers, repository);
        self.inner.referrers(repository, digest).await
    }
}

/// Ports on a registry with this defect.
fn defective(world: &World, call: Call, repository: Repository) -> WorldPorts {
    let mut ports = world.ports();
    let registry: Arc<dyn Registry> = Arc::new(Defective {
        inner: Arc::clone(&ports.registry),
        call,
        repository,
    });
    ports.inventory = Arc::new(RegistryInventoryReader::new(
        Arc::clone(&registry),
        InventorySettings::default(),
    ));
    ports.copier = Arc::new(RegistryCopier::new(
        Arc::clone(&registry),
        Arc::clone(&ports.observer),
        CopySettings::default(),
    ));
    ports.evidence = Arc::new(promo_sign::OciEvidenceStore::new(Arc::clone(&registry)));
    ports.registry = registry;
    ports
}

/// Two images that share a layer, to two mirrors, with a defect.
async fn run_with(call: Call, at: impl Fn(&World) -> String) -> (World, Report) {
    let world = World::start().await;
    let shared = Layer::opaque(7, 5000);
    let images: Vec<_> = [1, 2]
        .map(|seed| {
            ImageBuilder::new()
                .layer(shared.clone())
                .layer(Layer::opaque(seed, 100))
                .build()
        })
        .into();
    world.stage("app", &images[0]);
    world.stage("bar", &images[1]);
    let set = world.set(&[
        want("app", &images[0], &["v1"]),
        want("bar", &images[1], &["v1"]),
    ]);
    let ports = defective(&world, call, at(&world).parse().unwrap());
    let report = world::run(world.settings(), ports, Interrupt::new(), &set)
        .await
        .unwrap();
    (world, report)
}

#[tokio::test]
async fn a_panic_at_one_destination_ends_that_edge_alone() {
    for call in [
        Call::HeadManifest,
        Call::PutManifest,
        Call::StartUpload,
        Call::PutBlob,
        Call::Mount,
        Call::Referrers,
    ] {
        let (world, report) = run_with(call, |world| {
            format!("{}/prod/app", world.mirrors[1].host())
        })
        .await;

        assert_eq!(report.totals.published, 3, "{call:?}: {report:#?}");
        assert_eq!(report.outcome(), RunOutcome::Partial, "{call:?}");
        // What could not be read is blocked by the plan, everything else by its phase.
        if call != Call::HeadManifest {
            assert_eq!(blocked_codes(&report), ["PROMO-C011"], "{call:?}");
        }
        world.assert_promise().await;
    }
}

#[tokio::test]
async fn a_panic_at_the_source_ends_that_image_alone() {
    for call in [Call::GetManifest, Call::GetBlob] {
        let (world, report) =
            run_with(call, |world| format!("{}/team/app", world.staging.host())).await;

        assert_eq!(report.totals.published, 2, "{call:?}: {report:#?}");
        // The manifest is read for the plan, which blocks what it can't read; everything else is blocked by its phase.
        if call != Call::GetManifest {
            assert_eq!(blocked_codes(&report), ["PROMO-C011"; 2], "{call:?}");
        }
        world.assert_promise().await;
    }
}

#[derive(Debug)]
struct Clumsy;

impl Observer for Clumsy {
    fn observe(&self, event: &Event) {
        assert!(!matches!(event, Event::ItemDone { .. }), "clumsy");
    }
}

#[tokio::test]
async fn an_observer_that_panics_holds_nothing_up() {
    let world = World::start().await;
    let one = image(1);
    world.stage("app", &one);
    let set = world.set(&[want("app", &one, &["v1"])]);
    let mut ports = world.ports();
    ports.observer = Arc::new(Clumsy);

    let report = world::run(world.settings(), ports, Interrupt::new(), &set)
        .await
        .unwrap();

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
}
