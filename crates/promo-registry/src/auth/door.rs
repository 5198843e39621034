//! What a registry wants to see from its clients, as far as it is known, and which request finds that out.
//!
//! The first request goes alone, so that not each of a hundred gets a 401 of its own. The others wait for its first
//! answer, but never long, and not while it is repeated: a request that hangs holds up nobody else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use promo_core::oci::Repository;
use tokio::sync::watch;

use super::challenge::Challenge;
use super::flight::Flight;

/// How long requests wait for the first answer. Most come in a tenth of that; if one doesn't, all go as they are.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// What a registry wants, as far as it is known.
#[derive(Debug)]
pub(super) struct Door {
    wants: Mutex<Option<Wants>>,
    asked: watch::Sender<Asked>,
    /// What repositories want: some registries have several token servers. What no repository has said about itself is
    /// taken from the host's first challenge.
    own: Mutex<BTreeMap<Option<Repository>, Challenge>>,
    /// Repositories for which there is nothing to show.
    strangers: Mutex<BTreeSet<Option<Repository>>>,
    /// What the host said when it was asked what it wants.
    pub(super) introduction: Flight<Option<Challenge>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wants {
    /// Nothing, so far.
    Nothing,
    /// Nothing, but the credentials that there are for it are sent anyway, because it shows less to strangers.
    Unasked,
    /// What its challenge says.
    Answer(Challenge),
}

/// Whether somebody is finding out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Never,
    Now,
    Before,
}

/// Held by the request that finds out. When it is dropped, nobody waits any longer.
#[derive(Debug)]
pub(super) struct First(Arc<Door>);

/// What a request is told that asks what is wanted.
#[derive(Debug)]
pub(super) enum Entry {
    /// It is known what is wanted.
    Known(Wants),
    /// Nobody knows. With the guard, this request finds it out.
    Unknown(Option<First>),
}

impl Default for Door {
    fn default() -> Self {
        Self {
            wants: Mutex::default(),
            asked: watch::Sender::new(Asked::Never),
            own: Mutex::default(),
            strangers: Mutex::default(),
            introduction: Flight::new(|_| Duration::ZERO),
        }
    }
}

impl Door {
    /// What is wanted. Waits for somebody who is finding out, for a while.
    pub(super) async fn enter(self: Arc<Self>) -> Entry {
        if let Some(wants) = self.wants() {
            return Entry::Known(wants);
        }
        let is_first = self.asked.send_if_modified(|asked| {
            let is_first = *asked == Asked::Never;
            if is_first {
                *asked = Asked::Now;
            }
            is_first
        });
        if is_first {
            return Entry::Unknown(Some(First(self)));
        }
        let mut asked = self.asked.subscribe();
        let answered = asked.wait_for(|asked| *asked == Asked::Before);
        if tokio::time::timeout(PATIENCE, answered).await.is_err() {
            self.asked.send_replace(Asked::Before);
        }
        match self.wants() {
            Some(wants) => Entry::Known(wants),
            None => Entry::Unknown(None),
        }
    }

    /// What is wanted, if it is known.
    pub(super) fn wants(&self) -> Option<Wants> {
        lock(&self.wants).clone()
    }

    /// A challenge came. The first one stays that of the host.
    pub(super) fn challenged(&self, challenge: Challenge) {
        let mut wants = lock(&self.wants);
        if !matches!(*wants, Some(Wants::Answer(_))) {
            *wants = Some(Wants::Answer(challenge));
        }
    }

    /// The challenge of a repository, if it is known to be its own.
    pub(super) fn own(&self, repository: Option<&Repository>) -> Option<Challenge> {
        lock(&self.own).get(&repository.cloned()).cloned()
    }

    /// A repository's own challenge came, or what was guessed turned out right. The first one stays.
    pub(super) fn owns(&self, repository: Option<&Repository>, challenge: Challenge) {
        lock(&self.own)
            .entry(repository.cloned())
            .or_insert(challenge);
    }

    /// From now on what we have is sent unasked.
    pub(super) fn introduced(&self) {
        let mut wants = lock(&self.wants);
        if !matches!(*wants, Some(Wants::Answer(_))) {
            *wants = Some(Wants::Unasked);
        }
    }

    pub(super) fn is_stranger(&self, repository: Option<&Repository>) -> bool {
        lock(&self.strangers).contains(&repository.cloned())
    }

    pub(super) fn is_stranger_now(&self, repository: Option<&Repository>) {
        lock(&self.strangers).insert(repository.cloned());
    }

    /// A request without credentials was answered. What a challenge said before stays.
    pub(super) fn passed(&self) {
        lock(&self.wants).get_or_insert(Wants::Nothing);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for First {
    fn drop(&mut self) {
        self.0.asked.send_replace(Asked::Before);
    }
}

#[cfg(test)]
mod tests;
