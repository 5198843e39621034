//! Certificates that no Fulcio issues: too early, too late, for something else, in no log, without or with too many names.
//! An authority of the test's own stands in the root, and its certificate beside a recorded signature with its timestamp: what
//! is wrong with a certificate is seen before the signature is looked at.

use promo_core::Code;
use promo_core::ports::CheckSubject;
use promo_sign::codes;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, SanType, date_time_ymd,
};
use serde_json::json;

use crate::recorded::{Recorded, SIGNATURE, TWO, base64, changed_root, demand_refused};

/// Fulcio's extension that says who vouched, and a UTF8String in it.
const ISSUER: &[u64] = &[1, 3, 6, 1, 4, 1, 57264, 1, 8];

fn leaf() -> CertificateParams {
    let mut leaf = CertificateParams::default();
    leaf.not_before = date_time_ymd(2026, 1, 1);
    leaf.not_after = date_time_ymd(2100, 1, 1);
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
    leaf.subject_alt_names = vec![name("mailto:release@promo.example")];
    let issuer = b"\x0c\x14https://oidc.example";
    leaf.custom_extensions = vec![CustomExtension::from_oid_content(ISSUER, issuer.to_vec())];
    leaf
}

fn name(uri: &str) -> SanType {
    SanType::URI(uri.try_into().unwrap())
}

/// What a certificate has, and what must come of it.
type Case = (&'static str, fn(&mut CertificateParams), CheckSubject, Code);

const CASES: [Case; 7] = [
    (
        "over before the signature",
        |leaf| leaf.not_after = date_time_ymd(2026, 2, 1),
        CheckSubject::CertificateValidity,
        codes::CERTIFICATE_VALIDITY,
    ),
    (
        "begun after the signature",
        |leaf| leaf.not_before = date_time_ymd(2099, 1, 1),
        CheckSubject::CertificateValidity,
        codes::CERTIFICATE_VALIDITY,
    ),
    (
        "for servers",
        |leaf| leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth],
        CheckSubject::CertificateChain,
        codes::CERTIFICATE_CHAIN,
    ),
    (
        "in no log",
        |_| {},
        CheckSubject::CertificateTimestamp,
        codes::CERTIFICATE_TIMESTAMP,
    ),
    (
        "without a name",
        |leaf| leaf.subject_alt_names.clear(),
        CheckSubject::Form,
        codes::CERTIFICATE,
    ),
    (
        "with two names",
        |leaf| {
            leaf.subject_alt_names
                .push(name("mailto:other@promo.example"));
        },
        CheckSubject::Form,
        codes::CERTIFICATE,
    ),
    (
        "without anybody who vouched",
        |leaf| leaf.custom_extensions.clear(),
        CheckSubject::Form,
        codes::CERTIFICATE,
    ),
];

#[test]
fn a_certificate_that_no_fulcio_issues_is_refused() {
    let key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = authority.self_signed(&key).unwrap();
    let root = changed_root(|root| {
        let certificates = json!([{"rawBytes": base64(certificate.der())}]);
        root["certificateAuthorities"][0]["certChain"]["certificates"] = certificates;
    });
    let issuer = Issuer::from_params(&authority, &key);
    let recorded = Recorded::new(TWO);
    for (what, change, check, code) in CASES {
        let mut leaf = leaf();
        change(&mut leaf);
        let leaf = leaf.signed_by(&KeyPair::generate().unwrap(), &issuer);
        let mut bundle = recorded.bundle(SIGNATURE);
        bundle["verificationMaterial"]["certificate"]["rawBytes"] = base64(leaf.unwrap().der());
        demand_refused(what, &recorded.examine(&root, &bundle), check, code);
    }
}
