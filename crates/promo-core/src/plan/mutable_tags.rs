//! Tags that may move without a reviewed move each: floating ones, such as `latest`.
//!
//! A rule names them by a pattern. It gives up for these tags that a published tag stays where it is, and nothing else:
//! plans show each of their moves, from where to where, and what a plan saw has to hold when the tag is put.

use std::fmt;
use std::str::FromStr;

use globset::{Glob, GlobMatcher};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::oci::Tag;

/// A glob over names of tags or images. Its `*` also matches `/`, as in a selection.
#[derive(Debug, Clone)]
pub struct NamePattern(GlobMatcher);

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NamePatternError {
    /// There is none.
    #[error("a pattern is not empty; `*` stands for anything")]
    Empty,
    /// It is no glob.
    #[error("`{pattern}` is not a glob pattern: {reason}")]
    NoGlob {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl NamePattern {
    /// Whether a name is meant.
    pub fn matches(&self, name: &str) -> bool {
        self.0.is_match(name)
    }

    /// The glob as it was written.
    pub fn as_str(&self) -> &str {
        self.0.glob().glob()
    }
}

impl FromStr for NamePattern {
    type Err = NamePatternError;

    fn from_str(text: &str) -> Result<Self, NamePatternError> {
        if text.is_empty() {
            return Err(NamePatternError::Empty);
        }
        let glob = Glob::new(text).map_err(|error| NamePatternError::NoGlob {
            pattern: text.to_owned(),
            reason: error.kind().to_string(),
        })?;
        Ok(Self(glob.compile_matcher()))
    }
}

impl PartialEq for NamePattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for NamePattern {}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for NamePattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for NamePattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for NamePattern {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NamePattern".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "." })
    }
}

/// Whether some tags may move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TagRule {
    /// The tags.
    #[serde(rename = "match")]
    pub tag: NamePattern,
    /// The images, by their names in the promoter manifests; all of them if it isn't said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<NamePattern>,
    /// Whether they may move.
    pub mutable: bool,
}

impl TagRule {
    fn is_about(&self, image: &str, tag: &Tag) -> bool {
        let is_image = self
            .image
            .as_ref()
            .is_none_or(|images| images.matches(image));
        is_image && self.tag.matches(tag.as_str())
    }
}

/// `latest of team/*: mutable`.
impl fmt::Display for TagRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.tag)?;
        if let Some(image) = &self.image {
            write!(f, " of {image}")?;
        }
        f.write_str(if self.mutable {
            ": mutable"
        } else {
            ": immutable"
        })
    }
}

/// All rules about tags that may move, the first that is about a tag decides. A tag that no rule is about stays where it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct MutableTags(Vec<TagRule>);

impl MutableTags {
    /// Takes the rules in their order.
    pub fn new(rules: Vec<TagRule>) -> Self {
        Self(rules)
    }

    /// Whether a tag of an image may move, to whatever digest the promoter manifests give it.
    pub fn allows(&self, image: &str, tag: &Tag) -> bool {
        let mut rules = self.0.iter();
        rules
            .find(|rule| rule.is_about(image, tag))
            .is_some_and(|rule| rule.mutable)
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rules in their order.
    pub fn rules(&self) -> &[TagRule] {
        &self.0
    }
}
