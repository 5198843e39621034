//! Signatures in staging: judged by the policy, and carried. What of them comes along is tried in `carried`.

use std::sync::Arc;

use promo_core::identity::Identity;
use promo_core::manifest::ManifestSet;
use promo_core::oci::{Descriptor, Digest, MediaType, Repository};
use promo_core::pipeline::{Interrupt, StagingPolicy, StagingTrust};
use promo_core::ports::{Evidence, EvidenceForms, EvidenceSet, SignatureFormat, Signer, Subject};
use promo_core::report::{Report, RunOutcome};
use promo_sign::{ImageSigner, KeyVerifier, PublicKey, SigningKey};
use promo_testkit::image::BuiltImage;

use crate::world::{self, StillTime, World, blocked_codes, image, want};

/// Signs an image in staging, as its builders would.
pub(crate) async fn sign_in_staging(
    world: &World,
    name: &str,
    image: &BuiltImage,
    key: &Arc<SigningKey>,
) {
    let subject = subject(world, name, image);
    let evidence = signed(&subject, key).await;
    attach(world, &subject, &evidence).await;
}

/// An image in staging, under the name that it has there.
pub(crate) fn subject(world: &World, name: &str, image: &BuiltImage) -> Subject {
    let repository: Repository = format!("{}/team/{name}", world.staging.host())
        .parse()
        .unwrap();
    Subject {
        identity: Identity::new(repository),
        descriptor: Descriptor::new(
            MediaType::new(image.media_type()),
            image.digest().parse().unwrap(),
            image.manifest().len() as u64,
        ),
    }
}

/// A bundle and a layer for `.sig`.
pub(crate) async fn signed(subject: &Subject, key: &Arc<SigningKey>) -> Vec<Evidence> {
    let signer = ImageSigner::new(Arc::clone(key), Arc::new(StillTime));
    let formats = [SignatureFormat::Bundle, SignatureFormat::Sig];
    signer.sign(subject, &formats).await.unwrap()
}

/// Attaches evidence to an image in staging.
pub(crate) async fn attach(world: &World, subject: &Subject, evidence: &[Evidence]) {
    let repository = subject.identity.repository();
    world
        .ports()
        .evidence
        .attach(repository, &subject.descriptor, evidence)
        .await
        .unwrap();
}

pub(crate) async fn run(
    world: &World,
    policy: StagingPolicy,
    keys: Vec<PublicKey>,
    set: &ManifestSet,
) -> Report {
    run_trusting(world, policy, StagingTrust::default(), keys, set).await
}

pub(crate) async fn run_trusting(
    world: &World,
    policy: StagingPolicy,
    trust: StagingTrust,
    keys: Vec<PublicKey>,
    set: &ManifestSet,
) -> Report {
    let mut settings = world.settings();
    settings.staging = policy;
    settings.trust = trust;
    let mut ports = world.ports();
    ports.staging = Some(KeyVerifier::new(keys).trusting_all());
    world::run(settings, ports, Interrupt::new(), set)
        .await
        .unwrap()
}

pub(crate) async fn held(
    world: &World,
    host: String,
    repository: &str,
    digest: &str,
) -> EvidenceSet {
    let repository: Repository = format!("{host}/{repository}").parse().unwrap();
    let digest: Digest = digest.parse().unwrap();
    let ports = world.ports();
    ports
        .evidence
        .read(&repository, &digest, EvidenceForms::ALL)
        .await
        .unwrap()
}

#[tokio::test]
async fn an_unsigned_image_is_refused_only_where_a_signature_is_required() {
    for (policy, published) in [(StagingPolicy::IfPresent, 2), (StagingPolicy::Require, 0)] {
        let world = World::start().await;
        let builders = SigningKey::generate().unwrap();
        let one = image(1);
        world.stage("app", &one);
        let set = world.set(&[want("app", &one, &["v1"])]);

        let report = run(&world, policy, vec![builders.public_key().clone()], &set).await;

        assert_eq!(report.totals.published, published);
        if published == 0 {
            assert_eq!(blocked_codes(&report), ["PROMO-C020", "PROMO-C020"]);
            assert_eq!(report.outcome(), RunOutcome::Refused);
            assert!(world.mirrors[0].log().writes().is_empty());
        }
    }
}

#[tokio::test]
async fn strangers_are_reported_and_refused_only_where_a_signature_is_required() {
    for (policy, published) in [(StagingPolicy::IfPresent, 2), (StagingPolicy::Require, 0)] {
        let world = World::start().await;
        let builders = SigningKey::generate().unwrap();
        let stranger = Arc::new(SigningKey::generate().unwrap());
        let one = image(1);
        world.stage("app", &one);
        sign_in_staging(&world, "app", &one, &stranger).await;
        let set = world.set(&[want("app", &one, &["v1"])]);

        let report = run(&world, policy, vec![builders.public_key().clone()], &set).await;

        assert_eq!(report.totals.published, published, "{report:#?}");
        if published == 0 {
            assert_eq!(blocked_codes(&report), ["PROMO-C021", "PROMO-C021"]);
        } else {
            let production = held(&world, world.mirrors[0].host(), "prod/app", one.digest()).await;
            assert_eq!(production.evidence.len(), 3, "ours only");
        }
    }
}

#[tokio::test]
async fn a_signature_that_claims_an_accepted_key_and_fails_is_refused_always() {
    let world = World::start().await;
    let builders = Arc::new(SigningKey::generate().unwrap());
    let (signed, other) = (image(1), image(2));
    world.stage("app", &signed);
    world.stage("app", &other);
    sign_in_staging(&world, "app", &signed, &builders).await;
    // The signatures of one image are put under the other.
    let staged = held(&world, world.staging.host(), "team/app", signed.digest()).await;
    let layers: Vec<Evidence> = staged
        .evidence
        .into_iter()
        .filter(|evidence| matches!(evidence, Evidence::TagLayer { .. }))
        .collect();
    attach(&world, &subject(&world, "app", &other), &layers).await;
    let set = world.set(&[want("app", &other, &["v1"])]);

    let keys = vec![builders.public_key().clone()];
    let report = run(&world, StagingPolicy::IfPresent, keys, &set).await;

    assert_eq!(blocked_codes(&report), ["PROMO-C022", "PROMO-C022"]);
    assert_eq!(report.outcome(), RunOutcome::Refused);
}

#[tokio::test]
async fn staging_that_can_not_be_read_is_refused() {
    let world = World::start().await;
    let builders = SigningKey::generate().unwrap();
    let one = image(1);
    world.stage("app", &one);
    world.staging.faults().inject(
        promo_testkit::registry::Matcher::on(promo_testkit::registry::Operation::Referrers),
        promo_testkit::registry::Fault::status(403),
    );
    let set = world.set(&[want("app", &one, &["v1"])]);

    let keys = vec![builders.public_key().clone()];
    let report = run(&world, StagingPolicy::IfPresent, keys, &set).await;

    assert_eq!(report.totals.published, 0, "{report:#?}");
    assert_eq!(report.outcome(), RunOutcome::Access);
}
