//! An OCI Distribution 1.1 registry in memory, on a loopback port.
//!
//! A request goes through `server`: it is logged, meets the faults that match it, the quota, authentication, then the
//! handler of its operation, and on its way out the faults that alter answers. State lives in `storage` and is
//! shared with [`RegistryState`], which tests use to prepare and to look without a request.

mod auth;
mod blobs;
mod body;
mod connection;
mod exchange;
mod faults;
mod google;
mod listing;
pub(crate) mod lock;
mod log;
pub(crate) mod manifest_facts;
mod manifests;
mod options;
mod pace;
mod quota;
mod referrers;
mod reply;
mod route;
mod server;
mod state;
pub(crate) mod storage;
mod tags;
mod uploads;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use self::auth::{Auth, TokenGrant, Tokens};
pub use self::faults::{Answer, Fault, Faults, Gate, InjectedFault, Matcher};
pub use self::log::{LogEntry, RequestLog};
pub use self::options::{Locations, Mounts, Quota, RegistryOptions, Switches};
pub use self::route::Operation;
pub use self::state::{RegistryState, StoredManifest};

use self::server::Shared;

/// A registry that runs on the current tokio runtime until it is dropped or shut down.
#[derive(Debug)]
pub struct EmbeddedRegistry {
    shared: Arc<Shared>,
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl EmbeddedRegistry {
    /// Starts to listen, by default on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// What the operating system says when the address can't be bound.
    pub async fn start(options: RegistryOptions) -> std::io::Result<Self> {
        let listener = TcpListener::bind(options.address).await?;
        let address = listener.local_addr()?;
        let tls = options.tls.clone();
        let shared = Arc::new(Shared::new(options, address));
        let accepting = tokio::spawn(server::accept(listener, tls, Arc::clone(&shared)));
        Ok(Self {
            shared,
            address,
            accepting,
        })
    }

    /// The host as it stands in image references: `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL without a slash at its end: `http://127.0.0.1:PORT`, or `https://…` when TLS was given.
    pub fn url(&self) -> String {
        self.shared.url()
    }

    /// Direct access to what is stored, without requests and without log entries.
    pub fn state(&self) -> RegistryState {
        self.shared.state.clone()
    }

    /// The faults, which can be changed while the registry runs.
    pub fn faults(&self) -> Faults {
        self.shared.faults.clone()
    }

    /// The log of all requests, in the order in which they began.
    pub fn log(&self) -> RequestLog {
        self.shared.log.clone()
    }

    /// The tokens that the token endpoint has issued.
    pub fn tokens(&self) -> Tokens {
        self.shared.tokens.clone()
    }

    /// How many connections were accepted since the start.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How many upload sessions are open: begun, and neither ended nor given up.
    pub fn open_uploads(&self) -> usize {
        self.shared.uploads.count()
    }

    /// Changes the switches; requests that begin afterwards see the change.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        self.shared.switch(change);
    }

    /// The switches as they stand.
    pub fn switches(&self) -> Switches {
        self.shared.switches().as_ref().clone()
    }

    /// Stops listening and closes all connections; when it returns, no request is being handled any more.
    pub async fn shutdown(mut self) {
        self.shared.stop.cancel();
        // The task has no result; a panic in it has been printed already.
        let _ended = (&mut self.accepting).await;
    }
}

impl Drop for EmbeddedRegistry {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
