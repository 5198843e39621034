//! Paging of sorted names by `n` and `last`, and the `Link` to the next page.

use super::reply::Reply;
use super::route::Query;

/// A page of a sorted list.
pub(super) struct Page<T> {
    pub(super) entries: Vec<T>,
    /// Where the next page begins, and its size, when there is one.
    next: Option<(usize, String)>,
}

/// Cuts the page out of `sorted` that the query asks for.
///
/// `limit` is the page size of the registry. A value of `n` that is no number is ignored.
pub(super) fn page<T>(
    sorted: impl Iterator<Item = T>,
    name: impl Fn(&T) -> &str,
    query: &Query,
    limit: Option<usize>,
) -> Page<T> {
    let asked = query.get("n").and_then(|n| n.parse::<usize>().ok());
    let size = asked.into_iter().chain(limit).min();
    let last = query.get("last").unwrap_or_default();
    let mut rest = sorted
        .skip_while(|entry| !last.is_empty() && name(entry) <= last)
        .peekable();
    let entries: Vec<T> = rest.by_ref().take(size.unwrap_or(usize::MAX)).collect();
    let next = match (size, entries.last(), rest.peek()) {
        (Some(size), Some(end), Some(_)) => Some((size, name(end).to_owned())),
        _ => None,
    };
    Page { entries, next }
}

impl<T> Page<T> {
    /// Adds the `Link` header; `path` may already have a query.
    pub(super) fn link(&self, reply: Reply, path: &str) -> Reply {
        let Some((size, last)) = &self.next else {
            return reply;
        };
        let joint = if path.contains('?') { '&' } else { '?' };
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("last", last)
            .append_pair("n", &size.to_string())
            .finish();
        reply.header("link", format!("<{path}{joint}{query}>; rel=\"next\""))
    }
}

#[cfg(test)]
mod tests;
