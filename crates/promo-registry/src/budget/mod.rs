//! The budget of one registry host: how many requests are open, how many are sent in a second, and
//! whether the host asked for a pause.
//!
//! Every request first gets a permit, then stands in line, first come first served, until the host isn't paused and its
//! slot has come. Who gives up while it stands there leaves nothing behind. A 429 pauses the whole host, not only the request
//! that got it, and lowers the rate. A pause that is longer than promo waits blocks only that class of requests: the quota
//! for reading manifests may be used up for hours while uploads still work.

mod class;
mod places;
mod rate;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use promo_core::ports::{Event, Observer, Operation, Sleep};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use class::Class;
use places::Places;
pub(crate) use places::PlacesBeyond;
use rate::Rate;

use crate::monotonic::Monotonic;
use crate::{BudgetSettings, Error};

/// The budget of one host.
#[derive(Debug)]
pub(crate) struct HostBudget {
    host: String,
    permits: Arc<Semaphore>,
    places: Mutex<Places>,
    /// Whoever holds it is the next to be sent.
    line: tokio::sync::Mutex<()>,
    rate: Mutex<Rate>,
    paused_until: Mutex<Duration>,
    closed_until: Mutex<BTreeMap<Class, Duration>>,
    longest_pause: Duration,
    time: Arc<Monotonic>,
    sleep: Arc<dyn Sleep>,
    observer: Arc<dyn Observer>,
}

/// Permission to send one request. Dropping it frees its place.
#[derive(Debug)]
pub(crate) struct Permit {
    _slot: Option<OwnedSemaphorePermit>,
    given: Duration,
}

/// Whether a request takes one of the host's slots for open requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// It takes one until its permit is dropped.
    Counted,
    /// It takes none: it sends the body of a blob, whose progress may depend on other requests.
    Uncounted,
}

impl HostBudget {
    /// A budget by its settings; `beyond` is what all hosts share. `longest_pause` is the longest that a host can make us wait.
    pub(crate) fn new(
        host: &str,
        (settings, beyond): (&BudgetSettings, Arc<PlacesBeyond>),
        longest_pause: Duration,
        time: Arc<Monotonic>,
        sleep: Arc<dyn Sleep>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let places = Places::new(settings, beyond);
        Self {
            host: host.to_owned(),
            permits: Arc::new(Semaphore::new(places.open)),
            places: Mutex::new(places),
            line: tokio::sync::Mutex::default(),
            rate: Mutex::new(Rate::new(settings.requests_per_second)),
            paused_until: Mutex::new(Duration::ZERO),
            closed_until: Mutex::default(),
            longest_pause,
            time,
            sleep,
            observer,
        }
    }

    /// The host, by the name that its registry has of several.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Waits until a request may be sent. Fails at once if the host asked for a longer pause in such requests than
    /// promo waits.
    pub(crate) async fn admit(&self, slot: Slot, operation: Operation) -> Result<Permit, Error> {
        let class = Class::of(operation);
        self.check_open(class)?;
        let slot = match slot {
            Slot::Counted => Arc::clone(&self.permits).acquire_owned().await.ok(),
            Slot::Uncounted => None,
        };
        // Only the first in the line sleeps, so that a slot that it doesn't take is the next one's.
        let _turn = self.line.lock().await;
        loop {
            self.check_open(class)?;
            if let Some(pause) = self.pause_left() {
                self.sleep.sleep(pause).await;
                continue;
            }
            let now = self.time.now();
            let taken = lock(&self.rate).take(now);
            match taken {
                Ok(()) => {
                    return Ok(Permit {
                        _slot: slot,
                        given: now,
                    });
                }
                Err(wait) => self.sleep.sleep(wait).await,
            }
        }
    }

    /// The request of this permit was answered, and the host is neither overloaded nor broken.
    pub(crate) fn answered(&self, permit: &Permit) {
        let now = self.time.now();
        lock(&self.rate).answered(now, permit.given);
        if lock(&self.places).opens_another(now.saturating_sub(permit.given)) {
            self.permits.add_permits(1);
        }
    }

    /// The host answered 429 to such a request, the one of this permit, and asks for a pause.
    pub(crate) fn throttled(&self, permit: &Permit, pause: Duration, operation: Operation) {
        let now = self.time.now();
        let until = now.saturating_add(pause);
        if pause > self.longest_pause {
            let mut closed = lock(&self.closed_until);
            let known = closed.entry(Class::of(operation)).or_default();
            *known = until.max(*known);
        } else {
            let mut paused = lock(&self.paused_until);
            *paused = until.max(*paused);
            // A pause of hours for one class says nothing about the rate that the others may have.
            lock(&self.rate).refused(now, permit.given, pause);
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
