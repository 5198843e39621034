//! Descriptors: media type, digest and size of some content (OCI image specification 1.1).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::{Digest, MediaType};

/// What content is and how to check it. Fields that promo doesn't read are dropped: a descriptor
/// is for reading; what is pushed are the raw bytes it was found in. It is read as Go's JSON reads it:
/// `null` is nothing, and a media type that is missing is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Descriptor {
    /// What the content is; empty where that isn't said.
    #[serde(default, deserialize_with = "media_type")]
    pub media_type: MediaType,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Where else it could be fetched. promo never does.
    #[serde(
        default,
        deserialize_with = "null_is_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub urls: Vec<String>,
    /// The type of artifact behind a descriptor in a list of referrers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Annotations, in the order of their keys.
    #[serde(
        default,
        deserialize_with = "annotations",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub annotations: BTreeMap<String, String>,
}

impl Descriptor {
    /// A descriptor with nothing but the three required fields.
    pub fn new(media_type: MediaType, digest: Digest, size: u64) -> Self {
        Self {
            media_type,
            digest,
            size,
            urls: Vec::new(),
            artifact_type: None,
            annotations: BTreeMap::new(),
        }
    }

    /// The descriptor of `bytes`, by SHA-256.
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self::new(
            MediaType::new(media_type),
            Digest::sha256_of(bytes),
            bytes.len() as u64,
        )
    }
}

fn media_type<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MediaType, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn null_is_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn annotations<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let all: Option<BTreeMap<String, Option<String>>> = Option::deserialize(deserializer)?;
    let all = all.into_iter().flatten();
    Ok(all
        .map(|(key, value)| (key, value.unwrap_or_default()))
        .collect())
}
