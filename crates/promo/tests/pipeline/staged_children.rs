//! Signatures and attestations that cosign made of an index's children in staging: judged and carried as those of the
//! index are, byte for byte, and nothing of them decides about the index.

use std::collections::BTreeSet;
use std::sync::Arc;

use promo_core::pipeline::{Interrupt, Mode, StagingPolicy, StagingTrust};
use promo_core::ports::{Evidence, TagSuffix};
use promo_core::report::{Report, RunOutcome};
use promo_sign::{KeyVerifier, SigningKey};
use promo_testkit::image::{BuiltImage, IndexBuilder};
use promo_testkit::registry::{Fault, Matcher, Operation};
use serde_json::json;

use crate::carried::{PROVENANCE, attest, canonical, carried, parts, with_log_entry, wrapped};
use crate::children::staged;
use crate::staging::{attach, sign_in_staging, signed, subject};
use crate::world::{self, World, blocked_codes, image, want};

const SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";

/// How a run treats staging.
#[derive(Clone, Copy)]
struct How {
    policy: StagingPolicy,
    recursive: bool,
    mode: Mode,
}

const USUAL: How = How {
    policy: StagingPolicy::IfPresent,
    recursive: false,
    mode: Mode::Confirmed,
};

async fn run(world: &World, how: How, key: &SigningKey, images: &[&BuiltImage]) -> Report {
    let mut settings = world.settings();
    settings.staging = how.policy;
    settings.recursive = how.recursive;
    settings.mode = how.mode;
    settings.trust = StagingTrust {
        attestations: BTreeSet::from([PROVENANCE.to_owned()]),
        ..StagingTrust::default()
    };
    let mut ports = world.ports();
    ports.staging = Some(KeyVerifier::new([key.public_key().clone()]).trusting_all());
    let tags: Vec<String> = (1..=images.len()).map(|it| format!("v{it}")).collect();
    let wanted: Vec<_> = images
        .iter()
        .zip(&tags)
        .map(|(image, tag)| want("app", image, &[tag]))
        .collect();
    let set = world.set(&wanted);
    let report = world::run(settings, ports, Interrupt::new(), &set).await;
    report.unwrap()
}

/// What a report tells about a digest in staging: whose child it is, how much is carried, and the codes of its notes.
fn told(report: &Report, image: &BuiltImage) -> Option<(Option<String>, u64, Vec<&'static str>)> {
    let mut told = report.staging.iter();
    let found = told.find(|it| it.digest.to_string() == image.digest())?;
    let codes = found.notes.iter().map(|note| note.code.as_str()).collect();
    Some((found.part_of.map(|it| it.to_string()), found.carried, codes))
}

/// The attestation is about the child, and comes along for its type is named; of the layer only what is signed does, and
/// of forty wrappings one bundle.
#[tokio::test]
async fn evidence_of_children_arrives_byte_for_byte_and_nothing_around_it() {
    for recursive in [false, true] {
        let world = World::start().await;
        let builders = Arc::new(SigningKey::generate().unwrap());
        let (child, nested) = (image(2), image(3));
        let below = IndexBuilder::new().image(nested.clone()).build();
        let index = staged(&world, &[&child, &below]);
        let mut expected = Vec::new();
        for part in [&index, &child, &below, &nested] {
            let subject = subject(&world, "app", part);
            let evidence = signed(&subject, &builders).await;
            let (bundle, layer) = parts(&evidence);
            let mut staged: Vec<Evidence> = (0..8)
                .map(|number| wrapped(bundle, &subject, number))
                .collect();
            staged.push(wrapped(&with_log_entry(bundle), &subject, 8));
            let mut bogus = layer.clone();
            let annotation = "dev.sigstore.cosign/certificate".to_owned();
            bogus
                .descriptor
                .annotations
                .insert(annotation, "bogus".into());
            staged.push(Evidence::TagLayer {
                suffix: TagSuffix::Sig,
                layer: bogus,
            });
            attach(&world, &subject, &staged).await;
            expected.push([canonical(bundle, &subject, SIGNATURE), evidence[1].clone()]);
        }
        let how = How {
            policy: StagingPolicy::Require,
            recursive,
            ..USUAL
        };

        let report = run(&world, how, &builders, &[&index]).await;

        assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
        for (part, expected) in [&index, &child, &below, &nested].into_iter().zip(expected) {
            assert_eq!(carried(&world, part).await, expected);
            let part_of = (part.digest() != index.digest()).then(|| index.digest().to_owned());
            assert_eq!(told(&report, part), Some((part_of, 2, vec![])));
        }
        world.assert_promise().await;
    }
}

