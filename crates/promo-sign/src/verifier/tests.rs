//! The law: what the signer and the attester make, the verifier accepts, and nothing else.

use jiff::Timestamp;
use promo_core::Code;
use promo_core::identity::Identity;
use promo_core::oci::{DigestAlgorithm, MediaType, RawManifest};
use promo_core::ports::{
    Attester as _, Clock, EvidenceBlob, PromotionRecord, RecordedManifest, SignatureFormat,
    Signer as _, Subject, Verification,
};
use promo_core::trust::AboutImage;

use super::*;
use crate::bundle::{base64, from_base64};
use crate::simple_signing::SIGNATURE_ANNOTATION;
use crate::{ImageSigner, PromotionAttester, SigningKey};

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
        part_of: None,
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
    let signer = ImageSigner::new(Arc::clone(key), Arc::new(FixedClock));
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
    by: &Judge,
    digest: &Digest,
    identity: Option<&Identity>,
    evidence: Vec<Evidence>,
) -> Verification {
    let set = EvidenceSet {
        evidence,
        passed_over: Vec::new(),
    };
    by.verify(
        AboutImage {
            digest,
            identity,
            now: Timestamp::UNIX_EPOCH,
        },
        &set,
    )
    .await
    .unwrap()
}

fn refused_codes(found: &Verification) -> Vec<Code> {
    found.refused.iter().map(|refused| refused.code).collect()
}

#[tokio::test]
async fn what_is_made_is_accepted_for_its_subject() {
    let key = key();
    let subject = subject();
    let verifier = KeyVerifier::new([key.public_key().clone()])
        .trusting_all()
        .requiring_names();
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
                predicate_type: promo_core::predicate::PROMOTION_PREDICATE_TYPE.to_owned()
            },
        ]
    );
    let times: Vec<_> = found.accepted.iter().map(|piece| piece.time).collect();
    assert_eq!(times[0], None, "nobody signed when it was made");
    assert_eq!(times[1], None);
    assert_eq!(times[2], Some("2026-11-21T01:00:00Z".parse().unwrap()));
    for (accepted, made) in found.accepted.iter().zip(&evidence) {
        assert_eq!(accepted.evidence, *made);
        assert_eq!(accepted.signer, key.public_key().fingerprint().to_string());
    }
}

/// Puts other bytes into a bundle, with a manifest and descriptors that fit them.
fn with_bundle(evidence: &Evidence, change: impl FnOnce(&mut serde_json::Value)) -> Evidence {
    let Evidence::Referrer { manifest, blobs } = evidence else {
        panic!("no bundle");
    };
    let mut bundle: serde_json::Value = serde_json::from_slice(&blobs[1].bytes).unwrap();
    change(&mut bundle);
    let bytes = serde_json::to_vec(&bundle).unwrap();
    let descriptor = Descriptor::of(MediaType::SIGSTORE_BUNDLE, &bytes);
    let mut image: serde_json::Value = serde_json::from_slice(manifest.bytes()).unwrap();
    image["layers"][0] = serde_json::to_value(&descriptor).unwrap();
    let blob = EvidenceBlob {
        descriptor,
        bytes: bytes.into(),
    };
    Evidence::Referrer {
        manifest: raw(&image),
        blobs: vec![blobs[0].clone(), blob],
    }
}

fn raw(image: &serde_json::Value) -> RawManifest {
    RawManifest::new(
        MediaType::new(MediaType::OCI_MANIFEST),
        DigestAlgorithm::Sha256,
        serde_json::to_vec(image).unwrap().into(),
    )
}

