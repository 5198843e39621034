use promo_core::oci::RegistryHost;

use super::{BodyLimits, CHUNK, LONGEST, SHORTEST};

const MIB: u64 = 1 << 20;

fn host(name: &str) -> RegistryHost {
    name.parse().unwrap()
}

#[test]
fn what_was_refused_is_not_tried_again_and_what_was_taken_is() {
    let (limits, proxied) = (BodyLimits::default(), host("proxied.example"));
    assert!(limits.may_take_whole(&proxied, u64::MAX));
    limits.takes(&proxied, 30 * MIB);
    limits.refuses(&proxied, 150 * MIB);
    for (size, may) in [(30, true), (31, false), (150, false), (1, true)] {
        assert_eq!(limits.may_take_whole(&proxied, size * MIB), may, "{size}");
    }
    assert!(limits.may_take_whole(&host("other.example"), 150 * MIB));
}

#[test]
fn chunks_shrink_until_they_are_taken() {
    let (limits, proxied) = (BodyLimits::default(), host("proxied.example"));
    assert_eq!(limits.chunk(&proxied), Some(CHUNK));
    let mut tried = Vec::new();
    limits.refuses(&proxied, 100 * MIB);
    while let Some(chunk) = limits.chunk(&proxied) {
        tried.push(chunk);
        limits.refuses(&proxied, chunk);
    }
    assert_eq!(tried.first(), Some(&CHUNK));
    assert_eq!(tried.last(), Some(&SHORTEST));
    assert!(
        tried.windows(2).all(|two| two[0] == two[1] * 2),
        "{tried:?}"
    );
}

#[test]
fn chunks_are_as_long_as_the_host_wants_them_or_there_are_none() {
    let (limits, picky) = (BodyLimits::default(), host("picky.example"));
    limits.wants_chunks_of(&picky, 3 * MIB);
    assert_eq!(limits.chunk(&picky), Some(CHUNK));
    limits.refuses(&picky, CHUNK);
    assert_eq!(limits.chunk(&picky), Some(3 * MIB));
    limits.refuses(&picky, 3 * MIB);
    assert_eq!(limits.chunk(&picky), None);
    let large = host("large.example");
    limits.wants_chunks_of(&large, 10 * MIB);
    assert_eq!(limits.chunk(&large), Some(10 * MIB));
    limits.wants_chunks_of(&large, LONGEST + 1);
    assert_eq!(limits.chunk(&large), None);
}

/// A host that needs chunks takes so much memory and no more, and none that another could use.
#[tokio::test]
async fn no_more_is_kept_for_a_host_than_there_is_room() {
    let (limits, one, other) = (
        BodyLimits::default(),
        host("one.example"),
        host("other.example"),
    );
    let mut held = Vec::new();
    for _ in 0..LONGEST / CHUNK {
        held.push(limits.room(&one, CHUNK).await.unwrap());
    }
    let mut next = std::pin::pin!(limits.room(&one, 1));
    assert!(futures_util::poll!(next.as_mut()).is_pending());
    // However long a chunk is, there is room for it where nothing else is kept.
    assert!(limits.room(&other, u64::MAX).await.is_some());
    held.pop();
    assert!(next.await.is_some());
}
