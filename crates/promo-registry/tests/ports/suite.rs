//! Every implementation of a port runs the port's suite, against the embedded registry.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use promo_core::oci::{Descriptor, Digest, Tag};
use promo_core::ports::{BulkList, Capabilities, Registry, RegistryDecorator, Silent};
use promo_registry::copy::{CopySettings, RegistryCopier};
use promo_registry::inventory::{InventoryMethod, InventorySettings, RegistryInventoryReader};
use promo_testkit::image::ImageBuilder;
use promo_testkit::registry::{EmbeddedRegistry, Fault, Matcher, Mounts, Operation};
use promo_testkit::suite::{self, copier, inventory_reader};

use crate::world::{oci_client, repository, start, wire};

async fn base(registry: &dyn Registry) {
    base_at(registry, &start().await).await;
}

async fn base_at(registry: &dyn Registry, embedded: &EmbeddedRegistry) {
    let fixture = suite::registry::BaseFixture {
        repository: repository(embedded, "suite/base"),
        neighbour: repository(embedded, "suite/neighbour"),
        missing: repository(embedded, "suite/missing"),
    };
    suite::registry::base(registry, &fixture).await;
}

async fn checked(registry: &dyn Registry) {
    let embedded = start().await;
    let state = embedded.state();
    let bytes = "these will be altered";
    let blob = state.put_blob("altered", bytes);
    let manifest = state.put_manifest(
        "altered",
        "application/vnd.oci.image.manifest.v1+json",
        r#"{"schemaVersion":2,"config":{},"layers":[]}"#,
    );
    assert!(state.corrupt_blob("altered", &blob));
    assert!(state.corrupt_manifest("altered", &manifest));
    let mut described = Descriptor::of("application/octet-stream", bytes.as_bytes());
    described.digest = blob.parse().unwrap();
    let manifest: Digest = manifest.parse().unwrap();
    let altered = repository(&embedded, "altered");
    suite::registry::checked(registry, &altered, &described, &manifest).await;
}

async fn copier_base(registry: Arc<dyn Registry>) {
    let (source, first, second) = (start().await, start().await, start().await);
    let settings = CopySettings::default();
    let copier = RegistryCopier::new(Arc::clone(&registry), Arc::new(Silent), settings);
    let fixture = copier::CopierFixture {
        source: repository(&source, "staging/app"),
        destinations: vec![
            repository(&first, "prod/app"),
            repository(&second, "prod/app"),
            repository(&second, "mirror/app"),
            repository(&source, "prod/app"),
        ],
    };
    copier::base(&copier, &*registry, &fixture).await;
}

async fn inventory_base(registry: Arc<dyn Registry>) {
    let embedded = start().await;
    embedded.switch(|switches| {
        switches.forbidden.insert("closed".to_owned());
    });
    let settings = InventorySettings::default();
    let reader = RegistryInventoryReader::new(Arc::clone(&registry), settings);
    let fixture = inventory_reader::InventoryFixture {
        path: format!("{}/suite", embedded.host()).parse().unwrap(),
        forbidden: Some(repository(&embedded, "closed")),
    };
    inventory_reader::base(&reader, &*registry, &fixture).await;
}

#[tokio::test]
async fn oci_client_registry_passes_the_base() {
    base(&oci_client(true)).await;
}

#[tokio::test]
async fn oci_client_registry_passes_the_base_when_it_pushes_in_chunks() {
    base(&oci_client(false)).await;
}

#[tokio::test]
async fn oci_client_registry_checks_what_it_reads() {
    checked(&oci_client(true)).await;
}

#[tokio::test]
async fn the_copier_passes_its_suite_over_oci_client() {
    copier_base(Arc::new(oci_client(true))).await;
}

#[tokio::test]
async fn the_inventory_reader_passes_its_suite_over_oci_client() {
    inventory_base(Arc::new(oci_client(true))).await;
}

#[tokio::test]
async fn wire_registry_passes_the_base() {
    base(&*wire()).await;
}

#[tokio::test]
async fn wire_registry_passes_the_base_where_a_blob_may_come_with_the_post() {
    let embedded = start().await;
    embedded.switch(|switches| switches.single_posts = true);
    base_at(&*wire(), &embedded).await;
}

#[tokio::test]
async fn wire_registry_checks_what_it_reads() {
    checked(&*wire()).await;
}

#[tokio::test]
async fn the_copier_passes_its_suite_over_wire() {
    copier_base(wire()).await;
}

#[tokio::test]
async fn the_inventory_reader_passes_its_suite_over_wire() {
    inventory_base(wire()).await;
}

