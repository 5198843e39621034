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
async fn what_changes_stands_first_and_what_is_done_is_a_number() {
    let world = World::with_blemishes().await;
    let _filters = settings().bind_to_scope();
    assert_snapshot!(world.sandbox.run(&PLAN).await, @r##"
    <!-- promo plan -->
    ### promo plan

    **3 blocked**, 1 edge to promote, 0 published already.

    #### Changes

    | image | tags | digest | where | why |
    |---|---|---|---|---|
    | `app` | `v1` | `SHORT` | `PRODUCTION/team` | new |

    #### Blocked

    - **tag-move** server:v1 at PRODUCTION/team: the tag would move from DIGEST to DIGEST, which nobody allowed (PROMO-P008)
    - **invalid** images/team/images.yaml:7:9: \`Bad\` is not the name of an image: \`Bad\` is not a path component of a repository (lower-case letters and digits, separated by \`.\`, \`\_\`, \`\_\_\` or \`-\`) (PROMO-M050)
    - **invalid** images/team/images.yaml:9:5: \`sha256:00\` is not a digest: a sha256 digest has 64 hexadecimal digits, not 2 (PROMO-M052)
    --- exit 3
    "##);
    let promoted = world.sandbox.run(&promote(&KEY)).await;
    assert_eq!(promoted.code, Some(3), "{promoted}");
    world.write_tree(&world.images_yaml().replace("server", "other"));
    assert_snapshot!(world.sandbox.run(&PLAN).await, @r##"
    <!-- promo plan -->
    ### promo plan

    **1 blocked**, nothing to promote, 1 published already.

    #### Blocked

    - **lost** other:v1 at PRODUCTION/team: STAGING/team/other no longer holds the digest (PROMO-P007)
    --- exit 3
    "##);
}

#[tokio::test]
async fn a_plan_without_registries_says_so() {
    let world = World::start().await;
    let _filters = settings().bind_to_scope();
    let offline = [&PLAN[..], &["--offline"]].concat();
    assert_snapshot!(world.sandbox.run(&offline).await, @r##"
    <!-- promo plan -->
    ### promo plan

    2 edges wanted; no registry was asked.

    #### Changes

    | image | tags | digest | where | why |
    |---|---|---|---|---|
    | `app` | `v1` | `SHORT` | `PRODUCTION/team` | wanted |
    | `server` | `v1` | `SHORT` | `PRODUCTION/team` | wanted |
    --- exit 0
    "##);
}

#[tokio::test]
async fn a_plan_with_nothing_to_do_is_one_line() {
    let world = World::start().await;
    assert_eq!(world.promote(&KEY).await.code, Some(0));
    assert_snapshot!(world.sandbox.run(&PLAN).await, @r##"
    <!-- promo plan -->
    ### promo plan

    Nothing to promote, 2 published already.
    --- exit 0
    "##);
}
