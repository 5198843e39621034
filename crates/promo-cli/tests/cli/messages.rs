//! What people see in the first hour when something is not as it should be: what it is, and what to do about it.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use promo_testkit::registry::{Auth, EmbeddedRegistry, RegistryOptions};
use promo_testkit::tls::{Authority, Protocols, Unfit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{KEY, Output, REGISTRY_PASSWORD, Sandbox, World, filters};

/// A registry, and a folder whose promo.toml has this about it.
async fn registry(options: RegistryOptions, settings: &str) -> (Sandbox, EmbeddedRegistry) {
    let registry = EmbeddedRegistry::start(options).await.unwrap();
    let mut sandbox = Sandbox::new();
    sandbox.rename(&registry.host(), "REGISTRY");
    let table = format!("[registry.\"{}\"]\n{settings}\n", registry.host());
    sandbox.write("promo.toml", &table);
    (sandbox, registry)
}

async fn snapshot(sandbox: &Sandbox, host: &str) -> Output {
    sandbox.run(&["snapshot", host]).await
}

#[tokio::test]
async fn a_login_that_is_missing_or_wrong() {
    let world = World::with_production(Auth::basic("robot", REGISTRY_PASSWORD)).await;
    let host = world.production.host();
    assert_snapshot!(snapshot(&world.sandbox, &host).await, @r"
    --- stderr
    error[PROMO-R002]: PRODUCTION does not let us in for the catalog of PRODUCTION: UNAUTHORIZED (authentication required)
    hint: no credentials were found for PRODUCTION: `promo login PRODUCTION` logs in
    hint: or name the file that holds them with `--authfile`
    --- exit 4
    ");
    let config = format!("{{\"auths\":{{\"{host}\":{{\"auth\":\"cm9ib3Q6d3Jvbmc=\"}}}}}}");
    world.sandbox.write("home/.docker/config.json", &config);
    assert_snapshot!(snapshot(&world.sandbox, &host).await, @r"
    --- stderr
    error[PROMO-R002]: PRODUCTION does not let us in for the catalog of PRODUCTION: UNAUTHORIZED (authentication required)
    hint: log in to PRODUCTION again, and check that the account may do this
    hint: `promo login PRODUCTION` logs in
    --- exit 4
    ");
    let plan = world
        .sandbox
        .run(&["plan", "--thin-manifest-dir", "tree"])
        .await;
    let log_in = "hint: `promo login PRODUCTION` logs in\n";
    assert!(plan.stderr.contains(log_in), "{plan}");
    // Scripts that take the document are told nothing beside it.
    let json = world
        .sandbox
        .run(&["plan", "--thin-manifest-dir", "tree", "--output", "json"])
        .await;
    assert!(!json.stderr.contains("hint"), "{json}");
}

#[tokio::test]
async fn a_password_that_the_token_server_refuses() {
    let auth = Auth::bearer().user("robot", REGISTRY_PASSWORD);
    let (sandbox, registry) = registry(RegistryOptions::default().auth(auth), "").await;
    let host = registry.host();
    let config = format!("{{\"auths\":{{\"{host}\":{{\"auth\":\"cm9ib3Q6d3Jvbmc=\"}}}}}}");
    sandbox.write("home/.docker/config.json", &config);
    assert_snapshot!(snapshot(&sandbox, &host).await, @r"
    --- stderr
    error[PROMO-R018]: REGISTRY, the token server of REGISTRY, answered 401: UNAUTHORIZED (user name, password or token is [credential])
    hint: log in to REGISTRY again, and check that the account may do this
    hint: `promo login REGISTRY` logs in
    --- exit 4
    ");
}

#[tokio::test]
async fn a_token_server_that_the_registry_may_not_name() {
    let auth = Auth::bearer()
        .realm("https://auth.internal:8443/token")
        .user("robot", REGISTRY_PASSWORD);
    let (sandbox, registry) = registry(RegistryOptions::default().auth(auth), "").await;
    let host = registry.host();
    let config = format!("{{\"auths\":{{\"{host}\":{{\"auth\":\"cm9ib3Q6d3Jvbmc=\"}}}}}}");
    sandbox.write("home/.docker/config.json", &config);
    let refused = snapshot(&sandbox, &host).await;
    // The lines can be pasted.
    let lines: Vec<&str> = refused
        .stderr
        .lines()
        .skip_while(|line| !line.starts_with('['))
        .take(2)
        .collect();
    assert!(
        toml::from_str::<toml::Table>(&lines.join("\n")).is_ok(),
        "{refused}"
    );
    assert_snapshot!(refused, @r#"
    --- stderr
    error[PROMO-R016]: REGISTRY names a token server on https://auth.internal:8443, which it may not use; nothing was sent there
    hint: if https://auth.internal:8443 does belong to it, let promo.toml say so:
    [registry."REGISTRY"]
    token-realm = "auth.internal:8443"
    --- exit 2
    "#);
}

#[tokio::test]
async fn plain_http_where_https_is_spoken_and_the_reverse() {
    let (sandbox, plain) = registry(RegistryOptions::default(), "plain-http = false").await;
    assert_snapshot!(snapshot(&sandbox, &plain.host()).await, @r#"
    --- stderr
    error[PROMO-R082]: REGISTRY speaks plain HTTP and was spoken to over HTTPS
    hint: REGISTRY answers in plain HTTP; if that is meant, write `plain-http = true` under `[registry."REGISTRY"]` in promo.toml
    --- exit 1
    "#);

    let authority = Authority::new().unwrap();
    let tls = RegistryOptions::default().tls(authority.server(Protocols::Both).unwrap());
    let (sandbox, tls) = registry(tls, "").await;
    let refused = snapshot(&sandbox, &tls.host()).await;
    assert!(
        refused
            .stderr
            .contains("if it speaks HTTPS, write `plain-http = false`"),
        "{refused}"
    );
}

/// Servers say it themselves, in words of their own or by the bare status.
#[tokio::test]
async fn a_server_of_tls_that_answers_400() {
    for (body, head) in [
        (
            "Client sent an HTTP request to an HTTPS server.\n",
            "snapshot",
        ),
        ("", "digest"),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let served = tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let mut asked = [0; 4096];
                let _asked = connection.read(&mut asked).await;
                let text = format!("HTTP/1.0 400 Bad Request\r\n\r\n{body}");
                let _answered = connection.write_all(text.as_bytes()).await;
            }
        });
        let mut sandbox = Sandbox::new();
        sandbox.rename(&host, "REGISTRY");
        let image = format!("{host}/a:v1");
        let refused = match head {
            "digest" => sandbox.run(&["manifest", "digest", &image]).await,
            _ => snapshot(&sandbox, &host).await,
        };
        assert!(refused.stderr.contains("HTTPS"), "{refused}");
        assert!(refused.stderr.contains("plain-http = false"), "{refused}");
        served.abort();
    }
}

/// A name that has no address is not asked for again and again.
#[tokio::test]
async fn a_host_that_nobody_knows() {
    let sandbox = Sandbox::new();
    let began = Instant::now();
    let refused = snapshot(&sandbox, "no-such-host.invalid").await;
    let took = began.elapsed();
    if refused.stderr.contains("emporary failure") {
        // No server of names can be reached from here: that is another failure, which may pass.
        return;
    }
    assert_snapshot!(refused, @r"
    --- stderr
    error[PROMO-R079]: no address is known for no-such-host.invalid: the name doesn't resolve
    hint: check how no-such-host.invalid is written, and that names are resolved here (a VPN may be needed)
    --- exit 1
    ");
    assert!(took < Duration::from_millis(900), "{took:?}");
}

#[tokio::test]
async fn a_port_at_which_nobody_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    drop(listener);
    let mut sandbox = Sandbox::new();
    sandbox.rename(&host, "REGISTRY");
    assert_snapshot!(snapshot(&sandbox, &host).await, @r"
    --- stderr
    error[PROMO-R006]: nothing listens at REGISTRY: the connection was refused
    hint: check the port of REGISTRY, and that the registry runs
    --- exit 1
    ");
}

#[tokio::test]
async fn certificates_that_are_not_accepted() {
    let authority = Authority::new().unwrap();
    let tls = RegistryOptions::default().tls(authority.server(Protocols::Both).unwrap());
    let (sandbox, tls) = registry(tls, "plain-http = false").await;
    assert_snapshot!(snapshot(&sandbox, &tls.host()).await, @r#"
    --- stderr
    error[PROMO-R081]: the certificate of REGISTRY is not accepted: no authority that is trusted here signed it
    hint: if REGISTRY has an authority of its own, name that authority's certificate: `roots = ["ca.pem"]` under `[tls]` in promo.toml
    --- exit 1
    "#);

    let mut told = Vec::new();
    for unfit in [
        Unfit::OfAuthority,
        Unfit::OtherName,
        Unfit::Expired,
        Unfit::NotYetValid,
    ] {
        let tls = RegistryOptions::default().tls(authority.unfit_server(unfit).unwrap());
        let (sandbox, tls) = registry(tls, "plain-http = false\n[tls]\nroots = [\"ca.pem\"]").await;
        sandbox.write("ca.pem", &authority.pem());
        told.push(snapshot(&sandbox, &tls.host()).await.stderr);
    }
    assert_snapshot!(told.join("\n"), @r#"
    error[PROMO-R081]: the certificate of REGISTRY is not accepted: it is the certificate of an authority, which no server may show as its own
    hint: give REGISTRY a certificate for its name that the authority signed (`basicConstraints=CA:FALSE`), and name the authority's: `roots = ["ca.pem"]` under `[tls]` in promo.toml

    error[PROMO-R081]: the certificate of REGISTRY is not accepted: it is for registry.example.com
    hint: name the registry as its certificate does, or let the certificate name REGISTRY

    error[PROMO-R081]: the certificate of REGISTRY is not accepted: it has expired
    hint: let REGISTRY have a new certificate, or set the clock of this machine

    error[PROMO-R081]: the certificate of REGISTRY is not accepted: it is not valid yet
    hint: set the clock of this machine, or of the one that made it
    "#);
}

#[tokio::test]
async fn a_credential_helper_that_asks_its_user_to_do_something() {
    let auth = Auth::basic("robot", REGISTRY_PASSWORD);
    let (sandbox, registry) = registry(RegistryOptions::default().auth(auth), "").await;
    let helper = "#!/bin/sh\necho 'could not find default credentials; run gcloud auth login' >&2\nprintf '\\033[2Jnot \\007 shown as it is' >&2\nexit 1\n";
    sandbox.write("bin/docker-credential-cloud", helper);
    let path = sandbox.path("bin/docker-credential-cloud");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.write("home/.docker/config.json", "{\"credsStore\": \"cloud\"}");
    let mut command = sandbox.command(&["snapshot", &registry.host()]);
    let folders = format!(
        "{}:{}",
        sandbox.path("bin").display(),
        std::env::var("PATH").unwrap()
    );
    let output = command.env("PATH", folders).output().await.unwrap();
    assert_snapshot!(sandbox.output(output), @r"
    --- stderr
    error[PROMO-R020]: the credential helper `cloud` failed
    hint: the credential helper `cloud`: it says: could not find default credentials; run gcloud auth login; not \u{7} shown as it is
    --- exit 2
    ");
}

#[tokio::test]
async fn the_other_half_of_a_key_and_keys_that_are_in_no_file() {
    let sandbox = Sandbox::new();
    sandbox.keys("cosign").await;
    let image = "registry.example.com/app:v1";
    assert_snapshot!(sandbox.run(&["verify", image, "--key", "cosign.key"]).await, @r"
    --- stderr
    error[PROMO-X012]: the key `cosign.key` can't be used
      caused by: this is a private key, a public key is needed
    hint: give its other half, `cosign.pub`
    --- exit 2
    ");
    assert_snapshot!(sandbox.run(&["sign", image, "--key", "cosign.pub"]).await, @r"
    --- stderr
    error[PROMO-X012]: the key `cosign.pub` can't be used
      caused by: this is a public key, a private key is needed
    hint: give its other half, `cosign.key`
    --- exit 2
    ");
    assert_snapshot!(sandbox.run(&["sign", image, "--key", "awskms:///alias/release"]).await, @r"
    --- stderr
    error[PROMO-X012]: `awskms:///alias/release` can't be used: promo reads keys from files, and none by `awskms://`
    hint: sign with a key in a file, or keyless with the identity of the machine or the job
    --- exit 2
    ");
    assert_snapshot!(sandbox.run(&["verify", image, "--key", "env://COSIGN_PUBLIC_KEY"]).await, @r"
    --- stderr
    error[PROMO-X012]: `env://COSIGN_PUBLIC_KEY` can't be used: promo reads keys from files, and none by `env://`
    hint: write the key into a file that only you can read, and name the file
    --- exit 2
    ");
    sandbox.write("promo.toml", "[sign]\nkey = \"gcpkms://projects/a\"\n");
    let of_file = sandbox.run(&["sign", image]).await;
    assert!(
        of_file
            .stderr
            .contains("`gcpkms://projects/a` can't be used"),
        "{of_file}"
    );
}

/// What lets the tag move can be taken as it is printed.
#[tokio::test]
async fn a_tag_that_would_move() {
    let world = World::start().await;
    assert_eq!(world.promote(&KEY).await.code, Some(0));
    let (old, new) = (
        world.digest("app").to_owned(),
        world.digest("server").to_owned(),
    );
    world
        .image_of("server")
        .push_to(&world.staging.state(), "team/app", "v2");
    world.write_tree(&format!("- name: app\n  dmap:\n    \"{new}\": [\"v1\"]\n"));
    let plan = world
        .sandbox
        .run(&["plan", "--thin-manifest-dir", "tree"])
        .await;
    let lines = plan
        .stderr
        .lines()
        .filter(|line| line.starts_with("- ") || line.starts_with("  "));
    let lines: Vec<&str> = lines.collect();
    let printed = lines
        .join("\n")
        .replace("PRODUCTION", &world.production.host());
    world.sandbox.write("moves.yaml", &printed);
    let run = world.promote(&KEY).await;
    assert!(
        run.stdout
            .contains("`promo plan` prints what lets a tag move"),
        "{run}"
    );
    let moved = world
        .promote(&["--key", "cosign.key", "--allow-tag-moves", "moves.yaml"])
        .await;
    assert_eq!(moved.code, Some(0), "{moved}");
    assert_eq!(world.published("app"), Some(new));
    assert!(plan.stderr.contains(&format!("from: {old}")), "{plan}");
    let _filters = filters().bind_to_scope();
    assert_snapshot!(plan.stderr, @r#"
    hint: a tag that is meant to move needs its move, reviewed, in the file of `--allow-tag-moves`:
    - repository: "PRODUCTION/team/app"
      tag: "v1"
      from: KEY
      to: KEY
    hint: a tag that moves with each release is named by a rule (`[[tags]]`) in promo.toml
    "#);
}
