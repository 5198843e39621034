//! A host of a world: what it holds, and what becomes of a request that arrives, before it is looked at
//! (`operations` does what it asks for).

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use promo_core::ports::Failure;
use tokio::time::Instant;

use super::failures;
use super::schedule::{Episode, Lasts, Trouble};
use super::settings::HostSettings;
use crate::registry::RegistryState;
use crate::registry::lock::lock;

const SECOND: Duration = Duration::from_secs(1);

/// A registry of a world.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) settings: HostSettings,
    pub(super) state: RegistryState,
    pub(super) uploads: Mutex<Uploads>,
    traffic: Mutex<Traffic>,
}

/// Uploads that are open, by number, with the repository of each.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    pub(super) open: BTreeMap<u64, String>,
    pub(super) opened: u64,
}

/// What has arrived, and what befalls what arrives.
#[derive(Debug, Default)]
struct Traffic {
    requests: u64,
    writes: u64,
    /// The second that is counted for the quota, and what was served in it.
    second: Option<(Instant, u32)>,
    /// Those that are to come or under way, with when they began.
    episodes: Vec<(Episode, Option<Instant>)>,
}

/// What becomes of a request.
#[derive(Debug)]
pub(super) enum Fate {
    /// It is served.
    Served,
    /// It is served, and the answer is lost.
    AnswerLost,
    /// Its body breaks off, if it has one.
    BreaksBody,
    /// Nothing comes back.
    Silent,
    /// It isn't served.
    Refused(Failure),
}

impl Host {
    pub(super) fn new(settings: HostSettings) -> Self {
        Self {
            settings,
            state: RegistryState::default(),
            uploads: Mutex::default(),
            traffic: Mutex::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.settings.name
    }

    pub(super) fn writes(&self) -> u64 {
        lock(&self.traffic).writes
    }

    /// Begins to count anew: episodes name the requests from now on.
    pub(super) fn befall(&self, episodes: Vec<Episode>) {
        let mut traffic = lock(&self.traffic);
        traffic.requests = 0;
        traffic.episodes = episodes.into_iter().map(|it| (it, None)).collect();
    }

    /// A request arrives. `collected` hears of a collector.
    pub(super) fn arrive(&self, is_write: bool, collected: impl FnOnce()) -> Fate {
        let now = Instant::now();
        let mut traffic = lock(&self.traffic);
        let troubles = traffic.troubles(now);
        traffic.writes += u64::from(is_write);
        if troubles.contains(&Trouble::Collects) {
            self.state.collect_orphans();
            collected();
        }
        let decides = troubles.into_iter().find(|it| *it != Trouble::Collects);
        match decides {
            Some(Trouble::Unavailable) => Fate::Refused(failures::unreachable(self.name())),
            Some(Trouble::Status(status)) => Fate::Refused(failures::status(self.name(), status)),
            Some(Trouble::Silent) => Fate::Silent,
            _ if !traffic.serves(self.settings.quota.map(std::num::NonZero::get), now) => {
                Fate::Refused(failures::too_many(self.name(), SECOND))
            }
            Some(Trouble::AnswersLost) => Fate::AnswerLost,
            Some(Trouble::BreaksBodies) => Fate::BreaksBody,
            Some(Trouble::Collects) | None => Fate::Served,
        }
    }
}

impl Traffic {
    /// Counts a request, and says what is under way as it arrives.
    fn troubles(&mut self, now: Instant) -> Vec<Trouble> {
        let number = self.requests;
        self.requests += 1;
        let mut troubles = Vec::new();
        for (episode, began) in &mut self.episodes {
            if number < episode.after {
                continue;
            }
            let began = *began.get_or_insert(now);
            let goes_on = match episode.lasts {
                Lasts::Requests(count) => number - episode.after < count,
                Lasts::Time(time) => now.saturating_duration_since(began) < time,
            };
            if goes_on {
                troubles.push(episode.trouble);
            }
        }
        troubles
    }

    /// Whether the quota allows another request in this second.
    fn serves(&mut self, quota: Option<u32>, now: Instant) -> bool {
        let Some(quota) = quota else {
            return true;
        };
        match &mut self.second {
            Some((began, served)) if now.saturating_duration_since(*began) < SECOND => {
                *served += 1;
                *served <= quota
            }
            second => {
                *second = Some((now, 1));
                true
            }
        }
    }
}
