use super::*;

#[test]
fn what_says_promoted_or_verified_is_reserved_under_any_prefix() {
    for reserved in [
        "https://k8s.io/promo-tools/promotion/v1",
        "https://example.org/promotion/v0.2",
        "https://example.org/promotion/v1/",
        "HTTPS://K8S.IO/promo-tools/Promotion/V1",
        "https://example.org/promotion",
        "urn:example:promotion/v3",
        "https://slsa.dev/verification_summary/v1",
        "https://slsa.dev/verification_summary/v0.2",
        "https://slsa.dev/verification_summary",
    ] {
        assert!(is_reserved(reserved), "{reserved}");
    }
    for free in [
        "https://slsa.dev/provenance/v1",
        "https://spdx.dev/Document/v2.3",
        "https://example.org/promotion-request/v1",
        "https://example.org/promotion/notes/v1",
        "",
    ] {
        assert!(!is_reserved(free), "{free}");
    }
}
