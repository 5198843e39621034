//! cosign's signatures in OCI 1.1 referrers: what it would put under `.sig`, in a manifest that refers to the image. In
//! staging they are judged as layers under `.sig` are, and carried as such.

use std::sync::Arc;

use promo_core::identity::Identity;
use promo_core::oci::{Descriptor, Digest, DigestAlgorithm, MediaType, RawManifest, Repository};
use promo_core::pipeline::{Interrupt, StagingPolicy};
use promo_core::ports::{
    Evidence, EvidenceBlob, EvidenceForms, EvidenceKind, SignatureFormat, Signer as _, Subject,
};
use promo_core::report::{Report, RunOutcome};
use promo_core::trust::AboutImage;
use promo_sign::{ImageSigner, KeyVerifier, SigningKey};
use promo_testkit::image::BuiltImage;

use crate::world::{self, StillTime, World, blocked_codes, image, want};

const CONFIG: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";

fn descriptor(image: &BuiltImage) -> Descriptor {
    Descriptor::new(
        MediaType::new(image.media_type()),
        image.digest().parse().unwrap(),
        image.manifest().len() as u64,
    )
}

/// Hangs a signature of `signed` up as a referrer of `image`, in staging.
async fn refer(world: &World, image: &BuiltImage, signed: &BuiltImage, key: &Arc<SigningKey>) {
    let repository: Repository = format!("{}/team/app", world.staging.host())
        .parse()
        .unwrap();
    let signer = ImageSigner::new(Arc::clone(key), Arc::new(StillTime));
    let subject = Subject {
        identity: Identity::new(repository.clone()),
        descriptor: descriptor(signed),
    };
    let made = signer.sign(&subject, &[SignatureFormat::Sig]).await;
    let layer = match made.unwrap().pop() {
        Some(Evidence::TagLayer { layer, .. }) => Some(layer),
        _ => None,
    };
    let layer = layer.unwrap();
    let config = EvidenceBlob {
        descriptor: Descriptor::of(CONFIG, b"{\"made\":\"by cosign\"}"),
        bytes: "{\"made\":\"by cosign\"}".into(),
    };
    let subject = descriptor(image);
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_MANIFEST,
        "config": config.descriptor,
        "layers": [layer.descriptor],
        "subject": subject,
    });
    let manifest = RawManifest::new(
        MediaType::new(MediaType::OCI_MANIFEST),
        DigestAlgorithm::Sha256,
        manifest.to_string().into(),
    );
    let referrer = Evidence::Referrer {
        manifest,
        blobs: vec![config, layer],
    };
    let store = world.ports().evidence.clone();
    let attached = store.attach(&repository, &subject, &[referrer]).await;
    assert_eq!(attached.unwrap().written, 1);
}

async fn run(world: &World, policy: StagingPolicy, key: &SigningKey, image: &BuiltImage) -> Report {
    let mut settings = world.settings();
    settings.staging = policy;
    let mut ports = world.ports();
    ports.staging = Some(KeyVerifier::new([key.public_key().clone()]).trusting_all());
    let set = world.set(&[want("app", image, &["v1"])]);
    let report = world::run(settings, ports, Interrupt::new(), &set).await;
    report.unwrap()
}

#[tokio::test]
async fn a_good_one_is_accepted_and_carried() {
    let world = World::start().await;
    let builders = Arc::new(SigningKey::generate().unwrap());
    let one = image(1);
    world.stage("app", &one);
    refer(&world, &one, &one, &builders).await;
    let staged = world.staging.state().referrers("team/app", one.digest());
    assert_eq!(staged.len(), 1);

    let report = run(&world, StagingPolicy::Require, &builders, &one).await;

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    for mirror in &world.mirrors {
        // Written anew, where every client finds it; the manifest that wrapped it stays behind.
        let held = mirror.state().referrers("prod/app", one.digest());
        assert!(!held.contains(&staged[0]), "{held:?}");
        let repository: Repository = format!("{}/prod/app", mirror.host()).parse().unwrap();
        let digest: Digest = one.digest().parse().unwrap();
        let held = world
            .ports()
            .evidence
            .read(&repository, &digest, EvidenceForms::ALL)
            .await;
        let judge = KeyVerifier::new([builders.public_key().clone()]).trusting_all();
        let about = AboutImage {
            digest: &digest,
            identity: None,
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        let found = judge.verify(about, &held.unwrap()).await.unwrap();
        let format = SignatureFormat::Sig;
        let kinds: Vec<_> = found.accepted.iter().map(|it| &it.kind).collect();
        assert_eq!(kinds, [&EvidenceKind::Signature { format }]);
    }
    world.assert_promise().await;
}

#[tokio::test]
async fn one_that_speaks_of_another_image_refuses_and_a_strangers_does_not() {
    for (by_accepted_key, code) in [(true, "PROMO-C022"), (false, "PROMO-C021")] {
        for policy in [StagingPolicy::IfPresent, StagingPolicy::Require] {
            let world = World::start().await;
            let builders = Arc::new(SigningKey::generate().unwrap());
            let stranger = Arc::new(SigningKey::generate().unwrap());
            let (one, other) = (image(1), image(2));
            world.stage("app", &one);
            let key = if by_accepted_key {
                &builders
            } else {
                &stranger
            };
            refer(&world, &one, &other, key).await;

            let report = run(&world, policy, &builders, &one).await;

            if by_accepted_key || policy == StagingPolicy::Require {
                assert_eq!(blocked_codes(&report), [code; 2], "{report:#?}");
            } else {
                assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
            }
        }
    }
}
