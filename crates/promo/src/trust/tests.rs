//! Documents as people write them, and what is wrong with some.

use std::fs;

use promo_core::ports::SignerName;
use promo_core::trust::{RevocationReason, Strictness, TrustedSigner};
use promo_sign::SigningKey;

use super::*;

/// A folder with the public keys `a.pub` and `b.pub`, and this document.
fn read(document: &str) -> Result<TrustDocument> {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.pub", "b.pub"] {
        let key = SigningKey::generate().unwrap();
        fs::write(folder.path().join(name), key.public_key().to_pem()).unwrap();
    }
    fs::copy(folder.path().join("a.pub"), folder.path().join("same.pub")).unwrap();
    let path = folder.path().join("trust.toml");
    fs::write(&path, document).unwrap();
    TrustDocument::read(&path)
}

const WHOLE: &str = r#"
schema = "promo.trust/v1"

[signer.builders]
key = "a.pub"
valid-from = 2026-01-01T00:00:00Z
valid-until = "2027-01-01T00:00:00Z"

[signer.release]
key = "b.pub"
revoked = "2026-06-01T00:00:00Z"
revoked-because = "superseded"

[signatures]
signers = ["builders", "release"]
at-least = 2
log = true
max-age = "30d"
otherwise = "warn"

[attestations."https://slsa.dev/provenance/v1"]
signers = ["builders"]
carry = true
"#;

#[test]
fn a_whole_document_means_what_it_says() {
    let document = read(WHOLE).unwrap();
    let trust = document.trust();
    let names: Vec<&str> = trust.signers().keys().map(SignerName::as_str).collect();
    assert_eq!(names, ["builders", "release"]);
    let TrustedSigner::Key { validity, .. } = &trust.signers()["release"] else {
        panic!("a key");
    };
    // One is written as TOML has times, the other as text.
    let builders = &trust.signers()["builders"];
    let TrustedSigner::Key {
        validity: bounds, ..
    } = builders
    else {
        panic!("a key");
    };
    assert_eq!(bounds.from, Some("2026-01-01T00:00:00Z".parse().unwrap()));
    assert_eq!(bounds.until, Some("2027-01-01T00:00:00Z".parse().unwrap()));
    let revoked = validity.revoked.unwrap();
    assert_eq!(revoked.reason, RevocationReason::Superseded);
    assert_eq!(revoked.at, "2026-06-01T00:00:00Z".parse().unwrap());
    let need = trust.signature();
    assert_eq!(
        (need.at_least.get(), need.log, need.timestamp),
        (2, true, false)
    );
    assert_eq!(need.max_age.unwrap().as_hours(), 720);
    assert_eq!(document.trust().signature().strictness, Strictness::Warn);
    let provenance = &trust.attestations()["https://slsa.dev/provenance/v1"];
    assert_eq!(provenance.strictness, Strictness::Refuse);
    assert!(
        document
            .carried()
            .contains("https://slsa.dev/provenance/v1")
    );
    assert_eq!(document.keys.len(), 2);
}

#[test]
fn a_log_may_have_promised_it_or_proven_it() {
    let with = |log: &str| WHOLE.replace("log = true", log);
    for (log, expected) in [
        ("log = false", (false, false)),
        ("log = true", (true, false)),
        ("log = \"proof\"", (true, true)),
    ] {
        let document = read(&with(log)).unwrap();
        let need = document.trust().signature();
        assert_eq!((need.log, need.log_proof), expected, "{log}");
    }
    for odd in ["log = \"promise\"", "log = 1", "log = {}"] {
        wrong(&with(odd), 17, "`\"proof\"`");
    }
}

const ROOT: &str = include_str!("../../../promo-sign/tests/fixtures/sigstore/trusted_root.json");

/// A folder with a trusted root, and this document.
fn read_with_root(document: &str) -> Result<TrustDocument> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("root.json"), ROOT).unwrap();
    fs::write(folder.path().join("none.json"), "{}").unwrap();
    let path = folder.path().join("trust.toml");
    fs::write(&path, document).unwrap();
    TrustDocument::read(&path)
}

#[test]
fn roots_may_come_from_tuf_repositories() {
    let holder = "[signer.a]\nissuer = \"i\"\nsubject = \"s\"\n";
    let with = |tuf: &str| read_with_root(&format!("schema = \"promo.trust/v1\"\n{tuf}{holder}"));
    let public = "[[tuf]]\nrepository = \"https://tuf.example/mirror\"\n";
    let document = with(public).unwrap();
    let [repository] = document.repositories() else {
        panic!("{document:?}");
    };
    assert_eq!(repository.url().to_string(), "https://tuf.example/mirror");
    for (tuf, expected) in [
        (format!("{public}{public}"), "stands here twice"),
        (
            format!("{public}root = \"none.json\"\n"),
            "its root can't be used",
        ),
        (format!("{public}root = \"nowhere.json\"\n"), "can't read"),
        (
            "[[tuf]]\nroot = \"root.json\"\n".to_owned(),
            "missing field `repository`",
        ),
        (
            "[[tuf]]\nrepository = \"tuf.example\"\n".to_owned(),
            "the URL of a TUF repository",
        ),
    ] {
        let told = promo_core::with_causes(&with(&tuf).unwrap_err());
        assert!(told.contains(expected), "{tuf}: {told}");
    }
}

