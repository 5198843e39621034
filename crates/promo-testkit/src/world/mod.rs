//! Many registries in one process, without sockets and without real time.
//!
//! A [`World`] keeps what its hosts hold and what befalls them ([`Schedule`]); a [`WorldRegistry`] speaks to them as one
//! process does, and is an implementation of promo-core's `Registry` port. Time is tokio's: under a paused clock hours
//! pass in milliseconds, and the same seeds give the same run. There is no HTTP here: what the client makes of statuses
//! and headers is tried against [`EmbeddedRegistry`](crate::registry::EmbeddedRegistry), with which the world shares its
//! storage.
//!
//! ```
//! use std::sync::Arc;
//! use promo_core::oci::ManifestReference;
//! use promo_core::ports::Registry as _;
//! use promo_testkit::image::ImageBuilder;
//! use promo_testkit::world::{HostSettings, NobodyWatches, World};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let world = World::new([HostSettings::new("staging.example")], Arc::new(NobodyWatches));
//! ImageBuilder::new().build().push_to(&world.state("staging.example"), "team/app", "v1");
//! let tag = ManifestReference::Tag("v1".parse()?);
//! let found = world.process().head_manifest(&"staging.example/team/app".parse()?, &tag).await?;
//! assert!(found.is_some());
//! assert_eq!(world.requests(), 1);
//! # Ok(())
//! # }
//! ```

mod failures;
mod fallback_tag;
mod host;
mod line;
mod listing;
mod operations;
mod process;
mod schedule;
mod settings;
mod witness;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

pub use self::process::WorldRegistry;
pub use self::schedule::{Episode, Lasts, Schedule, Trouble};
pub use self::settings::{HostSettings, Listing};
pub use self::witness::{Asked, NobodyWatches, Put, Witness, Written};

use self::host::Host;
use crate::registry::RegistryState;

/// Registries by their hosts. Clones share them.
#[derive(Debug, Clone)]
pub struct World(Arc<Inside>);

#[derive(Debug)]
struct Inside {
    hosts: BTreeMap<String, Arc<Host>>,
    witness: Arc<dyn Witness>,
    requests: watch::Sender<u64>,
}

impl World {
    /// Empty registries, and who watches what is written to them.
    pub fn new(hosts: impl IntoIterator<Item = HostSettings>, witness: Arc<dyn Witness>) -> Self {
        let hosts = hosts
            .into_iter()
            .map(|settings| (settings.name.clone(), Arc::new(Host::new(settings))));
        Self(Arc::new(Inside {
            hosts: hosts.collect(),
            witness,
            requests: watch::Sender::new(0),
        }))
    }

    /// Direct access to what a host holds, without requests. A host that isn't part of the world holds nothing.
    pub fn state(&self, host: &str) -> RegistryState {
        self.0
            .hosts
            .get(host)
            .map(|host| host.state.clone())
            .unwrap_or_default()
    }

    /// From now on this befalls the hosts; what befell them before is over.
    pub fn befall(&self, schedule: &Schedule) {
        for (name, host) in &self.0.hosts {
            host.befall(schedule.of(name));
        }
    }

    /// A registry client as a process of its own has it: it knows nothing of those before it.
    pub fn process(&self) -> WorldRegistry {
        WorldRegistry::on_the_line(self.clone())
    }

    /// A client that sees what is there at once: no time passes, nothing befalls it, and nothing is counted.
    pub fn direct(&self) -> WorldRegistry {
        WorldRegistry::direct(self.clone())
    }

    /// How many requests have arrived at all hosts together.
    pub fn requests(&self) -> u64 {
        *self.0.requests.borrow()
    }

    /// Returns when so many requests have arrived.
    pub async fn reached(&self, requests: u64) {
        let mut seen = self.0.requests.subscribe();
        // The world holds the sender.
        let _reached = seen.wait_for(|count| *count >= requests).await.is_ok();
    }

    /// How many requests arrived that are made to change something, whether or not they did.
    pub fn writes(&self) -> u64 {
        self.0.hosts.values().map(|host| host.writes()).sum()
    }

    fn host(&self, name: &str) -> Option<Arc<Host>> {
        self.0.hosts.get(name).map(Arc::clone)
    }

    fn arrived(&self) {
        self.0.requests.send_modify(|count| *count += 1);
    }

    fn witness(&self) -> &dyn Witness {
        &*self.0.witness
    }

    fn wrote(&self, written: &Written<'_>) {
        self.0.witness.wrote(self, written);
    }
}
