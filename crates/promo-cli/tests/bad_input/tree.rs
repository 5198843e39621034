//! Promoter manifests that are hostile: nothing is sent if the structure is broken, and a bad entry is left alone.

use std::fmt::Write as _;
use std::os::unix::fs::symlink;

use crate::support::{KEY, World};
use crate::world::untouched;

const IMAGES: &str = "tree/images/team/images.yaml";

/// The tree is refused as a whole: no registry hears of it.
async fn refused(world: &World, parts: &[&str]) {
    let run = world.promote(&KEY).await;
    run.is(2, parts);
    assert_eq!(run.stdout, "");
    let plan = ["plan", "--thin-manifest-dir", "tree", "--offline"];
    world.sandbox.run(&plan).await.is(2, parts);
    assert!(world.staging.log().is_empty());
    assert!(world.production.log().is_empty());
    untouched(&world.production);
}

#[tokio::test]
async fn yaml_bombs_do_not_go_off() {
    let world = World::start().await;
    let mut bomb = "- &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (this, before) in ('b'..='z').zip('a'..) {
        let nine = format!("*{before}, ").repeat(9);
        writeln!(bomb, "- &{this} [{nine}]").unwrap();
    }
    world.write_tree(&bomb);
    let place = "images/team/images.yaml:1:3";
    refused(&world, &["error[PROMO-M030]", place, "hint: "]).await;
    // Long before all of it was read.
    let check = world.sandbox.run(&["manifest", "check", "tree"]).await;
    assert!(check.stdout.contains("PROMO-M023"), "{check}");

    let deep = format!("{}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    world.write_tree(&deep);
    refused(&world, &["error[PROMO-M026]"]).await;

    world.write_tree(&"- {name: X}\n".repeat(200_000));
    refused(&world, &["PROMO-M027"]).await;
}

#[tokio::test]
async fn a_promoter_manifest_of_100_mb_is_not_read() {
    let world = World::start().await;
    let line = format!(
        "- name: app\n  dmap:\n    \"sha256:{}\": []\n",
        "0".repeat(64)
    );
    let huge = line.repeat((100 << 20) / line.len() + 1);
    world.write_tree(&huge);
    refused(&world, &["error[PROMO-M009]", "images/team/images.yaml"]).await;
    let one = ["plan", "--manifest", IMAGES, "--offline"];
    world.sandbox.run(&one).await.is(2, &["error[PROMO-M009]"]);
    // An endless file has no size to look at.
    let endless = ["plan", "--manifest", "/dev/zero", "--offline"];
    world.sandbox.run(&endless).await.is(2, &["error[PROMO-M0"]);
}

#[tokio::test]
async fn symbolic_links_are_not_followed_out_of_the_tree() {
    let world = World::start().await;
    let secret = "a secret that lies outside of the tree";
    world.sandbox.write("outside.yaml", secret);
    std::fs::remove_file(world.sandbox.path(IMAGES)).unwrap();
    symlink(
        world.sandbox.path("outside.yaml"),
        world.sandbox.path(IMAGES),
    )
    .unwrap();
    let run = world.promote(&KEY).await;
    run.is(
        2,
        &["error[PROMO-M002]", "images/team/images.yaml", "hint: "],
    );
    assert!(!run.stderr.contains(secret), "{run}");
    std::fs::remove_file(world.sandbox.path(IMAGES)).unwrap();
    world.write_tree(&world.images_yaml());
    // One that leads to itself.
    std::fs::remove_file(world.sandbox.path(IMAGES)).unwrap();
    symlink("images.yaml", world.sandbox.path(IMAGES)).unwrap();
    refused(&world, &["error[PROMO-M002]", "images/team/images.yaml"]).await;
}

#[tokio::test]
async fn links_within_the_tree_and_those_that_mean_nothing_hold_nothing_up() {
    let world = World::start().await;
    std::fs::create_dir(world.sandbox.path("tree/lists")).unwrap();
    let list = world.sandbox.path("tree/lists/team.yaml");
    std::fs::rename(world.sandbox.path(IMAGES), list).unwrap();
    symlink("../../lists/team.yaml", world.sandbox.path(IMAGES)).unwrap();
    // A folder that contains itself, a project that isn't walked, and a link to nothing.
    for (link, target) in [
        ("team/again", "."),
        ("linked", "team"),
        ("stray", "nowhere"),
    ] {
        symlink(
            target,
            world.sandbox.path(&format!("tree/manifests/{link}")),
        )
        .unwrap();
    }
    let run = world.promote(&KEY).await;
    run.is(0, &["manifests/linked", "manifests/stray", "PROMO-M013"]);
    world.good_ones_are_published();
}

