//! Children of an index: with `recursive` they have evidence of their own, each once, before the index is there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use promo_core::ports::{Evidence, EvidenceKind};
use promo_core::report::{Report, RunOutcome};
use promo_testkit::image::{BuiltImage, IndexBuilder};
use promo_testkit::registry::{Fault, Matcher, Operation, RegistryOptions};
use serde_json::Value;

use crate::world::{PUBLIC, Wanted, World, blocked_codes, image, want};

/// An index of some images, in staging.
pub(crate) fn staged(world: &World, children: &[&BuiltImage]) -> BuiltImage {
    let children = children.iter().copied();
    let index = children.fold(IndexBuilder::new(), |index, child| {
        index.image(child.clone())
    });
    let index = index.build();
    world.stage("app", &index);
    index
}

async fn run(world: &World, recursive: bool, wanted: &[Wanted]) -> Report {
    let mut settings = world.settings();
    settings.recursive = recursive;
    let set = world.set(wanted);
    world.try_run(settings, &set).await.unwrap()
}

#[tokio::test]
async fn children_are_signed_and_attested_only_when_asked() {
    for recursive in [false, true] {
        let world = World::start().await;
        let (child, nested) = (image(2), image(3));
        let below = IndexBuilder::new().image(nested.clone()).build();
        let index = staged(&world, &[&child, &below]);

        let report = run(&world, recursive, &[want("app", &index, &["v1"])]).await;

        assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
        for mirror in 0..2 {
            for child in [&child, &below, &nested] {
                if recursive {
                    world
                        .assert_proven_once(mirror, "app", child.digest())
                        .await;
                } else {
                    let found = world.accepted_evidence(mirror, "app", child.digest()).await;
                    assert!(found.is_empty(), "{found:?}");
                }
            }
        }
        world.assert_promise().await;
    }
}

/// The predicate of the promotion attestation at a mirror.
async fn predicate(world: &World, digest: &str) -> Value {
    let found = world.accepted_evidence(0, "app", digest).await;
    let is_attestation = |kind: &EvidenceKind| matches!(kind, EvidenceKind::Attestation { .. });
    let attestation = found.into_iter().find(|it| is_attestation(&it.kind));
    let blobs = match attestation.unwrap().evidence {
        Evidence::Referrer { blobs, .. } => blobs,
        Evidence::TagLayer { .. } => Vec::new(),
    };
    let bundle: Value = serde_json::from_slice(&blobs[1].bytes).unwrap();
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let statement: Value = serde_json::from_slice(&STANDARD.decode(payload).unwrap()).unwrap();
    let hex = digest.strip_prefix("sha256:").unwrap();
    assert_eq!(statement["subject"][0]["digest"]["sha256"], hex);
    assert_eq!(statement["subject"].as_array().unwrap().len(), 1);
    statement["predicate"].clone()
}

#[tokio::test]
async fn the_attestation_of_a_child_says_what_it_is_part_of() {
    let world = World::start().await;
    let child = image(2);
    let index = staged(&world, &[&child]);

    run(&world, true, &[want("app", &index, &["v1"])]).await;

    let (of_index, of_child) = (
        predicate(&world, index.digest()).await,
        predicate(&world, child.digest()).await,
    );
    assert_eq!(of_index["tags"], serde_json::json!(["v1"]));
    assert_eq!(of_index["partOf"], Value::Null);
    let name = format!("{PUBLIC}/app");
    let hex = index.digest().strip_prefix("sha256:").unwrap();
    let part_of = serde_json::json!({"name": name, "digest": {"sha256": hex}});
    assert_eq!(of_child["partOf"], part_of);
    assert_eq!(of_child["tags"], Value::Null);
    assert_eq!(of_child["digest"], child.digest());
    let reference = format!("{name}@{}", child.digest());
    assert_eq!(of_child["dstRef"], reference);
    let source = format!("{}/team/app@{}", world.staging.host(), child.digest());
    assert_eq!(of_child["srcRef"], source);
}

/// Two indexes with a child in common, which is an image of its own as well: whoever comes first makes its evidence.
#[tokio::test]
async fn a_child_of_several_images_has_its_evidence_once() {
    let world = World::start().await;
    let (shared, other) = (image(2), image(3));
    let one = staged(&world, &[&shared]);
    let two = staged(&world, &[&shared, &other]);
    let wanted = [
        want("app", &one, &["v1"]),
        want("app", &two, &["v2"]),
        want("app", &shared, &["v3"]),
    ];

    let report = run(&world, true, &wanted).await;

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    for mirror in 0..2 {
        for child in [&shared, &other] {
            world
                .assert_proven_once(mirror, "app", child.digest())
                .await;
        }
    }
    world.assert_promise().await;
}

/// The sixth manifest that is put after the child's own is its attestation: without it there is no tag.
#[tokio::test]
async fn an_index_whose_child_can_not_be_attested_is_not_published() {
    let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
    let child = image(2);
    let index = staged(&world, &[&child]);
    // Before it: the child, two forms of signatures of both, and the attestation of the index.
    world.mirrors[0].faults().inject(
        Matcher::on(Operation::ManifestPut).after(1 + 4 + 1),
        Fault::status(413),
    );

    let report = run(&world, true, &[want("app", &index, &["v1"])]).await;

    assert_eq!(blocked_codes(&report).len(), 1, "{report:#?}");
    let state = world.mirrors[0].state();
    assert_eq!(state.tag_digest("prod/app", "v1"), None);
    assert_eq!(
        world
            .accepted_evidence(0, "app", index.digest())
            .await
            .len(),
        3
    );
    assert_eq!(
        world
            .accepted_evidence(0, "app", child.digest())
            .await
            .len(),
        2
    );
}

/// Each child costs what the evidence of an image costs, and nothing else.
#[tokio::test]
async fn a_child_costs_twenty_two_requests_at_each_mirror() {
    let mut requests = Vec::new();
    for recursive in [false, true] {
        let world = World::start().await;
        let (one, two) = (image(2), image(3));
        let index = staged(&world, &[&one, &two]);
        run(&world, recursive, &[want("app", &index, &["v1"])]).await;
        let of_mirrors: Vec<_> = world.mirrors.iter().map(|it| it.log().len()).collect();
        assert_eq!(of_mirrors[0], of_mirrors[1]);
        requests.push((of_mirrors[0], world.staging.log().len()));
    }
    assert_eq!(requests[1].0 - requests[0].0, 2 * 22);
    assert_eq!(requests[1].1, requests[0].1, "staging isn't asked for more");
}
