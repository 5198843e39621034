//! What comes along from staging: what was verified, and nothing around it, byte for byte.

use std::collections::BTreeSet;
use std::sync::Arc;

use promo_core::oci::{Descriptor, DigestAlgorithm, MediaType, RawManifest};
use promo_core::pipeline::{StagingPolicy, StagingTrust};
use promo_core::ports::{
    Attester as _, Evidence, EvidenceBlob, EvidenceKind, PromotionRecord, Subject, TagSuffix,
};
use promo_core::report::RunOutcome;
use promo_sign::{PromotionAttester, SigningKey};
use promo_testkit::image::BuiltImage;
use serde_json::{Value, json};

use crate::staging::{attach, held, run, run_trusting, sign_in_staging, signed, subject};
use crate::world::{StillTime, World, image, want};

pub(crate) const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// What production holds beside promo's own evidence, and the same at every mirror.
pub(crate) async fn carried(world: &World, image: &BuiltImage) -> Vec<Evidence> {
    let mut found: Option<Vec<Evidence>> = None;
    for (number, mirror) in world.mirrors.iter().enumerate() {
        let own: Vec<Evidence> = world
            .accepted_evidence(number, "app", image.digest())
            .await
            .into_iter()
            .map(|own| own.evidence)
            .collect();
        let mut held = held(world, mirror.host(), "prod/app", image.digest()).await;
        assert_eq!(held.passed_over, []);
        held.evidence.retain(|piece| !own.contains(piece));
        let first = found.get_or_insert_with(|| held.evidence.clone());
        assert_eq!(*first, held.evidence);
    }
    found.unwrap()
}

/// A bundle under the manifest that promo writes for what comes from elsewhere: nothing in it but the subject, the bundle
/// and what it attests.
pub(crate) fn canonical(
    bundle: &EvidenceBlob,
    subject: &Subject,
    predicate_type: &str,
) -> Evidence {
    let layer = Descriptor::of(MediaType::SIGSTORE_BUNDLE, &bundle.bytes);
    let text = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json","config":{{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}},"layers":[{}],"subject":{},"annotations":{{"dev.sigstore.bundle.content":"dsse-envelope","dev.sigstore.bundle.predicateType":"{predicate_type}"}}}}"#,
        serde_json::to_string(&layer).unwrap(),
        serde_json::to_string(&subject.descriptor).unwrap(),
    );
    let config = EvidenceBlob {
        descriptor: Descriptor::of(MediaType::OCI_EMPTY, b"{}"),
        bytes: "{}".into(),
    };
    let bundle = EvidenceBlob {
        descriptor: layer,
        bytes: bundle.bytes.clone(),
    };
    Evidence::Referrer {
        manifest: raw(text),
        blobs: vec![config, bundle],
    }
}

fn raw(text: String) -> RawManifest {
    RawManifest::new(
        MediaType::new(MediaType::OCI_MANIFEST),
        DigestAlgorithm::Sha256,
        text.into(),
    )
}

/// The bundle and the layer of what was signed.
pub(crate) fn parts(evidence: &[Evidence]) -> (&EvidenceBlob, &EvidenceBlob) {
    let bundle = evidence.iter().find_map(|piece| match piece {
        Evidence::Referrer { blobs, .. } => blobs.get(1),
        Evidence::TagLayer { .. } => None,
    });
    let layer = evidence.iter().find_map(|piece| match piece {
        Evidence::TagLayer { layer, .. } => Some(layer),
        Evidence::Referrer { .. } => None,
    });
    (bundle.unwrap(), layer.unwrap())
}

