//! `promo login` and `promo logout`, against registries that ask for passwords and for tokens, with files and with a helper.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use insta::assert_snapshot;
use promo_testkit::registry::{Auth, EmbeddedRegistry, RegistryOptions};
use tokio::io::AsyncWriteExt as _;

use crate::support::{Output, REGISTRY_PASSWORD, Sandbox};

const CONFIG: &str = "home/.docker/config.json";

/// A registry with one user, `robot`, and a folder to log in from.
struct Desk {
    sandbox: Sandbox,
    registry: EmbeddedRegistry,
}

impl Desk {
    async fn start(auth: Auth) -> Self {
        let registry = EmbeddedRegistry::start(RegistryOptions::default().auth(auth));
        let registry = registry.await.unwrap();
        let mut sandbox = Sandbox::new();
        sandbox.rename(&registry.host(), "REGISTRY");
        Self { sandbox, registry }
    }

    async fn basic() -> Self {
        Self::start(Auth::basic("robot", REGISTRY_PASSWORD)).await
    }

    /// `promo login REGISTRY --username robot --password-stdin`.
    async fn log_in(&self, password: &str, more: &[&str], variables: &[(&str, &str)]) -> Output {
        let host = self.registry.host();
        let given = ["login", &host, "--username", "robot", "--password-stdin"];
        let mut command = self.sandbox.command(&[&given, more].concat());
        command.envs(variables.iter().copied());
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that refuses before it reads has closed its end.
        let _refused = stdin.write_all(format!("{password}\n").as_bytes()).await;
        drop(stdin);
        self.sandbox.finish(child).await
    }

    async fn log_out(&self) -> Output {
        self.sandbox.run(&["logout", &self.registry.host()]).await
    }

    /// How a command ends that needs the login.
    async fn lists(&self) -> Option<i32> {
        self.sandbox
            .run(&["snapshot", &self.registry.host()])
            .await
            .code
    }

    /// A credential helper that keeps what it is given in `kept.json`.
    fn helper(&self, name: &str, script: &str) {
        let file = format!("bin/docker-credential-{name}");
        self.sandbox.write(&file, &format!("#!/bin/sh\n{script}\n"));
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(self.sandbox.path(&file), mode).unwrap();
    }

    fn path(&self) -> String {
        let path = std::env::var("PATH").unwrap();
        format!("{}:{path}", self.sandbox.path("bin").display())
    }
}

