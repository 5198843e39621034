//! Working on many items at once, with a bound, and results in the order of the items.

use std::num::NonZeroUsize;

use futures_util::StreamExt as _;
use futures_util::stream;

/// Runs `work` on every item, at most `bound` at once, and returns the results in the items' order.
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
