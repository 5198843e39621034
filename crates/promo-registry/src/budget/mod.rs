//! The budget of one registry host: how many requests are open, how many are sent in a second, and
//! whether the host asked for a pause.
//!
//! Every request takes, in this order: a permit, a token of the bucket, and a last look at the
//! pause. A 429 pauses the whole host, not the one request that got it, and lowers the rate.

mod rate;
mod time;

use std::sync::Arc;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use promo_core::ports::{Event, Observer, Sleep};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use rate::Rate;
pub(crate) use time::Monotonic;

use crate::{BudgetSettings, Error};

/// The budget of one host.
#[derive(Debug)]
pub(crate) struct HostBudget {
    host: String,
    permits: Arc<Semaphore>,
    rate: Rate,
    paused_until: Mutex<Duration>,
    longest_pause: Duration,
    time: Arc<Monotonic>,
    sleep: Arc<dyn Sleep>,
    observer: Arc<dyn Observer>,
}

/// Leave to send one request. The place it takes is free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    _place: Option<OwnedSemaphorePermit>,
}

/// Whether a request takes one of the host's places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It does, until its permit is dropped.
    Counted,
    /// It doesn't: it sends the body of a blob, whose progress may depend on other requests.
    Uncounted,
}

impl HostBudget {
    /// A budget by its settings. `longest_pause` is the longest that a host can make us wait.
    pub(crate) fn new(
        host: &str,
        settings: &BudgetSettings,
        longest_pause: Duration,
        time: Arc<Monotonic>,
        sleep: Arc<dyn Sleep>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self {
            host: host.to_owned(),
            permits: Arc::new(Semaphore::new(settings.concurrency.max(1))),
            rate: Rate::new(Arc::clone(&time), settings.requests_per_second),
            paused_until: Mutex::new(Duration::ZERO),
            longest_pause,
            time,
            sleep,
            observer,
        }
    }

    /// Waits until a request may be sent. Fails at once when the host asked for a pause that is longer
    /// than we wait for anybody.
    pub(crate) async fn admit(&self, place: Place) -> Result<Permit, Error> {
        let place = match place {
            Place::Counted => Arc::clone(&self.permits).acquire_owned().await.ok(),
            Place::Uncounted => None,
        };
        loop {
            if let Some(pause) = self.pause_left()? {
                self.sleep.sleep(pause).await;
            } else if let Err(pause) = self.rate.take() {
                self.sleep.sleep(pause).await;
            } else if self.pause_left()?.is_none() {
                return Ok(Permit { _place: place });
            }
        }
    }

    /// An answer other than 429 came.
    pub(crate) fn answered(&self) {
        self.rate.answered();
    }

    /// The host answered 429 and asks for a pause.
    pub(crate) fn throttled(&self, pause: Duration) {
        let until = self.time.now().saturating_add(pause);
        {
            let mut paused_until = self.lock_pause();
            *paused_until = until.max(*paused_until);
        }
        self.rate.throttled(pause);
        self.observer.observe(&Event::Throttled {
            host: self.host.clone(),
            pause,
        });
    }

    /// How long nothing may be sent yet.
    fn pause_left(&self) -> Result<Option<Duration>, Error> {
        let left = self.lock_pause().saturating_sub(self.time.now());
        if left > self.longest_pause {
            return Err(Error::RateLimited {
                host: self.host.clone(),
                retry_after: Some(left),
            });
        }
        Ok((!left.is_zero()).then_some(left))
    }

    fn lock_pause(&self) -> std::sync::MutexGuard<'_, Duration> {
        self.paused_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