#[tokio::test]
async fn a_bundle_and_a_layer_arrive_as_they_were_signed() {
    let world = World::start().await;
    let builders = Arc::new(SigningKey::generate().unwrap());
    let one = image(1);
    world.stage("app", &one);
    let subject = subject(&world, "app", &one);
    let evidence = signed(&subject, &builders).await;
    attach(&world, &subject, &evidence).await;

    let set = world.set(&[want("app", &one, &["v1"])]);
    let keys = vec![builders.public_key().clone()];
    let report = run(&world, StagingPolicy::Require, keys, &set).await;

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    let (bundle, _) = parts(&evidence);
    let signature = "https://sigstore.dev/cosign/sign/v1";
    let expected = [canonical(bundle, &subject, signature), evidence[1].clone()];
    assert_eq!(carried(&world, &one).await, expected);
    assert_eq!(report.staging[0].carried, 2);
    assert_eq!(report.staging[0].notes, []);
    world.assert_promise().await;
}

/// A referrer of the subject around a bundle, with whatever else somebody likes.
pub(crate) fn wrapped(bundle: &EvidenceBlob, subject: &Subject, number: usize) -> Evidence {
    let config = format!(r#"{{"unsigned":{number}}}"#);
    let config = EvidenceBlob {
        descriptor: Descriptor::of("application/vnd.example.config+json", config.as_bytes()),
        bytes: config.into(),
    };
    let text = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_MANIFEST,
        "artifactType": MediaType::SIGSTORE_BUNDLE,
        "config": config.descriptor,
        "layers": [bundle.descriptor],
        "subject": subject.descriptor,
        "annotations": {"who": "me", "number": number.to_string()},
    });
    Evidence::Referrer {
        manifest: raw(text.to_string()),
        blobs: vec![config, bundle.clone()],
    }
}

/// The same bundle with more in it that nobody signed.
pub(crate) fn with_log_entry(bundle: &EvidenceBlob) -> EvidenceBlob {
    let mut text: Value = serde_json::from_slice(&bundle.bytes).unwrap();
    text["verificationMaterial"]["tlogEntries"] = json!([{"logIndex": "7"}]);
    text["note"] = "unsigned".into();
    let bytes = text.to_string();
    EvidenceBlob {
        descriptor: Descriptor::of(MediaType::SIGSTORE_BUNDLE, bytes.as_bytes()),
        bytes: bytes.into(),
    }
}

#[tokio::test]
async fn what_is_wrapped_around_a_bundle_stays_behind_and_copies_are_one() {
    let world = World::start().await;
    let builders = Arc::new(SigningKey::generate().unwrap());
    let one = image(1);
    world.stage("app", &one);
    let subject = subject(&world, "app", &one);
    let evidence = signed(&subject, &builders).await;
    let (bundle, _) = parts(&evidence);
    let changed = with_log_entry(bundle);
    let wraps: Vec<Evidence> = (0..40)
        .map(|number| {
            wrapped(
                if number % 2 == 0 { bundle } else { &changed },
                &subject,
                number,
            )
        })
        .collect();
    attach(&world, &subject, &wraps).await;

    let set = world.set(&[want("app", &one, &["v1"])]);
    let keys = vec![builders.public_key().clone()];
    let report = run(&world, StagingPolicy::Require, keys, &set).await;

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    let expected = canonical(bundle, &subject, "https://sigstore.dev/cosign/sign/v1");
    assert_eq!(carried(&world, &one).await, [expected]);
}

#[tokio::test]
async fn of_a_layer_only_the_signature_comes_along() {
    let world = World::start().await;
    let builders = Arc::new(SigningKey::generate().unwrap());
    let one = image(1);
    world.stage("app", &one);
    let subject = subject(&world, "app", &one);
    let evidence = signed(&subject, &builders).await;
    let (_, layer) = parts(&evidence);
    let mut bogus = layer.clone();
    for name in ["certificate", "chain", "bundle", "rfc3161timestamp"] {
        let name = format!("dev.sigstore.cosign/{name}");
        bogus.descriptor.annotations.insert(name, "bogus".into());
    }
    bogus.descriptor.artifact_type = Some("application/vnd.example".to_owned());
    let bogus = Evidence::TagLayer {
        suffix: TagSuffix::Sig,
        layer: bogus,
    };
    attach(&world, &subject, &[bogus]).await;

    let set = world.set(&[want("app", &one, &["v1"])]);
    let keys = vec![builders.public_key().clone()];
    let report = run(&world, StagingPolicy::Require, keys, &set).await;

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    assert_eq!(carried(&world, &one).await, [evidence[1].clone()]);
    let codes: Vec<_> = report.staging[0]
        .notes
        .iter()
        .map(|it| it.code.as_str())
        .collect();
    assert_eq!(codes, ["PROMO-C029"], "cosign 3 sees only our bundle");
}

