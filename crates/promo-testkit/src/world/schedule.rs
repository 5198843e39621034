//! What befalls the hosts of a world: a list of episodes that begin with a request, from a seed or by hand.
//!
//! An episode is bound to the requests of its host and not to the time, so that it meets a run wherever that is, however
//! quick it is. Where several are under way, the first of the list decides; a collector comes in addition.

use std::fmt;
use std::time::Duration;

use crate::random::Random;

/// What can befall a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// Nobody can connect.
    Unavailable,
    /// Requests do what they are to do, and their answers are lost.
    AnswersLost,
    /// Bodies break off in their middle, in both directions; other requests are served.
    BreaksBodies,
    /// Nothing is answered and nothing done: clients wait until their deadline.
    Silent,
    /// This status is answered.
    Status(u16),
    /// A collector runs before the request: it takes manifests whose subject isn't there, and tags of evidence about what
    /// isn't there.
    Collects,
}

/// For how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// This many requests.
    Requests(u64),
    /// This long, from its first request on.
    Time(Duration),
}

/// One trouble at one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// Where.
    pub host: String,
    /// It begins with the request after so many at this host.
    pub after: u64,
    /// For how long.
    pub lasts: Lasts,
    /// What.
    pub trouble: Trouble,
}

/// All that befalls a world. It passes: each episode has an end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedule {
    /// In the order of their precedence.
    pub episodes: Vec<Episode>,
}

impl Schedule {
    /// Up to `most` episodes among the first `requests` of these hosts.
    pub fn from_random(random: &mut Random, hosts: &[String], most: u64, requests: u64) -> Self {
        let count = random.below(most + 1);
        let episode = |_| {
            let host = usize::try_from(random.below(hosts.len() as u64)).unwrap_or_default();
            let trouble = trouble(random);
            Some(Episode {
                host: hosts.get(host)?.clone(),
                after: random.below(requests),
                lasts: lasts(random),
                trouble,
            })
        };
        Self {
            episodes: (0..count).filter_map(episode).collect(),
        }
    }

    pub(super) fn of(&self, host: &str) -> Vec<Episode> {
        let episodes = self.episodes.iter();
        episodes.filter(|it| it.host == host).cloned().collect()
    }
}

fn trouble(random: &mut Random) -> Trouble {
    match random.below(8) {
        0 => Trouble::Unavailable,
        1 | 2 => Trouble::AnswersLost,
        3 => Trouble::BreaksBodies,
        4 => Trouble::Silent,
        5 => Trouble::Status(if random.one_in(2) { 500 } else { 503 }),
        _ => Trouble::Collects,
    }
}

fn lasts(random: &mut Random) -> Lasts {
    match random.below(4) {
        0 => Lasts::Requests(1),
        1 => Lasts::Requests(random.between(2, 12)),
        2 => Lasts::Time(Duration::from_millis(random.between(50, 5_000))),
        _ => Lasts::Time(Duration::from_secs(random.between(5, 90))),
    }
}

impl fmt::Display for Episode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            host,
            after,
            lasts,
            trouble,
        } = self;
        write!(f, "{host}, after {after} requests: {trouble:?} for ")?;
        match lasts {
            Lasts::Requests(count) => write!(f, "{count} requests"),
            Lasts::Time(time) => write!(f, "{time:?}"),
        }
    }
}
