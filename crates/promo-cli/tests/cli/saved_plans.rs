//! Plans that are saved, reviewed and applied.

use promo_testkit::registry::LogEntry;
use serde_json::Value;

use crate::support::{KEY, Output, World};

const TREE: [&str; 2] = ["--thin-manifest-dir", "tree"];

async fn save(world: &World) -> Value {
    let saved = world
        .sandbox
        .run(&[&["plan", "--save", "plan.json"], &TREE[..]].concat())
        .await;
    assert_eq!(saved.code, Some(0), "{saved}");
    serde_json::from_str(&world.sandbox.read("plan.json")).unwrap()
}

async fn apply(world: &World, more: &[&str]) -> Output {
    let arguments = [&["apply", "plan.json"], &TREE[..], more].concat();
    world.sandbox.run(&arguments).await
}

async fn confirm(world: &World) -> Output {
    apply(
        world,
        &[&["--confirm", "--output", "json"], &KEY[..]].concat(),
    )
    .await
}

#[tokio::test]
async fn a_saved_plan_is_applied_with_evidence() {
    let world = World::start().await;
    let plan = save(&world).await;
    assert_eq!(plan["schema"], "promo.plan/v1");
    assert!(plan["inputs"]["tree"].is_string() && plan["inputs"]["inventoryRead"].is_string());
    let dry = apply(&world, &[]).await;
    assert_eq!(dry.code, Some(0), "{dry}");
    assert!(world.production.log().writes().is_empty(), "{dry}");
    let done = confirm(&world).await;
    assert_eq!(done.code, Some(0), "{done}");
    let document = done.json();
    assert_eq!(document["schema"], "promo.apply/v1");
    assert_eq!(document["plannedTree"], document["tree"]);
    assert_eq!(world.published("app").as_deref(), Some(world.digest("app")));
    assert_eq!(world.referrers("app"), 2);
    world.production.log().clear();
    let again = confirm(&world).await;
    assert_eq!(again.code, Some(0), "{again}");
    assert!(world.production.log().writes().is_empty());
}

#[tokio::test]
async fn what_no_manifest_wants_any_longer_is_refused_and_named() {
    let world = World::start().await;
    save(&world).await;
    let server = world.digest("server");
    world.write_tree(&format!(
        "- name: server\n  dmap:\n    \"{server}\": [\"v1\"]\n"
    ));
    let stopped = apply(&world, &[&["--confirm", "--fail-fast"], &KEY[..]].concat()).await;
    assert_eq!(stopped.code, Some(1), "{stopped}");
    assert!(stopped.stderr.contains("PROMO-X032"), "{stopped}");
    assert!(world.production.log().writes().is_empty(), "{stopped}");
    let applied = confirm(&world).await;
    assert_eq!(applied.code, Some(5), "{applied}");
    let document = applied.json();
    assert_eq!(document["unwanted"].as_array().unwrap().len(), 1);
    assert_eq!(document["unwanted"][0]["digest"], world.digest("app"));
    assert_ne!(document["plannedTree"], document["tree"]);
    assert_eq!(world.published("app"), None);
    assert_eq!(world.published("server").as_deref(), Some(server));
}

#[tokio::test]
async fn what_the_plan_did_not_see_is_not_carried_out() {
    let world = World::start().await;
    let all = world.images_yaml();
    let app = world.digest("app");
    world.write_tree(&format!("- name: app\n  dmap:\n    \"{app}\": [\"v1\"]\n"));
    save(&world).await;
    world.write_tree(&all);
    world.staging.log().clear();
    world.production.log().clear();
    let applied = confirm(&world).await;
    assert_eq!(applied.code, Some(0), "{applied}");
    assert_eq!(world.published("app").as_deref(), Some(app));
    assert_eq!(world.published("server"), None);
    // Nor is anybody asked about it.
    for registry in [&world.staging, &world.production] {
        let asked = registry.log().entries();
        let about = |entry: &LogEntry| entry.path.contains("server");
        assert!(!asked.is_empty() && !asked.iter().any(about), "{asked:?}");
    }
}

