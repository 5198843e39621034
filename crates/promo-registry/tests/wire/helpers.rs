//! Credential files and helpers, with the registry that they open.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use promo_core::oci::Repository;
use promo_core::ports::Registry;
use promo_registry::auth::{Credential, CredentialFiles, CredentialSource, HelperSettings};
use promo_testkit::registry::Auth;

use crate::support::{Bench, tag};

/// Writes a helper that appends what it is asked to `asked` and then runs `script`.
fn helper(folder: &Path, name: &str, script: &str) {
    let path = folder.join(format!("docker-credential-{name}"));
    let asked = folder.join("asked");
    let text = format!(
        "#!/bin/sh\nread -r server\necho \"$1 $server\" >> '{}'\n{script}\n",
        asked.display()
    );
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn settings(folder: &Path) -> HelperSettings {
    HelperSettings {
        search_path: vec![folder.join("missing"), folder.to_owned()],
        deadline: Duration::from_secs(20),
    }
}

fn files(config: &str, helpers: HelperSettings) -> CredentialFiles {
    CredentialFiles::default()
        .with_file("config.json", config.as_bytes())
        .unwrap()
        .with_helpers(helpers)
}

async fn ask(files: &CredentialFiles, image: &str) -> Result<Option<Credential>, String> {
    let repository: Repository = image.parse().unwrap();
    let found = files
        .credentials(&repository.host(), Some(&repository))
        .await;
    found.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_helper_opens_a_registry_and_is_asked_once() {
    let folder = tempfile::tempdir().unwrap();
    let answer = r#"echo '{"ServerURL":"x","Username":"ann","Secret":"s3cr3t"}'"#;
    helper(folder.path(), "store", answer);
    let bench = Bench::auth(Auth::bearer().user("ann", "s3cr3t")).await;
    bench.image("app", "v1");
    bench.image("other", "v1");
    let files = files(r#"{"credsStore":"store"}"#, settings(folder.path()));
    let wire = bench
        .builder()
        .credentials(Arc::new(files))
        .build()
        .unwrap();
    for name in ["app", "other", "app"] {
        let head = wire
            .head_manifest(&bench.repository(name), &tag("v1"))
            .await;
        assert!(head.unwrap().is_some());
    }
    let asked = std::fs::read_to_string(folder.path().join("asked")).unwrap();
    assert_eq!(asked, format!("get {}\n", bench.host()));
    assert!(!format!("{wire:?}").contains("s3cr3t"));
}

#[tokio::test]
async fn a_helper_that_rotates_its_password_is_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    // The first answer is out of date.
    let count = "n=$(wc -l < \"$(dirname \"$0\")/asked\"); s=old; [ \"$n\" -gt 1 ] && s=s3cr3t\n";
    let answer = r#"echo "{\"Username\":\"ann\",\"Secret\":\"$s\"}""#;
    for (auth, name) in [
        (Auth::basic("ann", "s3cr3t"), "basic"),
        (Auth::bearer().user("ann", "s3cr3t"), "bearer"),
    ] {
        let folder = folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        helper(&folder, "rotating", &format!("{count}{answer}"));
        let bench = Bench::auth(auth).await;
        bench.image("app", "v1");
        let files = files(r#"{"credsStore":"rotating"}"#, settings(&folder));
        let wire = bench
            .builder()
            .credentials(Arc::new(files))
            .build()
            .unwrap();
        let head = wire
            .head_manifest(&bench.repository("app"), &tag("v1"))
            .await;
        assert!(head.unwrap().is_some(), "{name}");
    }
}

#[tokio::test]
async fn helpers_come_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    helper(
        folder.path(),
        "one",
        r#"echo '{"Username":"one","Secret":"1"}'"#,
    );
    helper(
        folder.path(),
        "token",
        r#"echo '{"Username":"<token>","Secret":"1"}'"#,
    );
    let none = "echo 'credentials not found in native keychain'; exit 1";
    helper(folder.path(), "none", none);
    let config = r#"{
        "auths": {"a.example": {"auth": "dXNlcjpwYXNz"}, "b.example": {}, "d.example": {"auth": "dXNlcjpwYXNz"}},
        "credHelpers": {"a.example": "none", "c.example": "token", "d.example/team": "one"},
        "credsStore": "one"
    }"#;
    let files = files(config, settings(folder.path()));
    let user = |found: Option<Credential>| match found {
        Some(Credential::Basic { user, .. }) => user,
        Some(Credential::IdentityToken(_)) => "a token".to_owned(),
        _ => "nobody".to_owned(),
    };
    for (image, expected) in [
        ("a.example/app", "user"),
        ("b.example/app", "one"),
        ("c.example/app", "a token"),
        ("d.example/app", "user"),
        ("d.example/team/app", "one"),
        ("docker.io/library/app", "one"),
    ] {
        assert_eq!(user(ask(&files, image).await.unwrap()), expected, "{image}");
    }
    let asked = std::fs::read_to_string(folder.path().join("asked")).unwrap();
    assert!(asked.contains("get https://index.docker.io/v1/\n"));
}

#[tokio::test]
async fn a_helper_that_fails_is_asked_once_for_all_repositories() {
    let folder = tempfile::tempdir().unwrap();
    helper(folder.path(), "failing", "exit 3");
    let files = files(r#"{"credsStore":"failing"}"#, settings(folder.path()));
    let names: Vec<String> = (0..20).map(|n| format!("a.example/r{n}")).collect();
    for answer in join_all(names.iter().map(|name| ask(&files, name))).await {
        assert!(answer.unwrap_err().contains("failed"));
    }
    ask(&files, "a.example/late").await.unwrap_err();
    let asked = std::fs::read_to_string(folder.path().join("asked")).unwrap();
    assert_eq!(asked, "get a.example\n");
}

#[tokio::test]
async fn what_helpers_print_is_in_no_error() {
    let folder = tempfile::tempdir().unwrap();
    helper(folder.path(), "garbage", "echo 's3cr3t is no JSON'");
    helper(folder.path(), "failing", "echo s3cr3t; exit 3");
    helper(folder.path(), "endless", "yes s3cr3t");
    helper(folder.path(), "slow", "exec sleep 600");
    for (name, reason) in [
        ("garbage", "no credential"),
        ("failing", "failed"),
        ("endless", "more than a credential"),
        ("slow", "in time"),
        ("missing", "not in the folders"),
        ("../../bin/sh", "not allowed"),
        ("a b", "not allowed"),
    ] {
        let mut settings = settings(folder.path());
        if name == "slow" {
            settings.deadline = Duration::from_millis(200);
        }
        let config = format!(r#"{{"credsStore":"{name}"}}"#);
        let error = ask(&files(&config, settings), "a.example/app")
            .await
            .unwrap_err();
        assert!(error.contains(reason), "{name}: {error}");
        assert!(!error.contains("s3cr3t"), "{error}");
    }
}

#[tokio::test]
async fn a_file_that_is_wrong_is_not_repeated() {
    for content in [
        r#"{"auths":{"a.example":{"auth":12345}}}"#,
        r#"{"auths":{"a.example":{"auth":"s3cr3t!"}}}"#,
        r#"{"auths":{"a.example":"s3cr3t"}}"#,
        "s3cr3t",
    ] {
        let error = CredentialFiles::default()
            .with_file("auth.json", content.as_bytes())
            .unwrap_err();
        assert_eq!(error.code().as_str(), "PROMO-R019");
        let text = error.to_string();
        assert!(text.contains("auth.json"), "{text}");
        assert!(
            !text.contains("s3cr3t") && !text.contains("12345"),
            "{text}"
        );
    }
}
