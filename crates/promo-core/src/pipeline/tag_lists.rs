//! Lists of tags, for whoever would ask for many tags of one repository that are hardly ever there: one list in place of a
//! question for each.
//!
//! Only told is what is found by it: a list may be a moment behind, so nothing is decided by what it lacks. Where it takes
//! more pages than questions would be saved, or can't be had, the questions are asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use futures_util::lock::Mutex;

use crate::oci::{Repository, Tag};
use crate::ports::Registry;

/// The lists of a run.
#[derive(Debug, Default)]
pub(super) struct TagLists(StdMutex<BTreeMap<Repository, Entry>>);

#[derive(Debug, Default)]
struct Entry {
    /// For how many images tags will be asked.
    images: usize,
    list: Arc<Mutex<List>>,
}

#[derive(Debug, Default)]
enum List {
    #[default]
    Unread,
    Read(BTreeSet<Tag>),
    /// It isn't to be had, or not worth it.
    Without,
}

impl TagLists {
    /// Tags beside images of these repositories will be asked for.
    pub(super) fn expect<'a>(&self, sources: impl Iterator<Item = &'a Repository>) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for source in sources {
            entries.entry(source.clone()).or_default().images += 1;
        }
    }

    /// Those of the tags beside one image that may be there.
    pub(super) async fn among(
        &self,
        registry: &dyn Registry,
        repository: &Repository,
        tags: Vec<Tag>,
    ) -> Vec<Tag> {
        let Some((images, list)) = self.entry(repository) else {
            return tags;
        };
        let questions = images.saturating_mul(tags.len());
        let mut list = list.lock().await;
        if matches!(*list, List::Unread) {
            // A list that saves a question or two isn't worth its longer answer.
            *list = match questions {
                0..=3 => List::Without,
                questions => read(registry, repository, questions / 2).await,
            };
        }
        match &*list {
            List::Read(known) => tags.into_iter().filter(|tag| known.contains(tag)).collect(),
            List::Unread | List::Without => tags,
        }
    }

    fn entry(&self, repository: &Repository) -> Option<(usize, Arc<Mutex<List>>)> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(repository)?;
        Some((entry.images, Arc::clone(&entry.list)))
    }
}

/// The tags that may stand beside an image, of a list that has at most so many pages.
async fn read(registry: &dyn Registry, repository: &Repository, pages: usize) -> List {
    let mut known = BTreeSet::new();
    let mut next: Option<String> = None;
    for _ in 0..pages {
        let Ok(page) = registry.tags(repository, next.as_deref()).await else {
            return List::Without;
        };
        let Some(page) = page else {
            return List::Read(known);
        };
        let beside = |tag: &Tag| {
            let tag = tag.as_str();
            tag.starts_with("sha256-") || tag.starts_with("sha512-")
        };
        known.extend(page.tags.into_iter().filter(beside));
        next = page.next;
        if next.is_none() {
            return List::Read(known);
        }
    }
    List::Without
}
