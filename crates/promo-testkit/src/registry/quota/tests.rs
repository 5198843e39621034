use std::time::Duration;

use super::*;

const QUOTA: Quota = Quota {
    per_second: 10,
    burst: 2,
    retry_after: 1,
};

#[test]
fn a_bucket_gives_its_burst_and_then_its_rate() {
    let mut bucket = Bucket::new();
    let begin = Instant::now();
    let mut take = |milliseconds| bucket.take(QUOTA, begin + Duration::from_millis(milliseconds));
    assert_eq!([take(0), take(0), take(0)], [true, true, false]);
    assert_eq!([take(99), take(101), take(102)], [false, true, false]);
    assert_eq!(
        [take(60_000), take(60_000), take(60_000)],
        [true, true, false]
    );
}

#[test]
fn a_changed_quota_begins_with_a_full_bucket() {
    let mut bucket = Bucket::new();
    let now = Instant::now();
    assert!(bucket.take(QUOTA, now) && bucket.take(QUOTA, now) && !bucket.take(QUOTA, now));
    assert!(bucket.take(Quota { burst: 3, ..QUOTA }, now));
}
