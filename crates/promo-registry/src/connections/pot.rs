//! The places for one kind of request: who has them, who waits, and who is next. Nothing here waits.

use std::collections::{BTreeMap, VecDeque};

use tokio::sync::oneshot;

use super::Opened;

/// The places of one kind.
#[derive(Debug, Default)]
pub(super) struct Pot {
    /// How many may be taken.
    pub(super) most: usize,
    taken: usize,
    /// A host stays here once it was seen.
    hosts: BTreeMap<String, AtHost>,
    /// How many have come to wait.
    came: u64,
}

/// Who has places for requests to one host, and who waits for them.
#[derive(Debug, Default)]
struct AtHost {
    taken: usize,
    /// Each with its number among all that came.
    waiting: VecDeque<(u64, Turn)>,
}

/// Where is told that a place is there.
pub(super) type Turn = oneshot::Sender<Opened>;

impl Pot {
    /// Whether a request to a host gets a place at once.
    pub(super) fn has_room_for(&self, host: &str) -> bool {
        let known = self.hosts.get(host);
        let is_alone = self.hosts.len() == usize::from(known.is_some());
        let taken = known.map_or(0, |known| known.taken);
        self.taken < self.most && taken < self.most_of_one(is_alone)
    }

    pub(super) fn take(&mut self, host: &str) {
        self.taken += 1;
        self.at(host).taken += 1;
    }

    pub(super) fn free(&mut self, host: &str) {
        self.taken = self.taken.saturating_sub(1);
        let at = self.at(host);
        at.taken = at.taken.saturating_sub(1);
    }

    /// Stands in line.
    pub(super) fn wait(&mut self, host: &str) -> oneshot::Receiver<Opened> {
        let (turn, receiver) = oneshot::channel();
        let number = self.came;
        self.came += 1;
        self.at(host).waiting.push_back((number, turn));
        receiver
    }

    /// Takes a place for who is next: of the host that has the fewest, the one that waits longest.
    pub(super) fn next(&mut self) -> Option<(String, Turn)> {
        if self.taken >= self.most {
            return None;
        }
        let most_of_one = self.most_of_one(self.hosts.len() == 1);
        let waiting = self.hosts.iter().filter_map(|(host, at)| {
            let (number, _) = at.waiting.front()?;
            (at.taken < most_of_one).then_some((at.taken, *number, host))
        });
        let (_, _, host) = waiting.min()?;
        let host = host.clone();
        let (_, turn) = self.at(&host).waiting.pop_front()?;
        self.take(&host);
        Some((host, turn))
    }

    /// How many a host may have: where there are others, half, so that one that says nothing leaves them some.
    fn most_of_one(&self, is_alone: bool) -> usize {
        if is_alone {
            self.most
        } else {
            self.most.div_ceil(2)
        }
    }

    fn at(&mut self, host: &str) -> &mut AtHost {
        self.hosts.entry(host.to_owned()).or_default()
    }
}
