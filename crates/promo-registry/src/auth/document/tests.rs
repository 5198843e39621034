use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use promo_core::oci::{RegistryHost, Repository};

use super::{CredentialDocument, Keeper};
use crate::auth::Credential;

/// `auth` of a user, whose password is `pass`.
fn auth(user: &str) -> String {
    STANDARD.encode(format!("{user}:pass"))
}

/// A document with entries of these keys, each with a user of its own.
fn keyed(entries: &[(&str, &str)]) -> CredentialDocument {
    let entries: Vec<String> = entries
        .iter()
        .map(|(key, user)| format!(r#""{key}": {{"auth": "{}"}}"#, auth(user)))
        .collect();
    document(&format!(r#"{{"auths": {{{}}}}}"#, entries.join(",")))
}

fn document(text: &str) -> CredentialDocument {
    CredentialDocument::parse("auth.json", text.as_bytes())
}

/// What a document has for a repository: the user, `nobody`, or what is wrong.
fn user(document: &CredentialDocument, repository: &str) -> String {
    let repository: Repository = repository.parse().unwrap();
    match document.credential(&repository.host(), Some(&repository)) {
        Ok(None) => "nobody".to_owned(),
        Ok(Some(credential)) => shown(credential),
        Err(error) => error.to_string(),
    }
}

fn shown(credential: &Credential) -> String {
    match credential {
        Credential::Basic { user, password } => format!("{user}:{}", password.expose()),
        Credential::IdentityToken(token) => format!("identity {}", token.expose()),
        Credential::BearerToken(token) => format!("bearer {}", token.expose()),
        Credential::Both { token, password } => {
            format!("{} or {}", shown(token), shown(password))
        }
    }
}

#[test]
fn the_longest_key_wins_by_whole_components() {
    let document = keyed(&[
        ("r.example", "host"),
        ("r.example/team", "team"),
        ("r.example/team/app", "app"),
        ("https://old.example/v2/", "old"),
        ("https://index.docker.io/v1/", "hub"),
        ("p.example:5000/x", "x"),
    ]);
    for (repository, expected) in [
        ("r.example/x", "host"),
        ("r.example/teams/app", "host"),
        ("r.example/team/other", "team"),
        ("r.example/team/app/sub", "app"),
        ("old.example/x", "old"),
        ("docker.io/library/x", "hub"),
        ("registry-1.docker.io/x", "hub"),
        ("p.example:5000/x/y", "x"),
    ] {
        assert_eq!(
            user(&document, repository),
            format!("{expected}:pass"),
            "{repository}"
        );
    }
    for repository in [
        "p.example:5000/y",
        "p.example/x",
        "other.example/x",
        "example/x",
    ] {
        assert_eq!(user(&document, repository), "nobody", "{repository}");
    }
    let host: RegistryHost = "r.example".parse().unwrap();
    let found = document.credential(&host, None).unwrap();
    assert_eq!(found.map(shown).as_deref(), Some("host:pass"));
}

#[test]
fn the_key_that_is_the_host_comes_before_all_other_forms() {
    let forms = [
        "r.example",
        "R.Example",
        "https://r.example",
        "https://r.example/v2/",
        "https://r.example/v1/",
        "https://r.example/api",
        "http://r.example",
        "http://r.example/v2/",
    ];
    // The best is found wherever it stands; without it, the next.
    for (index, best) in forms.iter().enumerate() {
        let mut left: Vec<_> = forms[index..].iter().map(|form| (*form, *form)).collect();
        left.reverse();
        let found = user(&keyed(&left), "r.example/x");
        assert_eq!(found.split_once(":pass").map(|(user, _)| user), Some(*best));
    }
    for key in [
        "r.example/",
        "r.example/v1/",
        "r.example:443",
        "https://R.EXAMPLE:443/",
        "HTTPS://r.example/v2",
        "http://r.example:80",
    ] {
        assert_ne!(
            user(&keyed(&[(key, "x")]), "r.example/x"),
            "nobody",
            "{key}"
        );
    }
    assert_ne!(
        user(&keyed(&[("r.example", "x")]), "r.example:443/x"),
        "nobody"
    );
    // A team's entry beside one in an old form, in whatever case the host is.
    let team = [("R.example/team/", "team"), ("https://r.example", "old")];
    assert_eq!(user(&keyed(&team), "r.example/team/x"), "team:pass");
    assert_eq!(user(&keyed(&team), "r.example/teams/x"), "old:pass");
    for key in [
        "r.example:5000",
        "http://r.example:443",
        "https://r.example:80",
        "r.example.net",
        "not-r.example",
        "r.example/other",
        "ftp://r.example",
        "https://u@r.example",
        "",
    ] {
        assert_eq!(
            user(&keyed(&[(key, "x")]), "r.example/x"),
            "nobody",
            "{key}"
        );
    }
}

#[test]
fn docker_hub_goes_by_three_names_and_the_one_asked_for_comes_first() {
    let names = ["docker.io", "index.docker.io", "registry-1.docker.io"];
    let canonical = "https://index.docker.io/v1/";
    let all: Vec<_> = names
        .iter()
        .chain([&canonical])
        .map(|name| (*name, *name))
        .collect();
    for name in names {
        assert_eq!(
            user(&keyed(&all), &format!("{name}/x/y")),
            format!("{name}:pass")
        );
        // Without an entry of its own, that which docker writes today.
        let others: Vec<_> = all
            .iter()
            .copied()
            .filter(|(key, _)| *key != name)
            .collect();
        assert!(user(&keyed(&others), &format!("{name}/x/y")).starts_with("https:"));
        for only in all
            .iter()
            .map(|(key, _)| *key)
            .chain(["https://docker.io", "index.docker.io/v1/"])
        {
            assert_eq!(
                user(&keyed(&[(only, "hub")]), &format!("{name}/x/y")),
                "hub:pass"
            );
        }
    }
    // Docker's own tokens are for docker's own service.
    let tokens = [("https://index.docker.io/v1/access-token", "x")];
    assert_eq!(user(&keyed(&tokens), "docker.io/x/y"), "nobody");
    assert_eq!(user(&keyed(&all), "hub.docker.io/x"), "nobody");
}

#[test]
fn entries_say_what_they_say_to_docker() {
    let (ann, colons) = (auth("ann"), STANDARD.encode("ann:a:b"));
    let (colon, no_password) = (STANDARD.encode(":"), STANDARD.encode("ann:"));
    let filled = STANDARD.encode("ann:pass\0\0");
    let lines = format!("{}\\n{}\\r\\n", &ann[..4], &ann[4..]);
    let bare = ann.trim_end_matches('=');
    let cases = [
        (format!(r#"{{"auth": "{ann}"}}"#), "ann:pass"),
        (format!(r#"{{"auth": "{bare}"}}"#), "ann:pass"),
        (format!(r#"{{"auth": " {lines} \u0000"}}"#), "ann:pass"),
        (format!(r#"{{"auth": "{filled}"}}"#), "ann:pass"),
        (format!(r#"{{"auth": "{colons}"}}"#), "ann:a:b"),
        (
            format!(r#"{{"Auth": "{ann}", "email": 7, "serveraddress": null, "x": [{{}}]}}"#),
            "ann:pass",
        ),
        (
            format!(r#"{{"auth": "{ann}", "username": "bob", "password": "x"}}"#),
            "ann:pass",
        ),
        (
            r#"{"auth": "", "username": "bob", "password": "x:y"}"#.to_owned(),
            "bob:x:y",
        ),
        (
            r#"{"auth": null, "username": "bob", "password": "x", "identitytoken": ""}"#.to_owned(),
            "bob:x",
        ),
        (
            r#"{"username": "<token>", "password": "x"}"#.to_owned(),
            "<token>:x",
        ),
        (r#"{"identitytoken": "t"}"#.to_owned(), "identity t"),
        (
            format!(r#"{{"auth": "{ann}", "identitytoken": "t"}}"#),
            "identity t or ann:pass",
        ),
        (
            r#"{"registrytoken": "r", "identitytoken": "t"}"#.to_owned(),
            "bearer r",
        ),
        (
            format!(r#"{{"auth": "{ann}", "registrytoken": "r"}}"#),
            "bearer r or ann:pass",
        ),
        (
            format!(r#"{{"auth": "{colon}", "identitytoken": "t"}}"#),
            "identity t",
        ),
        (format!(r#"{{"auth": "{no_password}"}}"#), "ann:"),
    ];
    for (entry, expected) in cases {
        let document = document(&format!(r#"{{"auths": {{"r.example": {entry}}}}}"#));
        assert_eq!(user(&document, "r.example/x"), expected, "{entry}");
        let debug = format!("{document:?}");
        assert!(
            !debug.contains("pass\"") && !debug.contains("a:b"),
            "{debug}"
        );
    }
}

#[test]
fn entries_that_say_nothing_are_passed_over() {
    let ann = auth("ann");
    for entry in [
        "null",
        "{}",
        r#"{"auth": ""}"#,
        r#"{"auth": "Og=="}"#,
        r#"{"auth": " \n"}"#,
        r#"{"username": "x"}"#,
        r#"{"email": "x"}"#,
    ] {
        let text = format!(
            r#"{{"auths": {{"r.example": {entry}, "https://r.example": {{"auth": "{ann}"}}}}}}"#
        );
        assert_eq!(user(&document(&text), "r.example/x"), "ann:pass", "{entry}");
    }
}

#[test]
fn what_holds_nothing_is_no_error() {
    for text in [
        "",
        " \n\t",
        "\u{feff}",
        "\u{feff}\n",
        "null",
        "{}",
        r#"{"auths": null, "credHelpers": null, "credsStore": null}"#,
        r#"{"auths": {}, "credsStore": ""}"#,
        r#"{"HttpHeaders": {"a": 1}, "detachKeys": 1, "plugins": null}"#,
    ] {
        let document = document(text);
        let repository: Repository = "r.example/x".parse().unwrap();
        assert_eq!(user(&document, "r.example/x"), "nobody", "{text:?}");
        assert_eq!(
            document.keeper(&repository.host(), None).unwrap(),
            Keeper::Unnamed
        );
        assert_eq!(document.store().unwrap(), None);
    }
    let marked = format!(
        "\u{feff}{{\"auths\": {{\"r.example\": {{\"auth\": \"{}\"}}}}}}\n}}",
        auth("ann")
    );
    assert_eq!(user(&document(&marked), "r.example/x"), "ann:pass");
}

#[test]
fn what_is_wrong_concerns_its_own_host_only() {
    let good = auth("ann");
    for bad in [
        r#"{"auth": 12345}"#,
        r#"{"auth": "s3cr3t!"}"#,
        r#"{"auth": "czNjcjN0"}"#,
        r#"{"auth": "/////w=="}"#,
        r#""s3cr3t""#,
        "12345",
        "[]",
        r#"{"identitytoken": {"x": "s3cr3t"}}"#,
        r#"{"username": "s3cr3t", "password": 12345}"#,
    ] {
        let document = document(&format!(
            r#"{{"auths": {{"bad.example": {bad}, "good.example": {{"auth": "{good}"}}}}}}"#
        ));
        assert_eq!(user(&document, "good.example/x"), "ann:pass");
        let told = user(&document, "bad.example/x");
        assert!(
            told.contains("auth.json") && told.contains("bad.example"),
            "{bad}: {told}"
        );
        assert!(
            !told.contains("s3cr3t") && !told.contains("12345") && !told.contains("czNj"),
            "{told}"
        );
    }
    let document = document(&format!(
        r#"{{"auths": {{"good.example": {{"auth": "{good}"}}}}, "credHelpers": {{"bad.example": ["s3cr3t"]}}, "credsStore": 12345}}"#
    ));
    let keeper = |host: &str| {
        document
            .keeper(&host.parse().unwrap(), None)
            .map_err(|e| e.to_string())
    };
    assert_eq!(keeper("good.example"), Ok(Keeper::Unnamed));
    assert_eq!(user(&document, "good.example/x"), "ann:pass");
    let told = [
        keeper("bad.example").unwrap_err(),
        document.store().unwrap_err().to_string(),
    ];
    assert!(
        told[0].contains("bad.example") && told[1].contains("credsStore"),
        "{told:?}"
    );
    assert!(!told.concat().contains("s3cr3t") && !told.concat().contains("12345"));
}

#[test]
fn a_file_that_is_no_document_is_not_repeated() {
    for text in [
        "s3cr3t",
        "{",
        "[1]",
        "\"s3cr3t\"",
        r#"{"auths": "s3cr3t"}"#,
        r#"{"auths": {"a": s3cr3t}}"#,
        "\u{0}\u{0}",
    ] {
        let told = user(&document(text), "r.example/x");
        assert!(told.contains("auth.json"), "{text}: {told}");
        assert!(!told.contains("s3cr3t"), "{told}");
    }
}

#[test]
fn an_empty_helper_switches_helpers_off() {
    let document = document(
        r#"{"credHelpers": {"off.example": "", "null.example": null, "on.example": "gcloud", "https://url.example/v2/": "old", "index.docker.io": "hub"}}"#,
    );
    for (host, expected) in [
        ("off.example", Keeper::Document),
        ("null.example", Keeper::Document),
        ("on.example", Keeper::Helper("gcloud")),
        ("url.example", Keeper::Helper("old")),
        ("docker.io", Keeper::Helper("hub")),
        ("other.example", Keeper::Unnamed),
    ] {
        let host: RegistryHost = host.parse().unwrap();
        assert_eq!(document.keeper(&host, None).unwrap(), expected, "{host}");
    }
}
