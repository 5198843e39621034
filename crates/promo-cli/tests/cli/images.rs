//! Single images: verify, sign, attest.

use insta::assert_snapshot;

use crate::support::{KEY, World, filters};

#[tokio::test]
async fn what_is_signed_by_hand_is_verified_and_not_signed_again() {
    let world = World::start().await;
    assert_eq!(world.promote(&["--no-sign"]).await.code, Some(0));
    let image = world.image("app");
    let verify = ["verify", image.as_str(), "--key", "cosign.pub"];
    let _filters = filters().bind_to_scope();
    assert_snapshot!(world.sandbox.run(&verify).await, @r"
    refused PRODUCTION/team/app:v1 (DIGEST)
      as PRODUCTION/team/app
      missing a signature by an accepted signer
    --- exit 5
    ");

    let source = format!("{}/team/app", world.staging.host());
    let sign = ["sign", image.as_str(), "--key", "cosign.key"];
    let attest = [&["attest", "--source", &source], &sign[1..]].concat();
    let look = [&sign[..], &["--dry-run"]].concat();
    let look_at_attestations = [&attest[..], &["--dry-run"]].concat();
    let both = [&look[..], &["--confirm"]].concat();
    assert_eq!(world.sandbox.run(&both).await.code, Some(2));
    world.production.log().clear();
    assert_snapshot!(world.sandbox.run(&look).await, @r"
    PRODUCTION/team/app:v1 as PRODUCTION/team/app
      missing signature (bundle)
      missing signature (sig)
    hint: a dry run: nothing was written; without `--dry-run` what is missing is made
    --- exit 0
    ");
    assert_snapshot!(world.sandbox.run(&look_at_attestations).await, @r"
    PRODUCTION/team/app:v1 as PRODUCTION/team/app
      missing attestation https://k8s.io/promo-tools/promotion/v1
    hint: a dry run: nothing was written; without `--dry-run` what is missing is made
    --- exit 0
    ");
    let in_json = [&look[..], &["--output", "json"]].concat();
    let said = world.sandbox.run(&in_json).await.json();
    assert_eq!(said["images"][0]["missing"].as_array().unwrap().len(), 2);
    assert_eq!(said["images"][0]["made"].as_array().unwrap().len(), 0);
    assert!(world.production.log().writes().is_empty());
    assert_snapshot!(world.sandbox.run(&sign).await, @r"
    PRODUCTION/team/app:v1 as PRODUCTION/team/app
      made signature (bundle)
      made signature (sig)
    --- exit 0
    ");
    assert_snapshot!(world.sandbox.run(&attest).await, @r"
    PRODUCTION/team/app:v1 as PRODUCTION/team/app
      made attestation https://k8s.io/promo-tools/promotion/v1
    --- exit 0
    ");
    assert_snapshot!(world.sandbox.run(&verify).await, @r"
    accepted PRODUCTION/team/app:v1 (DIGEST)
      as PRODUCTION/team/app
      ok signature (bundle) by KEY
      ok signature (sig) by KEY
      ok attestation https://k8s.io/promo-tools/promotion/v1 by KEY at TIME
    --- exit 0
    ");

    world.production.log().clear();
    assert_snapshot!(world.sandbox.run(&sign).await, @r"
    PRODUCTION/team/app:v1 as PRODUCTION/team/app
      stands already: signature (bundle)
      stands already: signature (sig)
    --- exit 0
    ");
    assert_snapshot!(world.sandbox.run(&attest).await, @r"
    PRODUCTION/team/app:v1 as PRODUCTION/team/app
      stands already: attestation https://k8s.io/promo-tools/promotion/v1
    --- exit 0
    ");
    assert!(world.production.log().writes().is_empty());
}

#[tokio::test]
async fn another_key_another_name_or_a_missing_type_refuses() {
    let world = World::start().await;
    assert_eq!(world.promote(&KEY).await.code, Some(0));
    world.sandbox.keys("other").await;
    let image = world.image("app");
    let image = image.as_str();
    let promotion = "https://k8s.io/promo-tools/promotion/v1";
    for (arguments, code) in [
        (&["--key", "cosign.pub"][..], 0),
        (&["--key", "other.pub", "--key", "cosign.pub"], 0),
        (&["--key", "cosign.pub", "--attestation-type", promotion], 0),
        (&["--key", "other.pub"], 5),
        (
            &[
                "--key",
                "cosign.pub",
                "--identity",
                "registry.example.com/other",
            ],
            5,
        ),
        (
            &[
                "--key",
                "cosign.pub",
                "--attestation-type",
                "https://slsa.dev/provenance/v1",
            ],
            5,
        ),
    ] {
        let mut all = vec!["verify", image];
        all.extend(arguments);
        let run = world.sandbox.run(&all).await;
        assert_eq!(run.code, Some(code), "{arguments:?}\n{run}");
    }
    let document = world
        .sandbox
        .run(&["verify", image, "--key", "cosign.pub", "--output", "json"])
        .await;
    let document = document.json();
    assert_eq!(document["schema"], "promo.verification/v1");
    assert_eq!(document["accepted"], true);
    let missing = format!("{}/team/nothing:v1", world.production.host());
    let run = world
        .sandbox
        .run(&["verify", &missing, "--key", "cosign.pub"])
        .await;
    assert_eq!(run.code, Some(1), "{run}");
}

#[tokio::test]
async fn an_attestation_of_another_name_is_not_what_was_asked_for() {
    let world = World::start().await;
    assert_eq!(world.promote(&["--no-sign"]).await.code, Some(0));
    let image = world.image("app");
    let image = image.as_str();
    let source = format!("{}/team/app", world.staging.host());
    let key = ["--key", "cosign.key", "--confirm"];
    let other = "registry.example.com/other";
    let sign = [&["sign", image][..], &key].concat();
    assert_eq!(world.sandbox.run(&sign).await.code, Some(0));
    let named = ["--source", source.as_str(), "--identity", other];
    let attest = [&["attest", image][..], &key, &named].concat();
    assert_eq!(world.sandbox.run(&attest).await.code, Some(0));
    let verify = ["verify", image, "--key", "cosign.pub", "--output", "json"];
    let promotion = "https://k8s.io/promo-tools/promotion/v1";

    // The signature holds, and nothing was asked of attestations.
    let plain = world.sandbox.run(&verify).await;
    assert_eq!(plain.code, Some(0), "{plain}");
    let document = plain.json();
    assert_eq!(document["images"][0]["refused"][0]["code"], "PROMO-S013");
    let demanded = [&verify[..], &["--attestation-type", promotion]].concat();
    let demanded = world.sandbox.run(&demanded).await;
    assert_eq!(demanded.code, Some(5), "{demanded}");
}

#[tokio::test]
async fn what_was_not_judged_is_said() {
    let world = World::start().await;
    assert_eq!(world.promote(&KEY).await.code, Some(0));
    let image = world.image("app");
    let of_app = world.image_of("app");
    let sbom = promo_testkit::image::ArtifactBuilder::new("application/spdx+json")
        .subject(of_app.descriptor())
        .build();
    sbom.push_untagged(&world.production.state(), "team/app");
    let verify = ["verify", image.as_str(), "--key", "cosign.pub"];
    let _filters = filters().bind_to_scope();
    assert_snapshot!(world.sandbox.run(&verify).await, @r"
    accepted PRODUCTION/team/app:v1 (DIGEST)
      as PRODUCTION/team/app
      ok signature (bundle) by KEY
      ok signature (sig) by KEY
      ok attestation https://k8s.io/promo-tools/promotion/v1 by KEY at TIME
      passed over DIGEST: it is neither a signature nor an attestation in a form that is known
    --- exit 0
    ");
    let json = [&verify[..], &["--output", "json"]].concat();
    let document = world.sandbox.run(&json).await.json();
    let passed_over = &document["images"][0]["passedOver"];
    assert_eq!(passed_over[0]["digest"], sbom.digest());
}
