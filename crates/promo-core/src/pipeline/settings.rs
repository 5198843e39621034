//! What a run is told and what it works with: settings and ports, as values.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use serde::Serialize;

use super::StagingTrust;
use crate::oci::{RegistryHost, Repository};
use crate::plan::PlanOptions;
use crate::ports::{
    Clock, Contained, Copier, EvidenceStore, Gate, InventoryReader, Observer, RecordedManifest,
    Registry, Silent, Sleep,
};
use crate::trust::Judge;

/// What is asked of the signatures that images have in staging.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum StagingPolicy {
    /// They are not looked at, and none is carried.
    Off,
    /// An image may be unsigned or signed by strangers; where evidence claims an accepted key, a signature must hold.
    IfPresent,
    /// Every image needs a signature by an accepted key.
    Require,
}

/// What is asked about where images were built. In this version nothing can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ProvenancePolicy {
    /// Provenance is not looked at; the report says that it wasn't asked for.
    Off,
}

/// Which mirrors receive evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvidenceScope {
    /// Each mirror, the same bytes.
    AllMirrors,
    /// Only the mirror on this host; where an image has none there, the first by name.
    Canonical(RegistryHost),
}

/// The settings of a run. What it is to do in the end is no setting but a type ([`Intent`](super::Intent)).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RunSettings {
    /// What is asked of signatures in staging.
    pub staging: StagingPolicy,
    /// What is trusted of staging besides its keys.
    pub trust: StagingTrust,
    /// What is asked about provenance.
    pub provenance: ProvenancePolicy,
    /// Types of artifacts that refer to an image in staging and are copied with it as they are.
    pub carry: BTreeSet<String>,
    /// Whether the children of an index are signed and attested as well.
    pub recursive: bool,
    /// Which mirrors receive evidence.
    pub evidence: EvidenceScope,
    /// What the plan is asked.
    pub plan: PlanOptions,
    /// How many images are worked on at once, at each mirror.
    pub concurrency: NonZeroUsize,
    /// How many images are gone through together, from validate to publish, before the next are begun.
    pub shard: NonZeroUsize,
    /// Who promotes, as the attestation says it: `https://…@VERSION`.
    pub builder_id: String,
    /// Where the tree is kept, for the attestation: the image's file is put into `name`.
    pub recorded: Option<RecordedManifest>,
}

impl RunSettings {
    /// Settings of a run by this builder that plans with these options: staging's signatures are not looked at, every
    /// mirror receives evidence, 64 images are worked on at once. Everything else is set on the value.
    pub fn new(builder_id: impl Into<String>, plan: PlanOptions) -> Self {
        Self {
            staging: StagingPolicy::Off,
            trust: StagingTrust::default(),
            provenance: ProvenancePolicy::Off,
            carry: BTreeSet::new(),
            recursive: false,
            evidence: EvidenceScope::AllMirrors,
            plan,
            concurrency: CONCURRENCY,
            shard: SHARD,
            builder_id: builder_id.into(),
            recorded: None,
        }
    }
}

/// How many images are worked on at once at each mirror, unless settings say otherwise. What a host is sent at once is
/// its budget's matter.
pub const CONCURRENCY: NonZeroUsize = NonZeroUsize::new(128).unwrap();

/// How many images are gone through together, unless settings say otherwise.
pub const SHARD: NonZeroUsize = NonZeroUsize::new(1000).unwrap();

/// The ports that a run works with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Ports {
    /// The registries.
    pub registry: Arc<dyn Registry>,
    /// Reads inventories.
    pub inventory: Arc<dyn InventoryReader>,
    /// Copies content.
    pub copier: Arc<dyn Copier>,
    /// Reads and attaches evidence.
    pub evidence: Arc<dyn EvidenceStore>,
    /// Judges signatures of staging, if they are looked at.
    pub staging: Option<Judge>,
    /// Who decides whether an image may go to production, in this order; the first objection counts.
    pub gates: Vec<Arc<dyn Gate>>,
    /// Takes events.
    pub observer: Arc<dyn Observer>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Waits before a tag is put again.
    pub sleep: Arc<dyn Sleep>,
}

/// The ports to registries.
#[derive(Debug, Clone)]
pub struct RegistryPorts {
    /// The registries.
    pub registry: Arc<dyn Registry>,
    /// Reads inventories.
    pub inventory: Arc<dyn InventoryReader>,
    /// Copies content.
    pub copier: Arc<dyn Copier>,
    /// Reads and attaches evidence.
    pub evidence: Arc<dyn EvidenceStore>,
}

impl Ports {
    /// Ports over registries, with a clock. Until the fields are set, staging is not judged and events go nowhere.
    pub fn new(registries: RegistryPorts, clock: Arc<dyn Clock>, sleep: Arc<dyn Sleep>) -> Self {
        Self {
            registry: registries.registry,
            inventory: registries.inventory,
            copier: registries.copier,
            evidence: registries.evidence,
            staging: None,
            gates: Vec::new(),
            observer: Arc::new(Silent),
            clock,
            sleep,
        }
    }

    /// The same, but that what panics fails.
    pub(super) fn contained(self) -> Self {
        Self {
            registry: Arc::new(Contained::new(self.registry)),
            inventory: Arc::new(Contained::new(self.inventory)),
            copier: Arc::new(Contained::new(self.copier)),
            evidence: Arc::new(Contained::new(self.evidence)),
            staging: self.staging.map(Judge::contained),
            gates: self
                .gates
                .into_iter()
                .map(|gate| Arc::new(Contained::new(gate)) as Arc<dyn Gate>)
                .collect(),
            observer: Arc::new(Contained::new(self.observer)),
            clock: self.clock,
            sleep: self.sleep,
        }
    }
}

/// The one repository among all destinations of an image that receives evidence.
pub(super) fn canonical<'a>(
    host: &RegistryHost,
    all: &'a BTreeSet<Repository>,
) -> Option<&'a Repository> {
    all.iter()
        .find(|repository| repository.host_str() == host.as_str())
        .or(all.first())
}
