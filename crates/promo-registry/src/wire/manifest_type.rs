//! What a manifest is: by its Content-Type, by what it says itself, or by its fields.
//!
//! Two that disagree are refused. What the manifest refers to is read elsewhere (`copy`).

use bytes::Bytes;
use promo_core::oci::MediaType;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::Error;

/// The fields by which a manifest tells what it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManifestShape {
    media_type: Option<String>,
    schema_version: Option<u64>,
    #[serde(default)]
    manifests: EntryList,
    config: Option<IgnoredAny>,
    signatures: Option<IgnoredAny>,
}

/// The list of an index, which may be `null`: an index without entries.
#[derive(Default)]
enum EntryList {
    #[default]
    Missing,
    Null,
    Listed,
}

impl<'de> Deserialize<'de> for EntryList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list: Option<IgnoredAny> = Option::deserialize(deserializer)?;
        Ok(list.map_or(Self::Null, |_| Self::Listed))
    }
}

/// The media type of a manifest: what header and document agree on, or what one of them says, or what
/// its fields show.
pub(super) fn media_type_of(
    host: &str,
    what: &str,
    header: Option<MediaType>,
    bytes: &Bytes,
) -> Result<MediaType, Error> {
    let malformed = |reason: &str| Error::malformed(host, what, reason);
    let shape: ManifestShape =
        serde_json::from_slice(bytes).map_err(|_| malformed("it is no manifest in JSON"))?;
    let header = header.filter(|media_type| !is_generic(media_type));
    let document = shape.media_type.as_deref().map(MediaType::new);
    let document = document.filter(|document| !document.as_str().is_empty());
    match (header, document) {
        (Some(header), Some(document)) if header != document => Err(Error::MediaTypeMismatch {
            what: what.to_owned(),
            header: crate::error::clean(header.as_str()),
            document: crate::error::clean(document.as_str()),
        }),
        (Some(media_type), _) | (None, Some(media_type)) => Ok(media_type),
        (None, None) => shape
            .media_type()
            .map(MediaType::new)
            .ok_or_else(|| malformed("neither header nor document say what it is")),
    }
}

impl ManifestShape {
    /// What the fields show.
    fn media_type(&self) -> Option<&'static str> {
        let has_config = self.config.is_some();
        match (self.schema_version, &self.manifests) {
            (Some(1), _) if self.signatures.is_some() => Some(MediaType::DOCKER_SCHEMA1_SIGNED),
            (Some(1), _) => Some(MediaType::DOCKER_SCHEMA1),
            (Some(2) | None, EntryList::Listed | EntryList::Null) if !has_config => {
                Some(MediaType::OCI_INDEX)
            }
            (Some(2) | None, EntryList::Missing | EntryList::Null) if has_config => {
                Some(MediaType::OCI_MANIFEST)
            }
            _ => None,
        }
    }
}

/// Whether a Content-Type says nothing about what a manifest is, as what storage and proxies make up does
/// (`application/octet-stream`, `binary/octet-stream`, `text/plain`): the types of manifests are vendors' own.
pub(super) fn is_generic(media_type: &MediaType) -> bool {
    !media_type.as_str().starts_with("application/vnd.")
}