/// Changes the statement inside of a bundle; with a key it is signed anew.
fn with_statement(
    evidence: &Evidence,
    key: Option<&SigningKey>,
    change: impl FnOnce(&mut serde_json::Value),
) -> Evidence {
    with_bundle(evidence, |bundle| {
        let envelope = &mut bundle["dsseEnvelope"];
        let payload = from_base64(envelope["payload"].as_str().unwrap()).unwrap();
        let mut statement: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        change(&mut statement);
        let payload = serde_json::to_vec(&statement).unwrap();
        if let Some(key) = key {
            let message = sigstore_types::pae(envelope["payloadType"].as_str().unwrap(), &payload);
            let signature = key.sign(&message).unwrap();
            envelope["signatures"][0]["sig"] = base64(&signature).into();
        }
        envelope["payload"] = base64(&payload).into();
    })
}

/// Changes the payload of a `.sig` layer; with a key it is signed anew.
fn with_payload(
    evidence: &Evidence,
    key: Option<&SigningKey>,
    change: impl FnOnce(&mut serde_json::Value),
) -> Evidence {
    let Evidence::TagLayer { suffix, layer } = evidence else {
        panic!("no layer");
    };
    let mut payload: serde_json::Value = serde_json::from_slice(&layer.bytes).unwrap();
    change(&mut payload);
    let bytes = serde_json::to_vec(&payload).unwrap();
    let mut descriptor = Descriptor::of(MediaType::SIMPLE_SIGNING, &bytes);
    descriptor.annotations = layer.descriptor.annotations.clone();
    if let Some(key) = key {
        let signature = base64(&key.sign(&bytes).unwrap());
        descriptor
            .annotations
            .insert(SIGNATURE_ANNOTATION.to_owned(), signature);
    }
    Evidence::TagLayer {
        suffix: *suffix,
        layer: EvidenceBlob {
            descriptor,
            bytes: bytes.into(),
        },
    }
}

#[tokio::test]
async fn another_key_makes_an_unknown_signer() {
    let (key, other) = (key(), key());
    let subject = subject();
    let digest = subject.descriptor.digest;
    let mut evidence = signed(&key, &subject).await;
    evidence.extend(attested(&key, &subject).await);
    let strangers = KeyVerifier::new([other.public_key().clone()]).trusting_all();
    let found = judge(
        &strangers,
        &digest,
        Some(&subject.identity),
        evidence.clone(),
    )
    .await;
    assert_eq!((found.accepted.len(), found.refused.len()), (0, 0));
    let signers: Vec<_> = found
        .unknown
        .into_iter()
        .map(|piece| piece.signer)
        .collect();
    // A bundle names its key; a layer under `.sig` doesn't.
    let named = Some(key.public_key().fingerprint().to_string());
    assert_eq!(signers, [named.clone(), None, named]);
    let nobody = KeyVerifier::new([]).trusting_all();
    let found = judge(&nobody, &digest, None, evidence.clone()).await;
    assert_eq!(found.unknown.len(), 3);
    let both =
        KeyVerifier::new([other.public_key().clone(), key.public_key().clone()]).trusting_all();
    let found = judge(&both, &digest, None, evidence).await;
    assert_eq!(found.accepted.len(), 3);
}

#[tokio::test]
async fn another_digest_or_identity_is_refused() {
    let key = key();
    let subject = subject();
    let verifier = KeyVerifier::new([key.public_key().clone()]).trusting_all();
    let mut evidence = signed(&key, &subject).await;
    evidence.extend(attested(&key, &subject).await);
    let other = Digest::sha256_of(b"another image");
    let found = judge(&verifier, &other, None, evidence.clone()).await;
    assert_eq!(found.accepted, []);
    assert_eq!(refused_codes(&found), [codes::DIGEST; 3]);
    let other = Digest::of(DigestAlgorithm::Sha512, b"an image");
    let found = judge(&verifier, &other, None, evidence.clone()).await;
    assert_eq!(refused_codes(&found), [codes::DIGEST; 3]);
    let other = identity("registry.example/team/ap");
    let digest = subject.descriptor.digest;
    let found = judge(&verifier, &digest, Some(&other), evidence.clone()).await;
    assert_eq!(found.accepted, [], "an attestation names its image as well");
    assert_eq!(refused_codes(&found), [codes::OTHER_NAME; 3]);
    let verifier = verifier.requiring_names();
    let found = judge(&verifier, &digest, Some(&other), evidence).await;
    assert_eq!(refused_codes(&found), [codes::OTHER_NAME; 3]);
}

