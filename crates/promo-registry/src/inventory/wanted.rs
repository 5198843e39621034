//! Learns what a plan wants to know, and nothing more.
//!
//! Answers are taken in the order of the questions, so the first failure that is reported is the same each
//! time; after it the repository is asked nothing more.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use promo_core::inventory::{
    Inventory, RepositoryContent, RepositoryInventory, WantedInventory, WantedRepository,
};
use promo_core::oci::{Digest, ManifestReference, Repository, Tag};
use promo_core::ports::{BulkList, Failure, contain};

use super::{InventoryMethod, RegistryInventoryReader};

impl RegistryInventoryReader {
    pub(super) async fn read_wanted(&self, wanted: &WantedInventory) -> Inventory {
        let mut hosts: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for (repository, wanted) in &wanted.repositories {
            let reading = self.read_repository(repository, wanted);
            hosts
                .entry(repository.host_str())
                .or_default()
                .push(reading);
        }
        // Each host has a queue of its own: one that is slow holds up no other.
        let queues = hosts.into_values();
        let queues = queues.map(|queue| stream::iter(queue).buffer_unordered(self.at_once()));
        let mut arriving = stream::select_all(queues);
        let mut inventory = Inventory::new();
        while let Some((repository, content)) = arriving.next().await {
            inventory.insert(repository, content);
        }
        inventory
    }

    pub(super) fn at_once(&self) -> usize {
        self.settings.concurrency.max(1)
    }

    async fn read_repository(
        &self,
        repository: &Repository,
        wanted: &WantedRepository,
    ) -> (Repository, RepositoryInventory) {
        let content = contain(self.find_out(repository, wanted)).await;
        (
            repository.clone(),
            content.unwrap_or_else(|failure| unreadable(&failure)),
        )
    }

    async fn find_out(
        &self,
        repository: &Repository,
        wanted: &WantedRepository,
    ) -> Result<RepositoryInventory, Failure> {
        let found = self.list_or_ask(repository, wanted).await?;
        self.look_into(repository, wanted, found).await
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

/// A repository that can't be read, with why.
pub(super) fn unreadable(failure: &Failure) -> RepositoryInventory {
    RepositoryInventory::unreadable(failure)
}
