//! Working on many items at once, with a bound, and results in the order of the items.

use std::num::NonZeroUsize;

use futures_util::StreamExt as _;
use futures_util::stream;

use crate::ports::{Failure, contain};

/// Runs `work` on every item, at most `bound` at once, and returns the results in the items' order. For work that
/// contains its panics itself.
pub(super) async fn each<T, R, F, Fut>(bound: NonZeroUsize, items: Vec<T>, work: F) -> Vec<R>
where
    F: Fn(T) -> Fut,
    Fut: Future<Output = R>,
{
    let numbered = items.into_iter().enumerate().map(|(number, item)| {
        let result = work(item);
        async move { (number, result.await) }
    });
    let mut results: Vec<(usize, R)> = stream::iter(numbered)
        .buffer_unordered(bound.get())
        .collect()
        .await;
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

/// The same, and when the work on an item panics, `lost` says what becomes of it, by what `keep` kept of it. The other
/// items go on.
pub(super) async fn each_contained<T, K, R, F, Fut>(
    bound: NonZeroUsize,
    items: Vec<T>,
    keep: impl Fn(&T) -> K,
    work: F,
    lost: impl Fn(K, Failure) -> R,
) -> Vec<R>
where
    F: Fn(T) -> Fut,
    Fut: Future<Output = R>,
{
    let (keep, work, lost) = (&keep, &work, &lost);
    each(bound, items, |item| {
        let kept = keep(&item);
        async move {
            let result = contain(async { Ok(work(item).await) }).await;
            result.unwrap_or_else(|panic| lost(kept, panic))
        }
    })
    .await
}

#[cfg(test)]
mod tests;
