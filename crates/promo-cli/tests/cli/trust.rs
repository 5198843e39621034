//! The trust document: it decides what `promo verify` accepts and what a promotion takes from staging, and says why.

use insta::assert_snapshot;

use crate::support::{KEY, World, filters};

/// The folder `trust` with a document in it that names the keys beside it.
fn trust(world: &World, rest: &str) {
    let signers = "schema = \"promo.trust/v1\"\n[signer.release]\nkey = \"../cosign.pub\"\n\
                   [signer.auditor]\nkey = \"../auditor.pub\"\n";
    world
        .sandbox
        .write("trust/trust.toml", &format!("{signers}{rest}"));
}

#[tokio::test]
async fn verify_explains_what_was_found_and_wanted_and_why_it_counts() {
    let world = World::start().await;
    assert_eq!(world.promote(&KEY).await.code, Some(0));
    world.sandbox.keys("auditor").await;
    let image = world.image("app");
    let verify = ["verify", image.as_str(), "--trust", "trust/trust.toml"];
    let _filters = filters().bind_to_scope();

    trust(&world, "");
    assert_snapshot!(world.sandbox.run(&verify).await, @r"
    accepted PRODUCTION/team/app:v1 (DIGEST)
      as PRODUCTION/team/app
      ok signature (bundle) by release (KEY)
      ok signature (sig) by release (KEY)
      ok attestation https://k8s.io/promo-tools/promotion/v1 by release (KEY) at TIME
    --- exit 0
    ");

    trust(&world, "[signatures]\nat-least = 2\n");
    let explain = [&verify[..], &["--explain"]].concat();
    let explained = world.sandbox.run(&explain).await;
    assert_eq!(explained.code, Some(5), "{explained}");
    // Referrers come by their digests, which differ from run to run.
    let explained = explained.to_string();
    for part in [
        "  missing a signature by 2 different signers: found release\n",
        "  wanted\n    a signature by 2 of those who are trusted\n  found\n    ",
        "\n      holds signature\n      holds statement\n      holds digest\n      names ",
        "\n      says it was made at ",
        "\n      counts as release\n",
    ] {
        assert!(explained.contains(part), "{part:?} is not in {explained}");
    }

    let json = [&explain[..], &["--output", "json"]].concat();
    let document = world.sandbox.run(&json).await;
    let document = document.json();
    let image = &document["images"][0];
    assert_eq!(image["accepted"], false);
    assert_eq!(image["explanation"]["wanted"][0]["atLeast"], 2);
    let outcome = &image["explanation"]["found"][0]["outcome"];
    assert_eq!(outcome["is"], "counted");
    assert_eq!(outcome["signers"][0], "release");

    trust(
        &world,
        "valid-until = 2020-01-01T00:00:00Z\n[signatures]\nsigners = [\"auditor\"]\n",
    );
    assert_snapshot!(world.sandbox.run(&verify).await, @r"
    refused PRODUCTION/team/app:v1 (DIGEST)
      as PRODUCTION/team/app
      ok attestation https://k8s.io/promo-tools/promotion/v1 by release (KEY) at TIME
      unknown signature (bundle) by KEY
      unknown signature (sig) by KEY
      missing a signature by an accepted signer
    --- exit 5
    ");
}

#[tokio::test]
async fn a_document_decides_what_a_promotion_takes_from_staging() {
    let world = World::start().await;
    world.sandbox.keys("auditor").await;
    trust(&world, "");
    let trusting = [&KEY[..], &["--trust", "trust/trust.toml"]].concat();
    let refused = world.promote(&trusting).await;
    assert_eq!(refused.code, Some(5), "{refused}");
    assert!(refused.to_string().contains("PROMO-C020"), "{refused}");
    assert!(world.production.log().writes().is_empty());

    let both = [&trusting[..], &["--staging-key", "cosign.pub"]].concat();
    let contradicted = world.promote(&both).await;
    assert_eq!(contradicted.code, Some(2), "{contradicted}");
    assert!(
        contradicted.to_string().contains("--staging-key"),
        "{contradicted}"
    );

    trust(&world, "[signatures]\nsigners = [\"nobody\"]\n");
    let wrong = world.promote(&trusting).await;
    assert!(
        wrong
            .to_string()
            .contains("trust.toml:6:1: no signer has the name `nobody`"),
        "{wrong}"
    );
}

/// That nobody asks for signatures leaves the attestations that are needed.
#[tokio::test]
async fn an_attestation_is_needed_where_signatures_are_not() {
    let world = World::start().await;
    world.sandbox.keys("auditor").await;
    let needed = "[attestations.\"https://slsa.dev/provenance/v1\"]\n";
    trust(
        &world,
        &format!("[signatures]\notherwise = \"off\"\n{needed}"),
    );
    let trusting = [&KEY[..], &["--trust", "trust/trust.toml"]].concat();
    let refused = world.promote(&trusting).await;
    assert_eq!(refused.code, Some(5), "{refused}");
    assert!(refused.to_string().contains("PROMO-C033"), "{refused}");
    assert!(world.production.log().writes().is_empty());
}
