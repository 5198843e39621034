//! A process that promotes in a world: its ports, all of them the real ones over the world's client, and a run.

use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock};

use promo::TokioSleep;
use promo_core::manifest::ManifestSet;
use promo_core::pipeline::{
    self, Confirmed, Interrupt, Ports, RegistryPorts, RunError, RunSettings, Signing, SigningPorts,
};
use promo_core::plan::PlanOptions;
use promo_core::ports::{Copier, Registry, Silent};
use promo_core::report::Report;
use promo_core::trust::Judge;
use promo_registry::copy::{CopySettings, RegistryCopier};
use promo_registry::inventory::{InventorySettings, RegistryInventoryReader};
use promo_sign::{ImageSigner, KeyVerifier, OciEvidenceStore, PromotionAttester, SigningKey};
use promo_testkit::time::StillTime;
use promo_testkit::world::{World, WorldRegistry};

use crate::case::Case;
use crate::world;

/// Ed25519: the same message gives the same signature, so that a seed gives the same digests.
const KEY: &[u8] = b"-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIG3JqYo/ChB87ctJ77pRjWFTS0n3O6zLxV+EHSM/Ktfe
-----END PRIVATE KEY-----
";

static SIGNING_KEY: LazyLock<Arc<SigningKey>> =
    LazyLock::new(|| Arc::new(SigningKey::from_pem(KEY, None).unwrap()));

/// What judges evidence of our own.
pub(crate) fn judge() -> Judge {
    KeyVerifier::new([SIGNING_KEY.public_key().clone()])
        .trusting_all()
        .requiring_names()
}

/// What a mutant puts in the place of parts.
pub(crate) trait Parts {
    /// The registry that everything goes through.
    fn registry(&self, world: &World, registry: Arc<dyn Registry>) -> Arc<dyn Registry> {
        let _ = world;
        registry
    }

    /// What copies.
    fn copier(&self, registry: &Arc<dyn Registry>, copier: Arc<dyn Copier>) -> Arc<dyn Copier> {
        let _ = registry;
        copier
    }
}

/// How inventories are read.
fn inventories(case: &Case) -> InventorySettings {
    let mut settings = InventorySettings::default();
    let methods = case.methods.iter();
    settings.methods = methods
        .map(|(host, method)| (host.parse().unwrap(), *method))
        .collect();
    settings
}

/// The parts as they are.
#[derive(Debug)]
pub(crate) struct AsTheyAre;

impl Parts for AsTheyAre {}

/// A process.
pub(crate) struct Process {
    client: Arc<WorldRegistry>,
    ports: Ports,
    signing: SigningPorts,
    settings: RunSettings,
    pub(crate) interrupt: Interrupt,
}

impl Process {
    pub(crate) fn start(case: &Case, world: &World, parts: &dyn Parts) -> Self {
        let client = Arc::new(world.process());
        let registry = parts.registry(world, client.clone());
        let copier = RegistryCopier::new(
            Arc::clone(&registry),
            Arc::new(Silent),
            CopySettings::default(),
        );
        let registries = RegistryPorts {
            inventory: Arc::new(RegistryInventoryReader::new(
                Arc::clone(&registry),
                inventories(case),
            )),
            copier: parts.copier(&registry, Arc::new(copier)),
            evidence: Arc::new(
                OciEvidenceStore::new(Arc::clone(&registry)).waiting_by(Arc::new(TokioSleep)),
            ),
            registry,
        };
        let key = &*SIGNING_KEY;
        let mut plan = PlanOptions::default();
        plan.identities = world::identities(case);
        let mut settings = RunSettings::new("https://promo.example@test", plan);
        settings.concurrency = NonZeroUsize::new(case.concurrency).unwrap();
        settings.recursive = case.recursive;
        settings.shard = NonZeroUsize::new(case.shard).unwrap();
        Self {
            client,
            ports: Ports::new(registries, Arc::new(StillTime), Arc::new(TokioSleep)),
            signing: SigningPorts {
                signer: Arc::new(ImageSigner::new(Arc::clone(key), Arc::new(StillTime))),
                attester: Arc::new(PromotionAttester::new(Arc::clone(key), Arc::new(StillTime))),
                judge: judge(),
            },
            settings,
            interrupt: Interrupt::new(),
        }
    }

    /// Promotes, to the end.
    pub(crate) async fn run(&self, set: &ManifestSet) -> Result<Report, RunError> {
        let confirmed = Confirmed::new(Signing::With(self.signing.clone())).await?;
        let (settings, ports) = (self.settings.clone(), self.ports.clone());
        let ended = pipeline::run(settings, ports, confirmed, self.interrupt.clone(), set).await;
        ended.map(Report::new)
    }

    /// The process is gone.
    pub(crate) fn kill(&self) {
        self.client.kill();
    }
}
