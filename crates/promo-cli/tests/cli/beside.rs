//! `carry`: which artifacts beside an image are copied, by flag, variable and promo.toml.

use promo_testkit::image::ArtifactBuilder;

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
