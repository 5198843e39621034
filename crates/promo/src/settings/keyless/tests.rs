use std::ffi::OsString;
use std::fs;

use promo_core::ports::SignatureFormat;

use super::*;
use crate::error::Error;
use crate::settings::{Environment, SigningSettings};

fn resolved(
    promo_toml: &str,
    variables: &[(&str, &str)],
    given: &SigningOverrides,
) -> Result<SigningSettings> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("promo.toml"), promo_toml).unwrap();
    let variables = variables.iter();
    let variables: Vec<(OsString, OsString)> = variables
        .map(|(name, value)| (OsString::from(name), OsString::from(value)))
        .collect();
    let environment = Environment::new(folder.path().to_owned(), variables);
    SigningSettings::resolve(given, &Resolver::new(environment, None)?)
}

fn keyless() -> SigningOverrides {
    SigningOverrides {
        keyless: true,
        ..SigningOverrides::default()
    }
}

fn problem(error: Error) -> String {
    match error {
        Error::Setting { expected, .. } => expected,
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_a_key_and_keyless_the_nearer_counts() {
    let file_key = "[sign]\nkey = 'a.key'\n";
    let signs = resolved(file_key, &[], &keyless()).unwrap();
    assert!(signs.keyless().is_some() && signs.key().is_none());
    let variable = [("PROMO_KEYLESS", "true")];
    let signs = resolved(file_key, &variable, &SigningOverrides::default()).unwrap();
    assert!(signs.keyless().is_some() && signs.key().is_none());
    let typed = SigningOverrides {
        key: Some("b.key".into()),
        ..SigningOverrides::default()
    };
    let signs = resolved("[sign]\nkeyless = true\n", &variable, &typed).unwrap();
    assert!(signs.keyless().is_none());
    assert_eq!(signs.key(), Some(Path::new("b.key")));
    let both = "[sign]\nkeyless = true\nkey = 'a.key'\n";
    let error = resolved(both, &[], &SigningOverrides::default()).unwrap_err();
    assert!(problem(error).contains("`sign.keyless`"));
    // What isn't wanted needs no decision.
    let off = "[sign]\nkeyless = false\nkey = 'a.key'\n";
    assert!(
        resolved(off, &[], &SigningOverrides::default())
            .unwrap()
            .signs()
    );
}

#[test]
fn the_documents_of_a_sigstore_go_together() {
    for (alone, missing) in [
        ("signing-config", "`sign.trusted-root`"),
        ("trusted-root", "`sign.signing-config`"),
    ] {
        let text = format!("[sign]\nkeyless = true\n{alone} = 'a.json'\n");
        let error = resolved(&text, &[], &SigningOverrides::default()).unwrap_err();
        assert!(problem(error).contains(missing));
    }
}

#[test]
fn a_tuf_repository_says_in_place_of_documents_which_sigstore_signs() {
    let source = |text: &str| {
        let text = format!("[sign]\nkeyless = true\n{text}");
        let signs = resolved(&text, &[], &SigningOverrides::default())?;
        Ok::<_, Error>(signs.keyless().unwrap().sigstore().clone())
    };
    assert!(matches!(source("").unwrap(), SigstoreSource::Public));
    let mirror = source("tuf-repository = 'https://tuf.example/public'\n").unwrap();
    let SigstoreSource::Repository(mirror) = mirror else {
        panic!("{mirror:?}");
    };
    assert_eq!(mirror.url().to_string(), "https://tuf.example/public");
    assert_eq!(mirror.root(), None);
    let own = "tuf-repository = 'https://tuf.example'\ntuf-root = 'root.json'\n";
    let SigstoreSource::Repository(own) = source(own).unwrap() else {
        panic!("{own}");
    };
    assert!(own.root().unwrap().is_absolute());
    for (text, missing) in [
        (
            "tuf-root = 'root.json'\n",
            "`sign.tuf-repository` beside it",
        ),
        (
            "tuf-repository = 'https://tuf.example'\nsigning-config = 'a'\ntrusted-root = 'b'\n",
            "no `sign.signing-config`",
        ),
        (
            "tuf-repository = 'https://tuf.example'\ntrusted-root = 'b'\n",
            "no `sign.signing-config` or `sign.trusted-root`",
        ),
    ] {
        let said = problem(source(text).unwrap_err());
        assert!(said.contains(missing), "{said}");
    }
    let typed = SigningOverrides {
        tuf_repository: Some("tuf.example".to_owned()),
        ..keyless()
    };
    let said = problem(resolved("", &[], &typed).unwrap_err());
    assert!(said.contains("the URL of a TUF repository"), "{said}");
}

#[test]
fn keyless_writes_bundles_unless_something_else_is_said() {
    let formats = |text: &str| {
        let signing = resolved(text, &[], &keyless()).unwrap();
        signing.formats().to_vec()
    };
    assert_eq!(formats(""), [SignatureFormat::Bundle]);
    let both = [SignatureFormat::Bundle, SignatureFormat::Sig];
    assert_eq!(formats("[sign]\nformats = ['bundle', 'sig']\n"), both);
}

/// A promo.toml may be that of a change which nobody has reviewed.
#[test]
fn a_program_is_never_named_by_a_file() {
    let file = "[sign]\nkeyless = true\nidentity-token = 'command:/bin/sh evil.sh'\n";
    let error = resolved(file, &[], &SigningOverrides::default()).unwrap_err();
    assert!(problem(error).contains("no program"));
    let named = [("PROMO_IDENTITY_TOKEN", "command:/bin/get-token")];
    resolved("", &named, &keyless()).unwrap();
    let typed = SigningOverrides {
        identity_token: Some("command:/bin/get-token".to_owned()),
        ..keyless()
    };
    resolved(file, &[], &typed).unwrap();
}

#[test]
fn sources_of_tokens_are_read_as_they_are_shown() {
    for text in [
        "auto",
        "variable",
        "github-actions",
        "buildkite",
        "circleci",
        "google",
        "account:release@project.iam.gserviceaccount.com",
        "file:/run/token",
    ] {
        let place: TokenPlace = text.parse().unwrap();
        assert_eq!(place.to_string(), text);
    }
    let command: TokenPlace = "command:vault read secret".parse().unwrap();
    assert_eq!(command.to_string(), "command:vault …");
    for text in [
        "",
        "github",
        "file:",
        "command:",
        "command:./own",
        "account:a b",
    ] {
        assert!(text.parse::<TokenPlace>().is_err(), "{text}");
    }
}
