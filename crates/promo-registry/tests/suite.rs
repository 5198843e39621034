//! Every implementation of a port runs the port's suite, against the embedded registry.

#![expect(clippy::unwrap_used, reason = "what prepares a test panics where it can't")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use oci_client::client::{ClientConfig, ClientProtocol};
use promo_core::oci::{Descriptor, Digest, Repository};
use promo_core::ports::{Clock, Registry, Silent, Sleep};
use promo_registry::copy::{CopySettings, RegistryCopier};
use promo_registry::inventory::{InventorySettings, RegistryInventoryReader};
use promo_registry::{OciClientRegistry, WireRegistry};
use promo_testkit::registry::{EmbeddedRegistry, RegistryOptions};
use promo_testkit::suite::{self, copier, inventory_reader};

async fn start() -> EmbeddedRegistry {
    EmbeddedRegistry::start(RegistryOptions::default())
        .await
        .unwrap()
}

fn repository(registry: &EmbeddedRegistry, name: &str) -> Repository {
    format!("{}/{name}", registry.host()).parse().unwrap()
}

fn oci_client(is_monolithic: bool) -> OciClientRegistry {
    let client = oci_client::Client::new(ClientConfig {
        protocol: ClientProtocol::Http,
        use_monolithic_push: is_monolithic,
        ..ClientConfig::default()
    });
    OciClientRegistry::new(client, BTreeMap::new(), Duration::from_secs(20))
}

async fn base(registry: &dyn Registry) {
    let embedded = start().await;
    let fixture = suite::registry::BaseFixture {
        repository: repository(&embedded, "suite/base"),
        neighbour: repository(&embedded, "suite/neighbour"),
        missing: repository(&embedded, "suite/missing"),
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

#[derive(Debug)]
struct Time;

impl Clock for Time {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

#[async_trait::async_trait]
impl Sleep for Time {
    async fn sleep(&self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}

fn wire() -> WireRegistry {
    WireRegistry::builder(Arc::new(Time), Arc::new(Time))
        .build()
        .unwrap()
}

#[tokio::test]
async fn wire_registry_passes_the_base() {
    base(&wire()).await;
}

#[tokio::test]
async fn wire_registry_checks_what_it_reads() {
    checked(&wire()).await;
}

#[tokio::test]
async fn the_copier_passes_its_suite_over_wire() {
    copier_base(Arc::new(wire())).await;
}

#[tokio::test]
async fn the_inventory_reader_passes_its_suite_over_wire() {
    inventory_base(Arc::new(wire())).await;
}
