//! Google's services that give access tokens, on a loopback port: the metadata server, the token endpoint, the
//! exchange of other tokens, and impersonation.
//!
//! They check what they are sent as Google does, and write the credentials files that fit them. A registry takes
//! their tokens if it knows [`GoogleServices::access_token`] as the password of the user `_token`.

mod answer;
mod files;
mod key;
mod log;
mod switches;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use self::log::{GoogleRequest, GoogleService};
pub use self::switches::GoogleSwitches;

use self::key::AccountKey;

/// Google's services, which run on the current tokio runtime until they are dropped.
#[derive(Debug)]
pub struct GoogleServices {
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

/// What all requests share.
#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    switches: Mutex<GoogleSwitches>,
    log: Mutex<Vec<GoogleRequest>>,
    /// The tokens that were handed out.
    issued: Mutex<Vec<String>>,
    key: OnceLock<AccountKey>,
}

impl GoogleServices {
    /// Starts to listen on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// What the operating system says when there is no port.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let shared = Arc::new(Shared {
            address: listener.local_addr()?,
            switches: Mutex::default(),
            log: Mutex::default(),
            issued: Mutex::default(),
            key: OnceLock::new(),
        });
        let router = Router::new()
            .fallback(answer::answer)
            .with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move {
            // It ends with the task.
            let _ended = axum::serve(listener, router).await;
        });
        Ok(Self { shared, serving })
    }

    /// `127.0.0.1:PORT`, as the address of a metadata server is written.
    pub fn host(&self) -> String {
        self.shared.address.to_string()
    }

    /// The token that is handed out next, if it isn't changed before.
    pub fn access_token(&self) -> String {
        let switches = lock(&self.shared.switches);
        switches.tokens.front().cloned().unwrap_or_default()
    }

    /// Changes the switches; requests that begin afterwards see the change.
    pub fn switch(&self, change: impl FnOnce(&mut GoogleSwitches)) {
        change(&mut lock(&self.shared.switches));
    }

    /// What was asked, in order.
    pub fn log(&self) -> Vec<GoogleRequest> {
        lock(&self.shared.log).clone()
    }

    /// How often a service was asked.
    pub fn count(&self, service: GoogleService) -> usize {
        let log = lock(&self.shared.log);
        log.iter().filter(|asked| asked.service == service).count()
    }
}

impl Shared {
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The key of the service account, made when it is first needed.
    fn key(&self) -> &AccountKey {
        self.key.get_or_init(AccountKey::generate)
    }
}

impl Drop for GoogleServices {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
