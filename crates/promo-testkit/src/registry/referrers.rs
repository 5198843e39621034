//! The referrers API: an index of the manifests that have a digest as their subject.

use http::StatusCode;
use serde_json::{Value, json};

use super::exchange::Exchange;
use super::listing::page;
use super::reply::{ErrorCode, Failure, Reply};
use super::storage::{Manifest, Repository};
use crate::digest::Algorithm;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

pub(super) fn list(exchange: &Exchange<'_>) -> Result<Reply, Failure> {
    let name = exchange.repository()?;
    let subject = exchange.reference()?;
    if !exchange.switches.referrers_api {
        return Err(Failure::new(
            StatusCode::NOT_FOUND,
            ErrorCode::Unsupported,
            "no referrers API here",
        ));
    }
    if Algorithm::of(subject).is_none() {
        return Err(Failure::new(
            StatusCode::BAD_REQUEST,
            ErrorCode::DigestInvalid,
            "not a digest",
        ));
    }
    let filter = exchange
        .query
        .get("artifactType")
        .filter(|filter| !filter.is_empty());
    let store = exchange.shared.state.store();
    let is_there = |repository: &Repository| repository.manifests.contains_key(subject);
    if !exchange.switches.referrers_of_missing && !store.get(name).is_some_and(is_there) {
        return Err(Failure::new(
            StatusCode::BAD_REQUEST,
            ErrorCode::ManifestInvalid,
            "manifest invalid",
        ));
    }
    let all = store
        .get(name)
        .into_iter()
        .flat_map(|repository| repository.referrers_of(subject));
    let wanted = all.filter(|(_, manifest)| {
        filter.is_none() || manifest.facts.artifact_type.as_deref() == filter
    });
    let page = page(
        wanted,
        |(digest, _)| *digest,
        &exchange.query,
        exchange.switches.referrers_page_size,
    );
    let manifests: Vec<Value> = page
        .entries
        .iter()
        .map(|(digest, manifest)| descriptor(digest, manifest))
        .collect();
    let index = json!({ "manifests": manifests, "mediaType": INDEX, "schemaVersion": 2 });
    let mut reply = Reply::json(StatusCode::OK, &index).header("content-type", INDEX);
    let mut path = format!("/v2/{name}/referrers/{subject}");
    if let Some(filter) = filter {
        reply = reply.header("oci-filters-applied", "artifactType");
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("artifactType", filter)
            .finish();
        path = format!("{path}?{query}");
    }
    Ok(page.link(reply, &path))
}

fn descriptor(digest: &str, manifest: &Manifest) -> Value {
    let mut descriptor = json!({
        "digest": digest,
        "mediaType": manifest.media_type,
        "size": manifest.bytes.len(),
    });
    if let Some(object) = descriptor.as_object_mut() {
        if let Some(artifact_type) = &manifest.facts.artifact_type {
            object.insert("artifactType".to_owned(), json!(artifact_type));
        }
        if !manifest.facts.annotations.is_empty() {
            object.insert("annotations".to_owned(), json!(manifest.facts.annotations));
        }
    }
    descriptor
}
