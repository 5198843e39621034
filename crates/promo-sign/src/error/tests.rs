use super::*;

#[test]
fn codes_are_unique_and_ordered() {
    for pair in codes::ALL.windows(2) {
        assert!(
            pair[0].code < pair[1].code,
            "{} before {}",
            pair[0].code,
            pair[1].code
        );
    }
}

#[test]
fn a_failure_repeats_nothing_of_its_source() {
    let failure = Failure::from(Error::WrongPassword);
    assert_eq!(failure.code().as_str(), "PROMO-S003");
    assert_eq!(failure.chain(), failure.to_string());
    assert!(codes::ALL.iter().any(|entry| entry.code == failure.code()));
}