#[tokio::test]
async fn a_tag_that_appeared_meanwhile_is_refused() {
    let world = World::start().await;
    save(&world).await;
    let server = &world.images[1].1;
    server.push_to(&world.production.state(), "team/app", "v1");
    let applied = confirm(&world).await;
    assert_eq!(applied.code, Some(5), "{applied}");
    assert!(
        applied.stdout.contains("no longer what the saved plan saw"),
        "{applied}"
    );
    assert_eq!(world.published("app").as_deref(), Some(server.digest()));
    assert_eq!(
        world.published("server").as_deref(),
        Some(world.digest("server"))
    );
}

#[tokio::test]
async fn a_plan_that_is_none_is_refused_before_anything_is_sent() {
    let world = World::start().await;
    let plan = save(&world).await;
    world.staging.log().clear();
    world.production.log().clear();
    let edited = |change: fn(&mut Value)| {
        let mut plan = plan.clone();
        change(&mut plan);
        plan.to_string()
    };
    let cases = [
        ("{".to_owned(), "PROMO-P030"),
        (edited(|plan| plan["more"] = 1.into()), "PROMO-P030"),
        (
            edited(|plan| plan["schema"] = "promo.plan/v2".into()),
            "PROMO-P031",
        ),
        (
            edited(|plan| {
                plan["groups"].as_array_mut().unwrap().pop();
            }),
            "PROMO-P032",
        ),
        (
            edited(|plan| plan["groups"][0]["destinations"] = 7.into()),
            "PROMO-P033",
        ),
    ];
    for (text, code) in cases {
        world.sandbox.write("plan.json", &text);
        let refused = confirm(&world).await;
        assert_eq!(refused.code, Some(2), "{code}: {refused}");
        assert!(refused.stderr.contains(code), "{code}: {refused}");
    }
    let offline = ["plan", "--offline", "--report", "plan.json"];
    let made = world.sandbox.run(&[&offline, &TREE[..]].concat()).await;
    assert_eq!(made.code, Some(0), "{made}");
    let refused = confirm(&world).await;
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(refused.stderr.contains("PROMO-X030"), "{refused}");
    assert!(world.staging.log().is_empty() && world.production.log().is_empty());
}

#[tokio::test]
async fn a_plan_for_another_tree_is_refused() {
    let world = World::start().await;
    save(&world).await;
    world.write_tree(&format!(
        "- name: other\n  dmap:\n    \"{}\": [\"v1\"]\n",
        world.digest("app")
    ));
    let refused = confirm(&world).await;
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(refused.stderr.contains("PROMO-X031"), "{refused}");
    assert!(world.production.log().writes().is_empty());
}

#[tokio::test]
async fn a_digest_that_was_put_into_the_plan_by_hand_is_not_carried_out() {
    let world = World::start().await;
    let plan = save(&world).await;
    let forged = plan
        .to_string()
        .replace(world.digest("app"), world.digest("server"));
    world.sandbox.write("plan.json", &forged);
    let refused = confirm(&world).await;
    assert_eq!(refused.code, Some(5), "{refused}");
    assert_eq!(world.published("app"), None);
}

#[tokio::test]
async fn edges_are_lines() {
    let world = World::start().await;
    let output = world
        .sandbox
        .run(&[&["plan", "--edges"], &TREE[..]].concat())
        .await;
    assert_eq!(output.code, Some(0), "{output}");
    let edges: Vec<Value> = output
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(edges.len(), 2, "{output}");
    assert_eq!(edges[0]["verdict"], "promote");
    assert_eq!(edges[0]["digest"], world.digest("app"));
}

/// git goes through the whole work tree to say whether it is as it was committed: it is asked once.
#[cfg(unix)]
#[tokio::test]
async fn applying_a_plan_asks_git_once() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = World::start().await;
    save(&world).await;
    let asked = world.sandbox.path("asked");
    let script = format!("#!/bin/sh\necho \"$@\" >> '{}'\n", asked.display());
    world.sandbox.write("bin/git", &script);
    let git = world.sandbox.path("bin/git");
    std::fs::set_permissions(&git, std::fs::Permissions::from_mode(0o755)).unwrap();
    let arguments = [&["apply", "plan.json"], &TREE[..]].concat();
    let mut command = world.sandbox.command(&arguments);
    let folders = format!("{}:/usr/bin:/bin", world.sandbox.path("bin").display());
    let output = command.env("PATH", folders).output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let questions = std::fs::read_to_string(asked).unwrap();
    assert_eq!(questions.matches("status").count(), 1, "{questions}");
}
