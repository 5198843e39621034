//! What registries hold now, as data: the second input of a plan.
//!
//! An inventory may be complete for a repository (all its tags and digests are known) or know only what
//! was asked. What it doesn't know it says so; it never guesses "absent".

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::Code;
use crate::failure::{Failure, FailureKind};
use crate::oci::{Digest, DigestAlgorithm, RegistryPath, Repository, Tag};

/// What a plan wants to know, per repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WantedInventory {
    /// The repositories with what is asked about each. Mirrors are asked the same, which is kept once.
    pub repositories: BTreeMap<Repository, Arc<WantedRepository>>,
}

/// What a plan wants to know about one repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WantedRepository {
    /// Tags whose digest is wanted.
    pub tags: BTreeSet<Tag>,
    /// Digests of which it is wanted whether they are there.
    pub digests: BTreeSet<Digest>,
    /// Whether a digest is only missing if GET shows nothing, too: to HEAD some registries don't show what is there.
    pub for_certain: bool,
    /// Tags that are wanted at digests by other algorithms than SHA-256, with these digests. A registry may say the
    /// SHA-256 digest of the same bytes: then the bytes decide whether the tag points to one of them.
    pub contents: BTreeMap<Tag, BTreeSet<Digest>>,
}

impl WantedInventory {
    /// Asks for a tag.
    pub fn want_tag(&mut self, repository: &Repository, tag: &Tag) {
        self.want(repository).tags.insert(tag.clone());
    }

    /// Asks for a tag that shall point to `digest`.
    pub fn want_tag_at(&mut self, repository: &Repository, tag: &Tag, digest: Digest) {
        let wanted = self.want(repository);
        wanted.tags.insert(tag.clone());
        if digest.algorithm() != DigestAlgorithm::Sha256 {
            let digests = wanted.contents.entry(tag.clone()).or_default();
            digests.insert(digest);
        }
    }

    /// Asks for a digest.
    pub fn want_digest(&mut self, repository: &Repository, digest: Digest) {
        self.want(repository).digests.insert(digest);
    }

    /// Asks for a digest without which nothing can be promoted.
    pub fn need_digest(&mut self, repository: &Repository, digest: Digest) {
        let wanted = self.want(repository);
        wanted.digests.insert(digest);
        wanted.for_certain = true;
    }

    /// What is wanted of one repository, to add to it. Cloning a repository only counts a reference.
    pub fn want(&mut self, repository: &Repository) -> &mut WantedRepository {
        Arc::make_mut(self.repositories.entry(repository.clone()).or_default())
    }

    /// Keeps once what is wanted of several of these repositories alike. It changes nothing that can be seen: mirrors by
    /// the dozen are asked the same.
    pub fn share<'a>(&mut self, mirrors: impl IntoIterator<Item = &'a Repository>) {
        let mut known: Option<Arc<WantedRepository>> = None;
        for repository in mirrors {
            let Some(wanted) = self.repositories.get_mut(repository) else {
                continue;
            };
            match &known {
                Some(known) if known == wanted => *wanted = Arc::clone(known),
                _ => known = Some(Arc::clone(wanted)),
            }
        }
    }

    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.repositories.is_empty()
    }
}

/// Where a tag points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TagState {
    /// To this digest.
    Points(Digest),
    /// The tag isn't there.
    Absent,
    /// Nobody asked.
    Unknown,
    /// The repository could not be read.
    Unreadable(Code),
}

/// Whether a digest is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DigestState {
    /// It is.
    Present,
    /// It isn't.
    Absent,
    /// Nobody asked.
    Unknown,
    /// The repository could not be read.
    Unreadable(Code),
}

/// What is known about one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepositoryInventory {
    /// It is not there (404): it holds nothing.
    Missing,
    /// It was read.
    Read(RepositoryContent),
    /// It could not be read.
    Unreadable {
        /// What kind of failure it was.
        kind: FailureKind,
        /// Why, as a code.
        code: Code,
        /// Why, for a person.
        message: String,
        /// What to do, one sentence each.
        hints: Vec<String>,
    },
}

impl RepositoryInventory {
    /// A repository that could not be read, with why.
    pub fn unreadable(failure: &Failure) -> Self {
        Self::Unreadable {
            kind: failure.kind(),
            code: failure.code(),
            message: failure.chain(),
            hints: failure.hints().to_vec(),
        }
    }

    /// Where a tag of it points.
    pub fn tag(&self, tag: &Tag) -> TagState {
        match self {
            Self::Missing => TagState::Absent,
            Self::Unreadable { code, .. } => TagState::Unreadable(*code),
            Self::Read(content) => match content.0.tags.get(tag) {
                Some(Some(digest)) => TagState::Points(*digest),
                Some(None) => TagState::Absent,
                None if content.0.all_tags => TagState::Absent,
                None => TagState::Unknown,
            },
        }
    }

    /// Whether it holds a digest.
    pub fn digest(&self, digest: &Digest) -> DigestState {
        match self {
            Self::Missing => DigestState::Absent,
            Self::Unreadable { code, .. } => DigestState::Unreadable(*code),
            Self::Read(content) => match content.0.digests.get(digest) {
                Some(true) => DigestState::Present,
                Some(false) => DigestState::Absent,
                None if content.0.all_digests => DigestState::Absent,
                None => DigestState::Unknown,
            },
        }
    }
}