#[tokio::test]
async fn what_was_changed_after_signing_is_refused() {
    let key = key();
    let subject = subject();
    let digest = subject.descriptor.digest;
    let verifier = KeyVerifier::new([key.public_key().clone()]).trusting_all();
    let evidence = signed(&key, &subject).await;
    let bundle = &evidence[0];
    let other_hex = Digest::sha256_of(b"another image").hex();
    let bundles = [
        with_statement(bundle, None, |statement| {
            statement["subject"][0]["digest"]["sha256"] = other_hex.into();
        }),
        with_statement(bundle, None, |statement| {
            statement["subject"][0]["name"] = "registry.example/evil".into();
        }),
        with_statement(bundle, None, |statement| {
            statement["predicateType"] = "https://slsa.dev/provenance/v1".into();
        }),
        with_statement(bundle, None, |statement| {
            statement["_type"] = "https://in-toto.io/Statement/v0.1".into();
        }),
        with_bundle(bundle, |bundle| {
            bundle["dsseEnvelope"]["payloadType"] = "application/json".into();
        }),
        with_bundle(bundle, |bundle| {
            bundle["dsseEnvelope"]["signatures"][0]["sig"] = "MEUCIQ==".into();
        }),
    ];
    for changed in bundles {
        let found = judge(&verifier, &digest, None, vec![changed]).await;
        assert_eq!(found.accepted, []);
        assert_eq!(refused_codes(&found), [codes::SIGNATURE]);
    }
    // A layer under `.sig` does not say whose it is.
    let layer = with_payload(&evidence[1], None, |payload| {
        payload["critical"]["identity"]["docker-reference"] = "registry.example/evil".into();
    });
    let found = judge(&verifier, &digest, None, vec![layer]).await;
    assert_eq!((found.accepted.len(), found.unknown.len()), (0, 1));
}

#[tokio::test]
async fn what_an_accepted_key_signed_must_be_what_is_asked_for() {
    let key = key();
    let subject = subject();
    let digest = subject.descriptor.digest;
    let verifier = KeyVerifier::new([key.public_key().clone()]).trusting_all();
    let evidence = signed(&key, &subject).await;
    let (bundle, layer) = (&evidence[0], &evidence[1]);
    let signed = |change: fn(&mut serde_json::Value)| with_statement(bundle, Some(&key), change);
    let layered = |change: fn(&mut serde_json::Value)| with_payload(layer, Some(&key), change);
    let cases = [
        (
            signed(|it| it["_type"] = "https://in-toto.io/Statement/v2".into()),
            codes::STATEMENT,
        ),
        (
            signed(|it| it["subject"] = serde_json::json!([])),
            codes::DIGEST,
        ),
        (
            signed(|it| it["subject"][0]["digest"] = serde_json::json!({"sha1": "aa"})),
            codes::DIGEST,
        ),
        (
            signed(|it| it["subject"] = serde_json::json!(3)),
            codes::MALFORMED,
        ),
        (
            layered(|it| it["critical"]["type"] = "atomic container signature".into()),
            codes::STATEMENT,
        ),
        (
            layered(|it| it["critical"]["image"]["docker-manifest-digest"] = "sha256:00".into()),
            codes::DIGEST,
        ),
        (
            layered(|it| it["critical"]["identity"]["docker-reference"] = "".into()),
            codes::NO_NAME,
        ),
        (
            layered(|it| it["critical"]["image"] = serde_json::json!([])),
            codes::MALFORMED,
        ),
    ];
    for (index, (changed, code)) in cases.into_iter().enumerate() {
        let found = judge(&verifier, &digest, Some(&subject.identity), vec![changed]).await;
        assert_eq!(found.accepted, [], "case {index}");
        assert_eq!(refused_codes(&found), [code], "case {index}");
    }
    // Another predicate type is another kind of evidence, never a signature.
    let slsa = signed(|it| it["predicateType"] = "https://slsa.dev/provenance/v1".into());
    let found = judge(&verifier, &digest, None, vec![slsa]).await;
    assert!(matches!(
        found.accepted[0].kind,
        EvidenceKind::Attestation { .. }
    ));
}

