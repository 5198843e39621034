//! Each exit code, by what a user would do to get it.

use promo_testkit::image::{ImageBuilder, Layer};
use promo_testkit::registry::Auth;

use crate::support::{KEY, REGISTRY_PASSWORD, World, promote};

#[tokio::test]
async fn zero_when_all_is_done() {
    let world = World::start().await;
    assert_eq!(world.promote(&KEY).await.code, Some(0));
}

#[tokio::test]
async fn one_when_nothing_could_be_done() {
    let world = World::start().await;
    let gone = format!("sha256:{}", "1".repeat(64));
    world.write_tree(&format!("- name: app\n  dmap:\n    \"{gone}\": [\"v1\"]\n"));
    let run = world.promote(&KEY).await;
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stdout.contains("lost"), "{run}");
}

#[tokio::test]
async fn two_for_usage_and_configuration() {
    let world = World::start().await;
    for arguments in [
        &["promote", "--no-such-flag"][..],
        &["promote"],
        &["promote", "--thin-manifest-dir", "tree", "--confirm"],
        &["promote", "--thin-manifest-dir", "tree", "--image", "a{"],
        &[
            "promote",
            "--thin-manifest-dir",
            "tree",
            "--confirm",
            "--key",
            "cosign.pub",
        ],
        &[
            "promote",
            "--thin-manifest-dir",
            "tree",
            "--confirm",
            "--no-sign",
            "--staging-signatures",
            "require",
        ],
        &["verify", "no-host", "--key", "cosign.pub"],
        &["verify", "https://a.example/b:c", "--key", "cosign.pub"],
        &["verify", "a.example/b:c\nd", "--key", "cosign.pub"],
        &["snapshot", "https://a.example"],
        &[
            "sign",
            "a.example/b:c",
            "--key",
            "cosign.key",
            "--confirm",
            "--dry-run",
        ],
        &[
            "promote",
            "--thin-manifest-dir",
            "tree",
            "--confirm",
            "--dry-run",
        ],
        &[
            "plan",
            "--thin-manifest-dir",
            "tree",
            "--config",
            "not-there.toml",
        ],
        &[
            "plan",
            "--thin-manifest-dir",
            "tree",
            "--inventory",
            "cosign.pub",
        ],
        &[
            "plan",
            "--thin-manifest-dir",
            "tree",
            "--insecure-host",
            "http://a",
        ],
        &["plan", "--manifest", "tree/images/team/images.yaml"],
    ] {
        let run = world.sandbox.run(arguments).await;
        assert_eq!(run.code, Some(2), "{arguments:?}\n{run}");
        assert_eq!(run.stdout, "");
    }
    assert!(world.production.log().is_empty());
}

#[tokio::test]
async fn three_when_something_was_left() {
    let world = World::start().await;
    let gone = format!("sha256:{}", "1".repeat(64));
    let images = world.images_yaml();
    world.write_tree(&format!(
        "{images}- name: gone\n  dmap:\n    \"{gone}\": [\"v1\"]\n"
    ));
    let run = world.promote(&KEY).await;
    assert_eq!(run.code, Some(3), "{run}");
    assert!(world.published("app").is_some());
    let nothing_more = world.promote(&["--key", "cosign.key", "--fail-fast"]).await;
    assert_eq!(
        nothing_more.code,
        Some(3),
        "lost is no reason to stop all\n{nothing_more}"
    );
}

#[tokio::test]
async fn four_without_credentials_and_none_with_them() {
    let world = World::with_production(Auth::basic("robot", REGISTRY_PASSWORD)).await;
    let image = world.image("app");
    let run = world
        .sandbox
        .run(&["verify", &image, "--key", "cosign.pub"])
        .await;
    assert_eq!(run.code, Some(4), "{run}");
    let run = world.promote(&KEY).await;
    assert_eq!(run.code, Some(4), "{run}");
    let plan = ["plan", "--thin-manifest-dir", "tree"];
    let run = world.sandbox.run(&plan).await;
    assert_eq!(run.code, Some(4), "{run}");

    world.log_in();
    let run = world.promote(&["--key", "cosign.key", "-v"]).await;
    assert_eq!(run.code, Some(0), "{run}");
    let named = world
        .promote(&["--key", "cosign.key", "--authfile", "not-there.json"])
        .await;
    assert_eq!(named.code, Some(2), "{named}");
}

#[tokio::test]
async fn five_when_a_proof_refuses() {
    let world = World::start().await;
    world.sandbox.keys("staging").await;
    let arguments = [
        "--key",
        "cosign.key",
        "--staging-key",
        "staging.pub",
        "--staging-signatures",
        "require",
    ];
    let run = world.promote(&arguments).await;
    assert_eq!(run.code, Some(5), "{run}");
    assert!(run.stdout.contains("PROMO-C020"), "{run}");
    assert_eq!(world.published("app"), None);
}

#[tokio::test]
async fn five_when_content_is_not_what_its_digest_says() {
    let world = World::start().await;
    let altered = ImageBuilder::new()
        .layer(Layer::file("a", "as it was"))
        .build();
    altered.push_to(&world.staging.state(), "team/altered", "v1");
    let layer = &altered.blobs().last().unwrap().digest;
    assert!(world.staging.state().corrupt_blob("team/altered", layer));
    let entry = format!(
        "- name: altered\n  dmap:\n    \"{}\": [\"v1\"]\n",
        altered.digest()
    );
    world.write_tree(&format!("{}{entry}", world.images_yaml()));
    let run = world.promote(&KEY).await;
    assert_eq!(run.code, Some(5), "{run}");
    assert_eq!(world.published("altered"), None);
    assert!(world.published("app").is_some());
}

#[tokio::test]
async fn six_only_when_asked_for() {
    let world = World::start().await;
    let plan = ["plan", "--thin-manifest-dir", "tree", "--exit-code"];
    assert_eq!(world.sandbox.run(&plan).await.code, Some(6));
    assert_eq!(world.sandbox.run(&plan[..3]).await.code, Some(0));
    assert_eq!(world.promote(&KEY).await.code, Some(0));
    assert_eq!(world.sandbox.run(&plan).await.code, Some(0));
}

/// A value that can't be stops the commands that need it, and no others.
#[tokio::test]
async fn a_wrong_setting_stops_only_who_needs_it() {
    let world = World::start().await;
    assert_eq!(world.promote(&KEY).await.code, Some(0));
    let image = world.image("app");
    let sign = ["sign", &image, "--key", "cosign.key"];
    let plan = ["plan", "--thin-manifest-dir", "tree"];
    let offline = [&plan[..], &["--offline"]].concat();
    let ends = async |arguments: &[&str]| {
        let mut command = world.sandbox.command(arguments);
        command.env("PROMO_STAGING_SIGNATURES", "maybe");
        world.sandbox.output(command.output().await.unwrap()).code
    };
    assert_eq!(ends(&promote(&KEY)).await, Some(2));
    assert_eq!(ends(&plan).await, Some(0));
    assert_eq!(ends(&sign).await, Some(0));

    let wrong = "thin-manifest-dir = 'tree'\n[registry.'a.example']\nrate = -1\n";
    world.sandbox.write("promo.toml", wrong);
    assert_eq!(world.sandbox.run(&plan).await.code, Some(2));
    assert_eq!(world.sandbox.run(&offline).await.code, Some(0));
    let check = world.sandbox.run(&["manifest", "check"]).await;
    assert_eq!(check.code, Some(0), "{check}");
}
