//! Promotions: all phases up to the report, or phase by phase for those who want to look in between.

use std::sync::Arc;

use promo_core::manifest::ManifestSet;
use promo_core::oci::ImageReference;
use promo_core::pipeline::{
    self, Confirmed, DryRun, EdgeResult, Intent, Interrupt, Ports, Ready, RegistryPorts,
    RunSettings, Signing,
};
use promo_core::plan::PlanOptions;
use promo_core::ports::Event;
use promo_core::report::Report;
use promo_sign::link::{Link, LinkKey};

use super::Promoter;
use crate::error::{Error, Result, codes};
use crate::keys;

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
        let settings = self.run_settings(options);
        let interrupt = request.interrupt.clone();
        let before = self.hosts();
        let ended = match request.extent {
            Extent::DryRun => {
                let ready = self.ready(settings, self.dry_run().await?, interrupt)?;
                pipeline::look(ready.plan(set).await?).await
            }
            Extent::Confirmed => {
                let ready = self.ready(settings, self.confirmed().await?, interrupt)?;
                pipeline::carry_out(ready.plan(set).await?).await
            }
        };
        let mut report = Report::new(ended);
        report.hosts = self.account.since(&before);
        Ok(report)
    }

    /// A run that only looks, and would sign with what settings name. Where there is no identity token for keyless signing, that is
    /// told, and nothing is looked at that would be signed.
    ///
    /// # Errors
    ///
    /// As [`Self::signing`]; `PROMO-C003`, `PROMO-C004` if that doesn't work.
    pub async fn dry_run(&self) -> Result<DryRun> {
        let signing = match self.signing().await {
            Err(error) if error.code() == codes::NO_IDENTITY_TOKEN => {
                self.tell_of_no_token(&error);
                None
            }
            signing => signing?,
        };
        Ok(DryRun::new(signing).await?)
    }

    /// Jobs that only look often may not sign, and need not.
    fn tell_of_no_token(&self, error: &Error) {
        let message = format!("{error}: this dry run doesn't look at what a run would sign");
        let code = error.code();
        self.observer().observe(&Event::Warning { code, message });
    }

    /// The proof that a run may publish: what signs by the settings has shown that it works, or they say that nothing
    /// is signed.
    ///
    /// # Errors
    ///
    /// As [`Self::dry_run`]; `PROMO-C001` if settings name no key and don't waive signing.
    pub async fn confirmed(&self) -> Result<Confirmed> {
        let signing = match self.signing().await? {
            Some(ports) => Signing::With(ports),
            None if self.settings.signing.no_sign => Signing::Waived,
            None => return Err(Error::NoSigner),
        };
        Ok(Confirmed::new(signing).await?)
    }

    /// A run that has shown that it can do what it is asked, to be carried out phase by phase.
    ///
    /// # Errors
    ///
    /// As [`Self::promote`], but for the promoter manifests.
    pub fn ready<I: Intent>(
        &self,
        settings: RunSettings,
        intent: I,
        interrupt: Interrupt,
    ) -> Result<Ready<I>> {
        let ports = self.ports()?;
        self.tell_of_shared_keys();
        Ok(Ready::setup(settings, ports, intent, interrupt)?)
    }

    /// The settings of a run that plans with these options: those of [`Self::options`], narrowed or not.
    pub fn run_settings(&self, plan: PlanOptions) -> RunSettings {
        let (signing, staging) = (&self.settings.signing, &self.settings.staging);
        let tree = self.settings.scope.tree().ok();
        let mut run = RunSettings::new(signing.builder_id(), plan);
        run.staging = staging.policy();
        run.trust = staging.trust();
        run.carry.clone_from(staging.carry());
        run.recursive = signing.recursive();
        run.evidence = signing.evidence().clone();
        run.recorded = tree.and_then(|tree| self.git.recorded_manifest(tree));
        run
    }

    /// The ports of a run.
    ///
    /// # Errors
    ///
    /// As [`Self::registry`] and [`Self::staging_judge`].
    pub fn ports(&self) -> Result<Ports> {
        let registries = self.registries()?;
        let to_registries = RegistryPorts {
            registry: Arc::clone(&registries.registry),
            inventory: Arc::clone(&registries.inventory),
            copier: Arc::clone(&registries.copier),
            evidence: Arc::clone(&registries.evidence),
        };
        let (clock, sleep) = (
            Arc::clone(&self.around.clock),
            Arc::clone(&self.around.sleep),
        );
        let mut ports = Ports::new(to_registries, clock, sleep);
        ports.staging = self.staging_judge()?;
        ports.gates.clone_from(&self.given.gates);
        ports.observer = Arc::clone(&self.around.observer);
        Ok(ports)
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