#[tokio::test]
async fn names_may_carry_a_tag_or_this_digest() {
    let key = key();
    let subject = subject();
    let digest = subject.descriptor.digest;
    let verifier = KeyVerifier::new([key.public_key().clone()]).trusting_all();
    let layer = signed(&key, &subject).await.remove(1);
    let other = Digest::sha256_of(b"another image");
    let cases = [
        ("registry.example/team/app:v1".to_owned(), true),
        (format!("registry.example/team/app@{digest}"), true),
        (format!("registry.example/team/app@{other}"), false),
        ("registry.example/team/app/".to_owned(), false),
        ("registry.example/team/application".to_owned(), false),
    ];
    for (name, accepted) in cases {
        let changed = with_payload(&layer, Some(&key), |payload| {
            payload["critical"]["identity"]["docker-reference"] = name.clone().into();
        });
        let found = judge(&verifier, &digest, Some(&subject.identity), vec![changed]).await;
        assert_eq!(found.accepted.len() == 1, accepted, "{name}");
    }
}

#[tokio::test]
async fn a_bundle_without_a_name_is_accepted_unless_names_are_required() {
    let key = key();
    let subject = subject();
    let digest = subject.descriptor.digest;
    let bundle = signed(&key, &subject).await.remove(0);
    let unnamed = with_statement(&bundle, Some(&key), |statement| {
        statement["subject"][0]
            .as_object_mut()
            .unwrap()
            .remove("name");
    });
    let verifier = KeyVerifier::new([key.public_key().clone()]).trusting_all();
    let found = judge(
        &verifier,
        &digest,
        Some(&subject.identity),
        vec![unnamed.clone()],
    )
    .await;
    assert_eq!(found.accepted.len(), 1);
    let verifier = verifier.requiring_names();
    let found = judge(&verifier, &digest, Some(&subject.identity), vec![unnamed]).await;
    assert_eq!(refused_codes(&found), [codes::NO_NAME]);
}

#[tokio::test]
async fn evidence_in_an_odd_form_is_never_accepted() {
    let key = key();
    let subject = subject();
    let digest = subject.descriptor.digest;
    let verifier = KeyVerifier::new([key.public_key().clone()]).trusting_all();
    let evidence = signed(&key, &subject).await;
    let Evidence::Referrer { manifest, blobs } = &evidence[0] else {
        panic!("no bundle");
    };
    let referrer =
        |manifest: RawManifest, blobs: Vec<EvidenceBlob>| Evidence::Referrer { manifest, blobs };
    let image: serde_json::Value = serde_json::from_slice(manifest.bytes()).unwrap();
    let with = |pointer: &str, value: serde_json::Value| {
        let mut image = image.clone();
        *image.pointer_mut(pointer).unwrap() = value;
        referrer(raw(&image), blobs.clone())
    };
    let mut swapped = blobs.clone();
    swapped[1].bytes = "{}".into();
    let message_signature = with_bundle(&evidence[0], |bundle| {
        let bundle = bundle.as_object_mut().unwrap();
        bundle.remove("dsseEnvelope");
        bundle.insert(
            "messageSignature".to_owned(),
            serde_json::json!({"signature": "AA=="}),
        );
    });
    let two_signatures = with_bundle(&evidence[0], |bundle| {
        let signatures = bundle["dsseEnvelope"]["signatures"].as_array_mut().unwrap();
        signatures.push(signatures[0].clone());
    });
    let cases = [
        (referrer(manifest.clone(), Vec::new()), None),
        (referrer(manifest.clone(), swapped), None),
        (with("/layers/0/mediaType", "application/json".into()), None),
        (with("/layers", serde_json::json!([])), None),
        (
            with(
                "/subject/digest",
                Digest::sha256_of(b"x").to_string().into(),
            ),
            Some(codes::DIGEST),
        ),
        (message_signature, Some(codes::FORM)),
        (two_signatures, Some(codes::SIGNATURES)),
    ];
    for (index, (odd, code)) in cases.into_iter().enumerate() {
        let found = judge(&verifier, &digest, None, vec![odd]).await;
        assert_eq!(found.accepted, [], "case {index}");
        assert_eq!(refused_codes(&found), Vec::from_iter(code), "case {index}");
        assert_eq!(
            found.unknown.len(),
            usize::from(code.is_none()),
            "case {index}"
        );
    }
}

