//! The rules themselves.

use super::{Dependency, RULES, is_forbidden_below_core};

fn allowed(from: &str, to: &str, kind: Option<&str>) -> bool {
    let dependency = Dependency {
        name: to.to_owned(),
        kind: kind.map(str::to_owned),
    };
    RULES
        .iter()
        .find(|rule| rule.name == from)
        .unwrap()
        .allows(&dependency)
}

#[test]
fn the_adapters_never_see_each_other() {
    assert!(allowed("promo-registry", "promo-core", None));
    assert!(!allowed("promo-registry", "promo-sign", None));
    assert!(!allowed("promo-sign", "promo-registry", Some("dev")));
}

#[test]
fn the_testkit_serves_tests_the_command_and_the_package_only() {
    assert!(allowed("promo-core", "promo-testkit", Some("dev")));
    assert!(!allowed("promo-core", "promo-testkit", None));
    assert!(!allowed("promo-sign", "promo-testkit", Some("build")));
    assert!(allowed("promo-cli", "promo-testkit", None));
}

#[test]
fn nothing_depends_on_the_command_or_the_package() {
    for rule in &RULES {
        assert!(!allowed(rule.name, "promo-cli", None), "{}", rule.name);
        assert!(
            !allowed(rule.name, "promo-py", Some("dev")),
            "{}",
            rule.name
        );
    }
}

#[test]
fn the_core_may_use_tokio_only_without_its_network() {
    assert!(is_forbidden_below_core("reqwest v0.13.1|rustls"));
    assert!(is_forbidden_below_core("tokio v1.54.0|net,rt"));
    assert!(!is_forbidden_below_core("tokio v1.54.0|rt,sync"));
    assert!(!is_forbidden_below_core("serde v1.0.0 (*)|"));
}
