use std::collections::BTreeSet;

use ::http::header::WWW_AUTHENTICATE;
use ::http::{HeaderMap, HeaderValue};
use promo_core::oci::RegistryHost;

use super::Scopes;
use super::challenge::{Challenge, challenge_of};
use super::realm::check_realm;

fn challenge(values: &[&str]) -> Option<Challenge> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(value).unwrap());
    }
    challenge_of(&headers)
}

fn bearer(realm: &str, service: Option<&str>) -> Challenge {
    Challenge::Bearer {
        realm: realm.to_owned(),
        service: service.map(str::to_owned),
    }
}

#[test]
fn challenges_are_read_as_servers_write_them() {
    let token = "https://auth.example/token";
    let cases: [(&[&str], Option<Challenge>); 11] = [
        (
            &[
                r#"Bearer realm="https://auth.example/token",service="a, b",scope="repository:x:pull,push""#,
            ],
            Some(bearer(token, Some("a, b"))),
        ),
        (
            &[r#"bearer REALM="https://auth.example/token""#],
            Some(bearer(token, None)),
        ),
        (
            &[r"Bearer realm=https://auth.example/token, service=s"],
            Some(bearer(token, Some("s"))),
        ),
        (
            &[r#"Bearer realm="https://auth.example/token\"x""#],
            Some(bearer("https://auth.example/token\"x", None)),
        ),
        (&[r#"Basic realm="Registry""#], Some(Challenge::Basic)),
        (&["Basic"], Some(Challenge::Basic)),
        (
            &[r#"Basic realm="a", Bearer realm="https://auth.example/token",service="s""#],
            Some(bearer(token, Some("s"))),
        ),
        (
            &[
                r#"Negotiate, Bearer realm="https://auth.example/token""#,
                "Basic realm=x",
            ],
            Some(bearer(token, None)),
        ),
        (
            &[r#"Bearer service="no realm""#, "Basic realm=x"],
            Some(Challenge::Basic),
        ),
        (&["Negotiate abc==", ""], None),
        (&[], None),
    ];
    for (values, expected) in cases {
        assert_eq!(challenge(values), expected, "{values:?}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table of cases")]
fn token_realms_are_held_to_the_rule() {
    let allowed = |names: &[&str]| -> BTreeSet<RegistryHost> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    };
    let check = |host: &str, plain: bool, names: &[&str], realm: &str| {
        check_realm(&host.parse().unwrap(), plain, &allowed(names), realm).is_ok()
    };
    let good: [(&str, bool, &[&str], &str); 10] = [
        ("r.example", false, &[], "https://r.example/token"),
        ("r.example:5050", false, &[], "https://r.example/jwt/auth"),
        ("docker.io", false, &[], "https://auth.docker.io/token"),
        (
            "registry.gitlab.com",
            false,
            &[],
            "https://gitlab.com/jwt/auth",
        ),
        ("127.0.0.1:5000", true, &[], "http://127.0.0.1:5001/token"),
        ("localhost:5000", true, &[], "http://[::1]:5001/token"),
        ("r.example", true, &[], "http://r.example/token"),
        (
            "r.example",
            false,
            &["auth.example"],
            "https://auth.example/token",
        ),
        (
            "r.example",
            false,
            &["auth.example:8443"],
            "https://auth.example:8443/token",
        ),
        (
            "r.example",
            false,
            &["auth.example:443"],
            "https://auth.example/token",
        ),
    ];
    for (host, plain, names, realm) in good {
        assert!(check(host, plain, names, realm), "{host} may name {realm}");
    }
    let bad: [(&str, bool, &[&str], &str); 15] = [
        ("r.example", false, &[], "http://r.example/token"),
        ("r.example", false, &[], "https://auth.r.example/token"),
        ("r.example", false, &[], "https://r.example.net/token"),
        ("r.example", false, &[], "https://auth.docker.io/token"),
        ("docker.io", false, &[], "http://auth.docker.io/token"),
        ("docker.io", false, &[], "https://auth.docker.io:8443/token"),
        (
            "registry.gitlab.com",
            false,
            &[],
            "https://evil.gitlab.com/jwt/auth",
        ),
        ("r.example", false, &[], "http://127.0.0.1/token"),
        ("r.example", false, &[], "https://localhost/token"),
        ("127.0.0.1:5000", true, &[], "http://r.example/token"),
        (
            "r.example",
            false,
            &["auth.example"],
            "http://auth.example/token",
        ),
        (
            "r.example",
            false,
            &["auth.example"],
            "https://auth.example:8443/token",
        ),
        (
            "r.example",
            false,
            &["auth.example:8443"],
            "https://auth.example/token",
        ),
        ("r.example", false, &[], "https://ann:pass@r.example/token"),
        ("r.example", false, &[], "/token"),
    ];
    for (host, plain, names, realm) in bad {
        assert!(
            !check(host, plain, names, realm),
            "{host} may not name {realm}"
        );
    }
}

#[test]
fn scopes_are_ordered_and_shared() {
    let mount = Scopes::mount("b/x", "a/y");
    assert_eq!(
        mount.texts(),
        ["repository:b/x:pull,push", "repository:a/y:pull"]
    );
    assert_eq!(Scopes::mount("x", "x"), Scopes::push("x"));
    assert_eq!(Scopes::pull("x").wider(), Some(Scopes::push("x")));
    assert_eq!(Scopes::push("x").wider(), None);
    assert_eq!(mount.wider(), None);
    assert_eq!(Scopes::catalog().texts(), ["registry:catalog:*"]);
}
