//! Learns what a plan wants to know, and nothing more.
//!
//! Answers are taken in the order of the questions, so the first failure that is reported is the same each
//! time; after it the repository is asked nothing more.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt as _, stream};
use promo_core::inventory::{
    Inventory, RepositoryContent, RepositoryInventory, WantedInventory, WantedRepository,
};
use promo_core::oci::{Digest, ManifestReference, Repository, Tag};
use promo_core::ports::{BulkList, Failure, contain};

use super::digest_lists::{Question, is_worthwhile};
use super::{InventoryMethod, RegistryInventoryReader};

impl RegistryInventoryReader {
    pub(super) async fn read_wanted(&self, wanted: &WantedInventory) -> Inventory {
        let mut arriving = pin!(self.each_wanted(wanted));
        let mut inventory = Inventory::new();
        while let Some((repository, found)) = arriving.next().await {
            inventory.insert(repository, found);
        }
        inventory
    }

    /// The same, repository by repository as they arrive.
    pub(super) fn each_wanted(
        &self,
        wanted: &WantedInventory,
    ) -> impl Stream<Item = (Repository, RepositoryInventory)> + Send {
        let mut hosts: BTreeMap<&str, Vec<Question>> = BTreeMap::new();
        for (repository, wanted) in &wanted.repositories {
            let queue = hosts.entry(repository.host_str()).or_default();
            queue.push((repository.clone(), Arc::clone(wanted)));
        }
        // Each host has a queue of its own: one that is slow holds up no other. What stands in it is no request yet. Hosts have
        // equal shares, so that those that stand still take none of the others'.
        let share = self.settings.repositories_at_once / hosts.len().max(1);
        let width = self.at_once().min(share.max(1));
        let queues = hosts.into_values().map(|queue| {
            let is_worthwhile = is_worthwhile(&queue);
            let reading = move |(name, wanted)| self.read_repository(name, wanted, is_worthwhile);
            stream::iter(queue).map(reading).buffer_unordered(width)
        });
        let mut contents = Contents::default();
        stream::select_all(queues)
            .map(move |(repository, found)| (repository, contents.shared(found)))
    }

    pub(super) fn at_once(&self) -> usize {
        self.settings.concurrency.max(1)
    }

    async fn read_repository(
        &self,
        repository: Repository,
        wanted: Arc<WantedRepository>,
        is_worthwhile: bool,
    ) -> (Repository, RepositoryInventory) {
        let content = contain(self.find_out(&repository, &wanted, is_worthwhile)).await;
        let content = content.unwrap_or_else(|failure| unreadable(&failure));
        (repository, content)
    }

    async fn find_out(
        &self,
        repository: &Repository,
        wanted: &WantedRepository,
        is_worthwhile: bool,
    ) -> Result<RepositoryInventory, Failure> {
        let listed = if is_worthwhile {
            self.first_list(repository).await
        } else {
            None
        };
        let found = match listed {
            Some(content) => RepositoryInventory::Read(content),
            None => self.list_or_ask(repository, wanted).await?,
        };
        self.look_into(repository, wanted, found).await
    }

    /// What the first list of a host tells, if nothing is known of its lists and it turns out that they have digests.
    async fn first_list(&self, repository: &Repository) -> Option<RepositoryContent> {
        let host = repository.host_str();
        let is_open = self.digest_lists.known(host).is_none()
            && self.settings.method(host) == InventoryMethod::Cheapest;
        if !is_open {
            return None;
        }
        let _permit = self.permit(host).await;
        match self.digest_lists.find(&*self.registry, repository).await {
            Some(BulkList::Listed { content, .. }) => Some(content),
            _ => None,
        }
    }

    async fn list_or_ask(
        &self,
        repository: &Repository,
        wanted: &WantedRepository,
    ) -> Result<RepositoryInventory, Failure> {
        match self.method(repository) {
            InventoryMethod::BulkList => match self.bulk_list(repository).await? {
                Some(BulkList::Listed { content, .. }) => Ok(RepositoryInventory::Read(content)),
                Some(_) => Ok(RepositoryInventory::Missing),
                None => self.ask_each(repository, wanted, &BTreeSet::new()).await,
            },
            InventoryMethod::TagList => {
                let Some(listed) = self.list_tags(repository).await? else {
                    return Ok(RepositoryInventory::Missing);
                };
                let absent = wanted.tags.difference(&listed).cloned().collect();
                self.ask_each(repository, wanted, &absent).await
            }
            _ => self.ask_each(repository, wanted, &BTreeSet::new()).await,
        }
    }

