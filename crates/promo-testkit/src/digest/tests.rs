use super::*;

#[test]
fn digests_are_those_of_the_standards() {
    let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(sha256(b""), empty);
    assert_eq!(Algorithm::of(empty), Some(Algorithm::Sha256));
    let long = Algorithm::Sha512.digest(b"abc");
    assert!(
        long.starts_with("sha512:ddaf35a193617abacc417349ae204131"),
        "{long}"
    );
    assert_eq!(Algorithm::of(&long), Some(Algorithm::Sha512));
}

#[test]
fn a_running_digest_is_that_of_all_pieces() {
    let mut running = Running::default();
    running.update(b"ab");
    running.update(b"c");
    assert_eq!(running.finish(), sha256(b"abc"));
}

#[test]
fn what_is_no_digest_has_no_algorithm() {
    let hex = "a".repeat(64);
    for text in [
        String::new(),
        hex.clone(),
        format!("sha256:{}", "A".repeat(64)),
        format!("sha256:{hex}a"),
        format!("sha512:{hex}"),
        format!("md5:{hex}"),
        format!("sha256:{}", "g".repeat(64)),
    ] {
        assert_eq!(Algorithm::of(&text), None, "{text}");
    }
}
