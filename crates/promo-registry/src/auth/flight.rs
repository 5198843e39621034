//! Asks a question once for all requests that need its answer at the same time: for a token, or a helper's credential.
//! A request that comes while the question is being asked waits for the outcome and shares it, a failure as well.
//! Different questions don't wait for each other: each has a [`Flight`] of its own.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::Error;

/// One question, with its last outcome.
#[derive(Debug)]
pub(super) struct Flight<T> {
    /// Held by the one who asks.
    turn: tokio::sync::Mutex<()>,
    landed: Mutex<Landed<T>>,
    /// How long a failure is the answer to those who come after it, too.
    failure_lasts: fn(&Error) -> Duration,
}

#[derive(Debug)]
struct Landed<T> {
    /// How often an outcome came.
    number: u64,
    outcome: Option<Outcome<T>>,
}

#[derive(Debug, Clone)]
enum Outcome<T> {
    Found(T),
    Failed(Error, Instant),
}

/// What was found.
#[derive(Debug)]
pub(super) struct Found<T> {
    pub(super) value: T,
    /// Distinguishes it from earlier and later answers to the same question.
    pub(super) number: u64,
    /// Whether it was asked for just now, by the one who gets it.
    pub(super) is_own: bool,
}

impl<T: Clone> Flight<T> {
    pub(super) fn new(failure_lasts: fn(&Error) -> Duration) -> Self {
        Self {
            turn: tokio::sync::Mutex::default(),
            landed: Mutex::new(Landed {
                number: 0,
                outcome: None,
            }),
            failure_lasts,
        }
    }

    /// What is there, if it will do.
    pub(super) fn ready(&self, will_do: impl Fn(&T) -> bool) -> Option<Found<T>> {
        let landed = self.lock();
        match &landed.outcome {
            Some(Outcome::Found(value)) if will_do(value) => Some(Found {
                value: value.clone(),
                number: landed.number,
                is_own: false,
            }),
            _ => None,
        }
    }

    /// The answer that is there, if it will do; else that of whoever is asking already; else that of asking ourselves.
    pub(super) async fn join<F>(
        &self,
        will_do: impl Fn(&T) -> bool,
        ask: impl FnOnce() -> F,
    ) -> Result<Found<T>, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        if let Some(found) = self.ready(&will_do) {
            return Ok(found);
        }
        let before = {
            let landed = self.lock();
            if let Some(Outcome::Failed(error, until)) = &landed.outcome
                && Instant::now() < *until
            {
                return Err(error.clone());
            }
            landed.number
        };
        let turn = self.turn.lock().await;
        if let Some(shared) = self.landed_since(before) {
            return shared;
        }
        let outcome = ask().await;
        let settled = self.settle(outcome);
        drop(turn);
        settled
    }

    /// Drops the answer with this number, unless a newer one has replaced it.
    pub(super) fn forget(&self, number: u64) {
        let mut landed = self.lock();
        if landed.number == number {
            landed.outcome = None;
        }
    }

    /// The outcome of a question that ended while we waited for our turn.
    fn landed_since(&self, before: u64) -> Option<Result<Found<T>, Error>> {
        let landed = self.lock();
        if landed.number == before {
            return None;
        }
        Some(match landed.outcome.clone()? {
            Outcome::Found(value) => Ok(Found {
                value,
                number: landed.number,
                is_own: false,
            }),
            Outcome::Failed(error, _) => Err(error),
        })
    }

    fn settle(&self, outcome: Result<T, Error>) -> Result<Found<T>, Error> {
        let mut landed = self.lock();
        landed.number += 1;
        match outcome {
            Ok(value) => {
                landed.outcome = Some(Outcome::Found(value.clone()));
                Ok(Found {
                    value,
                    number: landed.number,
                    is_own: true,
                })
            }
            Err(error) => {
                let until = Instant::now() + (self.failure_lasts)(&error);
                landed.outcome = Some(Outcome::Failed(error.clone(), until));
                Err(error)
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Landed<T>> {
        self.landed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
