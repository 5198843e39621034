//! `carry`: which artifacts beside an image are copied, by flag, variable and promo.toml.

use promo_testkit::image::{ArtifactBuilder, BuiltImage};
use promo_testkit::registry::{Fault, Matcher, Operation};

use crate::support::{KEY, World};

const SBOM: &str = "application/spdx+json";

#[tokio::test]
async fn sboms_are_told_and_copied_where_that_is_asked_for() {
    let settings = format!("carry = [\"{SBOM}\"]\n");
    for (toml, arguments, word) in [
        ("", &[][..], "left behind STAGING/team/app@"),
        ("", &["--carry", SBOM][..], "carried STAGING/team/app@"),
        (&settings, &[][..], "carried STAGING/team/app@"),
    ] {
        let world = World::start().await;
        world.sandbox.write("promo.toml", toml);
        let sbom = ArtifactBuilder::new(SBOM)
            .layer("text/spdx", "what is in it")
            .subject(world.image_of("app").descriptor())
            .build();
        sbom.push_untagged(&world.staging.state(), "team/app");

        let run = world.promote(&[&KEY, arguments].concat()).await;

        assert_eq!(run.code, Some(0), "{run}");
        assert!(run.stdout.contains(word), "{run}");
        assert!(run.stdout.contains(SBOM), "{run}");
        let state = world.production.state();
        assert_eq!(
            sbom.is_in(&state, "team/app"),
            word.starts_with("carried"),
            "{run}"
        );
    }
}

#[tokio::test]
async fn signatures_and_what_is_no_type_are_not_carried() {
    let world = World::start().await;
    for (wrong, part) in [
        (
            "application/vnd.dev.sigstore.bundle.v0.3+json",
            "is judged by the keys of staging",
        ),
        ("sbom", "the type of an artifact"),
    ] {
        let run = world.promote(&["--no-sign", "--carry", wrong]).await;
        assert_eq!(run.code, Some(2), "{run}");
        assert!(run.stderr.contains(part), "{run}");
        assert_eq!(world.published("app"), None);
    }
}

const PLAN: [&str; 5] = ["plan", "--thin-manifest-dir", "tree", "--output", "json"];

fn sbom(world: &World, about: &BuiltImage, repository: &str) -> BuiltImage {
    let sbom = ArtifactBuilder::new(SBOM)
        .layer("text/spdx", about.digest().to_owned())
        .subject(about.descriptor())
        .build();
    sbom.push_untagged(&world.staging.state(), repository);
    sbom
}

/// A world with an SBOM beside `app`, one beside a child of `server`, and an `.sbom` tag beside `app`.
async fn with_sboms() -> (World, [BuiltImage; 2]) {
    let world = World::start().await;
    let app = world.image_of("app");
    let child = world.image_of("server").children()[0].clone();
    let sboms = [
        sbom(&world, app, "team/app"),
        sbom(&world, &child, "team/server"),
    ];
    let tag = format!("{}.sbom", app.digest().replace(':', "-"));
    let state = world.staging.state();
    state.tag("team/app", &tag, sboms[0].digest());
    (world, sboms)
}

#[tokio::test]
async fn a_plan_tells_what_the_run_tells_and_of_children_more() {
    for (toml, becomes) in [
        (String::new(), "left-behind"),
        (format!("carry = [\"{SBOM}\"]\n"), "carried"),
    ] {
        let (world, [of_app, of_child]) = with_sboms().await;
        world.sandbox.write("promo.toml", &toml);
        let plain = world.sandbox.run(&PLAN).await;
        assert_eq!(plain.code, Some(0), "{plain}");
        assert!(plain.json().get("beside").is_none(), "{plain}");
        let asked = world.staging.log().len();
        world.staging.log().clear();
        let plan = world
            .sandbox
            .run(&[&PLAN[..], &["--beside"]].concat())
            .await;
        assert_eq!(plan.code, Some(0), "{plan}");
        let log = world.staging.log();
        // For each image who refers to it, three tags and its manifest; and who refers to the two children.
        let carried = usize::from(becomes == "carried");
        assert_eq!(log.len() - asked, 2 * 5 + 2 + carried, "{plan}");
        assert_eq!(log.count(Operation::Referrers), 4);
        assert_eq!(log.count(Operation::ManifestGet), 2 + carried);
        assert!(world.production.log().writes().is_empty());

        let beside = plan.json()["beside"].as_array().unwrap().clone();
        let (of_children, of_images): (Vec<_>, Vec<_>) = beside
            .into_iter()
            .partition(|it| it["digest"] == of_child.digest());
        let dry = ["promote", "--thin-manifest-dir", "tree", "--output", "json"];
        let dry = world.sandbox.run(&dry).await;
        assert_eq!(serde_json::Value::from(of_images), dry.json()["beside"]);
        let [of_child] = of_children.as_slice() else {
            panic!("{plan}");
        };
        assert_eq!(of_child["becomes"], "left-behind");
        assert_eq!(of_child["type"], SBOM);
        let child = world.image_of("server").children()[0].digest().to_owned();
        assert_eq!(of_child["image"], child);
        let first = dry.json()["beside"][0].clone();
        assert_eq!(first["digest"], of_app.digest());
        assert_eq!(first["becomes"], becomes);
    }
}

