//! What a plan says that it takes is what the run takes.

use promo_testkit::registry::{EmbeddedRegistry, Operation};

use crate::support::World;

const PLAN: [&str; 4] = ["plan", "--cost", "--thin-manifest-dir", "tree"];

/// What a run asks staging about two images, besides reading them: who refers to each, and three tags.
const BESIDE: usize = 2 * 4;

/// The requests that a destination got, without those that the plan asks: one HEAD for each image. What it reads of the source
/// is not read again.
fn requests_but_for_the_plan(registry: &EmbeddedRegistry) -> usize {
    registry.log().len() - 2
}

/// All bytes that a registry holds.
fn bytes_in(registry: &EmbeddedRegistry) -> usize {
    let state = registry.state();
    let of_repository = |name: &String| {
        let blobs = state.blobs(name).into_iter();
        let blobs = blobs.filter_map(|digest| state.blob(name, &digest));
        let manifests = state.manifests(name).into_iter();
        let manifests = manifests.filter_map(|digest| state.manifest(name, &digest));
        blobs.map(|blob| blob.len()).sum::<usize>()
            + manifests
                .map(|manifest| manifest.bytes.len())
                .sum::<usize>()
    };
    state.repositories().iter().map(of_repository).sum()
}

#[tokio::test]
async fn a_plan_says_what_the_run_then_takes() {
    let world = World::start().await;
    let json = [&PLAN[..], &["--output", "json", "--save", "plan.json"]].concat();
    let planned = world.sandbox.run(&json).await;
    assert_eq!(planned.code, Some(0), "{planned}");
    assert!(world.production.log().writes().is_empty());
    // Only manifests are read: one of the image, three of the index.
    assert_eq!(world.staging.log().count(Operation::ManifestGet), 4);
    assert_eq!(world.staging.log().count(Operation::BlobGet), 0);
    let cost = planned.json()["cost"].clone();
    world.staging.log().clear();
    world.production.log().clear();
    let apply = ["apply", "plan.json", "--thin-manifest-dir", "tree"];
    let applied = [&apply[..], &["--confirm", "--no-sign"]].concat();
    let applied = world.sandbox.run(&applied).await;
    assert_eq!(applied.code, Some(0), "{applied}");
    assert_eq!((&cost["images"], &cost["unknown"]), (&2.into(), &0.into()));
    let source = world.staging.log().len() - BESIDE;
    assert_eq!(cost["sources"]["requests"], source, "{cost:#}");
    let production = requests_but_for_the_plan(&world.production);
    assert_eq!(cost["destinations"]["requests"], production, "{cost:#}");
    let bytes = bytes_in(&world.production);
    assert_eq!(cost["sources"]["bytes"], bytes, "{cost:#}");
    assert_eq!(cost["destinations"]["bytes"], bytes, "{cost:#}");
    // Nothing is left to do, and that takes nothing.
    let said = world.sandbox.run(&PLAN).await;
    assert!(!said.stdout.contains("it takes"), "{said}");
    let again = world.sandbox.run(&json).await;
    let cost = again.json()["cost"].clone();
    for side in ["sources", "destinations"] {
        assert_eq!(
            cost[side],
            serde_json::json!({"requests": 0, "bytes": 0}),
            "{again}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_measured_is_said_and_not_guessed() {
    let world = World::start().await;
    let child = world.image_of("server").children()[0].digest().to_owned();
    world.staging.state().delete_manifest("team/server", &child);
    let planned = world.sandbox.run(&PLAN).await;
    assert_eq!(planned.code, Some(0), "{planned}");
    assert!(
        planned.stdout.contains("1 image could not be measured"),
        "{planned}"
    );
    assert!(planned.stderr.contains("can't be measured"), "{planned}");
    let markdown = [&PLAN[..], &["--output", "markdown", "--summary"]].concat();
    let markdown = world.sandbox.run(&markdown).await;
    assert!(
        markdown.stdout.contains("\nTo promote it takes "),
        "{markdown}"
    );
    // Nobody asked, so nothing is said.
    let plain = world
        .sandbox
        .run(&["plan", "--thin-manifest-dir", "tree", "--output", "json"])
        .await;
    assert!(plain.json()["cost"].is_null(), "{plain}");
}

#[tokio::test]
async fn a_plan_that_takes_something_else_than_it_says_is_refused() {
    let world = World::start().await;
    let save = [&PLAN[..], &["--save", "plan.json"]].concat();
    assert_eq!(world.sandbox.run(&save).await.code, Some(0));
    let mut plan: serde_json::Value =
        serde_json::from_str(&world.sandbox.read("plan.json")).unwrap();
    plan["groups"][0]["size"]["blobs"] = 7.into();
    world.sandbox.write("plan.json", &plan.to_string());
    let refused = world
        .sandbox
        .run(&["apply", "plan.json", "--thin-manifest-dir", "tree"])
        .await;
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(refused.stderr.contains("PROMO-P033"), "{refused}");
}