/// What a readable repository holds. A clone shares it until one of both records more: mirrors hold the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct RepositoryContent(Arc<Facts>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Facts {
    all_tags: bool,
    all_digests: bool,
    tags: BTreeMap<Tag, Option<Digest>>,
    digests: BTreeMap<Digest, bool>,
}

impl RepositoryContent {
    /// Content of which only what is recorded is known.
    pub fn partial() -> Self {
        Self::default()
    }

    /// Content of which everything is known: what is not recorded isn't there.
    pub fn complete() -> Self {
        Self::knowing(true, true)
    }

    /// Content of which all tags are known, and of the digests only what is recorded: what a registry's
    /// list of tags tells.
    pub fn all_tags() -> Self {
        Self::knowing(true, false)
    }

    fn knowing(all_tags: bool, all_digests: bool) -> Self {
        Self(Arc::new(Facts {
            all_tags,
            all_digests,
            ..Facts::default()
        }))
    }

    /// Records where a tag points; its digest is there, too.
    pub fn record_tag(&mut self, tag: Tag, digest: Option<Digest>) {
        let facts = Arc::make_mut(&mut self.0);
        if let Some(digest) = digest {
            facts.digests.insert(digest, true);
        }
        facts.tags.insert(tag, digest);
    }

    /// Records whether a digest is there.
    pub fn record_digest(&mut self, digest: Digest, present: bool) {
        Arc::make_mut(&mut self.0).digests.insert(digest, present);
    }

    /// Takes over what `other` knows of the same repository.
    pub fn merge(&mut self, other: Self) {
        let facts = Arc::make_mut(&mut self.0);
        let more = Arc::unwrap_or_clone(other.0);
        facts.all_tags |= more.all_tags;
        facts.all_digests |= more.all_digests;
        facts.tags.extend(more.tags);
        facts.digests.extend(more.digests);
    }

    /// Whether all of the repository is known.
    pub fn is_complete(&self) -> bool {
        self.0.all_tags && self.0.all_digests
    }

    /// Whether all of its tags are known.
    pub fn has_all_tags(&self) -> bool {
        self.0.all_tags
    }

    /// The tags that are there, in order.
    pub fn tags(&self) -> impl Iterator<Item = (&Tag, Digest)> {
        self.0
            .tags
            .iter()
            .filter_map(|(tag, digest)| digest.map(|digest| (tag, digest)))
    }

    /// The digests that are there, in order.
    pub fn digests(&self) -> impl Iterator<Item = Digest> {
        self.0
            .digests
            .iter()
            .filter_map(|(digest, present)| present.then_some(*digest))
    }
}

/// What registries hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inventory {
    repositories: BTreeMap<Repository, RepositoryInventory>,
    /// Registries all of whose repositories are known.
    covered: BTreeSet<RegistryPath>,
}

/// What a covered registry holds of a repository that is not recorded.
static MISSING: RepositoryInventory = RepositoryInventory::Missing;

impl Inventory {
    /// An inventory that knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records what is known about a repository, in place of what was known before.
    pub fn insert(&mut self, repository: Repository, content: RepositoryInventory) {
        self.repositories.insert(repository, content);
    }

    /// Records that all repositories below `registry` are known: those that are not recorded are missing.
    pub fn cover(&mut self, registry: RegistryPath) {
        self.covered.insert(registry);
    }

    /// Takes over all that `other` knows; where both know of a repository partially, the knowledge adds up.
    pub fn merge(&mut self, other: Self) {
        self.covered.extend(other.covered);
        for (repository, theirs) in other.repositories {
            match (self.repositories.get_mut(&repository), theirs) {
                (Some(RepositoryInventory::Read(mine)), RepositoryInventory::Read(more)) => {
                    mine.merge(more);
                }
                (_, theirs) => {
                    self.repositories.insert(repository, theirs);
                }
            }
        }
    }

    /// The repositories with what is known of each, in order.
    pub fn repositories(&self) -> impl Iterator<Item = (&Repository, &RepositoryInventory)> {
        self.repositories.iter()
    }

    /// The same, by value.
    pub fn into_repositories(self) -> impl Iterator<Item = (Repository, RepositoryInventory)> {
        self.repositories.into_iter()
    }

    /// What is known about one repository.
    pub fn repository(&self, repository: &Repository) -> Option<&RepositoryInventory> {
        let recorded = self.repositories.get(repository);
        recorded.or_else(|| self.is_covered(repository).then_some(&MISSING))
    }

    fn is_covered(&self, repository: &Repository) -> bool {
        let mut covered = self.covered.iter();
        covered.any(|registry| registry.relative(repository).is_some())
    }

    /// Where a tag points.
    pub fn tag(&self, repository: &Repository, tag: &Tag) -> TagState {
        self.repository(repository)
            .map_or(TagState::Unknown, |known| known.tag(tag))
    }

    /// Whether a digest is there.
    pub fn digest(&self, repository: &Repository, digest: &Digest) -> DigestState {
        self.repository(repository)
            .map_or(DigestState::Unknown, |known| known.digest(digest))
    }
}

#[cfg(test)]
mod tests;
