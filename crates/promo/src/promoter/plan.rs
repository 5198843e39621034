//! Planning a tree of promoter manifests: what a promotion would do, and why. Nothing is written to any registry.

use promo_core::inventory::Inventory;
use promo_core::manifest::ManifestSet;
use promo_core::pipeline::{BesideSettings, CONCURRENCY, look_beside, measure, read_inventory};
use promo_core::plan::{Plan, PlanInputs, PlanOptions, PlannedEdge, Planner};

use super::Promoter;
use crate::error::{Error, Result};
use crate::snapshot_file::{self, GivenInventory};
use crate::{planning, tree::TreeSource};

/// What is taken for what registries hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Held {
    /// They are asked.
    #[default]
    Asked,
    /// These snapshots say it.
    Given(Vec<GivenInventory>),
    /// Nothing is known: edges are counted and checked only.
    Unknown,
}

/// How a plan is made.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct PlanRequest {
    /// What is taken for what registries hold.
    pub held: Held,
    /// Whether the manifests of what is to be promoted are read, so that the plan says how many bytes and requests it
    /// takes. It means something only where registries are asked.
    pub cost: bool,
    /// Whether it is looked at what staging has beside what is to be promoted, so that the plan says what becomes of it.
    /// It means something only where registries are asked.
    pub beside: bool,
}

/// A plan, with what it was made from.
#[derive(Debug)]
#[non_exhaustive]
pub struct PlannedTree {
    /// The promoter manifests.
    pub set: ManifestSet,
    /// What the plan says that it was made from.
    pub inputs: PlanInputs,
    /// The plan.
    pub plan: Plan,
}

impl Promoter {
    /// Plans the promoter manifests of the settings.
    ///
    /// # Errors
    ///
    /// `PROMO-M…` if they can't be taken, `PROMO-X035` if a pattern selects nothing, `PROMO-X015` if the revision to
    /// compare with can't be read, and the code of the first edge that is blocked if one stops all.
    pub async fn plan(&self, request: &PlanRequest) -> Result<PlannedTree> {
        let scope = &self.settings.scope;
        let (set, mut inputs) = planning::load(scope.tree()?, &self.git)?;
        let options = self.plan_options(&set, false)?;
        let planner = Planner::new(&set, &options);
        let inventory = self.held(&request.held, &planner).await?;
        // What a snapshot holds was read at another time, which it doesn't say.
        let is_asked = request.held == Held::Asked;
        if is_asked {
            inputs.inventory_read = Some(self.around.clock.now());
        }
        let mut plan = planner.plan(inventory.as_ref());
        if is_asked {
            plan = self.looked_at(plan, request).await?;
        }
        if let Some(edge) = plan.stopped_by() {
            return Err(stopped(&edge));
        }
        Ok(PlannedTree { set, inputs, plan })
    }

    /// The plan with what was asked about its images besides.
    async fn looked_at(&self, mut plan: Plan, request: &PlanRequest) -> Result<Plan> {
        let registries = self.registries()?;
        if request.cost {
            plan = measure(plan, &*registries.copier, self.observer(), CONCURRENCY).await;
        }
        if request.beside {
            let staging = &self.settings.staging;
            let settings = BesideSettings {
                carry: staging.carry().clone(),
                staging: staging.policy(),
            };
            let registry = registries.registry.as_ref();
            plan = look_beside(plan, registry, &settings, self.observer(), CONCURRENCY).await;
        }
        Ok(plan)
    }

    /// The promoter manifests that the settings name.
    ///
    /// # Errors
    ///
    /// `PROMO-X001` if they name none, `PROMO-M…` if they can't be taken.
    pub fn manifests(&self) -> Result<(&TreeSource, ManifestSet)> {
        let tree = self.settings.scope.tree()?;
        Ok((tree, tree.load()?))
    }

    /// The options of a plan of these manifests, by the settings.
    ///
    /// # Errors
    ///
    /// `PROMO-X001`, `PROMO-X008`, `PROMO-X015`, `PROMO-X035`: see [`planning`].
    pub fn plan_options(&self, set: &ManifestSet, complete: bool) -> Result<PlanOptions> {
        let scope = &self.settings.scope;
        let options = self.options(complete)?;
        planning::narrowed(options, scope, set, &self.git, self.around.clock.now())
    }

    /// The options of a plan by the settings, with the checks that were given; nothing is narrowed by the promoter
    /// manifests yet.
    ///
    /// # Errors
    ///
    /// `PROMO-X001`, `PROMO-X004`, `PROMO-X008`: see [`planning`].
    pub fn options(&self, complete: bool) -> Result<PlanOptions> {
        let mut options = planning::options(&self.settings.scope, complete)?;
        options.checks.clone_from(&self.given.checks);
        Ok(options)
    }

    async fn held(&self, held: &Held, planner: &Planner<'_>) -> Result<Option<Inventory>> {
        match held {
            Held::Unknown => Ok(None),
            Held::Given(snapshots) => {
                let mut inventory = Inventory::new();
                for snapshot in snapshots {
                    inventory.merge(snapshot_file::read(snapshot)?);
                }
                Ok(Some(inventory))
            }
            Held::Asked => {
                let reader = self.registries()?.inventory.as_ref();
                Ok(Some(read_inventory(planner, reader, |_| ()).await))
            }
        }
    }
}

/// The first edge that stops all.
fn stopped(edge: &PlannedEdge<'_>) -> Error {
    let tag = edge.tag().map(|tag| format!(":{tag}"));
    Error::Stopped {
        edge: format!("{}{}", edge.destination(), tag.unwrap_or_default()),
        verdict: edge.verdict(),
        reason: edge.reason(),
        code: edge.code(),
    }
}