#[tokio::test]
async fn a_login_is_kept_in_docker_s_file_and_forgotten_again() {
    let desk = Desk::basic().await;
    assert_eq!(desk.lists().await, Some(4));
    let before =
        "{\n\t\"psFormat\": \"x\",\n\t\"auths\": {\"other.example.com\": {\"auth\": \"YTpi\"}}\n}";
    desk.sandbox.write(CONFIG, before);
    assert_snapshot!(desk.log_in(REGISTRY_PASSWORD, &[], &[]).await, @r"
    logged in to REGISTRY as robot; it is kept in DIR/home/.docker/config.json
    --- stderr
    warning: the password stands in clear in `DIR/home/.docker/config.json`, which you alone can read; a credential helper (`credsStore`) keeps it better
    --- exit 0
    ");
    assert_eq!(desk.lists().await, Some(0));
    let path = desk.sandbox.path(CONFIG);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let kept: serde_json::Value = serde_json::from_str(&desk.sandbox.read(CONFIG)).unwrap();
    assert_eq!(kept["psFormat"], "x");
    assert_eq!(kept["auths"]["other.example.com"]["auth"], "YTpi");

    assert_snapshot!(desk.log_out().await, @r"
    logged out of REGISTRY: taken out of DIR/home/.docker/config.json
    --- exit 0
    ");
    assert_eq!(desk.lists().await, Some(4));
    assert_snapshot!(desk.log_out().await, @r"
    there was no login to REGISTRY
    --- exit 0
    ");
    let left: serde_json::Value = serde_json::from_str(&desk.sandbox.read(CONFIG)).unwrap();
    let was: serde_json::Value = serde_json::from_str(before).unwrap();
    assert_eq!(left, was);
}

#[tokio::test]
async fn a_login_that_is_not_accepted_is_not_kept() {
    for auth in [
        Auth::basic("robot", REGISTRY_PASSWORD),
        Auth::bearer().user("robot", REGISTRY_PASSWORD),
    ] {
        let desk = Desk::start(auth).await;
        let wrong = desk.log_in("wrong", &[], &[]).await;
        assert_eq!(wrong.code, Some(4), "{wrong}");
        assert!(!desk.sandbox.path(CONFIG).exists());
        let right = desk.log_in(REGISTRY_PASSWORD, &[], &[]).await;
        assert_eq!(right.code, Some(0), "{right}");
        assert_eq!(desk.lists().await, Some(0));
    }
}

/// Strangers may read there: the password is looked at all the same.
#[tokio::test]
async fn a_registry_that_is_open_to_strangers_still_looks_at_the_password() {
    let auth = Auth::bearer()
        .user("robot", REGISTRY_PASSWORD)
        .anonymous_pull();
    let desk = Desk::start(auth).await;
    let wrong = desk.log_in("wrong", &[], &[]).await;
    assert_eq!(wrong.code, Some(4), "{wrong}");
    let right = desk.log_in(REGISTRY_PASSWORD, &[], &[]).await;
    assert_eq!(right.code, Some(0), "{right}");
}

#[tokio::test]
async fn a_registry_that_asks_nobody_can_t_tell() {
    let desk = Desk::start(Auth::none()).await;
    assert_snapshot!(desk.log_in("anything", &[], &[]).await, @r"
    logged in to REGISTRY as robot; it is kept in DIR/home/.docker/config.json
    --- stderr
    warning: REGISTRY asks nobody who they are: whether the login is right was not found out
    warning: the password stands in clear in `DIR/home/.docker/config.json`, which you alone can read; a credential helper (`credsStore`) keeps it better
    --- exit 0
    ");
}

#[tokio::test]
async fn a_helper_keeps_it_where_docker_s_file_names_one() {
    let desk = Desk::basic().await;
    desk.helper(
        "vault",
        "case $1 in\n\
         store) cat > kept.json;;\n\
         get) [ -f kept.json ] && cat kept.json || { echo 'credentials not found in native keychain'; exit 1; };;\n\
         erase) [ -f kept.json ] && rm kept.json || { echo 'credentials not found in native keychain'; exit 1; };;\n\
         esac",
    );
    desk.sandbox.write(CONFIG, "{\"credsStore\": \"vault\"}");
    let path = desk.path();
    let variables = [("PATH", path.as_str())];
    assert_snapshot!(desk.log_in(REGISTRY_PASSWORD, &[], &variables).await, @r"
    logged in to REGISTRY as robot; the credential helper `vault` keeps it
    --- exit 0
    ");
    let given: serde_json::Value = serde_json::from_str(&desk.sandbox.read("kept.json")).unwrap();
    assert_eq!(given["ServerURL"], desk.registry.host());
    assert_eq!(given["Username"], "robot");
    let config = desk.sandbox.read(CONFIG);
    assert!(
        config.contains(&format!("\"{}\": {{}}", desk.registry.host())),
        "{config}"
    );
    let with_helper = async |arguments: &[&str]| {
        let mut command = desk.sandbox.command(arguments);
        desk.sandbox
            .output(command.env("PATH", &path).output().await.unwrap())
    };
    let host = desk.registry.host();
    assert_eq!(with_helper(&["snapshot", &host]).await.code, Some(0));
    assert_snapshot!(with_helper(&["logout", &host]).await, @r"
    logged out of REGISTRY: the credential helper `vault` forgot it
    logged out of REGISTRY: taken out of DIR/home/.docker/config.json
    --- exit 0
    ");
    assert!(!desk.sandbox.path("kept.json").exists());
    assert_snapshot!(with_helper(&["logout", &host]).await, @r"
    there was no login to REGISTRY
    --- exit 0
    ");
}

#[tokio::test]
async fn a_helper_that_fails_is_repeated_and_nothing_is_written() {
    let desk = Desk::basic().await;
    desk.helper(
        "vault",
        "echo 'vault is sealed: run `vault unseal` first' >&2; exit 1",
    );
    let before = "{\"credsStore\": \"vault\"}";
    desk.sandbox.write(CONFIG, before);
    let path = desk.path();
    let variables = [("PATH", path.as_str())];
    assert_snapshot!(desk.log_in(REGISTRY_PASSWORD, &[], &variables).await, @r"
    --- stderr
    error[PROMO-R020]: the credential helper `vault` failed
    hint: the credential helper `vault`: it says: vault is sealed: run `vault unseal` first
    --- exit 2
    ");
    assert_eq!(desk.sandbox.read(CONFIG), before);
}

#[tokio::test]
async fn it_is_kept_where_it_is_found() {
    // A named file is made with its folder.
    let desk = Desk::basic().await;
    let named = [("REGISTRY_AUTH_FILE", "run/containers/auth.json")];
    let run = desk.log_in(REGISTRY_PASSWORD, &[], &named).await;
    assert_eq!(run.code, Some(0), "{run}");
    assert!(desk.sandbox.path("run/containers/auth.json").exists());
    assert!(!desk.sandbox.path(CONFIG).exists());
    let flag = desk
        .log_in(REGISTRY_PASSWORD, &["--authfile", "own.json"], &named)
        .await;
    assert_eq!(flag.code, Some(0), "{flag}");
    assert!(desk.sandbox.path("own.json").exists());

    // An older login in podman's file would be found first.
    let desk = Desk::basic().await;
    let auth = "home/.config/containers/auth.json";
    let old = format!(
        "{{\"auths\":{{\"{}\":{{\"auth\":\"YTpi\"}}}}}}",
        desk.registry.host()
    );
    desk.sandbox.write(auth, &old);
    desk.sandbox.write(CONFIG, "{}");
    assert_eq!(desk.lists().await, Some(4));
    let run = desk.log_in(REGISTRY_PASSWORD, &[], &[]).await;
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(desk.lists().await, Some(0));
    assert_eq!(desk.sandbox.read(CONFIG), "{}");
    assert_eq!(desk.log_out().await.code, Some(0));
    assert_eq!(desk.lists().await, Some(4));
}

#[tokio::test]
async fn what_can_t_be_is_said_before_anything_is_sent() {
    let desk = Desk::basic().await;
    desk.sandbox.write(CONFIG, "{\"auths\": [");
    assert_snapshot!(desk.log_in(REGISTRY_PASSWORD, &[], &[]).await, @r"
    --- stderr
    error[PROMO-R019]: the credentials in DIR/home/.docker/config.json can't be read: it is no JSON object from line 1, column 11, on
    --- exit 2
    ");
    assert_eq!(desk.sandbox.read(CONFIG), "{\"auths\": [");
    assert_snapshot!(desk.sandbox.run(&["login", "https://a.example/x"]).await, @r"
    --- stderr
    error[PROMO-X001]: https://a.example/x: `https://a.example/x` is not a registry host
    hint: name the host of the registry alone, with its port if it has one: `registry.example.com`, `127.0.0.1:5000`
    --- exit 2
    ");
    assert_snapshot!(desk.sandbox.run(&["login", "a.example"]).await, @r"
    --- stderr
    error[PROMO-X001]: there is no user, and no terminal to ask for it on
    hint: pass `--username USER`
    --- exit 2
    ");
    assert_snapshot!(desk.sandbox.run(&["login", "a.example", "--username", "me"]).await, @r"
    --- stderr
    error[PROMO-X001]: there is no password, and no terminal to ask for it on
    hint: pass `--password-stdin`
    --- exit 2
    ");
    assert!(desk.registry.log().is_empty());
}
