//! The law: what the signer and the attester make, the verifier accepts, and nothing else.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use promo_core::Code;
use promo_core::oci::{Descriptor, DigestAlgorithm, MediaType, RawManifest};
use promo_core::ports::{
    Attester as _, Clock, EvidenceBlob, PromotionRecord, RecordedManifest, SignatureFormat,
    Signer as _, Subject,
};

use super::*;
use crate::{KeySigner, PromotionAttester, SigningKey};

#[derive(Debug)]
struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        "2026-11-21T01:10:53.5Z".parse().unwrap()
    }
}

fn key() -> Arc<SigningKey> {
    Arc::new(SigningKey::generate().unwrap())
}

fn identity(name: &str) -> Identity {
    Identity::new(name.parse().unwrap())
}

fn subject() -> Subject {
    let digest = Digest::sha256_of(b"an image");
    Subject {
        identity: identity("registry.example/team/app"),
        descriptor: Descriptor::new(MediaType::new(MediaType::OCI_INDEX), digest, 8),
    }
}

fn record(subject: &Subject) -> PromotionRecord {
    let digest = subject.descriptor.digest;
    PromotionRecord {
        identity: subject.identity.clone(),
        descriptor: subject.descriptor.clone(),
        source: format!("staging.example/app@{digest}").parse().unwrap(),
        destination: format!("registry.example/team/app@{digest}")
            .parse()
            .unwrap(),
        tags: vec!["v2".parse().unwrap(), "v1".parse().unwrap()],
        time: "2026-11-21T01:00:00Z".parse().unwrap(),
        builder_id: "https://example.org/promo@0.1.0".to_owned(),
        manifest: Some(RecordedManifest {
            name: "manifests/app/images.yaml".to_owned(),
            uri: Some("git+https://example.org/k8s.io".to_owned()),
            git_commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
        }),
    }
}

async fn signed(key: &Arc<SigningKey>, subject: &Subject) -> Vec<Evidence> {
    let signer = KeySigner::new(Arc::clone(key), Arc::new(FixedClock));
    signer.check().await.unwrap();
    let formats = signer.formats().to_vec();
    signer.sign(subject, &formats).await.unwrap()
}

async fn attested(key: &Arc<SigningKey>, subject: &Subject) -> Vec<Evidence> {
    let attester = PromotionAttester::new(Arc::clone(key), Arc::new(FixedClock));
    attester.check().await.unwrap();
    let kinds = attester.kinds();
    attester.attest(&record(subject), &kinds).await.unwrap()
}

async fn judge(
    verifier: &KeyVerifier,
    digest: &Digest,
    identity: Option<&Identity>,
    evidence: Vec<Evidence>,
) -> Verification {
    let set = EvidenceSet {
        evidence,
        passed_over: Vec::new(),
    };
    verifier.verify(digest, identity, &set).await.unwrap()
}

fn refused_codes(found: &Verification) -> Vec<Code> {
    found.refused.iter().map(|refused| refused.code).collect()
}

#[tokio::test]
async fn what_is_made_is_accepted_for_its_subject() {
    let key = key();
    let subject = subject();
    let verifier = KeyVerifier::new([key.public_key().clone()]).requiring_names();
    let mut evidence = signed(&key, &subject).await;
    evidence.extend(attested(&key, &subject).await);
    let digest = subject.descriptor.digest;
    let found = judge(
        &verifier,
        &digest,
        Some(&subject.identity),
        evidence.clone(),
    )
    .await;
    assert_eq!(found.refused, []);
    assert_eq!(found.unknown, []);
    let kinds: Vec<_> = found
        .accepted
        .iter()
        .map(|piece| piece.kind.clone())
        .collect();
    let format = |format| EvidenceKind::Signature { format };
    assert_eq!(
        kinds,
        [
            format(SignatureFormat::Bundle),
            format(SignatureFormat::Sig),
            EvidenceKind::Attestation {
                predicate_type: crate::PROMOTION_PREDICATE_TYPE.to_owned()
            },
        ]
    );
    let times: Vec<_> = found.accepted.iter().map(|piece| piece.time).collect();
    assert_eq!(times[0], Some("2026-11-21T01:10:53Z".parse().unwrap()));
    assert_eq!(times[1], None);
    assert_eq!(times[2], Some("2026-11-21T01:00:00Z".parse().unwrap()));
    for (accepted, made) in found.accepted.iter().zip(&evidence) {
        assert_eq!(accepted.evidence, *made);
        assert_eq!(accepted.signer, key.public_key().fingerprint());
    }
}
