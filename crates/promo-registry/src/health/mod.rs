//! The health of hosts: which of them are down, who waits for one, and when it is given up. Which outcome of a request counts
//! as lost is said in `http`; here they are counted.
//!
//! A host is down when many requests in a row were lost, or when it has said nothing for long. While it is down, requests to
//! it wait here, without a place in its budget and without using up their attempts, and one now and then finds out whether
//! it is back. When it has been down for long it is given up: requests fail at once, and still one now and then is let
//! through. So a host that restarts costs nothing but its time, and one that is gone holds a run up once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use promo_core::ports::{Event, Observer, Sleep};
use tokio::sync::Notify;

use crate::monotonic::Monotonic;
use crate::{Deadlines, Error};

/// How many requests in a row are lost until a host is down.
const MANY: u32 = 10;
/// The first pause between two requests to a host that is down. It doubles.
const FIRST_INTERVAL: Duration = Duration::from_secs(1);
/// The longest of them, until the host is given up.
const LONGEST_INTERVAL: Duration = Duration::from_secs(10);
/// The pause between two requests to a host that is given up.
const GIVEN_UP_INTERVAL: Duration = Duration::from_secs(30);

/// The health of all hosts.
#[derive(Debug)]
pub(crate) struct Health {
    /// How long a host may say nothing until it is down.
    patience: Duration,
    /// How long it is waited for.
    give_up: Duration,
    time: Arc<Monotonic>,
    sleep: Arc<dyn Sleep>,
    observer: Arc<dyn Observer>,
    hosts: Mutex<BTreeMap<String, Host>>,
    /// A host is back, or is given up.
    changed: Notify,
}

/// What is known of one host.
#[derive(Debug, Clone, Copy, Default)]
struct Host {
    /// When it last answered.
    heard: Option<Duration>,
    /// How many requests were lost since.
    lost: u32,
    /// Since when it was asked and didn't answer.
    since: Duration,
    down: Option<Down>,
}

/// When a host that is down is asked again.
#[derive(Debug, Clone, Copy)]
struct Down {
    next: Duration,
    interval: Duration,
    told: Told,
}

/// What observers know of an outage, so that each of it is told once and not for each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Nothing,
    Awaited,
    GivenUp,
}

/// How a request may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// As long as the host isn't down.
    Up,
    /// In any case: it finds out whether the host is back.
    Probe,
}

/// Whether a request may be the one that finds out whether a host is back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MayProbe {
    /// It is small, and soon answered.
    Yes,
    /// It sends a stream, which can't be sent again.
    No,
}

/// What is said to a request.
enum Said {
    Go(Entry),
    Wait(Duration),
    GivenUp { since: Duration },
}

impl Health {
    pub(crate) fn new(
        deadlines: &Deadlines,
        time: Arc<Monotonic>,
        sleep: Arc<dyn Sleep>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self {
            patience: deadlines.silence,
            give_up: deadlines.give_up,
            time,
            sleep,
            observer,
            hosts: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Waits while the host is down, and fails if it is given up. `shown` is what errors call it.
    pub(crate) async fn enter(
        &self,
        host: &str,
        shown: &str,
        may_probe: MayProbe,
    ) -> Result<Entry, Error> {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // From here on no change is missed.
            changed.as_mut().enable();
            match self.ask(host, may_probe) {
                Said::Go(entry) => return Ok(entry),
                Said::Wait(pause) => tokio::select! {
                    () = changed => {}
                    () = self.sleep.sleep(pause) => {}
                },
                Said::GivenUp { since } => {
                    return Err(Error::Silent {
                        host: shown.to_owned(),
                        since,
                    });
                }
            }
        }
    }

    /// The same without waiting: none while the host is down.
    pub(crate) fn try_enter(&self, host: &str, may_probe: MayProbe) -> Option<Entry> {
        match self.ask(host, may_probe) {
            Said::Go(entry) => Some(entry),
            Said::Wait(_) | Said::GivenUp { .. } => None,
        }
    }

    /// Whether an entry still holds: the host may have gone down while a request waited for its budget.
    pub(crate) fn holds(&self, host: &str, entry: Entry) -> bool {
        entry == Entry::Probe || !self.is_down(host)
    }

    /// Whether a host is down.
    pub(crate) fn is_down(&self, host: &str) -> bool {
        let hosts = self.lock();
        hosts.get(host).is_some_and(|known| known.down.is_some())
    }

    /// A host answered.
    pub(crate) fn heard(&self, host: &str) {
        let now = self.time.now();
        let new = Host {
            heard: Some(now),
            ..Host::default()
        };
        let mut hosts = self.lock();
        let before = match hosts.get_mut(host) {
            Some(known) => Some(std::mem::replace(known, new)),
            None => hosts.insert(host.to_owned(), new),
        };
        let Some((before, down)) = before.and_then(|before| Some((before, before.down?))) else {
            return;
        };
        if down.told > Told::Nothing {
            self.observer.observe(&Event::HostBack {
                host: host.to_owned(),
                silent: now.saturating_sub(before.since),
            });
        }
        drop(hosts);
        self.changed.notify_waiters();
    }

    /// A request was lost that had waited so long for an answer.
    pub(crate) fn lost(&self, host: &str, waited: Duration) {
        let now = self.time.now();
        let mut hosts = self.lock();
        let known = hosts.entry(host.to_owned()).or_default();
        if known.lost == 0 {
            let began = now.saturating_sub(waited);
            // It may have answered others meanwhile.
            known.since = known.heard.map_or(began, |heard| heard.max(began));
        }
        known.lost = known.lost.saturating_add(1);
        let is_silent = now.saturating_sub(known.since) >= self.patience;
        if known.down.is_none() && (known.lost >= MANY || is_silent) {
            known.down = Some(Down {
                next: now + FIRST_INTERVAL,
                interval: FIRST_INTERVAL,
                told: Told::Nothing,
            });
        }
    }

    fn ask(&self, host: &str, may_probe: MayProbe) -> Said {
        let now = self.time.now();
        let mut hosts = self.lock();
        let Some(known) = hosts.get_mut(host) else {
            return Said::Go(Entry::Up);
        };
        let Some(down) = &mut known.down else {
            return Said::Go(Entry::Up);
        };
        let since = now.saturating_sub(known.since);
        let is_given_up = since >= self.give_up;
        if now >= down.next && may_probe == MayProbe::Yes {
            down.interval = if is_given_up {
                GIVEN_UP_INTERVAL
            } else {
                (down.interval * 2).min(LONGEST_INTERVAL)
            };
            down.next = now + down.interval;
            return Said::Go(Entry::Probe);
        }
        self.tell(host, down, since);
        if is_given_up {
            return Said::GivenUp { since };
        }
        let until_probe = down.next.saturating_sub(now);
        let until_given_up = self.give_up.saturating_sub(since);
        Said::Wait(if until_probe.is_zero() {
            until_given_up.min(FIRST_INTERVAL)
        } else {
            until_given_up.min(until_probe)
        })
    }

    /// Tells that a request waits for a host, or fails because it is given up, if that is news.
    fn tell(&self, host: &str, down: &mut Down, silent: Duration) {
        let host = host.to_owned();
        let (told, event) = if silent >= self.give_up {
            (Told::GivenUp, Event::HostGivenUp { host, silent })
        } else {
            let give_up = self.give_up;
            let awaited = Event::HostAwaited {
                host,
                silent,
                give_up,
            };
            (Told::Awaited, awaited)
        };
        if down.told < told {
            down.told = told;
            self.observer.observe(&event);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Host>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
