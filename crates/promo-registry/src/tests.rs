use super::*;

#[test]
fn codes_are_ordered_and_each_is_given_out_once() {
    let codes: Vec<_> = codes::ALL.iter().map(|entry| entry.code).collect();
    assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{codes:?}");
}