    /// Reads the manifests of tags that are wanted at a digest by another algorithm than the one that the registry
    /// says, and records the wanted digest where it is that of the bytes.
    async fn look_into(
        &self,
        repository: &Repository,
        wanted: &WantedRepository,
        mut found: RepositoryInventory,
    ) -> Result<RepositoryInventory, Failure> {
        let RepositoryInventory::Read(content) = &mut found else {
            return Ok(found);
        };
        for (tag, digests) in &wanted.contents {
            let standing = content.tags().find(|(standing, _)| *standing == tag);
            let Some((_, standing)) = standing else {
                continue;
            };
            let is_other = |digest: &&Digest| digest.algorithm() != standing.algorithm();
            if !digests.iter().any(|digest| is_other(&digest)) {
                continue;
            }
            let _permit = self.permit(repository.host_str()).await;
            let reference = ManifestReference::Tag(tag.clone());
            let manifest = self.registry.get_manifest(repository, &reference).await?;
            let Some(manifest) = manifest else {
                continue;
            };
            let same = digests.iter().filter(is_other);
            if let Some(same) = same.copied().find(|it| it.matches(manifest.bytes())) {
                content.record_tag(tag.clone(), Some(same));
            }
        }
        Ok(found)
    }

    /// A HEAD for each wanted tag that isn't known to be absent, then for each wanted digest that was not
    /// seen behind a tag.
    async fn ask_each(
        &self,
        repository: &Repository,
        wanted: &WantedRepository,
        absent: &BTreeSet<Tag>,
    ) -> Result<RepositoryInventory, Failure> {
        let mut content = RepositoryContent::partial();
        let asked = wanted.tags.difference(absent).cloned().collect();
        let mut seen = BTreeSet::new();
        for (tag, digest) in self.ask_tags(repository, asked).await? {
            seen.extend(digest);
            content.record_tag(tag, digest);
        }
        for tag in absent {
            content.record_tag(tag.clone(), None);
        }
        let asked = wanted.digests.difference(&seen).copied().collect();
        for (digest, present) in self
            .ask_digests(repository, asked, wanted.for_certain)
            .await?
        {
            content.record_digest(digest, present);
        }
        Ok(RepositoryInventory::Read(content))
    }

    /// Where each of these tags points.
    pub(super) async fn ask_tags(
        &self,
        repository: &Repository,
        tags: Vec<Tag>,
    ) -> Result<Vec<(Tag, Option<Digest>)>, Failure> {
        let asking: Vec<_> = tags
            .iter()
            .map(|tag| self.head(repository, ManifestReference::Tag(tag.clone())))
            .collect();
        let mut answers = stream::iter(asking).buffered(self.at_once());
        let mut found = Vec::with_capacity(tags.len());
        while let Some(answer) = answers.next().await {
            found.push(answer?);
        }
        drop(answers);
        Ok(tags.into_iter().zip(found).collect())
    }

    async fn ask_digests(
        &self,
        repository: &Repository,
        digests: Vec<Digest>,
        for_certain: bool,
    ) -> Result<Vec<(Digest, bool)>, Failure> {
        let asking: Vec<_> = digests
            .iter()
            .map(|digest| self.is_there(repository, *digest, for_certain))
            .collect();
        let mut answers = stream::iter(asking).buffered(self.at_once());
        let mut found = Vec::with_capacity(digests.len());
        while let Some(answer) = answers.next().await {
            found.push(answer?);
        }
        drop(answers);
        Ok(digests.into_iter().zip(found).collect())
    }

    async fn is_there(
        &self,
        repository: &Repository,
        digest: Digest,
        for_certain: bool,
    ) -> Result<bool, Failure> {
        let reference = ManifestReference::Digest(digest);
        if self.head(repository, reference.clone()).await?.is_some() {
            return Ok(true);
        }
        if !for_certain {
            return Ok(false);
        }
        let _permit = self.permit(repository.host_str()).await;
        let manifest = self.registry.get_manifest(repository, &reference).await?;
        Ok(manifest.is_some())
    }
}

/// What was read of repositories, each content once: mirrors hold the same by the dozen.
#[derive(Default)]
struct Contents(BTreeSet<RepositoryContent>);

impl Contents {
    /// The same, shared with whoever was found to hold it before.
    fn shared(&mut self, found: RepositoryInventory) -> RepositoryInventory {
        let RepositoryInventory::Read(content) = found else {
            return found;
        };
        let known = self.0.get(&content).cloned();
        RepositoryInventory::Read(known.unwrap_or_else(|| {
            self.0.insert(content.clone());
            content
        }))
    }
}

/// A repository that can't be read, with why.
pub(super) fn unreadable(failure: &Failure) -> RepositoryInventory {
    RepositoryInventory::unreadable(failure)
}
