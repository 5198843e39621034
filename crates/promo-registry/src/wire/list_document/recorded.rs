//! The manifests in a tag list of a Google registry, recorded while they are read: of what a page tells about each (sizes,
//! times, layers) nothing is built.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use promo_core::inventory::RepositoryContent;
use promo_core::oci::{Digest, Tag};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::entries::Entries;
use crate::limits::PAGE_ENTRIES;

/// The digests of a page with their tags, as content of which everything is known.
#[derive(Debug)]
pub(super) struct Recorded(pub(super) RepositoryContent);

/// What is read of a manifest.
#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    tag: Option<Entries<Name<Tag>>>,
}

/// A text that may be a name. What is none is left out: nothing could ask for it, neither for a digest of an algorithm that
/// promo doesn't know nor for a tag that none can be.
struct Name<T>(Option<T>);

impl<'de> Deserialize<'de> for Recorded {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Recorder)
    }
}

struct Recorder;

impl<'de> Visitor<'de> for Recorder {
    type Value = Recorded;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Recorded, A::Error> {
        let mut content = RepositoryContent::complete();
        let mut entries = 0;
        while let Some((digest, entry)) = map.next_entry::<Name<Digest>, Entry>()? {
            if entries == PAGE_ENTRIES {
                return Err(A::Error::custom("more entries than a page may have"));
            }
            entries += 1;
            let Some(digest) = digest.0 else {
                continue;
            };
            content.record_digest(digest, true);
            let tags = entry.tag.unwrap_or_default().0;
            for tag in tags.into_iter().filter_map(|tag| tag.0) {
                content.record_tag(tag, Some(digest));
            }
        }
        Ok(Recorded(content))
    }
}

impl<'de, T: FromStr> Deserialize<'de> for Name<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(Parsed(PhantomData))
    }
}

struct Parsed<T>(PhantomData<T>);

impl<T: FromStr> Visitor<'_> for Parsed<T> {
    type Value = Name<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Name<T>, E> {
        Ok(Name(text.parse().ok()))
    }
}
