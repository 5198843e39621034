//! The reviewed list of tags that may move.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::oci::{Digest, Repository, Tag};

/// One tag that may move, in one destination repository, from one digest to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TagMove {
    /// The destination repository, in full.
    pub repository: Repository,
    /// The tag.
    pub tag: Tag,
    /// The digest it points to before.
    pub from: Digest,
    /// The digest it shall point to.
    pub to: Digest,
}

/// All tags that may move: each tag of a repository at most once. Read and written as a plain list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "Vec<TagMove>", into = "Vec<TagMove>")]
pub struct TagMoves(BTreeMap<(Repository, Tag), (Digest, Digest)>);

/// Why a list of tag moves is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TagMovesError {
    /// A tag stands there twice, so it isn't clear what is allowed.
    #[error("the tag `{repository}:{tag}` stands twice in the list of tag moves")]
    Repeated {
        /// The repository.
        repository: Repository,
        /// The tag.
        tag: Tag,
    },
    /// It moves to where it is.
    #[error("the move of `{repository}:{tag}` goes from {digest} to itself")]
    NoMove {
        /// The repository.
        repository: Repository,
        /// The tag.
        tag: Tag,
        /// The digest.
        digest: Digest,
    },
}

impl TagMoves {
    /// Checks a list.
    pub fn new(moves: Vec<TagMove>) -> Result<Self, TagMovesError> {
        let mut checked = BTreeMap::new();
        for TagMove {
            repository,
            tag,
            from,
            to,
        } in moves
        {
            if from == to {
                return Err(TagMovesError::NoMove {
                    repository,
                    tag,
                    digest: from,
                });
            }
            let key = (repository, tag);
            if checked.contains_key(&key) {
                let (repository, tag) = key;
                return Err(TagMovesError::Repeated { repository, tag });
            }
            checked.insert(key, (from, to));
        }
        Ok(Self(checked))
    }

    /// Whether exactly this move is allowed.
    pub fn allows(&self, repository: &Repository, tag: &Tag, from: &Digest, to: &Digest) -> bool {
        !self.0.is_empty() && self.0.get(&(repository.clone(), tag.clone())) == Some(&(*from, *to))
    }

    /// Whether no tag may move.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The moves, ordered by repository and tag.
    pub fn iter(&self) -> impl Iterator<Item = TagMove> {
        self.0
            .iter()
            .map(|((repository, tag), (from, to))| TagMove {
                repository: repository.clone(),
                tag: tag.clone(),
                from: *from,
                to: *to,
            })
    }
}

impl TryFrom<Vec<TagMove>> for TagMoves {
    type Error = TagMovesError;

    fn try_from(moves: Vec<TagMove>) -> Result<Self, TagMovesError> {
        Self::new(moves)
    }
}

impl From<TagMoves> for Vec<TagMove> {
    fn from(moves: TagMoves) -> Self {
        moves.iter().collect()
    }
}
