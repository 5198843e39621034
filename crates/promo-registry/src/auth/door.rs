//! What a registry wants to see before it lets anybody in, as far as it is known, and who finds that out.
//!
//! The first request goes alone, so that not each of a hundred gets a 401 of its own. The others wait for its first
//! answer, but never long, and not while it is repeated: a request that hangs holds up nobody else.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::challenge::Challenge;

/// How long requests wait for the first answer. Most come in a tenth of that; if one doesn't, all go as they are.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// What a registry wants, as far as it is known.
#[derive(Debug)]
pub(super) struct Door {
    wants: Mutex<Option<Wants>>,
    asked: watch::Sender<Asked>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wants {
    /// Nothing, so far.
    Nothing,
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

/// What somebody finds who comes to the door.
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
        self.lock().clone()
    }

    /// The challenge of a 401 came.
    pub(super) fn challenged(&self, challenge: Challenge) {
        *self.lock() = Some(Wants::Answer(challenge));
    }

    /// A request without credentials was answered. What a challenge said before stays.
    pub(super) fn passed(&self) {
        self.lock().get_or_insert(Wants::Nothing);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Wants>> {
        self.wants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for First {
    fn drop(&mut self) {
        self.0.asked.send_replace(Asked::Before);
    }
}

#[cfg(test)]
mod tests;
