use super::*;

#[test]
fn who_comes_later_passes_behind_those_before_and_an_idle_line_saves_nothing_up() {
    let rate = NonZeroU64::new(1_000).unwrap();
    let bandwidth = Bandwidth::new(rate, Arc::default());
    let other = bandwidth.clone();
    let begin = Instant::now();
    let after = |milliseconds| begin + Duration::from_millis(milliseconds);
    assert_eq!(bandwidth.take(500, begin), after(500));
    assert_eq!(other.take(250, begin), after(750));
    assert_eq!(bandwidth.take(1, after(10_000)), after(10_001));
}
