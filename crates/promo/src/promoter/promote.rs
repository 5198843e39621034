//! Promotions: all phases up to the report, or phase by phase for those who want to look in between.

use std::num::NonZeroUsize;
use std::sync::Arc;

use promo_core::manifest::ManifestSet;
use promo_core::oci::ImageReference;
use promo_core::pipeline::{
    self, EdgeResult, Interrupt, Mode, Ports, ProvenancePolicy, Ready, RunSettings,
};
use promo_core::plan::PlanOptions;
use promo_core::report::Report;
use promo_sign::link::{Link, LinkKey};

use super::Promoter;
use crate::error::Result;
use crate::keys;

/// How many images a phase works on at once.
pub const CONCURRENCY: NonZeroUsize = NonZeroUsize::new(16).unwrap();

/// How far a promotion goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// Up to validate; nothing is written to any registry.
    #[default]
    DryRun,
    /// All the way: copy, sign, attest, publish.
    Confirmed,
}

/// How a promotion is carried out.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct PromoteRequest {
    /// How far it goes.
    pub extent: Extent,
    /// Whether what is published already is examined, too, and its evidence completed.
    pub complete: bool,
    /// What ends it before its end.
    pub interrupt: Interrupt,
}

impl PromoteRequest {
    /// A dry run, or a confirmed one.
    pub fn new(extent: Extent) -> Self {
        Self {
            extent,
            ..Self::default()
        }
    }
}

impl Promoter {
    /// Promotes what the promoter manifests of the settings want: all phases, up to the report.
    ///
    /// # Errors
    ///
    /// What keeps the run as a whole from going on: `PROMO-M…`, `PROMO-C001` to `PROMO-C006`, and settings that can't
    /// be used. What becomes of single edges is in the report.
    pub async fn promote(&self, request: &PromoteRequest) -> Result<Report> {
        let (_, set) = self.manifests()?;
        self.promote_set(&set, request).await
    }

    /// Promotes what these promoter manifests want, wherever they come from.
    ///
    /// # Errors
    ///
    /// As [`Self::promote`].
    pub async fn promote_set(&self, set: &ManifestSet, request: &PromoteRequest) -> Result<Report> {
        let options = self.plan_options(set, request.complete)?;
        let settings = self.run_settings(request.extent, options);
        let ready = self.ready(settings, request.interrupt.clone()).await?;
        Ok(pipeline::carry_out(ready.plan(set).await?).await)
    }

    /// A run that has shown that it can do what it is asked, to be carried out phase by phase.
    ///
    /// # Errors
    ///
    /// As [`Self::promote`], but for the promoter manifests.
    pub async fn ready(&self, settings: RunSettings, interrupt: Interrupt) -> Result<Ready> {
        let ports = self.ports()?;
        self.tell_of_shared_keys();
        Ok(Ready::setup(settings, ports, interrupt).await?)
    }

    /// The settings of a run that plans with these options.
    pub fn run_settings(&self, extent: Extent, plan: PlanOptions) -> RunSettings {
        let (signing, staging) = (&self.settings.signing, &self.settings.staging);
        let tree = self.settings.scope.tree().ok();
        RunSettings {
            mode: match extent {
                Extent::DryRun => Mode::DryRun,
                Extent::Confirmed => Mode::Confirmed,
            },
            no_sign: signing.no_sign,
            staging: staging.policy(),
            trust: staging.trust(),
            provenance: ProvenancePolicy::Off,
            carry: staging.carry().clone(),
            recursive: signing.recursive(),
            evidence: signing.evidence().clone(),
            plan,
            concurrency: CONCURRENCY,
            builder_id: signing.builder_id().to_owned(),
            recorded: tree.and_then(|tree| self.git.recorded_manifest(tree)),
        }
    }

    /// The ports of a run.
    ///
    /// # Errors
    ///
    /// As [`Self::registry`], [`Self::signing`] and [`Self::staging_verifier`].
    pub fn ports(&self) -> Result<Ports> {
        let registries = self.registries()?;
        Ok(Ports {
            registry: Arc::clone(&registries.registry),
            inventory: Arc::clone(&registries.inventory),
            copier: Arc::clone(&registries.copier) as _,
            evidence: Arc::clone(&registries.evidence),
            proof: self.signing()?,
            staging: self.staging_verifier()?,
            observer: Arc::clone(&self.around.observer),
            clock: Arc::clone(&self.around.clock),
            sleep: Arc::clone(&self.around.sleep),
        })
    }

    /// The key that signs the in-toto link of a promotion, if the settings ask for one.
    ///
    /// # Errors
    ///
    /// `PROMO-X004`, `PROMO-X011`, `PROMO-X012`: the key can't be used.
    pub fn link_key(&self) -> Result<Option<LinkKey>> {
        let signing = &self.settings.signing;
        let Some((_, path)) = &signing.link else {
            return Ok(None);
        };
        keys::link_key(path, signing.password.as_ref(), &*self.ask).map(Some)
    }
}

/// What a run published, as materials and products of one step of in-toto.
pub fn link_of(report: &Report) -> Link {
    let mut link = Link::new();
    let published = |result: &EdgeResult| {
        matches!(
            result,
            EdgeResult::Published { .. } | EdgeResult::AlreadyThere
        )
    };
    for edge in report.edges.iter().filter(|edge| published(&edge.result)) {
        let image = |repository: &promo_core::oci::Repository| {
            ImageReference::new(repository.clone(), None, Some(edge.digest))
        };
        link.add(&image(&edge.source), &image(&edge.destination), edge.digest);
    }
    link
}