#[tokio::test]
async fn paths_stay_in_the_tree() {
    let world = World::start().await;
    world.sandbox.write("tree/manifests/team/promoter-manifest.yaml", &format!(
        "registries:\n- name: {}/team\n  src: true\n- name: {}/team\nimagesPath: ../../../etc/passwd\n",
        world.staging.host(),
        world.production.host(),
    ));
    // What it names is not read, only said.
    let run = world.promote(&KEY).await;
    run.is(
        0,
        &["warning[PROMO-M038] manifests/team/promoter-manifest.yaml:5:13"],
    );
    world.good_ones_are_published();
    let world = World::start().await;
    let manifest = format!(
        "registries:\n- name: {}/team/../../other\n  src: true\n- name: {}/team\n",
        world.staging.host(),
        world.production.host(),
    );
    world
        .sandbox
        .write("tree/manifests/team/promoter-manifest.yaml", &manifest);
    refused(&world, &["error[PROMO-M043]", "promoter-manifest.yaml:2:9"]).await;
}

/// Bad entries are named with their places and left out; the rest is promoted, and nobody asks for what they say.
async fn left_out(entries: &[String], code: &str) {
    let world = World::start().await;
    world.write_tree(&format!("{}{}", world.images_yaml(), entries.concat()));
    let run = world.promote(&KEY).await;
    run.is(3, &["images/team/images.yaml:"]);
    assert_eq!(run.stdout.matches(code).count(), entries.len(), "{run}");
    world.good_ones_are_published();
    let repositories = world.production.state().repositories();
    assert_eq!(repositories, ["team/app", "team/server"]);
    for name in ["app", "server"] {
        let own = format!("{}.sig", world.digest(name).replace(':', "-"));
        let tags = world.production.state().tags(&format!("team/{name}"));
        assert!(
            tags.keys().all(|tag| *tag == "v1" || *tag == own),
            "{tags:?}"
        );
    }
    for registry in [&world.staging, &world.production] {
        let strange = registry.log().filter(|entry| {
            !matches!(
                entry.repository.as_deref(),
                Some("team/app" | "team/server")
            )
        });
        assert!(strange.is_empty(), "{strange:?}");
    }
    // As annotations of a pull request: a line for each, so that no entry can write a line of its own.
    let check = ["manifest", "check", "tree", "--output", "github"];
    let check = world.sandbox.run(&check).await;
    assert_eq!(check.code, Some(3), "{check}");
    let is_ours = |line: &str| {
        line.starts_with("::error file=tree/") || line.starts_with("::warning file=tree/")
    };
    assert!(check.stdout.lines().all(is_ours), "{check}");
    let errors = check.stdout.lines().filter(|line| line.contains(code));
    assert_eq!(errors.count(), entries.len(), "{check}");
}

#[tokio::test]
async fn image_names_that_are_no_names() {
    let names = [
        "https://attacker.example/app",
        "attacker.example:443/app",
        "../../other/app",
        "/app",
        "app/../../x",
        "app@sha256",
        "app?x=y",
        "app#x",
        "app%2e%2e",
        "app\\n::error::x",
    ];
    let dmap = format!("  dmap:\n    \"sha256:{}\": [\"v1\"]\n", "1".repeat(64));
    let entries = names.map(|name| format!("- name: \"{name}\"\n{dmap}"));
    left_out(&entries, "PROMO-M050").await;
}

/// An entry for each tag, each with a digest of its own.
fn with_tags(tags: &[String]) -> Vec<String> {
    let entry = |(number, tag): (usize, &String)| {
        let digest = format!("sha256:{number:064x}");
        format!("- name: server\n  dmap:\n    \"{digest}\": [\"{tag}\"]\n")
    };
    tags.iter().enumerate().map(entry).collect()
}

#[tokio::test]
async fn tags_that_are_no_tags() {
    let tags = [
        "v1\\nv2",
        "v2\\n::error::forged",
        "v1\\r",
        "\\e[31mred",
        "../v1",
        "v1?x",
        "",
    ];
    left_out(&with_tags(&tags.map(str::to_owned)), "PROMO-M053").await;
}

#[tokio::test]
async fn tags_that_look_like_evidence() {
    let hex = "a".repeat(64);
    let tags = ["D.sig", "D.att", "D.sbom", "D"];
    let tags = tags.map(|tag| tag.replace('D', &format!("sha256-{hex}")));
    left_out(&with_tags(&tags), "PROMO-M054").await;
}
