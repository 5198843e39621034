//! What manifests ask of the provenance of images: the policy of a source registry holds for all repositories in it, also
//! for those of other manifests.

use std::collections::BTreeMap;

use crate::manifest::{ManifestSet, Provenance, ProvenanceMode};
use crate::oci::{RegistryPath, Repository};

/// What the promoter manifests ask of the provenance of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum ProvenanceDemand {
    /// Nothing that keeps it from being promoted.
    #[default]
    None,
    /// A policy has to be met.
    Required,
    /// A section that can't be used: it can't be met.
    Unusable,
}

impl ProvenanceDemand {
    fn of(provenance: &Provenance) -> Self {
        match provenance {
            Provenance::Off => Self::None,
            Provenance::Unusable => Self::Unusable,
            Provenance::Asked(policy) => match policy.mode() {
                ProvenanceMode::Warn => Self::None,
                ProvenanceMode::Require => Self::Required,
            },
        }
    }
}

/// The source registries with a demand.
pub(super) struct ProvenanceDemands<'a>(BTreeMap<&'a RegistryPath, ProvenanceDemand>);

impl<'a> ProvenanceDemands<'a> {
    pub(super) fn new(set: &'a ManifestSet) -> Self {
        let mut demands = BTreeMap::new();
        for manifest in set.manifests() {
            let demand = ProvenanceDemand::of(manifest.provenance());
            if demand > ProvenanceDemand::None {
                let strictest = demands.entry(manifest.source()).or_insert(demand);
                *strictest = demand.max(*strictest);
            }
        }
        Self(demands)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The strictest demand of the registries that a repository lies in.
    pub(super) fn of(&self, repository: &Repository) -> ProvenanceDemand {
        let within = self
            .0
            .iter()
            .filter(|(registry, _)| registry.relative(repository).is_some());
        within.map(|(_, demand)| *demand).max().unwrap_or_default()
    }
}
