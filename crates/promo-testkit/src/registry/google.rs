//! Tag lists as Google's registries answer them: every manifest with its tags, and the child repositories.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::exchange::Exchange;
use super::reply::{ErrorCode, Failure, Reply};
use super::storage::{Manifest, Repository};

pub(super) fn list(exchange: &Exchange<'_>, name: &str) -> Result<Reply, Failure> {
    let store = exchange.shared.state.store();
    let below = format!("{name}/");
    let children: BTreeSet<&str> = store
        .names()
        .filter_map(|other| other.strip_prefix(&below)?.split('/').next())
        .collect();
    let repository = store.get(name);
    if repository.is_none() && children.is_empty() {
        return Err(Failure::new(
            StatusCode::NOT_FOUND,
            ErrorCode::NameUnknown,
            "no such repository",
        ));
    }
    let tags: Vec<&String> = repository
        .iter()
        .flat_map(|repository| repository.tags.keys())
        .collect();
    let answer = json!({
        "child": children,
        "manifest": repository.map(manifests).unwrap_or_default(),
        "name": name,
        "tags": tags,
    });
    Ok(Reply::json(StatusCode::OK, &answer))
}

fn manifests(repository: &Repository) -> Map<String, Value> {
    let mut tags: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (tag, digest) in &repository.tags {
        tags.entry(digest).or_default().push(tag);
    }
    let entry = |(digest, manifest): (&String, &Manifest)| {
        let time = manifest.uploaded_milliseconds.to_string();
        let value = json!({
            "imageSizeBytes": manifest.facts.content_bytes.to_string(),
            "layerId": "",
            "mediaType": manifest.media_type,
            "tag": tags.get(digest.as_str()).map(Vec::as_slice).unwrap_or_default(),
            "timeCreatedMs": time,
            "timeUploadedMs": time,
        });
        (digest.clone(), value)
    };
    repository.manifests.iter().map(entry).collect()
}