#[tokio::test]
async fn people_read_it_in_the_table_and_in_the_comment() {
    let (world, _) = with_sboms().await;
    let plan = ["plan", "--thin-manifest-dir", "tree", "--beside"];
    let table = world.sandbox.run(&plan).await;
    assert_eq!(
        table.stdout.matches("left behind STAGING/team/").count(),
        3,
        "{table}"
    );
    let markdown = world
        .sandbox
        .run(&[&plan[..], &["--output", "markdown"]].concat())
        .await;
    assert!(
        markdown
            .stdout
            .contains("\n#### Beside the images\n\n- **left behind** `STAGING/team/"),
        "{markdown}"
    );
    let yaml = world
        .sandbox
        .run(&[&plan[..], &["--output", "yaml"]].concat())
        .await;
    assert!(yaml.stdout.contains("becomes: left-behind"), "{yaml}");
    let offline = world
        .sandbox
        .run(&[&plan[..], &["--offline"]].concat())
        .await;
    assert_eq!(offline.code, Some(2), "{offline}");
    // What is published is not looked at.
    assert_eq!(world.promote(&["--no-sign"]).await.code, Some(0));
    world.staging.log().clear();
    let done = world
        .sandbox
        .run(&[&PLAN[..], &["--beside"]].concat())
        .await;
    assert_eq!(done.json()["beside"], serde_json::json!([]), "{done}");
    assert_eq!(world.staging.log().count(Operation::Referrers), 0);
}

#[tokio::test]
async fn a_saved_plan_is_applied_whatever_it_says_is_beside() {
    let (world, _) = with_sboms().await;
    let save = [&PLAN[..], &["--beside", "--save", "plan.json"]].concat();
    let saved = world.sandbox.run(&save).await;
    assert_eq!(saved.code, Some(0), "{saved}");
    let mut plan: serde_json::Value =
        serde_json::from_str(&world.sandbox.read("plan.json")).unwrap();
    let apply = ["apply", "plan.json", "--thin-manifest-dir", "tree"];
    // What it says is carried stays, since the settings don't name it.
    plan["beside"][0]["becomes"] = "carried".into();
    world.sandbox.write("plan.json", &plan.to_string());
    assert_eq!(world.sandbox.run(&apply).await.code, Some(0));
    plan.as_object_mut().unwrap().remove("beside");
    world.sandbox.write("plan.json", &plan.to_string());
    let applied = [&apply[..], &["--confirm", "--no-sign", "--output", "json"]].concat();
    let applied = world.sandbox.run(&applied).await;
    assert_eq!(applied.code, Some(0), "{applied}");
    assert_eq!(
        applied.json()["report"]["beside"].as_array().unwrap().len(),
        2
    );
    assert!(world.published("app").is_some());
}

#[tokio::test]
async fn what_cannot_be_told_is_said() {
    let (world, _) = with_sboms().await;
    let referrers = Matcher::on(Operation::Referrers);
    world.staging.faults().inject(referrers, Fault::status(403));
    let plan = world
        .sandbox
        .run(&[&PLAN[..], &["--beside"]].concat())
        .await;
    assert_eq!(plan.code, Some(0), "{plan}");
    assert!(plan.stderr.contains("can't be told"), "{plan}");
}
