//! The record of a promotion: which digest went from where to where, when, and who asked for it.
//!
//! It has the fields of Kubernetes' promotion record, version 1, and those that were added to it since; fields that are empty are
//! left out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::oci::{ImageReference, Tag};
use crate::ports::{PromotionRecord, RecordedManifest};

/// The predicate type of a promotion record, unless another is set.
pub const PROMOTION_PREDICATE_TYPE: &str = "https://k8s.io/promo-tools/promotion/v1";

/// The predicate that says what this record says. The time is in whole seconds, tags are in order, each once.
///
/// # Errors
///
/// If it can't be written as JSON, which no record is known to cause.
pub fn promotion(record: &PromotionRecord) -> Result<serde_json::Value, serde_json::Error> {
    serde_json::to_value(Predicate::of(record))
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// Its fields, with protobuf's JSON names.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Predicate<'a> {
    src_ref: String,
    dst_ref: String,
    digest: String,
    timestamp: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    builder_id: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    source: Resource<'a>,
    destination: Resource<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    part_of: Option<Resource<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<Resource<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    promoter: Option<Promoter<'a>>,
}

/// An in-toto resource descriptor.
#[derive(Serialize)]
struct Resource<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    digest: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Promoter<'a> {
    version: &'a str,
}

impl<'a> Predicate<'a> {
    fn of(record: &'a PromotionRecord) -> Self {
        let mut tags: Vec<&str> = record.tags.iter().map(Tag::as_str).collect();
        tags.sort_unstable();
        tags.dedup();
        Self {
            src_ref: record.source.to_string(),
            dst_ref: record.destination.to_string(),
            digest: record.descriptor.digest.to_string(),
            timestamp: whole_seconds(record.time).to_string(),
            builder_id: &record.builder_id,
            tags,
            source: Resource::image(&record.source),
            destination: Resource::image(&record.destination),
            part_of: record.part_of.as_ref().map(Resource::image),
            manifest: record.manifest.as_ref().map(Resource::file),
            promoter: record
                .builder_id
                .rsplit_once('@')
                .map(|(_, version)| Promoter { version }),
        }
    }
}

impl<'a> Resource<'a> {
    fn image(image: &'a ImageReference) -> Self {
        let digest = image.digest();
        Self {
            name: image.repository().as_str(),
            uri: None,
            digest: digest
                .map(|digest| (digest.algorithm().name(), digest.hex()))
                .into_iter()
                .collect(),
        }
    }

    fn file(file: &'a RecordedManifest) -> Self {
        Self {
            name: &file.name,
            uri: file.uri.as_deref(),
            digest: file
                .git_commit
                .iter()
                .map(|commit| ("gitCommit", commit.clone()))
                .collect(),
        }
    }
}
