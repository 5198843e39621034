//! What is a fault of a package and what is not.

use std::fs;

use serde_json::json;

use super::{LICENCE, licence_fault, missing_fields, strays};
use crate::checks::metadata::Package;
use xtask::workspace;

fn package(changed: &serde_json::Value) -> Package {
    let mut fields = json!({
        "id": "promo 0.1.0", "name": "promo", "version": "0.1.0", "source": null, "dependencies": [],
        "license": "Apache-2.0", "description": "a promoter", "repository": "https://example.org/promo",
        "readme": "README.md", "keywords": ["oci"], "categories": ["development-tools"],
    });
    for (name, value) in changed.as_object().unwrap() {
        fields[name] = value.clone();
    }
    serde_json::from_value(fields).unwrap()
}

#[test]
fn each_field_is_demanded() {
    let missing = |changed| missing_fields(&package(&changed)).collect::<Vec<_>>();
    assert!(missing(json!({})).is_empty());
    assert_eq!(missing(json!({"description": null})), ["description"]);
    assert_eq!(missing(json!({"license": ""})), ["license"]);
    assert_eq!(missing(json!({"repository": null})), ["repository"]);
    assert_eq!(missing(json!({"readme": null})), ["readme"]);
    assert_eq!(missing(json!({"keywords": []})), ["keywords, one to five"]);
    let six = ["a", "b", "c", "d", "e", "f"];
    assert_eq!(
        missing(json!({"categories": six})),
        ["categories, one to five"]
    );
}

#[test]
fn only_an_empty_list_of_registries_keeps_a_crate_at_home() {
    assert!(package(&json!({})).is_published());
    assert!(package(&json!({"publish": ["mirror"]})).is_published());
    assert!(!package(&json!({"publish": []})).is_published());
}

#[test]
fn a_package_holds_its_readme_and_files_of_its_folder_alone() {
    let workspace = tempfile::tempdir().unwrap();
    let folder = workspace.path().join("crates/promo");
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("src/lib.rs"), "").unwrap();
    fs::write(workspace.path().join("README.md"), "").unwrap();
    let faults = |listed: &[&str]| -> Vec<String> {
        let listed: Vec<String> = listed.iter().map(|path| (*path).to_owned()).collect();
        strays(&folder, &listed).unwrap().collect()
    };
    assert_eq!(
        faults(&["src/lib.rs", "Cargo.lock"]),
        ["holds no README.md"]
    );
    // The workspace's README, which cargo copies in.
    let above = ["holds README.md, which is not in its folder"];
    assert_eq!(faults(&["README.md"]), above);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("../../README.md", folder.join("README.md")).unwrap();
        assert_eq!(faults(&["README.md"]), above);
        fs::remove_file(folder.join("README.md")).unwrap();
    }
    fs::write(folder.join("README.md"), "").unwrap();
    assert!(faults(&["README.md", "src/lib.rs", ".cargo_vcs_info.json"]).is_empty());
}

#[test]
fn a_package_holds_the_licence_of_the_workspace() {
    let folder = tempfile::tempdir().unwrap();
    let listed = [LICENCE.to_owned(), "README.md".to_owned()];
    let fault = |listed: &[String]| licence_fault(folder.path(), listed).unwrap();
    assert_eq!(fault(&listed[1..]).unwrap(), "holds no LICENSE");
    let path = folder.path().join(LICENCE);
    fs::write(&path, "another").unwrap();
    let another = fault(&listed).unwrap();
    assert_eq!(another, "holds another LICENSE than the workspace's");
    fs::copy(workspace::root().join(LICENCE), &path).unwrap();
    assert_eq!(fault(&listed), None);
}