#[tokio::test]
async fn an_attestation_layer_is_never_a_signature() {
    let key = key();
    let subject = subject();
    let digest = subject.descriptor.digest;
    let verifier = KeyVerifier::new([key.public_key().clone()]).trusting_all();
    let Evidence::Referrer { blobs, .. } = signed(&key, &subject).await.remove(0) else {
        panic!("no bundle");
    };
    let bundle: serde_json::Value = serde_json::from_slice(&blobs[1].bytes).unwrap();
    let bytes = serde_json::to_vec(&bundle["dsseEnvelope"]).unwrap();
    let layer = Evidence::TagLayer {
        suffix: TagSuffix::Att,
        layer: EvidenceBlob {
            descriptor: Descriptor::of(MediaType::DSSE_ENVELOPE, &bytes),
            bytes: bytes.into(),
        },
    };
    let found = judge(&verifier, &digest, None, vec![layer]).await;
    assert!(matches!(
        found.accepted[0].kind,
        EvidenceKind::Attestation { .. }
    ));
    assert!(
        verifier
            .carried(&found.accepted[0], &subject.descriptor)
            .is_ok()
    );
    // Taken for one nevertheless, it is not carried: the predicate type beside it would be made up.
    for format in FORMATS {
        let taken = AcceptedEvidence {
            kind: EvidenceKind::Signature { format },
            ..found.accepted[0].clone()
        };
        let refused = verifier.carried(&taken, &subject.descriptor).unwrap_err();
        assert_eq!(refused.code().as_str(), "PROMO-S023");
    }
}

const FORMATS: [SignatureFormat; 3] = [
    SignatureFormat::Bundle,
    SignatureFormat::Sig,
    SignatureFormat::SigReferrer,
];

#[tokio::test]
async fn a_bundle_is_carried_as_a_signature_of_no_other_form() {
    let key = key();
    let subject = subject();
    let verifier = KeyVerifier::new([key.public_key().clone()]).trusting_all();
    let evidence = signed(&key, &subject).await.remove(0);
    let found = judge(&verifier, &subject.descriptor.digest, None, vec![evidence]).await;
    let carried = |format| {
        let accepted = AcceptedEvidence {
            kind: EvidenceKind::Signature { format },
            ..found.accepted[0].clone()
        };
        verifier.carried(&accepted, &subject.descriptor)
    };
    let [bundle, others @ ..] = FORMATS.map(carried);
    assert!(bundle.is_ok());
    for other in others {
        assert_eq!(other.unwrap_err().code().as_str(), "PROMO-S023");
    }
}

