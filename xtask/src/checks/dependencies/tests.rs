//! A small made-up workspace against a small policy.

use serde_json::json;

use super::{Metadata, Policy};

const POLICY: &str = r#"
    licenses = { allow = ["MIT"] }
    sources = { unknown-registry = "deny", unknown-git = "deny" }
    [bans]
    multiple-versions = "allow"
    deny = [
        { crate = "openssl", reason = "rustls" },
        { crate = "tokio", deny-multiple-versions = true, reason = "one runtime" },
    ]
"#;

fn metadata(packages: &[(&str, &str, &str, Option<&str>)]) -> Metadata {
    let used: Vec<String> = packages
        .iter()
        .filter(|(name, ..)| *name != "unused")
        .map(|(name, version, ..)| format!("{name} v{version}"))
        .collect();
    let packages: Vec<_> = packages
        .iter()
        .map(|(name, version, license, source)| {
            json!({"id": name, "name": name, "version": version, "license": license, "source": source,
                   "dependencies": []})
        })
        .collect();
    serde_json::from_value(json!({"packages": packages, "workspace_members": [], "used": used}))
        .unwrap()
}

#[test]
fn a_clean_tree_passes() {
    let policy = Policy::parse(POLICY).unwrap();
    let clean = metadata(&[
        ("tokio", "1.0.0", "MIT", Some("registry+a")),
        ("promo", "0.1.0", "MIT", None),
    ]);
    policy.check_licences(&clean).unwrap();
    policy.check_bans(&clean).unwrap();
    policy.check_sources(&clean).unwrap();
}

#[test]
fn what_no_feature_turns_on_is_not_judged() {
    let policy = Policy::parse(POLICY).unwrap();
    let tree = metadata(&[
        ("promo", "0.1.0", "MIT", None),
        ("unused", "1.0.0", "GPL-3.0-only", None),
    ]);
    policy.check_licences(&tree).unwrap();
}

#[test]
fn each_kind_of_breach_is_named() {
    let policy = Policy::parse(POLICY).unwrap();
    let licence = policy
        .check_licences(&metadata(&[("a", "1.0.0", "GPL-3.0-only", None)]))
        .unwrap_err();
    assert!(
        licence.to_string().contains("a 1.0.0 (GPL-3.0-only)"),
        "{licence}"
    );
    let banned = policy
        .check_bans(&metadata(&[("openssl", "1.0.0", "MIT", None)]))
        .unwrap_err();
    assert!(banned.to_string().contains("openssl"), "{banned}");
    let twice = metadata(&[
        ("tokio", "1.0.0", "MIT", None),
        ("tokio", "0.2.0", "MIT", None),
    ]);
    assert!(
        policy
            .check_bans(&twice)
            .unwrap_err()
            .to_string()
            .contains("2 versions")
    );
    assert!(
        policy
            .check_sources(&metadata(&[("a", "1.0.0", "MIT", Some("git+x"))]))
            .is_err()
    );
    let two = metadata(&[
        ("a", "1.0.0", "MIT", Some("registry+x")),
        ("b", "1.0.0", "MIT", Some("registry+y")),
    ]);
    assert!(policy.check_sources(&two).is_err());
}

#[test]
fn a_rule_that_is_not_understood_is_an_error() {
    assert!(Policy::parse(&format!("{POLICY}\nallow-wildcard-paths = true")).is_err());
}
