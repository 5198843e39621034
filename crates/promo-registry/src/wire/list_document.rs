//! What a page of a list says. An answer that is no such page, an error document above all, is never taken for an
//! empty one.

mod entries;
mod recorded;
mod referrer;

use promo_core::inventory::RepositoryContent;
use promo_core::oci::Descriptor;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use entries::Entries;
use recorded::Recorded;
use referrer::Listed;

/// A page of a tag list, with all that the registry tells in it.
#[derive(Debug)]
pub(super) struct TagDocument {
    pub(super) tags: Vec<String>,
    /// The digests with their tags, where the registry lists them.
    pub(super) content: Option<RepositoryContent>,
    pub(super) children: Vec<String>,
}

/// A field that may be left out, or be there and `null`.
type Given<T> = Option<Option<T>>;

#[derive(Deserialize)]
struct TagPage {
    #[serde(default)]
    name: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "given")]
    tags: Given<Entries<String>>,
    #[serde(default)]
    manifest: Option<Recorded>,
    #[serde(default)]
    child: Option<Entries<String>>,
    #[serde(default)]
    errors: Value,
}

#[derive(Deserialize)]
struct CatalogPage {
    #[serde(default, deserialize_with = "given")]
    repositories: Given<Entries<String>>,
    #[serde(default)]
    errors: Value,
}

#[derive(Deserialize)]
struct ReferrersPage {
    #[serde(default, deserialize_with = "given")]
    manifests: Given<Entries<Listed>>,
    #[serde(default)]
    errors: Value,
}

/// Reads a page of a tag list; none if it is none. An empty list may be `null`, or left out beside the name.
pub(super) fn tags(body: &[u8]) -> Option<TagDocument> {
    let page: TagPage = object(body)?;
    if says_errors(&page.errors) || (page.tags.is_none() && page.name.is_none()) {
        return None;
    }
    Some(TagDocument {
        tags: page.tags.flatten().unwrap_or_default().0,
        content: page.manifest.map(|recorded| recorded.0),
        children: page.child.unwrap_or_default().0,
    })
}

/// Reads a page of a catalog; none if it is none.
pub(super) fn repositories(body: &[u8]) -> Option<Vec<String>> {
    let page: CatalogPage = object(body)?;
    let repositories = page.repositories.filter(|_| !says_errors(&page.errors))?;
    Some(repositories.unwrap_or_default().0)
}

/// Reads an index of referrers; none if it is none, or if a single entry can't be understood.
pub(super) fn referrers(body: &[u8]) -> Option<Vec<Descriptor>> {
    let page: ReferrersPage = object(body)?;
    let manifests = page.manifests.filter(|_| !says_errors(&page.errors))?;
    let manifests = manifests.unwrap_or_default().0.into_iter();
    Some(manifests.map(Listed::into_descriptor).collect())
}

/// Reads an object. To serde an array of the fields' values is one, too.
fn object<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    if !body.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    serde_json::from_slice(body).ok()
}

fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Given<T>, D::Error> {
    Option::deserialize(from).map(Some)
}

fn says_errors(errors: &Value) -> bool {
    match errors {
        Value::Null => false,
        Value::Array(errors) => !errors.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests;
