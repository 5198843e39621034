//! Manifests: HEAD, GET, PUT and DELETE, by tag and by digest.

use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::exchange::Exchange;
use super::manifest_facts::ManifestFacts;
use super::reply::{ErrorCode, Failure, Reply};
use super::route::is_tag;
use super::storage::Repository;
use crate::digest::Algorithm;

/// Answers HEAD and GET; the server leaves the body of a HEAD out.
pub(super) fn get(exchange: &Exchange<'_>) -> Result<Reply, Failure> {
    let store = exchange.shared.state.store();
    let repository = store.get(exchange.repository()?);
    let Some((digest, manifest)) = repository
        .zip(Some(exchange.reference()?))
        .and_then(|(all, reference)| all.manifest(reference))
    else {
        return Err(unknown());
    };
    let reply = Reply::bytes(StatusCode::OK, &manifest.media_type, manifest.bytes.clone());
    Ok(exchange.content_digest(reply, digest))
}

pub(super) async fn put(exchange: &mut Exchange<'_>) -> Result<Reply, Failure> {
    let Some(bytes) = exchange
        .body
        .collect(exchange.switches.manifest_limit)
        .await?
    else {
        let message = "the manifest is too large";
        return Err(Failure::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::SizeInvalid,
            message,
        ));
    };
    let name = exchange.repository()?;
    let reference = exchange.reference()?;
    let digest = digest_for(exchange, reference, &bytes)?;
    let media_type = exchange.header(CONTENT_TYPE.as_str()).unwrap_or_default();
    let facts = ManifestFacts::parse(&bytes).map_err(|message| invalid(&message))?;
    if media_type.is_empty()
        || facts
            .media_type
            .as_ref()
            .is_some_and(|own| !own.is_empty() && own != media_type)
    {
        return Err(invalid("Content-Type is not the manifest's media type"));
    }
    let subject = facts.subject.clone();
    let mut store = exchange.shared.state.store();
    let nothing = Repository::default();
    let repository = store.get(name).unwrap_or(&nothing);
    check_references(exchange, repository, &facts)?;
    check_tag(exchange, repository, reference, &digest)?;
    if exchange.keeps {
        store.put_manifest(name, &digest, media_type, bytes, facts);
        if is_tag(reference) {
            let tags = &mut store.create(name).tags;
            tags.insert(reference.to_owned(), digest.clone());
        }
    }
    drop(store);
    let reply = Reply::empty(StatusCode::CREATED)
        .header(
            "location",
            exchange.location(&format!("/v2/{name}/manifests/{reference}")),
        )
        .header_if(
            "oci-subject",
            subject.filter(|_| exchange.switches.referrers_api),
        );
    Ok(exchange.content_digest(reply, &digest))
}

pub(super) fn delete(exchange: &Exchange<'_>) -> Result<Reply, Failure> {
    exchange.check_deletes()?;
    let reference = exchange.reference()?;
    let mut store = exchange.shared.state.store();
    let removed = store
        .get_mut(exchange.repository()?)
        .is_some_and(|repository| {
            repository.tags.remove(reference).is_some() || repository.remove_manifest(reference)
        });
    if removed {
        Ok(Reply::empty(StatusCode::ACCEPTED))
    } else {
        Err(unknown())
    }
}

/// The digest to store under: that of the reference or of the `digest` parameter, which must be right, else SHA-256.
fn digest_for(exchange: &Exchange<'_>, reference: &str, bytes: &Bytes) -> Result<String, Failure> {
    let claimed = if reference.contains(':') {
        Some(reference)
    } else if is_tag(reference) {
        let named = exchange.query.get("digest");
        named.filter(|_| exchange.switches.tag_digests)
    } else {
        return Err(Failure::new(
            StatusCode::BAD_REQUEST,
            ErrorCode::TagInvalid,
            "neither a tag nor a digest",
        ));
    };
    let algorithm = match claimed {
        Some(digest) => Algorithm::of(digest).ok_or_else(|| wrong_digest("unknown digest"))?,
        None => Algorithm::Sha256,
    };
    let digest = algorithm.digest(bytes);
    if claimed.is_some_and(|claimed| claimed != digest) {
        return Err(wrong_digest("the body has another digest"));
    }
    Ok(digest)
}

fn check_references(
    exchange: &Exchange<'_>,
    repository: &Repository,
    facts: &ManifestFacts,
) -> Result<(), Failure> {
    let missing = |message: &str, status| {
        Err(Failure::new(
            status,
            ErrorCode::ManifestBlobUnknown,
            message,
        ))
    };
    if exchange.switches.check_references
        && let Some(absent) = repository.missing(facts)
    {
        return missing(&absent.to_string(), StatusCode::NOT_FOUND);
    }
    let absent = facts
        .subject
        .iter()
        .find(|subject| !repository.manifests.contains_key(*subject));
    match (exchange.switches.missing_subject, absent) {
        (Some(status), Some(subject)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND);
            missing(
                &format!("subject {subject} is not in this repository"),
                status,
            )
        }
        _ => Ok(()),
    }
}

fn check_tag(
    exchange: &Exchange<'_>,
    repository: &Repository,
    tag: &str,
    digest: &str,
) -> Result<(), Failure> {
    let moves = repository
        .tags
        .get(tag)
        .is_some_and(|before| before != digest);
    match exchange.switches.immutable_tags {
        Some(status) if moves => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::CONFLICT);
            Err(Failure::new(
                status,
                ErrorCode::TagInvalid,
                "the tag is immutable",
            ))
        }
        _ => Ok(()),
    }
}

fn unknown() -> Failure {
    Failure::new(
        StatusCode::NOT_FOUND,
        ErrorCode::ManifestUnknown,
        "no such manifest",
    )
}

fn invalid(message: &str) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, ErrorCode::ManifestInvalid, message)
}

fn wrong_digest(message: &str) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, ErrorCode::DigestInvalid, message)
}