#[tokio::test]
async fn the_inventory_reader_walks_by_the_catalog() {
    walk(false).await;
}

#[tokio::test]
async fn the_inventory_reader_walks_as_google_lists() {
    walk(true).await;
}

async fn walk(is_google: bool) {
    let embedded = start().await;
    embedded.switch(|switches| switches.google_listing = is_google);
    let mut settings = InventorySettings::default();
    if is_google {
        let host = embedded.host().parse().unwrap();
        settings.methods.insert(host, InventoryMethod::BulkList);
    }
    let reader = RegistryInventoryReader::new(wire(), settings);
    let path = format!("{}/walks", embedded.host()).parse().unwrap();
    inventory_reader::walk(&reader, &*wire(), &path).await;
}

#[tokio::test]
async fn wire_registry_keeps_the_fallback_tag() {
    let embedded = start().await;
    embedded.switch(|switches| switches.referrers_api = false);
    let repository = repository(&embedded, "suite/fallback");
    suite::registry::fallback_tag(&*wire(), &repository).await;
}

#[tokio::test]
async fn wire_registry_follows_pages() {
    let embedded = start().await;
    embedded.switch(|switches| switches.tag_page_size = Some(3));
    let image = ImageBuilder::new().build();
    let names: BTreeSet<Tag> = (0..10).map(|n| format!("v{n}").parse().unwrap()).collect();
    for name in &names {
        image.push_to(&embedded.state(), "paged", name.as_str());
    }
    let repository = repository(&embedded, "paged");
    suite::registry::paging(&*wire(), &repository, &names).await;
}

#[tokio::test]
async fn wire_registry_uses_the_session_of_a_refused_mount() {
    let embedded = start().await;
    embedded.switch(|switches| switches.mounts = Mounts::Refused);
    let (to, from) = (repository(&embedded, "to"), repository(&embedded, "from"));
    suite::registry::mount_session(&*wire(), &to, &from).await;
}

#[tokio::test]
async fn wire_registry_caps_manifests() {
    let embedded = start().await;
    let image = ImageBuilder::new().build();
    image.push_to(&embedded.state(), "endless", "v1");
    let matcher = Matcher::any().repository("endless");
    embedded.faults().inject(matcher, Fault::Endless);
    let tag: Tag = "v1".parse().unwrap();
    let repository = repository(&embedded, "endless");
    suite::registry::caps(&*wire(), &repository, &tag.into()).await;
}

#[tokio::test]
async fn wire_registry_tells_the_status() {
    let embedded = start().await;
    embedded.switch(|switches| {
        switches.forbidden.insert("closed".to_owned());
    });
    let matcher = Matcher::any().repository("limited");
    embedded
        .faults()
        .inject(matcher, Fault::too_many_requests(7));
    let fixture = suite::registry::StatusFixture {
        forbidden: repository(&embedded, "closed"),
        limited: repository(&embedded, "limited"),
        retry_after: Duration::from_secs(7),
    };
    suite::registry::status(&*wire(), &fixture).await;
}

/// Stands in front of another registry and changes nothing.
#[derive(Debug)]
struct Transparent(Arc<dyn Registry>);

impl RegistryDecorator for Transparent {
    fn inner(&self) -> &dyn Registry {
        &*self.0
    }
}

fn transparent() -> Arc<dyn Registry> {
    Arc::new(Transparent(wire()))
}

/// Each operation arrives at the registry below, also those that an implementation may leave out.
#[tokio::test]
async fn a_decorator_passes_on_what_it_does_not_change() {
    let decorated = transparent();
    assert_eq!(decorated.capabilities(), Capabilities::ALL);
    base(&*decorated).await;
    checked(&*decorated).await;
    copier_base(transparent()).await;
    inventory_base(transparent()).await;
    let embedded = start().await;
    embedded.switch(|switches| {
        switches.mounts = Mounts::Refused;
        switches.google_listing = true;
    });
    let (to, from) = (repository(&embedded, "to"), repository(&embedded, "from"));
    suite::registry::mount_session(&*decorated, &to, &from).await;
    let listed = decorated.bulk_list(&to).await.unwrap();
    assert!(matches!(listed, BulkList::Listed { .. }), "{listed:?}");
    let catalog = decorated.catalog(&to.host(), None).await.unwrap();
    assert!(catalog.repositories.contains(&to), "{catalog:?}");
    let session = decorated.start_upload(&to).await.unwrap();
    decorated.cancel_upload(&to, session).await.unwrap();
    assert_eq!(embedded.log().count(Operation::UploadCancel), 1);
}
