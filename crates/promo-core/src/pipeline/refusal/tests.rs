use super::*;
use crate::Code;

fn refused(status: u16, code: &str, message: &str) -> Failure {
    Failure::new(FailureKind::Refused, Code::new("PROMO-R009"), "refused")
        .with_status(status)
        .with_said(code, message)
}

#[test]
fn only_what_speaks_of_the_subject_asks_for_the_manifest_first() {
    for (status, code, message, expected) in [
        (404, "MANIFEST_UNKNOWN", "", Refusal::WantsSubject),
        (400, "MANIFEST_BLOB_UNKNOWN", "", Refusal::WantsSubject),
        (
            422,
            "",
            "Subject sha256:… does not exist",
            Refusal::WantsSubject,
        ),
        (400, "UNKNOWN", "no", Refusal::Unclear),
        (404, "", "", Refusal::Unclear),
        (408, "", "", Refusal::Other),
        (408, "MANIFEST_UNKNOWN", "", Refusal::Other),
        (405, "UNSUPPORTED", "", Refusal::Other),
        (413, "SIZE_INVALID", "", Refusal::Other),
        (404, "BLOB_UPLOAD_UNKNOWN", "", Refusal::Other),
    ] {
        assert_eq!(
            meaning(&refused(status, code, message)),
            expected,
            "{status} {code}"
        );
    }
    let of_the_list = Failure::new(FailureKind::Refused, Code::new("PROMO-R074"), "refused");
    assert_eq!(meaning(&of_the_list), Refusal::OfTheList);
    let failed = Failure::new(FailureKind::Unavailable, Code::new("PROMO-R005"), "broken");
    assert_eq!(meaning(&failed.with_status(503)), Refusal::Other);
}
