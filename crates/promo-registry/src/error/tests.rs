use std::collections::BTreeSet;
use std::time::Duration;

use promo_core::Code;
use promo_core::oci::Digest;
use promo_core::ports::{Failure, FailureKind};

use super::{AnotherTry, Error, RegistryAnswer, clean};
use crate::codes;

#[test]
fn codes_are_in_order_and_each_is_described_once() {
    let codes: Vec<&str> = codes::ALL.iter().map(|it| it.code.as_str()).collect();
    let distinct: BTreeSet<&str> = codes.iter().copied().collect();
    assert_eq!(codes, distinct.into_iter().collect::<Vec<_>>());
    assert!(codes::ALL.iter().all(|it| it.explanation.ends_with('.')));
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
    assert!(codes::ALL.iter().any(|it| it.code == code));
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

#[test]
fn what_is_worth_another_try_is_the_same_for_a_request_and_for_an_upload() {
    let unavailable = |status| Error::Unavailable {
        host: "r.example".to_owned(),
        what: "the blob".to_owned(),
        status,
        retry_after: None,
        answer: None,
    };
    let deadline = Error::Deadline {
        host: "r.example".to_owned(),
        what: "the blob".to_owned(),
        after: Duration::from_secs(1),
    };
    let silent = Error::Silent {
        host: "r.example".to_owned(),
        since: Duration::from_secs(120),
    };
    let throttled = Error::RateLimited {
        host: "r.example".to_owned(),
        retry_after: None,
    };
    for (error, expected) in [
        (unavailable(500), AnotherTry::Later),
        (unavailable(408), AnotherTry::Later),
        (unavailable(522), AnotherTry::Later),
        // It can't, and won't be able to in a moment.
        (unavailable(501), AnotherTry::Never),
        (unavailable(505), AnotherTry::Never),
        (unavailable(507), AnotherTry::Never),
        (deadline, AnotherTry::Later),
        (silent, AnotherTry::Never),
        (throttled, AnotherTry::Throttled),
    ] {
        assert_eq!(error.another_try(), expected, "{error}");
        let failure = Failure::from(error);
        assert_eq!(AnotherTry::after(&failure), expected, "{failure}");
    }
}

#[test]
fn the_typed_error_stays_with_the_failure() {
    let error = Error::DigestNotKept {
        repository: "r.example/a".parse().unwrap(),
        digest: Digest::sha256_of(b""),
    };
    let text = error.to_string();
    let failure = Failure::from(error);
    assert_eq!(failure.chain(), text);
    let typed = failure.error().unwrap().downcast_ref::<Error>();
    assert!(matches!(typed, Some(Error::DigestNotKept { .. })));
    // Texts that stay as they are keep it.
    let failure = failure.map_texts(str::to_owned);
    assert!(failure.error().is_some());
}

#[test]
fn a_typed_error_with_a_credential_in_it_goes_where_that_is_cut_out() {
    let failure = Failure::from(Error::Unavailable {
        host: "r.example".to_owned(),
        what: "the blob".to_owned(),
        status: 500,
        retry_after: None,
        answer: Some(RegistryAnswer::new("s3cr3t", "")),
    });
    let failure = failure.map_texts(|text| text.replace("s3cr3t", "[credential]"));
    assert!(failure.error().is_none());
    assert!(!format!("{failure:?}").contains("s3cr3t"), "{failure:?}");
}

/// What lasts is not tried again, whether the error itself is asked or the failure that became of it.
#[test]
fn what_somebody_has_to_change_first_is_not_tried_again() {
    use super::{CertificateProblem, ConnectionProblem};
    for problem in [
        ConnectionProblem::UnknownHost,
        ConnectionProblem::Refused,
        ConnectionProblem::SpeaksPlainHttp,
        ConnectionProblem::MaySpeakTls,
        ConnectionProblem::NoCommonVersion,
        ConnectionProblem::Certificate(CertificateProblem::Expired),
        ConnectionProblem::Other,
    ] {
        let lasts = problem.lasts();
        let error = Error::Connection {
            host: "r.example".to_owned(),
            led_by: None,
            problem,
            source: None,
        };
        let wanted = if lasts {
            AnotherTry::Never
        } else {
            AnotherTry::Later
        };
        assert_eq!(error.another_try(), wanted, "{error}");
        assert_eq!(AnotherTry::after(&Failure::from(error)), wanted);
    }
}
