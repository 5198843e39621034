//! Any one byte of evidence, changed: never accepted as what it was not, and never a panic. And whatever is around what was
//! signed: it is never carried.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use promo_core::identity::Identity;
use promo_core::oci::{Descriptor, Digest, DigestAlgorithm, MediaType, RawManifest};
use promo_core::ports::{
    Clock, Evidence, EvidenceBlob, EvidenceSet, Signer as _, Subject, Verification,
};
use promo_core::trust::{AboutImage, Judge};
use promo_sign::{ImageSigner, KeyVerifier, SigningKey};
use proptest::prelude::*;

#[derive(Debug)]
struct Epoch;

impl Clock for Epoch {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

struct World {
    runtime: tokio::runtime::Runtime,
    subject: Subject,
    judge: Judge,
    evidence: Vec<Evidence>,
}

static KEY: LazyLock<Arc<SigningKey>> = LazyLock::new(|| Arc::new(SigningKey::generate().unwrap()));

/// An index.
static WORLD: LazyLock<World> = LazyLock::new(|| world(MediaType::OCI_INDEX, b"an image"));

/// A child of it, signed by the same key under the same name, as `cosign sign --recursive` does it.
static CHILD: LazyLock<World> = LazyLock::new(|| world(MediaType::OCI_MANIFEST, b"a child"));

fn world(media_type: &str, image: &[u8]) -> World {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let key = Arc::clone(&KEY);
    let judge = KeyVerifier::new([key.public_key().clone()]).trusting_all();
    let signer = ImageSigner::new(key, Arc::new(Epoch));
    let subject = Subject {
        identity: Identity::new("registry.example/team/app".parse().unwrap()),
        descriptor: Descriptor::of(media_type, image),
    };
    let evidence = runtime
        .block_on(signer.sign(&subject, signer.formats()))
        .unwrap();
    World {
        runtime,
        subject,
        judge,
        evidence,
    }
}

impl World {
    fn judge(&self, evidence: Evidence) -> Verification {
        let set = EvidenceSet {
            evidence: vec![evidence],
            passed_over: Vec::new(),
        };
        let subject = &self.subject;
        let digest = &subject.descriptor.digest;
        let about = AboutImage {
            digest,
            identity: Some(&subject.identity),
            now: Timestamp::UNIX_EPOCH,
        };
        let found = self.judge.verify(about, &set);
        self.runtime.block_on(found).unwrap()
    }

    /// The bundle, or the payload under `.sig`.
    fn bytes(&self, piece: usize) -> Vec<u8> {
        match &self.evidence[piece] {
            Evidence::Referrer { blobs, .. } => blobs[1].bytes.to_vec(),
            Evidence::TagLayer { layer, .. } => layer.bytes.to_vec(),
        }
    }

    /// The same evidence around other bytes, sound in all its digests.
    fn around(&self, piece: usize, bytes: Vec<u8>) -> Evidence {
        match &self.evidence[piece] {
            Evidence::Referrer { manifest, blobs } => {
                let descriptor = Descriptor::of(MediaType::SIGSTORE_BUNDLE, &bytes);
                let mut image: serde_json::Value =
                    serde_json::from_slice(manifest.bytes()).unwrap();
                image["layers"][0] = serde_json::to_value(&descriptor).unwrap();
                let manifest = RawManifest::new(
                    manifest.media_type().clone(),
                    DigestAlgorithm::Sha256,
                    serde_json::to_vec(&image).unwrap().into(),
                );
                let bundle = EvidenceBlob {
                    descriptor,
                    bytes: bytes.into(),
                };
                Evidence::Referrer {
                    manifest,
                    blobs: vec![blobs[0].clone(), bundle],
                }
            }
            Evidence::TagLayer { suffix, layer } => {
                let mut descriptor = Descriptor::of(MediaType::SIMPLE_SIGNING, &bytes);
                descriptor.annotations = layer.descriptor.annotations.clone();
                let layer = EvidenceBlob {
                    descriptor,
                    bytes: bytes.into(),
                };
                Evidence::TagLayer {
                    suffix: *suffix,
                    layer,
                }
            }
        }
    }
}

/// What a bundle signs and the signature: if both are as they were, the rest is mere wrapping.
fn signed_parts(
    bundle: &[u8],
) -> Option<(serde_json::Value, serde_json::Value, serde_json::Value)> {
    let bundle: serde_json::Value = serde_json::from_slice(bundle).ok()?;
    let envelope = bundle.get("dsseEnvelope")?;
    Some((
        envelope.get("payload")?.clone(),
        envelope.get("payloadType")?.clone(),
        envelope.pointer("/signatures/0/sig")?.clone(),
    ))
}

impl World {
    /// What of a piece may be carried, if it is accepted.
    fn carried(&self, evidence: Evidence) -> Option<Evidence> {
        let accepted = self.judge(evidence).accepted.pop()?;
        let subject = &self.subject.descriptor;
        Some(self.judge.carried(&accepted, subject).unwrap())
    }

