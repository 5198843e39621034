//! On whose behalf a request is made, and what a token for it must allow, in the words of Docker's token servers.

use std::collections::BTreeMap;

use promo_core::oci::{RegistryHost, Repository};

/// On whose behalf a request is made: where credentials come from, and what they must allow.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) host: RegistryHost,
    pub(crate) repository: Option<Repository>,
    pub(crate) scopes: Scopes,
}

/// What is asked for about one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Actions {
    Pull,
    PullPush,
    All,
}

impl Actions {
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Pull => &["pull"],
            Self::PullPush => &["pull", "push"],
            Self::All => &["*"],
        }
    }
}

/// A set of scopes. Equal sets share a token.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Scopes(BTreeMap<String, Actions>);

impl Scopes {
    /// To read a repository.
    pub(crate) fn pull(name: &str) -> Self {
        Self::default().with(format!("repository:{name}"), Actions::Pull)
    }

    /// To read and write a repository.
    pub(crate) fn push(name: &str) -> Self {
        Self::default().with(format!("repository:{name}"), Actions::PullPush)
    }

    /// To write `name` and take blobs over from `from`.
    pub(crate) fn mount(name: &str, from: &str) -> Self {
        if name == from {
            return Self::push(name);
        }
        Self::push(name).with(format!("repository:{from}"), Actions::Pull)
    }

    /// To list all repositories.
    pub(crate) fn catalog() -> Self {
        Self::default().with("registry:catalog".to_owned(), Actions::All)
    }

    fn with(mut self, resource: String, actions: Actions) -> Self {
        self.0.insert(resource, actions);
        self
    }

    /// The scope set for writing, where this one is for reading one repository: its token will do, too.
    pub(crate) fn wider(&self) -> Option<Self> {
        let mut scopes = self.0.iter();
        match (scopes.next(), scopes.next()) {
            (Some((resource, Actions::Pull)), None) => {
                Some(Self::default().with(resource.clone(), Actions::PullPush))
            }
            _ => None,
        }
    }

    /// Takes over another set.
    pub(crate) fn extend(&mut self, other: &Self) {
        for (resource, actions) in &other.0 {
            let known = self.0.entry(resource.clone()).or_insert(*actions);
            *known = (*known).max(*actions);
        }
    }

    /// How long they are as texts, in bytes.
    pub(super) fn length(&self) -> usize {
        self.texts().iter().map(String::len).sum()
    }

    /// Whether each resource with its actions is allowed.
    pub(super) fn all(&self, allows: impl Fn(&str, &[&str]) -> bool) -> bool {
        let mut scopes = self.0.iter();
        scopes.all(|(resource, actions)| allows(resource, actions.names()))
    }

    /// Each scope as a token server reads it, what is written to first.
    pub(crate) fn texts(&self) -> Vec<String> {
        let mut scopes: Vec<_> = self.0.iter().collect();
        scopes.sort_by_key(|(_, actions)| std::cmp::Reverse(**actions));
        scopes
            .into_iter()
            .map(|(resource, actions)| format!("{resource}:{}", actions.names().join(",")))
            .collect()
    }
}
