//! Requests that don't wait for each other, some at a time: used by all that reads, attaches and looks again. In which
//! order their answers count, the caller knows; how many one host bears, its budget.

use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use promo_core::ports::Failure;

/// Carries them out, at the most `width` at a time. The results are in the order of the requests; the first failure
/// ends them all.
pub(super) async fn at_once<T: Send>(
    width: usize,
    requests: Vec<BoxFuture<'_, Result<T, Failure>>>,
) -> Result<Vec<T>, Failure> {
    let answers = stream::iter(requests).buffered(width.max(1));
    answers.try_collect().await
}