#[tokio::test]
async fn attestations_of_children_come_along_by_named_types() {
    let world = World::start().await;
    let builders = Arc::new(SigningKey::generate().unwrap());
    let child = image(2);
    let index = staged(&world, &[&child]);
    for kind in [
        PROVENANCE,
        "https://spdx.dev/Document",
        "https://k8s.io/promo-tools/promotion/v1",
    ] {
        attest(&world, &child, &builders, kind).await;
    }

    let report = run(&world, USUAL, &builders, &[&index]).await;

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    let held = carried(&world, &child).await;
    let [Evidence::Referrer { manifest, .. }] = held.as_slice() else {
        panic!("{held:?}");
    };
    let text = std::str::from_utf8(manifest.bytes()).unwrap().to_owned();
    assert!(text.contains(PROVENANCE), "{text}");
    let (_, carried, codes) = told(&report, &child).unwrap();
    assert_eq!((carried, codes.len()), (1, 2));
    assert!(codes.contains(&"PROMO-C027") && codes.contains(&"PROMO-C028"));
}

/// Junk beside a child (by strangers, about another digest, unreadable) is told in a dry run already, and stops nothing.
#[tokio::test]
async fn junk_beside_a_child_does_not_stop_its_index() {
    for mode in [Mode::DryRun, Mode::Confirmed] {
        for policy in [StagingPolicy::IfPresent, StagingPolicy::Require] {
            let world = World::start().await;
            let builders = Arc::new(SigningKey::generate().unwrap());
            let stranger = Arc::new(SigningKey::generate().unwrap());
            let (by_stranger, foreign, odd, good) = (image(2), image(3), image(4), image(5));
            let index = staged(&world, &[&by_stranger, &foreign, &odd, &good]);
            sign_in_staging(&world, "app", &index, &builders).await;
            sign_in_staging(&world, "app", &good, &builders).await;
            sign_in_staging(&world, "app", &by_stranger, &stranger).await;
            // A signature by the accepted key of another digest.
            let layer = signed(&subject(&world, "app", &good), &builders)
                .await
                .remove(1);
            attach(&world, &subject(&world, "app", &foreign), &[layer]).await;
            let list = Matcher::on(Operation::Referrers).reference(odd.digest());
            world.staging.faults().inject(list, Fault::status(400));
            let how = How {
                policy,
                mode,
                ..USUAL
            };

            let report = run(&world, how, &builders, &[&index]).await;

            assert_eq!(blocked_codes(&report), [""; 0], "{report:#?}");
            let of = |image| told(&report, image).map(|(_, carried, codes)| (carried, codes));
            assert_eq!(of(&by_stranger), Some((0, vec!["PROMO-C021"])));
            assert_eq!(of(&foreign), Some((0, vec!["PROMO-S012"])));
            let (carried_of_odd, codes) = of(&odd).unwrap();
            assert_eq!((carried_of_odd, codes.len()), (0, 1));
            assert_eq!(of(&good), Some((2, vec![])));
            if mode == Mode::Confirmed {
                assert_eq!(carried(&world, &good).await.len(), 2);
                for other in [&by_stranger, &foreign, &odd] {
                    assert_eq!(carried(&world, other).await, []);
                }
            }
        }
    }
}

/// What passes or can be granted must not make evidence vanish in silence.
#[tokio::test]
async fn a_child_whose_evidence_is_denied_leaves_the_index() {
    let world = World::start().await;
    let builders = Arc::new(SigningKey::generate().unwrap());
    let child = image(2);
    let index = staged(&world, &[&child]);
    let list = Matcher::on(Operation::Referrers).reference(child.digest());
    world.staging.faults().inject(list, Fault::status(403));

    let report = run(&world, USUAL, &builders, &[&index]).await;

    assert_eq!(report.totals.published, 0, "{report:#?}");
    assert_eq!(report.outcome(), RunOutcome::Access);
}

/// A signed child doesn't stand for its index.
#[tokio::test]
async fn the_signature_of_the_index_itself_is_required() {
    let world = World::start().await;
    let builders = Arc::new(SigningKey::generate().unwrap());
    let child = image(2);
    let index = staged(&world, &[&child]);
    sign_in_staging(&world, "app", &child, &builders).await;
    world.staging.log().clear();
    let how = How {
        policy: StagingPolicy::Require,
        ..USUAL
    };

    let report = run(&world, how, &builders, &[&index]).await;

    assert_eq!(blocked_codes(&report), ["PROMO-C020"; 2], "{report:#?}");
    let lists = world.staging.log().of(Operation::Referrers);
    let asked = lists
        .iter()
        .any(|it| it.reference.as_deref() == Some(child.digest()));
    assert!(
        !asked,
        "for an index that is refused nobody asks about children"
    );
}

