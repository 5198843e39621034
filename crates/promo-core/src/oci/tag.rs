//! Tags: `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`, as OCI Distribution 1.1 writes them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A tag of a repository. Cloning it is cheap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(Arc<str>);

impl Tag {
    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has the shape of a tag that carries evidence: `sha256-<hex>` alone or with
    /// `.sig`, `.att` or `.sbom` behind it. Such tags belong to signers, not to promoter manifests.
    pub fn is_evidence(&self) -> bool {
        let text = self.as_str();
        let Some((algorithm, rest)) = text.split_once('-') else {
            return false;
        };
        let (hex, suffix) = rest.split_once('.').unwrap_or((rest, ""));
        matches!(algorithm, "sha256" | "sha512")
            && hex.len() >= 64
            && hex.bytes().all(|b| b.is_ascii_hexdigit())
            && matches!(suffix, "" | "sig" | "att" | "sbom")
    }

    /// For tags that this crate composes from checked parts.
    pub(crate) fn from_checked(text: String) -> Self {
        Self(text.into())
    }
}

/// Why a text is not a tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TagError {
    /// The text is empty.
    #[error("a tag is not empty")]
    Empty,
    /// It is longer than 128 characters.
    #[error("a tag has at most 128 characters, not {found}")]
    TooLong {
        /// How long it is, in characters.
        found: usize,
    },
    /// A character may not stand there.
    #[error("`{}` may not stand in a tag at position {position}", character.escape_default())]
    Character {
        /// The first such character.
        character: char,
        /// Where it stands, from 1.
        position: usize,
    },
}

impl FromStr for Tag {
    type Err = TagError;

    fn from_str(text: &str) -> Result<Self, TagError> {
        check(text)?;
        Ok(Self(text.into()))
    }
}

fn check(text: &str) -> Result<(), TagError> {
    for (index, character) in text.chars().enumerate() {
        let allowed = character.is_ascii_alphanumeric()
            || character == '_'
            || (index > 0 && matches!(character, '.' | '-'));
        if !allowed {
            return Err(TagError::Character {
                character,
                position: index + 1,
            });
        }
    }
    match text.len() {
        0 => Err(TagError::Empty),
        1..=128 => Ok(()),
        found => Err(TagError::TooLong { found }),
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
