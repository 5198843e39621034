//! What decides about an image whose evidence in staging is many things at once: one accepted signature passes, and
//! junk beside it is told.

use std::sync::Arc;

use promo_core::oci::{Descriptor, MediaType, RegistryPath};
use promo_core::pipeline::{EdgeResult, StagingNames, StagingPolicy, StagingTrust};
use promo_core::ports::{Evidence, Signer as _, Subject};
use promo_core::report::{Report, RunOutcome};
use promo_sign::{ImageSigner, PublicKey, SigningKey};
use promo_testkit::image::BuiltImage;
use serde_json::{Value, json};

use crate::staging::{attach, run, run_trusting, sign_in_staging, signed, subject};
use crate::world::{PUBLIC, StillTime, World, blocked_codes, image, want};

/// A bundle by nobody whose hint names a key.
fn forged(world: &World, subject: &Subject, key: &PublicKey) {
    let bundle = json!({
        "mediaType": MediaType::SIGSTORE_BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": key.hint()}},
        "dsseEnvelope": {
            "payload": "e30=",
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": "AAAA"}],
        },
    });
    put(world, subject, &bundle.to_string(), &json!({}));
}

/// A referrer around these bytes.
fn put(world: &World, subject: &Subject, bundle: &str, annotations: &Value) {
    let state = world.staging.state();
    let name = subject.identity.repository().name().to_owned();
    state.put_blob(&name, "{}");
    state.put_blob(&name, bundle.to_owned());
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_MANIFEST,
        "artifactType": MediaType::SIGSTORE_BUNDLE,
        "config": Descriptor::of(MediaType::OCI_EMPTY, b"{}"),
        "layers": [Descriptor::of(MediaType::SIGSTORE_BUNDLE, bundle.as_bytes())],
        "subject": subject.descriptor,
        "annotations": annotations,
    });
    state.put_manifest(&name, MediaType::OCI_MANIFEST, manifest.to_string());
}

fn note_codes(report: &Report) -> Vec<&'static str> {
    let notes = report.staging.iter().flat_map(|image| &image.notes);
    notes.map(|note| note.code.as_str()).collect()
}

async fn promote(world: &World, one: &BuiltImage, key: &SigningKey) -> Report {
    let set = world.set(&[want("app", one, &["v1"])]);
    let keys = vec![key.public_key().clone()];
    run(world, StagingPolicy::IfPresent, keys, &set).await
}

#[tokio::test]
async fn a_forged_bundle_blocks_only_where_no_signature_is_good() {
    for good in [true, false] {
        let world = World::start().await;
        let builders = Arc::new(SigningKey::generate().unwrap());
        let one = image(1);
        world.stage("app", &one);
        if good {
            sign_in_staging(&world, "app", &one, &builders).await;
        }
        forged(&world, &subject(&world, "app", &one), builders.public_key());

        let report = promote(&world, &one, &builders).await;

        if good {
            assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
            assert_eq!(note_codes(&report), ["PROMO-S011"]);
            world.assert_promise().await;
        } else {
            assert_eq!(report.outcome(), RunOutcome::Refused);
            assert_eq!(blocked_codes(&report), ["PROMO-C022", "PROMO-C022"]);
        }
    }
}

#[tokio::test]
async fn junk_without_end_blocks_only_where_no_signature_was_found() {
    for good in [true, false] {
        let world = World::start().await;
        let builders = Arc::new(SigningKey::generate().unwrap());
        let one = image(1);
        world.stage("app", &one);
        let subject = subject(&world, "app", &one);
        if good {
            let layer = signed(&subject, &builders).await.remove(1);
            attach(&world, &subject, &[layer]).await;
        }
        for number in 0..1001 {
            put(
                &world,
                &subject,
                "junk",
                &json!({"number": number.to_string()}),
            );
        }

        let report = promote(&world, &one, &builders).await;

        if good {
            assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
            assert!(note_codes(&report).contains(&"PROMO-C025"), "{report:#?}");
            assert_eq!(report.staging[0].carried, 1);
        } else {
            assert_eq!(report.outcome(), RunOutcome::Refused);
            assert_eq!(blocked_codes(&report), ["PROMO-C025", "PROMO-C025"]);
        }
    }
}

/// Signs under another name than that of the repository.
async fn sign_as(world: &World, one: &BuiltImage, key: &Arc<SigningKey>, name: &str) {
    let subject = subject(world, "app", one);
    let named = Subject {
        identity: promo_core::identity::Identity::new(name.parse().unwrap()),
        descriptor: subject.descriptor.clone(),
    };
    let signer = ImageSigner::new(Arc::clone(key), Arc::new(StillTime));
    let evidence: Vec<Evidence> = signer.sign(&named, signer.formats()).await.unwrap();
    attach(world, &subject, &evidence).await;
}

#[tokio::test]
async fn signatures_in_staging_name_the_image_as_it_is_called() {
    let within = |path: &str| StagingNames::Within(vec![path.parse::<RegistryPath>().unwrap()]);
    let public = format!("{PUBLIC}/app");
    let cases = [
        (public.as_str(), StagingNames::default(), true),
        ("dev.example/team/app", StagingNames::default(), false),
        ("dev.example/team/app", within("dev.example/team"), true),
        ("dev.example/team/app", within("dev.example/team/app"), true),
        ("dev.example/team/app", within("dev.example/tea"), false),
        ("dev.example/team/app", StagingNames::Any, true),
    ];
    for (name, names, passes) in cases {
        let world = World::start().await;
        let builders = Arc::new(SigningKey::generate().unwrap());
        let one = image(1);
        world.stage("app", &one);
        sign_as(&world, &one, &builders, name).await;
        let set = world.set(&[want("app", &one, &["v1"])]);
        let keys = vec![builders.public_key().clone()];
        let trust = StagingTrust {
            names: names.clone(),
            ..StagingTrust::default()
        };

        let report = run_trusting(&world, StagingPolicy::IfPresent, trust, keys, &set).await;

        if passes {
            assert_eq!(
                report.outcome(),
                RunOutcome::Done,
                "{name} {names:?}: {report:#?}"
            );
            assert_eq!(report.staging[0].carried, 2);
            continue;
        }
        assert_eq!(
            blocked_codes(&report),
            ["PROMO-C022", "PROMO-C022"],
            "{name} {names:?}"
        );
        let EdgeResult::Blocked(blocked) = &report.edges[0].result else {
            panic!("{report:#?}");
        };
        assert!(
            blocked.message.contains(name) && blocked.message.contains("PROMO-C026"),
            "{blocked:?}"
        );
        assert!(blocked.hints[0].contains("staging-names"), "{blocked:?}");
    }
}
