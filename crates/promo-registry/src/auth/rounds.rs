//! Which repositories ask for a token together. A token server is asked at once as long as few of our questions are
//! under way there; whoever comes then waits until one is answered, and the first of those who wait asks for all of
//! them. That is done only where tokens say what they allow (`granted`), and where one doesn't allow something, that is
//! asked for by itself. What is sent is none of this room's business.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use promo_core::oci::RegistryHost;
use tokio::sync::oneshot;

use super::Scopes;
use super::token::{Token, TokenRequest};
use crate::Error;

/// How many questions to a token server are under way before others wait for their answers.
const APART: usize = 4;
/// For how many at most one asks.
const TOGETHER: usize = 16;
/// How long the scopes of one question may be together, in bytes: they go into a URL, and come back in a header.
const LONGEST: usize = 2048;

/// The questions of a run to its token servers.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    lines: Mutex<Vec<Arc<Line>>>,
}

/// Those who show the same to the same token server.
#[derive(Debug)]
struct Line {
    /// A question of this line; its scopes don't count.
    like: TokenRequest,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    under_way: usize,
    waiting: VecDeque<Waiting>,
    /// Whether nothing is asked for together here.
    apart: bool,
    /// What is asked for by itself, because a token for several was not enough.
    alone: BTreeSet<Scopes>,
}

/// Somebody who waits for a turn.
#[derive(Debug)]
pub(super) struct Waiting {
    scopes: Scopes,
    turn: oneshot::Sender<Turn>,
}

/// Whose turn it is to ask, and for whom.
#[derive(Debug)]
pub(super) enum Turn {
    /// To ask for what oneself needs.
    Own(Option<Place>),
    /// To ask for oneself and for others.
    ForAll(Round),
    /// Somebody asked; this came of it.
    Asked(Result<Token, Error>),
}

/// A question that is under way. When it is dropped, the next may ask.
#[derive(Debug)]
pub(super) struct Place(Arc<Line>);

/// A question for several.
#[derive(Debug)]
pub(super) struct Round {
    place: Place,
    own: Scopes,
    others: Vec<Waiting>,
}

impl Rounds {
    /// Waits for a turn.
    pub(super) async fn turn(&self, request: &TokenRequest) -> Turn {
        let waited = match self.line(request).enter(&request.scopes) {
            Ok(place) => return Turn::Own(Some(place)),
            Err(waited) => waited,
        };
        // Who was to ask for us may have been dropped.
        waited.await.unwrap_or(Turn::Own(None))
    }

    /// These scopes of a host are asked for by themselves from now on.
    pub(super) fn ask_alone(&self, host: &RegistryHost, scopes: &Scopes) {
        let lines = lock(&self.lines);
        for line in lines.iter().filter(|line| line.like.host == *host) {
            line.ask_alone(scopes);
        }
    }

    fn line(&self, request: &TokenRequest) -> Arc<Line> {
        let mut lines = lock(&self.lines);
        let known = lines.iter().find(|line| line.like.shows_the_same(request));
        if let Some(line) = known {
            return Arc::clone(line);
        }
        let line = Arc::new(Line {
            like: request.clone(),
            state: Mutex::default(),
        });
        lines.push(Arc::clone(&line));
        line
    }
}

impl Line {
    fn enter(self: Arc<Self>, scopes: &Scopes) -> Result<Place, oneshot::Receiver<Turn>> {
        let mut state = lock(&self.state);
        if state.under_way < APART || state.apart || state.alone.contains(scopes) {
            state.under_way += 1;
            drop(state);
            return Ok(Place(self));
        }
        let (turn, waited) = oneshot::channel();
        let scopes = scopes.clone();
        state.waiting.push_back(Waiting { scopes, turn });
        Err(waited)
    }

    /// Hands a place on to those who wait.
    fn leave(self: &Arc<Self>) {
        let (first, others) = {
            let mut state = lock(&self.state);
            let Some(next) = state.next_round() else {
                state.under_way -= 1;
                return;
            };
            next
        };
        let place = Place(Arc::clone(self));
        if others.is_empty() {
            first.gets(Turn::Own(Some(place)));
            return;
        }
        let own = first.scopes.clone();
        first.gets(Turn::ForAll(Round { place, own, others }));
    }

    /// Nothing is asked for together any more.
    fn part(&self) {
        let waiting = {
            let mut state = lock(&self.state);
            state.apart = true;
            std::mem::take(&mut state.waiting)
        };
        for one in waiting {
            one.gets(Turn::Own(None));
        }
    }

    fn ask_alone(&self, scopes: &Scopes) {
        lock(&self.state).alone.insert(scopes.clone());
    }
}

impl State {
    /// Who asks next, and for whom else.
    fn next_round(&mut self) -> Option<(Waiting, Vec<Waiting>)> {
        self.waiting.retain(|one| !one.turn.is_closed());
        let first = self.waiting.pop_front()?;
        let mut length = first.scopes.length();
        let mut others = Vec::new();
        while others.len() + 1 < TOGETHER
            && let Some(next) = self.waiting.front()
        {
            length += next.scopes.length();
            if length > LONGEST {
                break;
            }
            others.extend(self.waiting.pop_front());
        }
        Some((first, others))
    }
}

impl Waiting {
    /// Where nobody waits any more, what is given is dropped; a place is handed on by that.
    fn gets(self, turn: Turn) {
        drop(self.turn.send(turn));
    }
}

impl Place {
    /// A token came. What it doesn't say of itself, the others won't say either.
    pub(super) fn answered(self, token: &Token) {
        if token.granted.is_none() {
            self.0.part();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl Round {
    /// What is asked for.
    pub(super) fn scopes(&self) -> Scopes {
        let mut all = self.own.clone();
        for other in &self.others {
            all.extend(&other.scopes);
        }
        all
    }

    /// Deals out what came of it. Returns what it means to the one who asked, likewise: a token, an error, or that it
    /// is asked for alone.
    pub(super) fn deal(self, outcome: &Result<Token, Error>) -> Option<Result<Token, Error>> {
        let granted = match outcome {
            Ok(token) => token.granted.as_deref(),
            // Each of them would wait for as long again, in vain.
            Err(Error::Deadline { .. } | Error::Connection { .. }) => {
                for other in self.others {
                    other.gets(Turn::Asked(outcome.clone()));
                }
                return Some(outcome.clone());
            }
            Err(_) => None,
        };
        if granted.is_none() {
            self.place.0.part();
        }
        let share = |scopes: &Scopes| match outcome {
            Ok(token) if granted.is_some_and(|granted| granted.covers(scopes)) => {
                let mut token = token.clone();
                token.shared = true;
                Some(Ok(token))
            }
            _ => {
                self.place.0.ask_alone(scopes);
                None
            }
        };
        for other in self.others {
            let turn = share(&other.scopes).map_or(Turn::Own(None), Turn::Asked);
            other.gets(turn);
        }
        share(&self.own)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