    /// The bundle under another manifest.
    fn under(&self, manifest: Vec<u8>) -> Evidence {
        let Evidence::Referrer { blobs, .. } = &self.evidence[0] else {
            unreachable!()
        };
        Evidence::Referrer {
            manifest: RawManifest::new(
                MediaType::new(MediaType::OCI_MANIFEST),
                DigestAlgorithm::Sha256,
                manifest.into(),
            ),
            blobs: blobs.clone(),
        }
    }

    /// The manifest of the bundle.
    fn manifest(&self) -> Vec<u8> {
        match &self.evidence[0] {
            Evidence::Referrer { manifest, .. } => manifest.bytes().to_vec(),
            Evidence::TagLayer { .. } => unreachable!(),
        }
    }
}

/// The bytes of a bundle that is carried, and its manifest with the bundle's descriptor taken out.
fn parts(evidence: &Evidence) -> (Vec<u8>, String) {
    let Evidence::Referrer { manifest, blobs } = evidence else {
        unreachable!()
    };
    let mut document: serde_json::Value = serde_json::from_slice(manifest.bytes()).unwrap();
    let layers = document["layers"].take();
    assert_eq!(layers, serde_json::json!([blobs[1].descriptor]));
    assert_eq!(blobs.len(), 2);
    (blobs[1].bytes.to_vec(), document.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn nothing_of_a_changed_manifest_is_carried(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let expected = WORLD.carried(WORLD.evidence[0].clone()).unwrap();
        let mut manifest = WORLD.manifest();
        let at = at.index(manifest.len());
        manifest[at] = to;
        if let Some(carried) = WORLD.carried(WORLD.under(manifest)) {
            prop_assert_eq!(carried, expected);
        }
    }

    #[test]
    fn nothing_of_a_changed_manifest_about_a_child_is_carried(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let expected = CHILD.carried(CHILD.evidence[0].clone()).unwrap();
        let (_, manifest) = parts(&expected);
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        prop_assert_eq!(&manifest["subject"], &serde_json::to_value(&CHILD.subject.descriptor).unwrap());
        let mut manifest = CHILD.manifest();
        let at = at.index(manifest.len());
        manifest[at] = to;
        if let Some(carried) = CHILD.carried(CHILD.under(manifest)) {
            prop_assert_eq!(carried, expected);
        }
    }

    /// What was signed about an index, hung up beside its child, whatever is changed around it.
    #[test]
    fn nothing_about_an_index_is_carried_for_its_child(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let subject = serde_json::to_value(&CHILD.subject.descriptor).unwrap();
        let mut manifest: serde_json::Value = serde_json::from_slice(&WORLD.manifest()).unwrap();
        manifest["subject"] = subject;
        let mut bytes = serde_json::to_vec(&manifest).unwrap();
        prop_assert_eq!(CHILD.carried(WORLD.under(bytes.clone())), None);
        let at = at.index(bytes.len());
        bytes[at] = to;
        prop_assert_eq!(CHILD.carried(WORLD.under(bytes)), None);
        prop_assert_eq!(CHILD.carried(WORLD.evidence[1].clone()), None);
        let mut bundle = WORLD.bytes(0);
        let at = at % bundle.len();
        bundle[at] = to;
        prop_assert_eq!(CHILD.carried(WORLD.around(0, bundle)), None);
    }

    #[test]
    fn nothing_that_is_wrapped_around_is_carried(name in "[a-z./]{1,20}", value in ".{0,40}") {
        let bundle = WORLD.carried(WORLD.evidence[0].clone()).unwrap();
        let mut manifest: serde_json::Value = serde_json::from_slice(&WORLD.manifest()).unwrap();
        manifest["annotations"][&name] = value.clone().into();
        manifest[format!("x{name}")] = value.clone().into();
        manifest["layers"][0]["annotations"] = serde_json::json!({ &name: value });
        manifest["config"] = serde_json::to_value(Descriptor::of("text/plain", value.as_bytes())).unwrap();
        let wrapped = WORLD.under(serde_json::to_vec(&manifest).unwrap());
        prop_assert_eq!(WORLD.carried(wrapped), Some(bundle));
        let Evidence::TagLayer { suffix, layer } = WORLD.evidence[1].clone() else { unreachable!() };
        let mut noted = layer.clone();
        noted.descriptor.annotations.insert(format!("x{name}"), value.clone());
        noted.descriptor.artifact_type = Some(value);
        let noted = Evidence::TagLayer { suffix, layer: noted };
        prop_assert_eq!(WORLD.carried(noted), Some(Evidence::TagLayer { suffix, layer }));
    }

    #[test]
    fn of_a_changed_bundle_the_signed_parts_are_carried(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let original = WORLD.bytes(0);
        let expected = parts(&WORLD.carried(WORLD.evidence[0].clone()).unwrap());
        prop_assert_eq!(&expected.0, &original, "the very bytes, where nothing else is in them");
        let mut bytes = original.clone();
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Some(carried) = WORLD.carried(WORLD.around(0, bytes)) {
            let (bytes, manifest) = parts(&carried);
            prop_assert_eq!(signed_parts(&bytes), signed_parts(&original));
            prop_assert_eq!(manifest, expected.1);
        }
    }
}

/// A layer that cosign put into a referrer instead of under the shared tag is carried as a layer of that tag.
#[test]
fn a_layer_in_a_referrer_is_carried_as_a_layer() {
    let Evidence::TagLayer { layer, .. } = WORLD.evidence[1].clone() else {
        unreachable!()
    };
    let mut accepted = WORLD.judge(WORLD.evidence[1].clone()).accepted.remove(0);
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_MANIFEST,
        "config": Descriptor::of(MediaType::OCI_EMPTY, b"{}"),
        "layers": [Descriptor::of("text/plain", b"junk"), layer.descriptor],
        "subject": WORLD.subject.descriptor,
    });
    let Evidence::Referrer { manifest, .. } = WORLD.under(manifest.to_string().into()) else {
        unreachable!()
    };
    accepted.evidence = Evidence::Referrer {
        manifest,
        blobs: vec![layer],
    };
    let subject = &WORLD.subject.descriptor;
    let carried = WORLD.judge.carried(&accepted, subject).unwrap();
    assert_eq!(carried, WORLD.evidence[1]);
    accepted.signed_digest = Digest::sha256_of(b"another");
    assert!(WORLD.judge.carried(&accepted, subject).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_changed_bundle_is_not_accepted(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let original = WORLD.bytes(0);
        let mut bytes = original.clone();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        let found = WORLD.judge(WORLD.around(0, bytes.clone()));
        if signed_parts(&bytes) == signed_parts(&original) {
            prop_assert!(found.accepted.len() <= 1);
        } else {
            prop_assert_eq!(found.accepted, vec![]);
        }
    }

    #[test]
    fn a_changed_payload_is_not_accepted(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut bytes = WORLD.bytes(1);
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        prop_assert_eq!(WORLD.judge(WORLD.around(1, bytes)).accepted, vec![]);
    }

    #[test]
    fn anything_at_all_is_not_accepted(bytes in prop::collection::vec(any::<u8>(), 0..256), piece in 0..2usize) {
        prop_assert_eq!(WORLD.judge(WORLD.around(piece, bytes)).accepted, vec![]);
    }
}

#[test]
fn what_was_not_changed_is_accepted() {
    for piece in 0..2 {
        let found = WORLD.judge(WORLD.around(piece, WORLD.bytes(piece)));
        assert_eq!(found.accepted.len(), 1);
    }
}
