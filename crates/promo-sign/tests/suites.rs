//! Our implementations in the suites of their ports.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::Arc;

use jiff::Timestamp;
use promo_core::ports::Clock;
use promo_sign::{ImageSigner, KeyVerifier, OciEvidenceStore, PromotionAttester, SigningKey};
use promo_testkit::registry::{EmbeddedRegistry, RegistryOptions};
use promo_testkit::suite::signing;
use support::HttpRegistry;

#[derive(Debug)]
struct Epoch;

impl Clock for Epoch {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

#[tokio::test]
async fn signer_attester_and_verifier_hold_the_law() {
    let ed25519 = include_bytes!("fixtures/openssl/ed25519.pem");
    let keys = [
        SigningKey::generate().unwrap(),
        SigningKey::from_pem(ed25519, None).unwrap(),
    ];
    let strangers = SigningKey::generate().unwrap();
    let stranger = KeyVerifier::new([strangers.public_key().clone()]).trusting_all();
    for key in keys.map(Arc::new) {
        let judge = KeyVerifier::new([key.public_key().clone()])
            .trusting_all()
            .requiring_names();
        let signer = ImageSigner::new(Arc::clone(&key), Arc::new(Epoch));
        signing::signer(&signer, &judge, &stranger).await;
        let attester = PromotionAttester::new(Arc::clone(&key), Arc::new(Epoch));
        signing::attester(&attester, &judge, &stranger).await;
        signing::attester(&attester.in_tag(), &judge, &stranger).await;
        let attester = PromotionAttester::new(Arc::clone(&key), Arc::new(Epoch));
        let predicate_type = "https://example.org/promoted/v2".to_owned();
        let attester = attester.with_predicate_type(predicate_type).unwrap();
        signing::attester(&attester, &judge, &stranger).await;
    }
}

#[tokio::test]
async fn the_store_keeps_evidence_with_and_without_the_referrers_api() {
    for api in [true, false] {
        let options = RegistryOptions::default().switch(|switches| switches.referrers_api = api);
        let registry = EmbeddedRegistry::start(options).await.unwrap();
        let repository = format!("{}/suite", registry.host()).parse().unwrap();
        let store = OciEvidenceStore::new(Arc::new(HttpRegistry::default()));
        signing::evidence_store(&store, &repository).await;
    }
}