#[tokio::test]
async fn a_promotion_record_says_what_kpromo_says() {
    let key = key();
    let subject = subject();
    let digest = subject.descriptor.digest;
    let hex = digest.hex();
    let Evidence::Referrer { manifest, blobs } = attested(&key, &subject).await.remove(0) else {
        panic!("no bundle");
    };
    let bundle: serde_json::Value = serde_json::from_slice(&blobs[1].bytes).unwrap();
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let statement: serde_json::Value =
        serde_json::from_slice(&from_base64(payload).unwrap()).unwrap();
    let expected = serde_json::json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "registry.example/team/app", "digest": {"sha256": hex}}],
        "predicateType": "https://k8s.io/promo-tools/promotion/v1",
        "predicate": {
            "srcRef": format!("staging.example/app@{digest}"),
            "dstRef": format!("registry.example/team/app@{digest}"),
            "digest": digest.to_string(),
            "timestamp": "2026-11-21T01:00:00Z",
            "builderId": "https://example.org/promo@0.1.0",
            "tags": ["v1", "v2"],
            "source": {"name": "staging.example/app", "digest": {"sha256": hex}},
            "destination": {"name": "registry.example/team/app", "digest": {"sha256": hex}},
            "manifest": {
                "name": "manifests/app/images.yaml",
                "uri": "git+https://example.org/k8s.io",
                "digest": {"gitCommit": "0123456789abcdef0123456789abcdef01234567"},
            },
            "promoter": {"version": "0.1.0"},
        },
    });
    assert_eq!(statement, expected);
    let image: serde_json::Value = serde_json::from_slice(manifest.bytes()).unwrap();
    let expected = serde_json::json!({
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": "https://k8s.io/promo-tools/promotion/v1",
        "org.opencontainers.image.created": "2026-11-21T01:10:53Z",
    });
    assert_eq!(image["annotations"], expected);
}

#[tokio::test]
async fn what_is_empty_is_left_out_of_a_promotion_record() {
    let key = key();
    let subject = subject();
    let attester = PromotionAttester::new(Arc::clone(&key), Arc::new(FixedClock));
    let record = PromotionRecord {
        tags: Vec::new(),
        builder_id: String::new(),
        manifest: None,
        ..record(&subject)
    };
    let made = attester.attest(&record, &attester.kinds()).await.unwrap();
    let Evidence::Referrer { blobs, .. } = &made[0] else {
        panic!("no bundle");
    };
    let bundle: serde_json::Value = serde_json::from_slice(&blobs[1].bytes).unwrap();
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let statement: serde_json::Value =
        serde_json::from_slice(&from_base64(payload).unwrap()).unwrap();
    let fields: Vec<_> = statement["predicate"].as_object().unwrap().keys().collect();
    let expected = [
        "destination",
        "digest",
        "dstRef",
        "source",
        "srcRef",
        "timestamp",
    ];
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn only_what_was_set_up_is_made() {
    let key = key();
    let subject = subject();
    let signer = ImageSigner::new(Arc::clone(&key), Arc::new(FixedClock));
    let twice = vec![SignatureFormat::Sig, SignatureFormat::Sig];
    for formats in [Vec::new(), twice] {
        let signer = ImageSigner::new(Arc::clone(&key), Arc::new(FixedClock));
        let error = signer.with_formats(formats).unwrap_err();
        assert_eq!(error.code().as_str(), "PROMO-S008");
    }
    let signer = signer.with_formats(vec![SignatureFormat::Sig]).unwrap();
    let failure = signer
        .sign(&subject, &[SignatureFormat::Bundle])
        .await
        .unwrap_err();
    assert_eq!(failure.code().as_str(), "PROMO-S008");
    for predicate_type in [
        "",
        "promotion/v1",
        "https://",
        "https://example.org/a b",
        crate::SIGNATURE_PREDICATE_TYPE,
    ] {
        let attester = PromotionAttester::new(Arc::clone(&key), Arc::new(FixedClock));
        let error = attester.with_predicate_type(predicate_type.to_owned());
        assert_eq!(error.unwrap_err().code().as_str(), "PROMO-S009");
    }
    for predicate_type in ["https://example.org/p/v1", "urn:example:p"] {
        let attester = PromotionAttester::new(Arc::clone(&key), Arc::new(FixedClock));
        assert!(
            attester
                .with_predicate_type(predicate_type.to_owned())
                .is_ok()
        );
    }
}
