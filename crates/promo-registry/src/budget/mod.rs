//! The budget of one registry host: how many requests are open, how many are sent in a second, and
//! whether the host asked for a pause.
//!
//! Every request takes, in this order: a permit, a token of the bucket, and a last look at the
//! pause. A 429 pauses the whole host, not the one request that got it, and lowers the rate. A pause that is longer than
//! is waited closes the host for that class of requests alone: reading manifests may be used up for hours while uploads
//! are welcome.

mod class;
mod rate;
mod time;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use promo_core::ports::{Event, Observer, Operation, Sleep};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use class::Class;
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
    closed_until: Mutex<BTreeMap<Class, Duration>>,
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
            closed_until: Mutex::default(),
            longest_pause,
            time,
            sleep,
            observer,
        }
    }

    /// Waits until a request may be sent. Fails at once when the host asked for a pause in such requests that is longer
    /// than we wait for anybody.
    pub(crate) async fn admit(&self, place: Place, operation: Operation) -> Result<Permit, Error> {
        let class = Class::of(operation);
        self.check_open(class)?;
        let place = match place {
            Place::Counted => Arc::clone(&self.permits).acquire_owned().await.ok(),
            Place::Uncounted => None,
        };
        loop {
            self.check_open(class)?;
            if let Some(pause) = self.pause_left() {
                self.sleep.sleep(pause).await;
            } else if let Err(pause) = self.rate.take() {
                self.sleep.sleep(pause).await;
            } else if self.pause_left().is_none() {
                return Ok(Permit { _place: place });
            }
        }
    }

    /// An answer other than 429 came.
    pub(crate) fn answered(&self) {
        self.rate.answered();
    }

    /// The host answered 429 to such a request and asks for a pause.
    pub(crate) fn throttled(&self, pause: Duration, operation: Operation) {
        let until = self.time.now().saturating_add(pause);
        if pause > self.longest_pause {
            let mut closed = lock(&self.closed_until);
            let known = closed.entry(Class::of(operation)).or_default();
            *known = until.max(*known);
        } else {
            let mut paused = lock(&self.paused_until);
            *paused = until.max(*paused);
            // Hours of peace for one class say nothing about how fast the others may go.
            self.rate.throttled(pause);
        }
        self.observer.observe(&Event::Throttled {
            host: self.host.clone(),
            pause,
        });
    }

    /// How long nothing may be sent yet.
    fn pause_left(&self) -> Option<Duration> {
        let left = lock(&self.paused_until).saturating_sub(self.time.now());
        (!left.is_zero()).then_some(left)
    }

    fn check_open(&self, class: Class) -> Result<(), Error> {
        let until = lock(&self.closed_until).get(&class).copied();
        let pause = until.unwrap_or_default().saturating_sub(self.time.now());
        if pause.is_zero() {
            return Ok(());
        }
        Err(Error::PausedTooLong {
            host: self.host.clone(),
            requests: class.name(),
            pause,
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
