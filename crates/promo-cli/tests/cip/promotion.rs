//! Promotions: stop points, all or nothing, exit codes.

use crate::support::{Output, World};

const TREE: &str = "--thin-manifest-dir=tree";
const KEY: &str = "--key=cosign.key";

async fn cip(world: &World, more: &[&str]) -> Output {
    let mut arguments = vec!["cip", TREE];
    arguments.extend(more);
    world.sandbox.run(&arguments).await
}

/// A digest that nobody has.
const NOWHERE: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000ff";

fn entry(name: &str, digest: &str) -> String {
    format!("- name: {name}\n  dmap:\n    \"{digest}\": [\"v1\"]\n")
}

#[tokio::test]
async fn a_dry_run_stops_after_validate_and_parse_only_after_the_plan() {
    let world = World::start().await;
    let dry = cip(&world, &[]).await;
    assert_eq!(dry.code, Some(0), "{dry}");
    for line in [
        "level=info msg=\"phase setup begins",
        "level=info msg=\"phase plan is over: 2 passed, 0 left\"",
        "level=info msg=\"phase provenance is not asked for",
        "level=info msg=\"phase validate is not asked for",
        "level=info msg=\"stopped after validate, without --confirm",
    ] {
        assert!(dry.stderr.contains(line), "{line}\n{dry}");
    }
    assert!(!dry.stderr.contains("phase promote"), "{dry}");
    let parsed = cip(&world, &["--parse-only", "--confirm", KEY]).await;
    assert_eq!(parsed.code, Some(0), "{parsed}");
    assert!(parsed.stderr.contains("stopped after the plan"), "{parsed}");
    assert!(!parsed.stderr.contains("phase provenance"), "{parsed}");
    assert!(!world.production.log().is_empty(), "inventories are read");
    assert!(world.production.log().writes().is_empty());
}

#[tokio::test]
async fn a_confirmed_run_signs_and_the_next_has_nothing_to_do() {
    let world = World::start().await;
    let run = cip(&world, &["--confirm", KEY, "--report=report.json"]).await;
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(world.published("app").as_deref(), Some(world.digest("app")));
    assert_eq!(world.referrers("app"), 2);
    let report: serde_json::Value =
        serde_json::from_str(&world.sandbox.read("report.json")).unwrap();
    assert_eq!(report["totals"]["published"], 2);
    world.production.log().clear();
    let again = cip(&world, &["--confirm", KEY]).await;
    assert_eq!(again.code, Some(0), "{again}");
    assert!(again.stderr.contains("nothing to promote"), "{again}");
    assert!(world.production.log().writes().is_empty());
}

#[tokio::test]
async fn sign_false_publishes_without_evidence() {
    let world = World::start().await;
    let run = cip(&world, &["--confirm", "--sign=false"]).await;
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(world.published("app").as_deref(), Some(world.digest("app")));
    assert_eq!(world.referrers("app"), 0);
}

#[tokio::test]
async fn lost_images_are_no_failure() {
    let world = World::start().await;
    let images = entry("app", world.digest("app")) + &entry("gone", NOWHERE);
    world.write_tree(&images);
    let run = cip(&world, &["--confirm", KEY]).await;
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stderr.contains("1 lost"), "{run}");
    assert_eq!(world.published("app").as_deref(), Some(world.digest("app")));
    // The same with promo's own command says that something was blocked.
    let promo = world.promote(&["--key", "cosign.key"]).await;
    assert_eq!(promo.code, Some(3), "{promo}");
}

