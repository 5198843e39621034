//! The destination repositories of a plan: each once, by index.
//!
//! A tree has tens of times as many destination repositories as images, and a plan in numbers needs none of them
//! written out. So they are told apart here without being kept as texts; the first one who looks at a repository writes
//! all of them.

use std::hash::BuildHasher as _;
use std::sync::OnceLock;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::index::count;
use crate::oci::{RegistryPath, Repository};

/// Repositories by index.
#[derive(Debug, Default)]
pub(super) struct Repositories {
    first_uses: Vec<FirstUse>,
    written: OnceLock<Vec<Repository>>,
}

/// The first image and the first of its destinations that make a repository.
#[derive(Debug, Clone, Copy)]
pub(super) struct FirstUse {
    pub(super) image: u32,
    pub(super) destination: u32,
}

/// A registry and a name that is joined to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Joint<'a> {
    pub(super) registry: &'a RegistryPath,
    pub(super) name: &'a str,
}

impl Repositories {
    /// Repositories that are written out already, each once.
    pub(super) fn written(repositories: Vec<Repository>) -> Self {
        Self {
            first_uses: Vec::new(),
            written: OnceLock::from(repositories),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.written.get().map_or(self.first_uses.len(), Vec::len)
    }

    /// A repository; `joint` says what a first use joins.
    pub(super) fn get<'a>(
        &self,
        index: u32,
        joint: impl Fn(FirstUse) -> Option<Joint<'a>>,
    ) -> Option<&Repository> {
        let written = self.written.get_or_init(|| {
            let first_uses = self.first_uses.iter();
            let written = first_uses.map(|first_use| joint(*first_use).map(Joint::write));
            // All or none: with one left out, an index would name another repository.
            written.collect::<Option<_>>().unwrap_or_default()
        });
        written.get(index as usize)
    }

    /// The host of a repository, which needs no writing.
    pub(super) fn host<'a>(
        &'a self,
        index: u32,
        joint: impl Fn(FirstUse) -> Option<Joint<'a>>,
    ) -> Option<&'a str> {
        if let Some(written) = self.written.get() {
            return written.get(index as usize).map(Repository::host_str);
        }
        let first_use = self.first_uses.get(index as usize)?;
        Some(joint(*first_use)?.registry.host_str())
    }
}

impl Joint<'_> {
    /// The repository. A `PromoterManifest` holds only names that can be joined to all of its registries.
    fn write(self) -> Repository {
        self.registry.join_checked(self.name)
    }

    /// Whether this is the text that it makes, wherever that is parted.
    fn makes(self, text: &str) -> bool {
        text.strip_prefix(self.registry.as_str())
            .and_then(|rest| rest.strip_prefix('/'))
            .is_some_and(|name| name == self.name)
    }
}

/// Gives each repository its index.
pub(super) struct Interner {
    repositories: Repositories,
    indexes: HashTable<u32>,
    hash: RandomState,
    /// Where texts are joined to be hashed, one after the other.
    text: String,
}

impl Interner {
    /// An interner that has room for so many repositories.
    pub(super) fn with_capacity(first_uses: usize) -> Self {
        let mut interner = Self {
            repositories: Repositories::default(),
            indexes: HashTable::with_capacity(first_uses),
            hash: RandomState::default(),
            text: String::new(),
        };
        interner.repositories.first_uses.reserve(first_uses);
        interner
    }

    /// The index of the repository that `first_use` makes; `joint` says what this one and earlier ones join.
    pub(super) fn intern<'a>(
        &mut self,
        first_use: FirstUse,
        joint: impl Fn(FirstUse) -> Option<Joint<'a>>,
    ) -> u32 {
        let Some(wanted) = joint(first_use) else {
            return u32::MAX;
        };
        let first_uses = &mut self.repositories.first_uses;
        let known = |index: &u32| joint(*first_uses.get(*index as usize)?);
        self.text.clear();
        self.text.push_str(wanted.registry.as_str());
        self.text.push('/');
        self.text.push_str(wanted.name);
        let entry = self.indexes.entry(
            self.hash.hash_one(self.text.as_str()),
            |index| known(index).is_some_and(|known| known.makes(&self.text)),
            |index| known(index).map_or(0, |known| self.hash.hash_one(known.write().as_str())),
        );
        match entry {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(new) => {
                let index = count(first_uses.len());
                first_uses.push(first_use);
                *new.insert(index).get()
            }
        }
    }

    pub(super) fn finish(self) -> Repositories {
        self.repositories
    }
}
