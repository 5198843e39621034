//! Snapshots, byte for byte.

use crate::support::World;

/// Staging with `v1` and `v2` on one image, and one digest without a tag.
async fn world() -> (World, String, String) {
    let world = World::start().await;
    let (_, app) = &world.images[0];
    app.push_to(&world.staging.state(), "team/app", "v2");
    let registry = format!("{}/team", world.staging.host());
    let digest = app.digest().to_owned();
    (world, registry, digest)
}

#[tokio::test]
async fn yaml_and_csv_end_with_a_second_newline() {
    let (world, registry, digest) = world().await;
    let snapshot = format!("--snapshot={registry}");
    let yaml = world
        .sandbox
        .run(&["cip", &snapshot, "--snapshot-tag=v2"])
        .await;
    let expected = format!("- name: app\n  dmap:\n    \"{digest}\": [\"v1\", \"v2\"]\n\n");
    assert_eq!(
        (yaml.stdout.as_str(), yaml.code),
        (expected.as_str(), Some(0))
    );
    let csv = world
        .sandbox
        .run(&["cip", &snapshot, "--snapshot-tag=v2", "--output=CsV"])
        .await;
    let expected = format!("app@{digest},app:v1\napp@{digest},app:v2\n\n");
    assert_eq!(
        (csv.stdout.as_str(), csv.code),
        (expected.as_str(), Some(0))
    );
}

#[tokio::test]
async fn untagged_children_are_there_unless_the_snapshot_is_minimal() {
    let (world, registry, digest) = world().await;
    let server = world.digest("server").to_owned();
    // Only a list like Google's shows digests without a tag.
    world
        .staging
        .switch(|switches| switches.google_listing = true);
    let settings = format!(
        "[registry.\"{}\"]\ninventory = \"bulk-list\"\n",
        world.staging.host()
    );
    world.sandbox.write("promo.toml", &settings);
    let snapshot = format!("--snapshot={registry}");
    let minimal = ["cip", &snapshot, "--minimal-snapshot", "--output=csv"];
    let minimal = world.sandbox.run(&minimal).await;
    let expected =
        format!("app@{digest},app:v1\napp@{digest},app:v2\nserver@{server},server:v1\n\n");
    assert_eq!(minimal.stdout, expected, "{minimal}");
    let all = world.sandbox.run(&["cip", &snapshot, "--output=csv"]).await;
    let untagged = all.stdout.lines().filter(|line| line.ends_with(",-"));
    assert!(untagged.count() >= 2, "{all}");
}

#[tokio::test]
async fn what_manifests_want_comes_before_a_scan_and_asks_no_registry() {
    let world = World::start().await;
    let snapshot = format!(
        "--manifest-based-snapshot-of={}/team",
        world.production.host()
    );
    let arguments = [
        "cip",
        "--thin-manifest-dir=tree",
        &snapshot,
        "--vuln-severity-threshold=5",
        "--output=csv",
    ];
    let run = world.sandbox.run(&arguments).await;
    let (app, server) = (world.digest("app"), world.digest("server"));
    let expected = format!("app@{app},app:v1\nserver@{server},server:v1\n\n");
    assert_eq!(
        (run.stdout.as_str(), run.code),
        (expected.as_str(), Some(0))
    );
    assert!(world.production.log().is_empty() && world.staging.log().is_empty());
}
