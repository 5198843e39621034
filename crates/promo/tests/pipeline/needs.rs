//! What a trust needs of staging: several signers, attestations, keys within their time. What single facts lead to is tried in
//! promo-core.

use std::sync::Arc;

use jiff::Timestamp;
use promo_core::pipeline::StagingPolicy;
use promo_core::report::{Report, RunOutcome};
use promo_core::trust::{Judge, KeyValidity, Need, Strictness, Trust, TrustedSigner};
use promo_sign::{KeyVerifier, SigningKey};
use promo_testkit::image::BuiltImage;

use crate::staging::sign_in_staging;
use crate::world::{self, World, blocked_codes, image, want};

const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// Trusts two keys, `one` and `two`, within these bounds.
fn trust(keys: &[Arc<SigningKey>; 2], validity: KeyValidity) -> Trust {
    let signers = ["one", "two"].into_iter().zip(keys);
    signers.fold(Trust::nobody(), |trust, (name, key)| {
        let signer = TrustedSigner::Key {
            key: key.public_key().fingerprint(),
            validity,
        };
        trust.with_signer(name.parse().unwrap(), signer)
    })
}

/// Promotes an image that these keys have signed in staging.
async fn promote(
    keys: &[Arc<SigningKey>; 2],
    signed_by: &[&Arc<SigningKey>],
    policy: StagingPolicy,
    trust: Trust,
) -> (World, BuiltImage, Report) {
    let world = World::start().await;
    let one = image(1);
    world.stage("app", &one);
    for key in signed_by {
        sign_in_staging(&world, "app", &one, key).await;
    }
    let set = world.set(&[want("app", &one, &["v1"])]);
    let mut settings = world.settings();
    settings.staging = policy;
    let mut ports = world.ports();
    let verifier = KeyVerifier::new(keys.iter().map(|key| key.public_key().clone()));
    ports.staging = Some(Judge::new(Arc::new(verifier), Arc::new(trust)));
    let interrupt = promo_core::pipeline::Interrupt::new();
    let report = world::run(settings, ports, interrupt, &set).await.unwrap();
    (world, one, report)
}

fn keys() -> [Arc<SigningKey>; 2] {
    [(); 2].map(|()| Arc::new(SigningKey::generate().unwrap()))
}

fn two_signers() -> Need {
    Need {
        at_least: 2.try_into().unwrap(),
        ..Need::default()
    }
}

#[tokio::test]
async fn two_signers_means_two() {
    let keys = keys();
    let [one, two] = &keys;
    let trust = || trust(&keys, KeyValidity::default()).with_signature(two_signers());

    let (world, _, report) = promote(&keys, &[one], StagingPolicy::Require, trust()).await;
    assert_eq!(blocked_codes(&report), ["PROMO-C032", "PROMO-C032"]);
    assert_eq!(report.outcome(), RunOutcome::Refused);
    assert!(world.mirrors[0].log().writes().is_empty());

    let (_, _, report) = promote(&keys, &[one, two], StagingPolicy::Require, trust()).await;
    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");

    // Who only wants to be told is told, and the image goes on.
    let (_, _, report) = promote(&keys, &[one], StagingPolicy::IfPresent, trust()).await;
    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    let notes: Vec<_> = report.staging[0].notes.iter().collect();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert_eq!(notes[0].code.as_str(), "PROMO-C032");
}

#[tokio::test]
async fn an_attestation_that_is_needed_has_to_be_there() {
    let keys = keys();
    let [one, _] = &keys;
    let trust = |strictness| {
        let need = Need {
            strictness,
            ..Need::default()
        };
        trust(&keys, KeyValidity::default()).with_attestation(PROVENANCE, need)
    };

    let refusing = trust(Strictness::Refuse);
    let (_, _, report) = promote(&keys, &[one], StagingPolicy::Require, refusing).await;
    assert_eq!(blocked_codes(&report), ["PROMO-C033", "PROMO-C033"]);
    assert_eq!(report.outcome(), RunOutcome::Refused);

    let warning = trust(Strictness::Warn);
    let (_, _, report) = promote(&keys, &[one], StagingPolicy::Require, warning).await;
    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    let codes = report.staging[0]
        .notes
        .iter()
        .map(|note| note.code.as_str());
    assert!(codes.eq(["PROMO-C033"]));

    let (_, _, report) = promote(
        &keys,
        &[one],
        StagingPolicy::Require,
        trust(Strictness::Off),
    )
    .await;
    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    assert!(report.staging[0].notes.is_empty());
}

/// Nobody proves when it signed: the key may have been stolen since.
#[tokio::test]
async fn a_key_that_has_ended_opens_nothing() {
    let keys = keys();
    let [one, _] = &keys;
    let ended = KeyValidity {
        until: Some(Timestamp::UNIX_EPOCH),
        ..KeyValidity::default()
    };
    for policy in [StagingPolicy::Require, StagingPolicy::IfPresent] {
        let (world, _, report) = promote(&keys, &[one], policy, trust(&keys, ended)).await;
        assert_eq!(blocked_codes(&report), ["PROMO-C022", "PROMO-C022"]);
        let shown = format!("{report:?}");
        assert!(shown.contains("PROMO-C081"), "{shown}");
        assert!(world.mirrors[0].log().writes().is_empty());
    }
}
