//! Blobs: HEAD, GET with one range, DELETE, and mounts from another repository.

use std::ops::Range;

use bytes::Bytes;
use http::StatusCode;
use http::header::RANGE;

use super::exchange::Exchange;
use super::options::Mounts;
use super::reply::{ErrorCode, Failure, Reply};
use super::uploads;
use crate::digest::Algorithm;

const OCTETS: &str = "application/octet-stream";

/// Answers HEAD and GET; the server leaves the body of a HEAD out.
pub(super) fn get(exchange: &Exchange<'_>) -> Result<Reply, Failure> {
    let digest = exchange.reference()?;
    let bytes = stored(exchange, exchange.repository()?, digest).ok_or_else(unknown)?;
    let reply = match exchange
        .header(RANGE.as_str())
        .and_then(|range| parse_range(range, bytes.len()))
    {
        None => Reply::bytes(StatusCode::OK, OCTETS, bytes),
        Some(Asked::Part(part)) => {
            let content_range = format!("bytes {}-{}/{}", part.start, part.end - 1, bytes.len());
            Reply::bytes(StatusCode::PARTIAL_CONTENT, OCTETS, bytes.slice(part))
                .header("content-range", content_range)
        }
        Some(Asked::Nothing) => {
            let message = "the range is outside of the blob";
            let failure = Failure::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                ErrorCode::SizeInvalid,
                message,
            );
            return Err(failure.header("content-range", format!("bytes */{}", bytes.len())));
        }
    };
    Ok(exchange.content_digest(reply.header("accept-ranges", "bytes"), digest))
}

pub(super) fn delete(exchange: &Exchange<'_>) -> Result<Reply, Failure> {
    exchange.check_deletes()?;
    if exchange
        .shared
        .state
        .delete_blob(exchange.repository()?, exchange.reference()?)
    {
        Ok(Reply::empty(StatusCode::ACCEPTED))
    } else {
        Err(unknown())
    }
}

/// Mounts a blob, or opens a session when that can't be done: no source, no right to read it, or not there.
pub(super) fn mount(exchange: &Exchange<'_>) -> Result<Reply, Failure> {
    let digest = exchange.reference()?;
    if Algorithm::of(digest).is_none() {
        return Err(Failure::new(
            StatusCode::BAD_REQUEST,
            ErrorCode::DigestInvalid,
            "not a digest",
        ));
    }
    match exchange.switches.mounts {
        Mounts::Unsupported => {
            let message = "mounts are not supported";
            return Err(Failure::new(
                StatusCode::METHOD_NOT_ALLOWED,
                ErrorCode::Unsupported,
                message,
            ));
        }
        Mounts::Refused => return uploads::start(exchange),
        Mounts::Allowed => {}
    }
    let source = exchange
        .query
        .get("from")
        .filter(|source| exchange.may_read(source));
    let Some(bytes) = source.and_then(|source| stored(exchange, source, digest)) else {
        return uploads::start(exchange);
    };
    let name = exchange.repository()?;
    exchange.shared.state.put_blob_as(name, digest, bytes);
    Ok(created(exchange, name, digest))
}

/// The answer to a blob that is now there.
pub(super) fn created(exchange: &Exchange<'_>, name: &str, digest: &str) -> Reply {
    let location = exchange.location(&format!("/v2/{name}/blobs/{digest}"));
    exchange.content_digest(
        Reply::empty(StatusCode::CREATED).header("location", location),
        digest,
    )
}

fn stored(exchange: &Exchange<'_>, name: &str, digest: &str) -> Option<Bytes> {
    exchange.shared.state.blob(name, digest)
}

fn unknown() -> Failure {
    Failure::new(
        StatusCode::NOT_FOUND,
        ErrorCode::BlobUnknown,
        "no such blob in this repository",
    )
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Part(Range<usize>),
    Nothing,
}

/// Reads a `Range` header; `None` when it is to be ignored: another unit, several ranges, or not understood.
fn parse_range(header: &str, length: usize) -> Option<Asked> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    let (start, end) = match (first.trim(), last.trim()) {
        ("", suffix) => (length.saturating_sub(suffix.parse().ok()?), length),
        (first, "") => (first.parse().ok()?, length),
        (first, last) => (
            first.parse().ok()?,
            last.parse::<usize>().ok()?.saturating_add(1).min(length),
        ),
    };
    let asked = if start < end {
        Asked::Part(start..end)
    } else {
        Asked::Nothing
    };
    Some(asked)
}

#[cfg(test)]
mod tests;
