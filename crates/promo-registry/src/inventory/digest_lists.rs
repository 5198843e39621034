//! Which hosts list digests with their tags, as Google's registries do: what was set or is known by name is asked for at
//! once (`settings`), all else is found out here by looking at an answer. It reads no repository itself.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use promo_core::inventory::WantedRepository;
use promo_core::oci::Repository;
use promo_core::ports::{BulkList, Registry};
use tokio::sync::Semaphore;

/// For how many lists a host is asked at once to see what is in them: those of repositories that aren't there tell nothing.
const FIRST_LISTS: usize = 3;
/// How many requests lists must be able to save at a host before it is asked for some: where they have no digests, the question
/// costs at most one request in a hundred.
const WORTHWHILE: usize = 100 * FIRST_LISTS;

/// What is known of the lists of hosts.
#[derive(Debug, Default)]
pub(super) struct DigestLists {
    /// Whether a host's lists have digests.
    known: Mutex<BTreeMap<String, bool>>,
    /// Who may ask a host for one of its first lists: closed when it is known what they have.
    turns: Mutex<BTreeMap<String, Arc<Turns>>>,
}

#[derive(Debug)]
struct Turns {
    places: Semaphore,
    missing: AtomicUsize,
}

impl Turns {
    /// Counts a repository that isn't there. Whether other lists may still tell more.
    fn is_not_last_to_miss(&self) -> bool {
        self.missing.fetch_add(1, Ordering::Relaxed) + 1 < FIRST_LISTS
    }
}

impl DigestLists {
    /// Whether the lists of a host have digests, if that is known.
    pub(super) fn known(&self, host: &str) -> Option<bool> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(host).copied()
    }

    /// Remembers what an answer showed.
    pub(super) fn learn(&self, host: &str, has_digests: bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(host.to_owned(), has_digests);
    }

    /// Asks a host of which nothing is known for the list of a repository, and learns from the answer. None if it is
    /// known by now, or if there is no list to be had: then the repository has to be asked in another way.
    ///
    /// Few ask, and the others wait for what that shows. A refusal is none of the repository: it may hold for lists only.
    pub(super) async fn find(
        &self,
        registry: &dyn Registry,
        repository: &Repository,
    ) -> Option<BulkList> {
        let host = repository.host_str();
        let turns = self.turns(host);
        let turn = turns.places.acquire().await.ok()?;
        let found = match registry.bulk_list(repository).await {
            Ok(list @ BulkList::Listed { .. }) => Some(list),
            Ok(BulkList::Missing) if turns.is_not_last_to_miss() => {
                turn.forget();
                return None;
            }
            _ => None,
        };
        // That a list has digests outweighs that another had none.
        if found.is_some() || self.known(host).is_none() {
            self.learn(host, found.is_some());
        }
        turns.places.close();
        found
    }

    fn turns(&self, host: &str) -> Arc<Turns> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(host.to_owned()).or_insert_with(|| {
            Arc::new(Turns {
                places: Semaphore::new(FIRST_LISTS),
                missing: AtomicUsize::new(0),
            })
        }))
    }
}

/// A repository with what is wanted of it.
pub(super) type Question = (Repository, Arc<WantedRepository>);

/// Whether lists would save enough requests for one of them to be asked for in vain.
pub(super) fn is_worthwhile(queue: &[Question]) -> bool {
    let saved = queue.iter().map(|(_, wanted)| {
        let questions = wanted.tags.len() + wanted.digests.len();
        questions.saturating_sub(1)
    });
    saved.sum::<usize>() >= WORTHWHILE
}
