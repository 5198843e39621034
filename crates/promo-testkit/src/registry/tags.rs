//! `tags/list` and `_catalog`.

use std::ops::Bound;

use http::StatusCode;
use serde_json::json;

use super::exchange::Exchange;
use super::google;
use super::listing::page;
use super::reply::{ErrorCode, Failure, Reply};

pub(super) fn list(exchange: &Exchange<'_>) -> Result<Reply, Failure> {
    let name = exchange.repository()?;
    if exchange.switches.google_listing {
        return google::list(exchange, name);
    }
    let store = exchange.shared.state.store();
    let Some(repository) = store.get(name) else {
        return Err(Failure::new(
            StatusCode::NOT_FOUND,
            ErrorCode::NameUnknown,
            "no such repository",
        ));
    };
    // From where the page begins: a list of a million tags is not walked through anew for each of its pages.
    let last = exchange.query.get("last").unwrap_or_default();
    let rest = repository
        .tags
        .range::<str, _>((Bound::Excluded(last), Bound::Unbounded));
    let page = page(
        rest.map(|(tag, _)| tag),
        |tag| tag.as_str(),
        &exchange.query,
        exchange.switches.tag_page_size,
    );
    let reply = Reply::json(
        StatusCode::OK,
        &json!({ "name": name, "tags": page.entries }),
    );
    Ok(page.link(reply, &format!("/v2/{name}/tags/list")))
}

pub(super) fn catalog(exchange: &Exchange<'_>) -> Result<Reply, Failure> {
    if !exchange.switches.catalog {
        return Err(Failure::new(
            StatusCode::NOT_FOUND,
            ErrorCode::Unsupported,
            "no catalog here",
        ));
    }
    let store = exchange.shared.state.store();
    let page = page(
        store.names(),
        |name| name,
        &exchange.query,
        exchange.switches.tag_page_size,
    );
    let reply = Reply::json(StatusCode::OK, &json!({ "repositories": page.entries }));
    Ok(page.link(reply, "/v2/_catalog"))
}