/// An attestation in staging by the builders' key.
pub(crate) async fn attest(world: &World, one: &BuiltImage, key: &Arc<SigningKey>, kind: &str) {
    let subject = subject(world, "app", one);
    let reference = format!("{}@{}", subject.identity, subject.descriptor.digest);
    let attester = PromotionAttester::new(Arc::clone(key), Arc::new(StillTime))
        .with_predicate_type(kind.to_owned())
        .unwrap();
    let record = PromotionRecord {
        identity: subject.identity.clone(),
        descriptor: subject.descriptor.clone(),
        source: reference.parse().unwrap(),
        destination: reference.parse().unwrap(),
        tags: Vec::new(),
        part_of: None,
        time: jiff::Timestamp::UNIX_EPOCH,
        builder_id: "https://builder.example@1".to_owned(),
        manifest: None,
    };
    let made = attester.attest(&record, &attester.kinds()).await.unwrap();
    attach(world, &subject, &made).await;
}

#[tokio::test]
async fn attestations_come_along_by_named_types_and_never_in_promos_own_words() {
    let own = [
        "https://k8s.io/promo-tools/promotion/v1",
        "https://builder.example/promotion/v1",
        "https://slsa.dev/verification_summary/v1",
    ];
    let other = "https://spdx.dev/Document/v2.3";
    let named: BTreeSet<String> = own
        .iter()
        .chain([&PROVENANCE])
        .map(|it| (*it).to_owned())
        .collect();
    for (attestations, expected) in [(BTreeSet::new(), vec![]), (named, vec![PROVENANCE])] {
        let world = World::start().await;
        let builders = Arc::new(SigningKey::generate().unwrap());
        let one = image(1);
        world.stage("app", &one);
        sign_in_staging(&world, "app", &one, &builders).await;
        for kind in own.iter().chain([&PROVENANCE, &other]) {
            attest(&world, &one, &builders, kind).await;
        }
        let set = world.set(&[want("app", &one, &["v1"])]);
        let keys = vec![builders.public_key().clone()];
        let trust = StagingTrust {
            attestations,
            ..StagingTrust::default()
        };

        let report = run_trusting(&world, StagingPolicy::Require, trust, keys, &set).await;

        assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
        let judge = promo_sign::KeyVerifier::new([builders.public_key().clone()]).trusting_all();
        let held = held(&world, world.mirrors[0].host(), "prod/app", one.digest()).await;
        let digest = one.digest().parse().unwrap();
        let about = promo_core::trust::AboutImage {
            digest: &digest,
            identity: None,
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        let found = judge.verify(about, &held).await.unwrap();
        let kinds: Vec<String> = found
            .accepted
            .into_iter()
            .filter_map(|accepted| match accepted.kind {
                EvidenceKind::Attestation { predicate_type } => Some(predicate_type),
                EvidenceKind::Signature { .. } => None,
            })
            .collect();
        assert_eq!(kinds, expected);
        let notes = &report.staging[0].notes;
        let with = |code: &str| {
            notes
                .iter()
                .filter(|note| note.code.as_str() == code)
                .count()
        };
        assert_eq!(with("PROMO-C028"), 3, "{notes:#?}");
        assert_eq!(with("PROMO-C027"), 2 - expected.len(), "{notes:#?}");
    }
}
