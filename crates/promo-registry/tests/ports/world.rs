//! Registries on loopback, clients of them, and the world of a copy: a source, two mirrors, and a copier.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use oci_client::client::{ClientConfig, ClientProtocol};
use promo_core::oci::{Digest, Repository};
use promo_core::ports::{
    Clock, CopiedContent, Copier, CopyRequest, DestinationContent, Failure, Registry, Silent, Sleep,
};
use promo_registry::copy::{CopySettings, RegistryCopier};
use promo_registry::{Caps, OciClientRegistry, WireRegistry};
use promo_testkit::image::BuiltImage;
use promo_testkit::registry::{EmbeddedRegistry, Operation, RegistryOptions};

/// Where images come from, at the source.
pub(crate) const STAGING: &str = "staging/app";
/// Where they go, at the mirrors.
pub(crate) const PROD: &str = "prod/app";

pub(crate) struct World {
    pub(crate) source: EmbeddedRegistry,
    pub(crate) first: EmbeddedRegistry,
    pub(crate) second: EmbeddedRegistry,
    pub(crate) copier: RegistryCopier,
}

/// A clock that jumps ahead instead of waiting, so that pauses between repetitions cost no time.
#[derive(Debug, Default)]
struct Jumping {
    ahead: Mutex<Duration>,
}

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        Timestamp::now() + *self.ahead.lock().unwrap()
    }
}

#[async_trait]
impl Sleep for Jumping {
    async fn sleep(&self, pause: Duration) {
        *self.ahead.lock().unwrap() += pause;
        tokio::task::yield_now().await;
    }
}

pub(crate) fn wire() -> Arc<dyn Registry> {
    wire_with(Caps::default())
}

pub(crate) fn wire_with(caps: Caps) -> Arc<dyn Registry> {
    let time = Arc::new(Jumping::default());
    let registry = WireRegistry::builder(time.clone(), time).caps(caps).build();
    Arc::new(registry.unwrap())
}

pub(crate) fn oci_client(is_monolithic: bool) -> OciClientRegistry {
    let client = oci_client::Client::new(ClientConfig {
        protocol: ClientProtocol::Http,
        use_monolithic_push: is_monolithic,
        ..ClientConfig::default()
    });
    OciClientRegistry::new(client, BTreeMap::new(), Duration::from_secs(20))
}

pub(crate) async fn start() -> EmbeddedRegistry {
    EmbeddedRegistry::start(RegistryOptions::default())
        .await
        .unwrap()
}

pub(crate) fn repository(registry: &EmbeddedRegistry, name: &str) -> Repository {
    format!("{}/{name}", registry.host()).parse().unwrap()
}

pub(crate) fn digest(image: &BuiltImage) -> Digest {
    image.digest().parse().unwrap()
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(CopySettings::default()).await
    }

    pub(crate) async fn with(settings: CopySettings) -> Self {
        Self {
            source: start().await,
            first: start().await,
            second: start().await,
            copier: RegistryCopier::new(wire(), Arc::new(Silent), without_pauses(settings)),
        }
    }

    /// Another run: it knows nothing of the first.
    pub(crate) fn another_run(&mut self) {
        self.copier = RegistryCopier::new(
            wire(),
            Arc::new(Silent),
            without_pauses(CopySettings::default()),
        );
        for registry in [&self.source, &self.first, &self.second] {
            registry.log().clear();
        }
    }

    /// Puts an image into the source and asks for it at both mirrors.
    pub(crate) fn staged(&self, image: &BuiltImage) -> CopyRequest {
        image.push_untagged(&self.source.state(), STAGING);
        self.request(image, &[&self.first, &self.second])
    }

    pub(crate) fn request(&self, image: &BuiltImage, mirrors: &[&EmbeddedRegistry]) -> CopyRequest {
        CopyRequest::new(
            repository(&self.source, STAGING),
            digest(image),
            mirrors
                .iter()
                .map(|mirror| repository(mirror, PROD))
                .collect(),
        )
    }

    pub(crate) async fn copy(&self, request: &CopyRequest) -> Result<CopiedContent, Failure> {
        self.copier.copy(request).await
    }
}

/// The outcome of a destination that all went well at.
pub(crate) fn content(copied: &CopiedContent, index: usize) -> DestinationContent {
    let (repository, outcome) = &copied.destinations[index];
    match outcome {
        Ok(content) => *content,
        Err(failure) => panic!("{repository}: {}", failure.chain()),
    }
}

/// The failure of a destination.
pub(crate) fn failure(copied: &CopiedContent, index: usize) -> &Failure {
    copied.destinations[index].1.as_ref().unwrap_err()
}

/// All requests by operation.
pub(crate) fn counts(registry: &EmbeddedRegistry) -> BTreeMap<Operation, usize> {
    registry.log().counts()
}

/// What was expected, to compare with [`counts`].
pub(crate) fn expected<const N: usize>(
    counts: [(Operation, usize); N],
) -> BTreeMap<Operation, usize> {
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

/// Pauses between repetitions cost no time here.
fn without_pauses(mut settings: CopySettings) -> CopySettings {
    settings.pause = Duration::ZERO;
    settings
}