#[test]
fn holders_of_certificates_are_signers_too() {
    let document = r#"
        schema = "promo.trust/v1"
        roots = ["root.json"]
        [signer.release]
        issuer = "https://token.actions.githubusercontent.com"
        subject-matches = "https://github.com/example/.*"
        claims = { source-repository-ref = "refs/heads/main" }
    "#;
    let document = read_with_root(document).unwrap();
    assert_eq!(document.roots.len(), 1);
    let TrustedSigner::Keyless(signer) = &document.trust().signers()["release"] else {
        panic!("a holder of certificates");
    };
    assert!(
        signer
            .issuer
            .matches("https://token.actions.githubusercontent.com")
    );
    assert!(signer.subject.matches("https://github.com/example/app"));
    assert!(
        !signer
            .subject
            .matches("https://evil.example/https://github.com/example/app")
    );
    assert!(signer.claims["source-repository-ref"].matches("refs/heads/main"));
}

#[test]
fn what_is_wrong_with_holders_of_certificates_is_told() {
    let head = "schema = \"promo.trust/v1\"\nroots = [\"root.json\"]\n[signer.a]\n";
    let whole = "issuer = \"i\"\nsubject = \"s\"\n";
    let cases = [
        (head.to_owned(), "`issuer` exactly or as"),
        (format!("{head}issuer = \"i\"\n"), "`subject` exactly or as"),
        (
            format!("{head}{whole}subject-matches = \"s\"\n"),
            "`subject` exactly or as",
        ),
        (
            format!("{head}issuer = \"\"\nsubject = \"s\"\n"),
            "`issuer` exactly or as",
        ),
        (
            format!("{head}issuer = \"i\"\nsubject-matches = \"(\"\n"),
            "no regular expression",
        ),
        (format!("{head}{whole}key = \"a.pub\"\n"), "and not both"),
        (
            format!("{head}{whole}valid-from = 2026-01-01T00:00:00Z\n"),
            "are for keys",
        ),
        (
            format!("{head}{whole}").replace("roots = [\"root.json\"]\n", ""),
            "names none",
        ),
        (
            format!("{head}{whole}").replace("root.json", "none.json"),
            "trusted root can't be used",
        ),
    ];
    for (document, expected) in cases {
        let error = read_with_root(&document).unwrap_err();
        let told = promo_core::with_causes(&error);
        assert!(told.contains(expected), "{document}: {told}");
    }
}

/// A signer, in three lines; what is wrong comes behind it.
const HEAD: &str = "schema = \"promo.trust/v1\"\n[signer.a]\nkey = \"a.pub\"\n";

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let summary = "https://slsa.dev/verification_summary/v1";
    let reserved = format!("[attestations.\"{summary}\"]\ncarry = true\n");
    let times = "valid-from = \"2026-01-02T00:00:00Z\"\nvalid-until = \"2026-01-01T00:00:00Z\"\n";
    let cases = [
        ("colour = 1\n", 4, "unknown field"),
        ("[signer.B]\nkey = \"b.pub\"\n", 4, "no name of a signer"),
        ("[signer.b]\nkey = \"same.pub\"\n", 4, "the same key as `a`"),
        ("revoked = \"2026-01-01T00:00:00Z\"\n", 2, "go together"),
        (
            "valid-from = \"yesterday\"\n",
            4,
            "`yesterday` is no moment",
        ),
        (times, 2, "after `valid-from`"),
        (
            "[signatures]\nsigners = [\"c\"]\n",
            4,
            "no signer has the name `c`",
        ),
        ("[signatures]\nat-least = 2\n", 4, "1 signers could count"),
        ("[signatures]\nat-least = 0\n", 5, "nonzero"),
        ("[signatures]\nsigners = []\n", 4, "0 signers could count"),
        ("[signatures]\nmax-age = \"-1d\"\n", 5, "a span of time"),
        (&reserved, 4, "only promo may say"),
    ];
    for (rest, line, expected) in cases {
        wrong(&format!("{HEAD}{rest}"), line, expected);
    }
    wrong(
        "schema = \"promo.trust/v2\"\n",
        1,
        "has to be `promo.trust/v1`",
    );
    wrong("schema = \"promo.trust/v1\"\n", 1, "names no signer");
}

fn wrong(document: &str, expected_line: usize, expected: &str) {
    let error = read(document).unwrap_err();
    let Error::TrustDocument { line, message, .. } = &error else {
        panic!("{document}: {error:?}");
    };
    assert!(message.contains(expected), "{document}: {message}");
    assert_eq!(*line, expected_line, "{document}: {message}");
}

#[test]
fn a_key_that_is_not_there_is_told_by_its_file() {
    let error = read("schema = \"promo.trust/v1\"\n[signer.a]\nkey = \"none.pub\"\n").unwrap_err();
    assert!(matches!(error, Error::File { .. }), "{error:?}");
}
