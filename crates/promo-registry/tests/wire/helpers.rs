//! Credential files and helpers, with the registry that they open.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use promo_core::oci::Repository;
use promo_core::ports::Registry;
use promo_registry::Error;
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
async fn what_a_helper_advises_is_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let advice = "echo 'the SSO session has expired: run `aws sso login`' >&2";
    helper(folder.path(), "expired", &format!("{advice}; exit 1"));
    helper(folder.path(), "waits", &format!("{advice}; exec sleep 600"));
    let printed = "echo 'session expired, please run aws sso login'; exit 1";
    helper(folder.path(), "prints", printed);
    let leaks = "echo s3cr3t; echo 'the token s3cr3t is no good: run `aws sso login`' >&2; exit 1";
    helper(folder.path(), "leaks", leaks);
    for name in ["expired", "waits", "prints", "leaks"] {
        let mut settings = settings(folder.path());
        if name == "waits" {
            settings.deadline = Duration::from_millis(500);
        }
        let files = files(&format!(r#"{{"credsStore":"{name}"}}"#), settings);
        let repository: Repository = "a.example/app".parse().unwrap();
        let found = files.credentials(&repository.host(), None).await;
        let error = found.unwrap_err().downcast::<Error>().unwrap();
        let hints = error.hints().concat();
        assert!(hints.contains("aws sso login"), "{name}: {hints}");
        assert!(!hints.contains("s3cr3t"), "{name}: {hints}");
    }
}

#[tokio::test]
async fn a_helper_that_is_too_slow_ends_with_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let child = folder.path().join("child");
    // The child keeps a FIFO open: whoever reads it knows when the child is gone.
    let fifo = folder.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    let script = format!(
        "(exec 3> '{}'; echo here >&3; : > '{}'; exec sleep 600) & wait",
        fifo.display(),
        child.display()
    );
    helper(folder.path(), "slow", &script);
    let mut settings = settings(folder.path());
    settings.deadline = Duration::from_secs(1);
    let reader = tokio::task::spawn_blocking(move || std::fs::read_to_string(fifo));
    let files = files(r#"{"credsStore":"slow"}"#, settings);
    let error = ask(&files, "a.example/app").await.unwrap_err();
    assert!(error.contains("in time"), "{error}");
    // It ends only when nobody has the FIFO open any more.
    let read = tokio::time::timeout(Duration::from_secs(60), reader).await;
    assert_eq!(read.unwrap().unwrap().unwrap(), "here\n");
}

#[tokio::test]
async fn what_a_helper_leaves_behind_does_not_hold_up_its_answer() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"echo '{"Username":"ann","Secret":"x"}'; sleep 20 &"#;
    helper(folder.path(), "daemon", script);
    let files = files(r#"{"credsStore":"daemon"}"#, settings(folder.path()));
    let began = std::time::Instant::now();
    assert!(ask(&files, "a.example/app").await.unwrap().is_some());
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn what_is_wrong_with_a_file_stops_only_those_who_need_it() {
    let bad = br#"{"auths":{"a.example":{"auth":"s3cr3t!"},"b.example":{"auth":"dXNlcjpwYXNz"}}}"#;
    let files = CredentialFiles::default()
        .with_file("empty.json", b"")
        .with_file("config.json", bad)
        .with_unreadable_file("auth.json", "permission denied");
    assert!(ask(&files, "b.example/app").await.unwrap().is_some());
    for (image, parts) in [
        ("a.example/app", ["config.json", "a.example"]),
        ("c.example/app", ["auth.json", "permission denied"]),
    ] {
        let error = ask(&files, image).await.unwrap_err();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        assert!(!error.contains("s3cr3t"), "{error}");
    }
}
