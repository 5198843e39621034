use std::collections::BTreeSet;
use std::time::Duration;

use promo_core::Code;
use promo_core::ports::{Failure, FailureKind};

use super::{Error, RegistryAnswer, clean};

#[test]
fn codes_are_in_order_and_each_is_described_once() {
    let codes: Vec<&str> = Error::CODES.iter().map(|it| it.code.as_str()).collect();
    let distinct: BTreeSet<&str> = codes.iter().copied().collect();
    assert_eq!(codes, distinct.into_iter().collect::<Vec<_>>());
    let all = || Error::CODES.iter().chain(Error::LATER_CODES);
    assert!(all().all(|it| it.explanation.ends_with('.')));
}

#[test]
fn a_failure_keeps_what_the_error_knew() {
    let error = Error::Unavailable {
        host: "r.example".to_owned(),
        what: "the tags of r.example/x".to_owned(),
        status: 503,
        retry_after: Some(Duration::from_secs(3)),
        answer: Some(RegistryAnswer::new("UNAVAILABLE", "later")),
    };
    let code = error.code();
    assert!(Error::CODES.iter().any(|it| it.code == code));
    let failure = Failure::from(error);
    assert_eq!(failure.kind(), FailureKind::Unavailable);
    assert_eq!(failure.code(), code);
    assert_eq!(failure.status(), Some(503));
    assert_eq!(failure.retry_after(), Some(Duration::from_secs(3)));
    let text = "r.example failed at the tags of r.example/x with status 503: UNAVAILABLE (later)";
    assert_eq!(failure.to_string(), text);
    assert_eq!(failure.chain(), text);
}

#[test]
fn a_cause_is_told_once() {
    let source = Failure::new(FailureKind::TooLarge, Code::new("PROMO-T001"), "too much");
    let error = Error::BlobSource {
        what: "the blob x".to_owned(),
        source: source.into(),
    };
    let failure = Failure::from(error);
    assert_eq!(failure.kind(), FailureKind::TooLarge);
    let text = "the bytes of the blob x could not be read to the end: too much";
    assert_eq!(failure.chain(), text);
}

#[test]
fn what_registries_say_fits_on_a_line() {
    assert_eq!(clean(" plain \n"), "plain");
    assert_eq!(clean("a\u{1b}[2Jb\r\nc"), "a\\u{1b}[2Jb\\u{d}\\u{a}c");
    assert_eq!(clean("a\u{202e}b"), "a\\u{202e}b");
    assert_eq!(clean(&"x".repeat(1000)).chars().count(), 201);
}
