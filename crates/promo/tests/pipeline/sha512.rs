//! Images that are named by their SHA-512 digest: there by that digest, with evidence about it, or blocked by code.

use promo_core::report::{Report, RunOutcome};
use promo_testkit::digest::{Algorithm, sha256};
use promo_testkit::image::{BuiltImage, ImageBuilder, IndexBuilder, Layer};
use promo_testkit::registry::{Fault, Matcher, Operation, RegistryOptions};

use crate::world::{World, blocked_codes, want};

fn image(seed: u64) -> BuiltImage {
    ImageBuilder::new()
        .algorithm(Algorithm::Sha512)
        .layer(Layer::opaque(seed, 2000))
        .build()
}

/// A mirror that lets tags point to the digest that is named, or to the SHA-256 one.
async fn world(tag_digests: bool) -> World {
    let options = RegistryOptions::default();
    let options = options.switch(|switches| switches.tag_digests = tag_digests);
    World::with_mirrors(vec![options]).await
}

async fn promote(world: &World, image: &BuiltImage, tags: &[&str]) -> Report {
    world.run(&world.set(&[want("app", image, tags)])).await
}

#[tokio::test]
async fn it_is_there_by_its_digest_with_its_evidence_and_the_next_run_has_nothing_to_do() {
    for tag_digests in [true, false] {
        let world = world(tag_digests).await;
        let one = image(1);
        world.stage("app", &one);

        let report = promote(&world, &one, &["v1", "v2"]).await;

        assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
        assert_eq!(report.totals.published, 2);
        let state = world.mirrors[0].state();
        assert!(one.is_in(&state, "prod/app"));
        let shown = if tag_digests {
            one.digest().to_owned()
        } else {
            sha256(&one.manifest())
        };
        assert_eq!(state.tag_digest("prod/app", "v1"), Some(shown));
        world.assert_proven_once(0, "app", one.digest()).await;

        world.mirrors[0].log().clear();
        let again = promote(&world, &one, &["v1", "v2"]).await;
        assert_eq!(again.totals.present, 2, "{again:#?}");
        assert!(world.mirrors[0].log().writes().is_empty());
    }
}

#[tokio::test]
async fn a_tag_of_other_content_stays() {
    for tag_digests in [true, false] {
        let world = world(tag_digests).await;
        let (one, old) = (image(1), image(2));
        world.stage("app", &one);
        let state = world.mirrors[0].state();
        old.push_to(&state, "prod/app", "v1");

        let report = promote(&world, &one, &["v1"]).await;

        assert_eq!(report.totals.published, 0, "{report:#?}");
        assert_eq!(report.blocked.len(), 1, "{report:#?}");
        let standing = state.tag_digest("prod/app", "v1");
        assert_eq!(standing.as_deref(), Some(old.digest()));
    }
}

/// Between the plan and its PUT somebody put the same bytes under the tag, and the registry shows SHA-256.
#[tokio::test]
async fn the_same_bytes_under_a_tag_are_the_image() {
    let world = world(false).await;
    let one = image(1);
    world.stage("app", &one);
    let gate = world.mirrors[0]
        .faults()
        .pause(Matcher::on(Operation::Referrers).times(1));
    let set = world.set(&[want("app", &one, &["v1"])]);
    let run = world.run(&set);
    let meddle = async {
        gate.reached().await;
        let state = world.mirrors[0].state();
        let digest = state.put_manifest("prod/app", one.media_type(), one.manifest());
        state.tag("prod/app", "v1", &digest);
        gate.release();
    };

    let (report, ()) = tokio::join!(run, meddle);

    assert_eq!(report.totals.already_there, 1, "{report:#?}");
}

#[tokio::test]
async fn a_registry_that_does_not_keep_the_digest_gets_no_tag() {
    let put = Matcher::on(Operation::ManifestPut);
    for (fault, code) in [
        (Fault::status(400), "PROMO-R009"),
        (Fault::status(201), "PROMO-R073"),
    ] {
        let world = world(true).await;
        let one = image(1);
        world.stage("app", &one);
        let by_digest = put.clone().reference(one.digest());
        world.mirrors[0].faults().inject(by_digest, fault);

        let report = promote(&world, &one, &["v1"]).await;

        assert_eq!(blocked_codes(&report), [code], "{report:#?}");
        let tags = world.mirrors[0].state().tags("prod/app");
        assert!(
            tags.keys().all(|tag| tag.starts_with("sha512-")),
            "{tags:?}"
        );
    }
}

/// The children of an index are found by their digests as well.
#[tokio::test]
async fn a_child_that_is_not_kept_leaves_the_image() {
    let world = world(true).await;
    let child = image(1);
    let index = IndexBuilder::new().image(child.clone()).build();
    world.stage("app", &index);
    let put = Matcher::on(Operation::ManifestPut).reference(child.digest());
    world.mirrors[0].faults().inject(put, Fault::status(201));

    let report = promote(&world, &index, &["v1"]).await;

    assert_eq!(blocked_codes(&report), ["PROMO-R073"], "{report:#?}");
}

#[tokio::test]
async fn an_edge_without_a_tag_is_there_by_its_digest() {
    let world = world(false).await;
    let one = image(1);
    world.stage("app", &one);

    let report = promote(&world, &one, &[]).await;

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    assert!(one.is_in(&world.mirrors[0].state(), "prod/app"));
    world.assert_proven_once(0, "app", one.digest()).await;
}
