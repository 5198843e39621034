//! The plan as the comment of a pull request.

use insta::assert_snapshot;

use crate::support::{KEY, World, promote};

const PLAN: [&str; 5] = [
    "plan",
    "--thin-manifest-dir",
    "tree",
    "--output",
    "markdown",
];

/// Digests are as the test images are; their addresses differ from run to run.
fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("sha256:[0-9a-f]{64}", "DIGEST");
    settings.add_filter("sha256:[0-9a-f]{12}", "SHORT");
    settings
}

#[tokio::test]
async fn what_is_left_stands_first_and_what_is_done_is_a_number() {
    let world = World::with_blemishes().await;
    let _filters = settings().bind_to_scope();
    assert_snapshot!(world.sandbox.run(&PLAN).await, @"");
    let promoted = world.sandbox.run(&promote(&KEY)).await;
    assert_eq!(promoted.code, Some(3), "{promoted}");
    world.write_tree(&world.images_yaml().replace("server", "other"));
    assert_snapshot!(world.sandbox.run(&PLAN).await, @"");
}

#[tokio::test]
async fn a_plan_without_registries_says_so() {
    let world = World::start().await;
    let _filters = settings().bind_to_scope();
    let offline = [&PLAN[..], &["--offline"]].concat();
    assert_snapshot!(world.sandbox.run(&offline).await, @"");
}

#[tokio::test]
async fn a_plan_with_nothing_to_do_is_one_line() {
    let world = World::start().await;
    assert_eq!(world.promote(&KEY).await.code, Some(0));
    assert_snapshot!(world.sandbox.run(&PLAN).await, @"");
}
