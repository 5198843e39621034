//! Building a promoter: settings, and what stands around it, with defaults that need nothing but a tokio runtime.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use promo_core::pipeline::SigningPorts;
use promo_core::plan::PlanCheck;
use promo_core::ports::{
    Clock, Copier, Event, EvidenceStore, Gate, InventoryReader, Observer, Registry, Services, Sleep,
};
use promo_core::trust::Judge;
use promo_registry::{ConnectionLimit, Revocation};
use promo_sign::Password;

use super::{Given, Promoter};
use crate::account::Account;
use crate::clock::{SystemClock, TokioSleep};
use crate::connect::Surroundings;
use crate::git::Git;
use crate::keys::AskPassword;
use crate::settings::Settings;

/// Puts a [`Promoter`] together.
#[derive(Default)]
pub struct PromoterBuilder {
    settings: Settings,
    observers: Vec<Arc<dyn Observer>>,
    clock: Option<Arc<dyn Clock>>,
    sleep: Option<Arc<dyn Sleep>>,
    ask: Option<Arc<AskPassword>>,
    connections: ConnectionLimit,
    account: Arc<Account>,
    given: Given,
}

impl std::fmt::Debug for PromoterBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PromoterBuilder")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl PromoterBuilder {
    /// What holds. Without it nothing is set: no credentials, no key, no promoter manifests.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Somebody who hears what goes on; several hear it in the order in which they were given.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observers.push(observer);
        self
    }

    /// Another clock than the system's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Another way to wait than tokio's timer.
    #[must_use]
    pub fn sleep(mut self, sleep: Arc<dyn Sleep>) -> Self {
        self.sleep = Some(sleep);
        self
    }

    /// How many connections to registries are open at once; without it [`ConnectionLimit::default`]. A program that may have
    /// more open files, or needs them for itself, says so here: nothing of this crate changes the limits of its process.
    #[must_use]
    pub fn connections(mut self, limit: ConnectionLimit) -> Self {
        self.connections = limit;
        self
    }

    /// The account in which is counted what is exchanged with hosts, if several promoters are to have one in common. It is no
    /// observer beside: given as one, too, everything is counted twice.
    #[must_use]
    pub fn account(mut self, account: Arc<Account>) -> Self {
        self.account = account;
        self
    }

    /// Who is asked for the password of a private key that needs one, where settings give none. Without it such a key
    /// is refused.
    #[must_use]
    pub fn ask_password(
        mut self,
        ask: impl Fn(&Path) -> Option<Password> + Send + Sync + 'static,
    ) -> Self {
        self.ask = Some(Arc::new(ask));
        self
    }

    /// A registry in place of those on the network: all hosts are asked through it. It may stand in front of promo's own,
    /// which [`Promoter::registry`] of another promoter gives; see
    /// [`RegistryDecorator`](promo_core::ports::RegistryDecorator).
    #[must_use]
    pub fn registry(mut self, registry: Arc<dyn Registry>) -> Self {
        self.given.registries.registry = Some(registry);
        self
    }

    /// Another way to bring the content of images to their destinations than blob by blob over the registry. The images'
    /// own manifests are not its business: those are put last, over the registry.
    #[must_use]
    pub fn copier(mut self, copier: Arc<dyn Copier>) -> Self {
        self.given.registries.copier = Some(copier);
        self
    }

    /// Another way to learn what registries hold than to ask them one by one. Plans are made from what it says; right
    /// before a tag is put, the registry itself is asked.
    #[must_use]
    pub fn inventory(mut self, reader: Arc<dyn InventoryReader>) -> Self {
        self.given.registries.inventory = Some(reader);
        self
    }

    /// Another place of signatures and attestations than beside their images in the registry.
    #[must_use]
    pub fn evidence_store(mut self, store: Arc<dyn EvidenceStore>) -> Self {
        self.given.registries.evidence = Some(store);
        self
    }

    /// Another way to services that are no registries (authorities of certificates, logs, timestamp authorities, issuers of
    /// tokens) than promo's own transport. They are not asked through a registry that was given.
    #[must_use]
    pub fn services(mut self, services: Arc<dyn Services>) -> Self {
        self.given.registries.services = Some(services);
        self
    }

    /// What signs and attests, in place of the key that settings name.
    #[must_use]
    pub fn signing(mut self, ports: SigningPorts) -> Self {
        self.given.signing = Some(ports);
        self
    }

    /// What judges signatures in staging, in place of the keys that settings name. What is asked of them is still said
    /// by settings.
    #[must_use]
    pub fn staging_judge(mut self, judge: Judge) -> Self {
        self.given.staging = Some(judge);
        self
    }

    /// Somebody who looks at what would be promoted and may object, in plans and runs; several are asked in the order in
    /// which they were given.
    #[must_use]
    pub fn check(mut self, check: Arc<dyn PlanCheck>) -> Self {
        self.given.checks.push(check);
        self
    }

    /// Somebody who decides whether an image may go to production, from what was found out about it; several are asked in
    /// the order in which they were given.
    #[must_use]
    pub fn gate(mut self, gate: Arc<dyn Gate>) -> Self {
        self.given.gates.push(gate);
        self
    }

    /// The promoter. Nothing is read or sent yet.
    pub fn build(self) -> Promoter {
        let git = Git::find(&self.settings.search_path);
        let account = self.account;
        let mut observers = self.observers;
        observers.push(Arc::clone(&account) as Arc<dyn Observer>);
        Promoter {
            settings: self.settings,
            around: Surroundings {
                observer: Arc::new(Several(observers)),
                clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock)),
                sleep: self.sleep.unwrap_or_else(|| Arc::new(TokioSleep)),
                connections: self.connections,
                revocation: Revocation::default(),
            },
            git,
            ask: self.ask.unwrap_or_else(|| Arc::new(|_: &Path| None)),
            given: self.given,
            connected: OnceLock::new(),
            account,
        }
    }
}

/// Several observers as one.
#[derive(Debug)]
struct Several(Vec<Arc<dyn Observer>>);

impl Observer for Several {
    fn observe(&self, event: &Event) {
        for observer in &self.0 {
            observer.observe(event);
        }
    }
}