/// A carried signature of a child is lost after it was attached: it is attached again, before the index is put.
#[tokio::test]
async fn carried_evidence_of_children_is_looked_at_again() {
    let world = World::start().await;
    let builders = Arc::new(SigningKey::generate().unwrap());
    let child = image(2);
    let index = staged(&world, &[&child]);
    sign_in_staging(&world, "app", &child, &builders).await;
    // The first list of referrers of the child is asked for when something is attached, the second before publish.
    let list = Matcher::on(Operation::Referrers).reference(child.digest());
    let gate = world.mirrors[0].faults().pause(list.after(1).times(1));
    let images = [&index];
    let run = run(&world, USUAL, &builders, &images);
    let meddle = async {
        gate.reached().await;
        let state = world.mirrors[0].state();
        for referrer in state.referrers("prod/app", child.digest()) {
            assert!(state.delete_manifest("prod/app", &referrer));
        }
        gate.release();
    };

    let (report, ()) = tokio::join!(run, meddle);

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    assert_eq!(carried(&world, &child).await.len(), 2);
}

/// Where staging is looked at: one more request for an image, and three for each child, once in a run.
#[tokio::test]
async fn children_are_asked_about_once() {
    let mut requests = Vec::new();
    for policy in [StagingPolicy::Off, StagingPolicy::IfPresent] {
        for common in [false, true] {
            let world = World::start().await;
            let builders = Arc::new(SigningKey::generate().unwrap());
            let (one, two) = (image(2), image(3));
            let first = staged(&world, &[&one, &two]);
            let second = staged(&world, &[&two, &one]);
            let images: &[&BuiltImage] = if common {
                &[&first, &second]
            } else {
                &[&first]
            };
            let how = How { policy, ..USUAL };
            run(&world, how, &builders, images).await;
            requests.push(world.staging.log().len());
        }
    }
    let [off, off_common, on, on_common] = requests.try_into().unwrap();
    // Three for the evidence of each image (its list of referrers is read twice: for what is beside it as well), of which
    // two are asked for by HEAD where it isn't judged. Its manifest was read for the plan.
    assert_eq!(on - off, 1 + 2 * 3);
    // Of two images, where none is judged, one list of tags takes the place of six questions.
    assert_eq!(on_common - off_common, 2 + 2 * 3 + (6 - 1));
}

/// What is carried of a child is attached at each mirror, and looked at again.
#[tokio::test]
async fn what_is_carried_of_a_child_costs_requests_where_it_goes() {
    let mut requests = Vec::new();
    for signed in [false, true] {
        let world = World::start().await;
        let builders = Arc::new(SigningKey::generate().unwrap());
        let child = image(2);
        let index = staged(&world, &[&child]);
        if signed {
            sign_in_staging(&world, "app", &child, &builders).await;
        }
        run(&world, USUAL, &builders, &[&index]).await;
        requests.push(world.mirrors[1].log().counts());
    }
    let more = |operation| requests[1][&operation] - requests[0][&operation];
    let of_reading = [
        Operation::Referrers,
        Operation::ManifestGet,
        Operation::BlobGet,
    ];
    assert_eq!(of_reading.map(more), [2, 5, 2]);
    let of_writing = [
        Operation::UploadStart,
        Operation::BlobPut,
        Operation::ManifestPut,
    ];
    assert_eq!(of_writing.map(more), [3, 3, 2]);
}

/// Many pieces beside one child keep the others from being looked at, and the index is published.
#[tokio::test]
async fn junk_without_end_beside_children_ends_the_look() {
    let world = World::start().await;
    let builders = Arc::new(SigningKey::generate().unwrap());
    let children: Vec<BuiltImage> = (2..6).map(image).collect();
    let index = staged(&world, &children.iter().collect::<Vec<_>>());
    sign_in_staging(&world, "app", &index, &builders).await;
    let state = world.staging.state();
    for child in &children[..2] {
        for number in 0..600 {
            let manifest = json!({
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {"mediaType": "a/b", "digest": child.digest(), "size": 2},
                "layers": [],
                "subject": subject(&world, "app", child).descriptor,
                "annotations": {"number": number.to_string()},
            });
            let media_type = "application/vnd.oci.image.manifest.v1+json";
            state.put_manifest("team/app", media_type, manifest.to_string());
        }
    }

    let report = run(&world, USUAL, &builders, &[&index]).await;

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    let (_, carried, codes) = told(&report, &index).unwrap();
    assert_eq!((carried, codes), (2, vec!["PROMO-C025"]));
    let lists = world.staging.log().of(Operation::Referrers);
    let asked = |child: &&BuiltImage| {
        let mut asked = lists.iter().filter_map(|it| it.reference.as_deref());
        asked.any(|it| it == child.digest())
    };
    assert_eq!(children.iter().filter(asked).count(), 2);
}
