use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Granted, Scopes, Secret};

fn of(claims: &str) -> Option<Granted> {
    let claims = URL_SAFE_NO_PAD.encode(claims);
    Granted::of(&Secret::new(format!("e30.{claims}.c2lnbmF0dXJl")))
}

#[test]
fn a_token_covers_what_it_names_and_nothing_else() {
    let granted = of(r#"{"iss":"them","access":[
        {"type":"repository","name":"team/app","actions":["pull","push"]},
        {"type":"repository","class":"","name":"team/base","actions":["pull"]},
        {"type":"repository","name":"team/secret","actions":[]},
        {"type":"repository","name":"team/null","actions":null}]}"#)
    .unwrap();
    for (scopes, covered) in [
        (Scopes::pull("team/app"), true),
        (Scopes::push("team/app"), true),
        (Scopes::pull("team/base"), true),
        (Scopes::push("team/base"), false),
        (Scopes::mount("team/app", "team/base"), true),
        (Scopes::mount("team/base", "team/app"), false),
        (Scopes::pull("team/secret"), false),
        (Scopes::pull("team/null"), false),
        (Scopes::pull("team/other"), false),
        (Scopes::pull("team"), false),
        (Scopes::catalog(), false),
    ] {
        assert_eq!(granted.covers(&scopes), covered, "{:?}", scopes.texts());
    }
}

#[test]
fn a_token_that_says_nothing_of_itself_is_not_guessed_at() {
    for claims in [
        "{}",
        "[]",
        "",
        r#"{"access":"all"}"#,
        r#"{"access":[{"type":"repository"}]}"#,
    ] {
        assert_eq!(of(claims), None, "{claims}");
    }
    for token in ["", "a", "a.b", "a.b.c", "e30.e30.e30.e30", "e30.%%%.e30"] {
        assert_eq!(Granted::of(&Secret::new(token)), None, "{token}");
    }
    // None is granted, and that is known.
    assert!(of(r#"{"access":[]}"#).is_some());
}
