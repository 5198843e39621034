//! The front door: one value that has the settings and the ports, and every verb as a method.
//!
//! A verb composes the crates and returns a value or a document; nothing here prints. Registries are connected to once,
//! when the first verb needs them: a verb that asks no registry reads no credentials.

mod add;
mod apply;
mod builder;
mod evidence;
mod identity;
mod images;
mod login;
mod plan;
mod promote;
mod snapshot;
mod verify;

use std::sync::{Arc, OnceLock};

use promo_core::pipeline::{SigningPorts, StagingPolicy};
use promo_core::plan::PlanCheck;
use promo_core::ports::{EvidenceStore, Gate, InventoryReader, Observer, Registry, Services};
use promo_core::trust::Judge;
use promo_registry::Revocation;
use promo_sign::Seal;

pub use add::Added;
pub use apply::Applied;
pub use builder::PromoterBuilder;
pub use evidence::{Attached, EvidenceDocument};
pub use images::{Copied, DigestDocument};
pub use login::{LoggedIn, LoggedOut};
pub use plan::{Held, PlanRequest, PlannedTree};
pub use promote::{Extent, PromoteRequest, link_of};
pub use snapshot::{SnapshotRequest, TakenSnapshot};

use crate::account::{Account, HostAccount};
use crate::connect::{GivenRegistries, Registries, Surroundings};
use crate::error::Result;
use crate::git::Git;
use crate::keyless;
use crate::keys::{self, AskPassword};
use crate::settings::{KeylessSettings, Settings};
use crate::trust::TrustDocument;
use crate::tuf;

/// Plans, promotes, verifies, signs and attests, by settings and over registries.
///
/// Every verb's future is `Send`; verbs may run side by side.
pub struct Promoter {
    settings: Settings,
    around: Surroundings,
    git: Git,
    ask: Arc<AskPassword>,
    given: Given,
    connected: OnceLock<Arc<Registries>>,
    account: Arc<Account>,
}

/// Ports that were given, in place of those that settings ask for.
#[derive(Default)]
struct Given {
    registries: GivenRegistries,
    signing: Option<SigningPorts>,
    staging: Option<Judge>,
    checks: Vec<Arc<dyn PlanCheck>>,
    gates: Vec<Arc<dyn Gate>>,
}

impl std::fmt::Debug for Promoter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Promoter")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Promoter {
    /// A promoter with settings and surroundings of its own.
    pub fn builder() -> PromoterBuilder {
        PromoterBuilder::default()
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// git, as the settings' folders have it.
    pub fn git(&self) -> &Git {
        &self.git
    }

    /// What ends all that is open at registries and services.
    pub fn revocation(&self) -> Revocation {
        self.around.revocation.clone()
    }

    /// What was exchanged with each host so far, ordered by the hosts' names. A report has the part of its own run; of
    /// verbs that run side by side each has the others' part, too.
    pub fn hosts(&self) -> Vec<HostAccount> {
        self.account.hosts()
    }

    /// Access to registries: tags, manifests, blobs, referrers.
    ///
    /// # Errors
    ///
    /// `PROMO-R…`, `PROMO-X002`, `PROMO-X004`: settings or files with credentials can't be used.
    pub fn registry(&self) -> Result<Arc<dyn Registry>> {
        Ok(Arc::clone(&self.registries()?.registry))
    }

    /// Access to services that are no registries, over the same transport.
    ///
    /// # Errors
    ///
    /// As [`Self::registry`].
    pub fn services(&self) -> Result<Arc<dyn Services>> {
        let (given, network) = (&self.given.registries, &self.settings.network);
        self.registries()?.services(given, network, &self.around)
    }

    /// Reads what registries hold.
    ///
    /// # Errors
    ///
    /// As [`Self::registry`].
    pub fn inventory(&self) -> Result<Arc<dyn InventoryReader>> {
        Ok(Arc::clone(&self.registries()?.inventory))
    }

    /// Reads and attaches signatures and attestations.
    ///
    /// # Errors
    ///
    /// As [`Self::registry`].
    pub fn evidence_store(&self) -> Result<Arc<dyn EvidenceStore>> {
        Ok(Arc::clone(&self.registries()?.evidence))
    }

    /// What signs and attests by the settings, if they name something: a key, or keyless signing. For the latter an identity token
    /// and a certificate are asked for, and the observer is told who signs.
    ///
    /// # Errors
    ///
    /// `PROMO-X004`, `PROMO-X011`, `PROMO-X012`: a key or a document can't be used. `PROMO-X053`, and `PROMO-S060` to
    /// `PROMO-S065`: there is no identity token, or no certificate for it.
    pub async fn signing(&self) -> Result<Option<SigningPorts>> {
        let settings = &self.settings.signing;
        match &self.given.signing {
            Some(_) if settings.no_sign => return Ok(None),
            Some(ports) => return Ok(Some(ports.clone())),
            None => {}
        }
        let seal = match settings.keyless() {
            Some(keyless) => Some(self.keyless_seal(keyless).await?),
            None => keys::seal(settings, &*self.ask)?,
        };
        let made = seal.map(|seal| {
            let clock = &self.around.clock;
            keys::signing_with(seal, settings.formats(), settings.predicate_type(), clock)
        });
        Ok(made.transpose()?)
    }

    async fn keyless_seal(&self, settings: &KeylessSettings) -> Result<Seal> {
        let around = keyless::Around {
            tuf: self.tuf_access()?,
            tokens: self.identity_source(settings.token_source(), settings.places())?,
        };
        keyless::seal(settings, self.settings.signing.formats(), around).await
    }

    /// What judges signatures in staging by the keys or the trust document of the settings, if they are looked at.
    ///
    /// # Errors
    ///
    /// `PROMO-X004`, `PROMO-X012`: a key can't be used. And as [`Self::judge`].
    pub fn staging_judge(&self) -> Result<Option<Judge>> {
        if let Some(judge) = &self.given.staging {
            return Ok(Some(judge.clone()));
        }
        let staging = &self.settings.staging;
        match staging.document() {
            Some(document) if staging.policy() != StagingPolicy::Off => {
                Ok(Some(self.judge(document)?))
            }
            _ => keys::staging(staging),
        }
    }

    /// A judge by this trust document. The TUF repositories that it names are read when the first evidence is judged; if
    /// that fails (`PROMO-S066`, `PROMO-R…`), so does judging.
    ///
    /// # Errors
    ///
    /// As [`Self::services`].
    pub fn judge(&self, document: &TrustDocument) -> Result<Judge> {
        if document.repositories().is_empty() {
            return Ok(document.judge());
        }
        Ok(document.judge_reading(self.tuf_access()?))
    }

    fn tuf_access(&self) -> Result<tuf::Access> {
        Ok(tuf::Access {
            services: self.services()?,
            folder: self.settings.cache_folder.clone(),
            clock: Arc::clone(&self.around.clock),
            observer: Arc::clone(&self.around.observer),
        })
    }

    fn registries(&self) -> Result<&Arc<Registries>> {
        if let Some(connected) = self.connected.get() {
            return Ok(connected);
        }
        let (given, network) = (&self.given.registries, &self.settings.network);
        let made = Arc::new(Registries::connect(given, network, &self.around)?);
        // Of two verbs that come first together, one's is taken by both.
        Ok(self.connected.get_or_init(|| made))
    }

    fn observer(&self) -> &dyn Observer {
        self.around.observer.as_ref()
    }

    /// Warns of private keys that others can read.
    fn tell_of_shared_keys(&self) {
        keys::tell_of_shared_keys(&self.settings.signing, self.observer());
    }
}
