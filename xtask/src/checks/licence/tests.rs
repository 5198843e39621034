//! Expressions as crates write them.

use std::collections::BTreeSet;

use super::is_met;

fn met(expression: &str) -> bool {
    let allowed: BTreeSet<String> = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"]
        .map(str::to_owned)
        .into();
    is_met(expression, &allowed).unwrap()
}

#[test]
fn one_allowed_choice_is_enough() {
    assert!(met("GPL-3.0-only OR MIT"));
    assert!(met("GPL-3.0-only/MIT"));
    assert!(!met("GPL-3.0-only OR MPL-2.0"));
}

#[test]
fn every_part_of_a_conjunction_is_needed() {
    assert!(met("MIT AND (ISC OR GPL-3.0-only)"));
    assert!(!met("MIT AND GPL-3.0-only"));
    assert!(
        met("GPL-3.0-only AND Zlib OR MIT"),
        "AND binds tighter than OR"
    );
    assert!(!met("(GPL-3.0-only OR MIT) AND Zlib"));
}

#[test]
fn an_exception_belongs_to_its_licence() {
    assert!(met("Apache-2.0 WITH LLVM-exception"));
    assert!(!met("Apache-2.0"));
}

#[test]
fn what_is_not_an_expression_is_an_error() {
    for text in [
        "", "MIT OR", "(MIT", "MIT)", "MIT ISC", "AND MIT", "MIT WITH",
    ] {
        assert!(is_met(text, &BTreeSet::new()).is_err(), "{text:?}");
    }
}