#[tokio::test]
async fn a_tag_move_stops_everything_unless_isolated() {
    let world = World::start().await;
    let (app, server) = (
        world.digest("app").to_owned(),
        world.digest("server").to_owned(),
    );
    world.images[0]
        .1
        .push_to(&world.production.state(), "team/app", "v1");
    world.images[1]
        .1
        .push_to(&world.staging.state(), "team/app", "v9");
    world.write_tree(&(entry("app", &server) + &entry("server", &server)));
    for confirm in ["--confirm=false", "--confirm"] {
        let run = cip(&world, &[confirm, KEY]).await;
        assert_eq!(run.code, Some(1), "{run}");
        assert!(
            run.stderr.contains("nothing was promoted: 1 tag-move"),
            "{run}"
        );
        assert!(run.stderr.contains("--isolate"), "{run}");
        // Which tag would move from where to where.
        assert!(run.stdout.contains(&app), "{run}");
    }
    assert_eq!(world.published("server"), None);
    let run = cip(&world, &["--confirm", KEY, "--isolate"]).await;
    assert_eq!(run.code, Some(1), "{run}");
    assert_eq!(world.published("server"), Some(server));
    assert_eq!(world.published("app"), Some(app));
}

#[tokio::test]
async fn a_bad_entry_stops_everything_but_with_compat_k8s_thin_trees_pass() {
    let world = World::start().await;
    world.write_tree(&(entry("app", world.digest("app")) + &entry("bad", "sha256:short")));
    let strict = cip(&world, &["--confirm", KEY]).await;
    assert_eq!(strict.code, Some(1), "{strict}");
    assert!(strict.stderr.contains("1 invalid"), "{strict}");
    assert_eq!(world.published("app"), None);
    let off = "--staging-signatures=off";
    let compat = cip(&world, &["--confirm", KEY, "--compat=k8s", off]).await;
    assert_eq!(compat.code, Some(0), "{compat}");
    assert_eq!(world.published("app").as_deref(), Some(world.digest("app")));
}

#[tokio::test]
async fn service_accounts_are_said_to_be_ignored_once() {
    let world = World::start().await;
    let registries = format!(
        "registries:\n- name: {}/team\n  src: true\n  service-account: a@example.com\n- name: {}/team\n  \
         service-account: b@example.com\n",
        world.staging.host(),
        world.production.host()
    );
    let file = "tree/manifests/team/promoter-manifest.yaml";
    world.sandbox.write(file, &registries);
    let run = cip(&world, &[]).await;
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(run.stderr.matches("service-account").count(), 1, "{run}");
}

#[tokio::test]
async fn the_identity_of_kubernetes_is_signed_with_compat_k8s() {
    let world = World::start().await;
    let (staging, production) = (world.staging.host(), world.production.host());
    let manifest = format!(
        "registries:\n- name: {staging}/team\n  src: true\n- name: {production}/k8s-artifacts-prod/images/team\n\
         images:\n{}",
        entry("app", world.digest("app"))
    );
    world.sandbox.write("plain.yaml", &manifest);
    let arguments = [
        "cip",
        "--manifest=plain.yaml",
        "--thin-manifest-dir=nowhere",
        "--compat=k8s",
        "--staging-signatures=off",
        "--confirm",
        KEY,
    ];
    let run = world.sandbox.run(&arguments).await;
    assert_eq!(run.code, Some(0), "{run}");
    let image = format!("{production}/k8s-artifacts-prod/images/team/app:v1");
    for (identity, code) in [("registry.k8s.io/team/app", 0), ("registry.k8s.io/app", 5)] {
        let verify = [
            "verify",
            &image,
            "--key",
            "cosign.pub",
            "--identity",
            identity,
        ];
        let verified = world.sandbox.run(&verify).await;
        assert_eq!(verified.code, Some(code), "{identity}\n{verified}");
    }
}

#[tokio::test]
async fn the_log_is_json_if_asked() {
    let world = World::start().await;
    let run = cip(&world, &["--log-format=json", "--threads=3"]).await;
    assert_eq!(run.code, Some(0), "{run}");
    let lines: Vec<serde_json::Value> = run
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let has = |field: &str, value: &str| lines.iter().any(|line| line[field] == value);
    assert!(
        has("schema", "promo.log/v1") && has("schema", "promo.event/v1"),
        "{run}"
    );
    assert!(
        has("level", "warning") && has("event", "phaseEnded"),
        "{run}"
    );
}
