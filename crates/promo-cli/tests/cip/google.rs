//! Google credentials: which runs take them, and that a promotion with them needs no login.

use promo_testkit::google::{GoogleService, GoogleServices};
use promo_testkit::registry::Auth;
use serde_json::json;

use crate::support::{Output, World};

/// Registries that open for the access token of Google's services only. promo.toml says that they are Google's, as
/// `--compat k8s` does of the hosts that really are.
async fn world(google: &GoogleServices) -> World {
    let auth = || Auth::bearer().user("_token", &google.access_token());
    let world = World::with(auth(), auth()).await;
    let of_google = |host: String| format!("[registry.\"{host}\"]\ngoogle-credentials = true\n");
    let settings = of_google(world.staging.host()) + &of_google(world.production.host());
    world.sandbox.write("promo.toml", &settings);
    world
}

async fn run(world: &World, arguments: &[&str], variables: &[(&str, String)]) -> Output {
    let mut command = world.sandbox.command(arguments);
    command.envs(variables.iter().map(|(name, value)| (*name, value)));
    world.sandbox.output(command.output().await.unwrap())
}

#[tokio::test]
async fn a_job_on_a_machine_of_googles_promotes_without_a_login() {
    let google = GoogleServices::start().await.unwrap();
    let world = world(&google).await;
    let metadata = [("GCE_METADATA_HOST", google.host())];
    let promote = [
        "cip",
        "--thin-manifest-dir=tree",
        "--confirm",
        "--key=cosign.key",
    ];
    let done = run(&world, &promote, &metadata).await;
    assert_eq!(done.code, Some(0), "{done}");
    assert_eq!(world.published("app").as_deref(), Some(world.digest("app")));
    assert_eq!(google.count(GoogleService::MetadataToken), 1);
    // The same by a file, which comes before the server.
    world
        .sandbox
        .write("google.json", &google.user_file().to_string());
    let file = world.sandbox.path("google.json").display().to_string();
    let both = [
        metadata[0].clone(),
        ("GOOGLE_APPLICATION_CREDENTIALS", file),
    ];
    let again = run(&world, &promote, &both).await;
    assert_eq!(again.code, Some(0), "{again}");
    assert_eq!(google.count(GoogleService::MetadataToken), 1);
    // Without any way it is the registry that refuses.
    let none = [("GCE_METADATA_HOST", "127.0.0.1:9".to_owned())];
    let refused = run(&world, &promote, &none).await;
    assert_eq!(refused.code, Some(1), "{refused}");
    assert!(!format!("{done}{again}").contains(&google.access_token()));
}

/// Only where they are wanted is a file of Google credentials even read: `--compat k8s`, or a host of promo.toml.
#[tokio::test]
async fn only_compat_k8s_and_hosts_that_are_named_take_google_credentials() {
    let world = World::start().await;
    world.sandbox.write("google.json", "{\"type\":\"nothing\"}");
    let file = world.sandbox.path("google.json").display().to_string();
    let variables = [("GOOGLE_APPLICATION_CREDENTIALS", file)];
    let snapshot = format!("--snapshot={}/team", world.staging.host());
    let plain = run(&world, &["cip", &snapshot], &variables).await;
    assert_eq!(plain.code, Some(0), "{plain}");
    for arguments in [
        &["cip", &snapshot, "--compat=k8s"][..],
        &["cip", "--thin-manifest-dir=tree", "--compat=k8s"],
    ] {
        let refused = run(&world, arguments, &variables).await;
        assert_eq!(refused.code, Some(1), "{refused}");
        assert!(refused.stderr.contains("PROMO-R027"), "{refused}");
    }
    let settings = |google: bool| {
        let host = world.staging.host();
        format!("[registry.\"{host}\"]\ngoogle-credentials = {google}\n")
    };
    for (google, code) in [(false, 0), (true, 1)] {
        world.sandbox.write("promo.toml", &settings(google));
        let run = run(&world, &["cip", &snapshot], &variables).await;
        assert_eq!(run.code, Some(code), "{run}");
    }
    let shown = world
        .sandbox
        .run(&["settings", "show", "--output=json"])
        .await;
    let row = json!("google-credentials = true");
    let rows = shown.json();
    let rows = rows["settings"].as_array().unwrap();
    assert!(rows.iter().any(|shown| shown["value"] == row), "{rows:?}");
}
