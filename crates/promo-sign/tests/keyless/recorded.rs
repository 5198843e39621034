//! What was recorded, as evidence; whole or changed.

use std::collections::BTreeMap;

use promo_core::Code;
use promo_core::oci::{Descriptor, Digest, DigestAlgorithm, MediaType, RawManifest};
use promo_core::ports::{CheckSubject, Evidence, EvidenceBlob, SignatureFacts, TagSuffix};
use promo_sign::TrustedRoot;
use serde_json::{Value, json};

pub(crate) const ROOT: &str = include_str!("../fixtures/sigstore/trusted_root.json");
pub(crate) const OTHER_ROOT: &str = include_str!("../fixtures/sigstore/other_trusted_root.json");

/// By a person, in Rekor v1, with a timestamp.
pub(crate) const ONE: &str = include_str!("../fixtures/sigstore/bundle-1.json");
/// By a workflow, in Rekor v1 alone.
pub(crate) const ONE_ALONE: &str = include_str!("../fixtures/sigstore/bundle-1-alone.json");
/// By a workflow, in Rekor v2, with a timestamp.
pub(crate) const TWO: &str = include_str!("../fixtures/sigstore/bundle-2.json");
/// Under tags, by a person with cosign 2 and by a workflow with cosign 3.
pub(crate) const TAG_TWO: &str = include_str!("../fixtures/sigstore/tag-2.json");
pub(crate) const TAG_THREE: &str = include_str!("../fixtures/sigstore/tag-3.json");

pub(crate) const SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";
pub(crate) const CONTROL: &str = "https://promo.example/control/v1";

/// An image with its evidence.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) digest: Digest,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pieces: Vec<Value>,
}

pub(crate) fn root() -> TrustedRoot {
    TrustedRoot::from_json(ROOT.as_bytes()).unwrap()
}

/// The root with something changed.
pub(crate) fn changed_root(change: impl FnOnce(&mut Value)) -> TrustedRoot {
    let mut root: Value = serde_json::from_str(ROOT).unwrap();
    change(&mut root);
    TrustedRoot::from_json(root.to_string().as_bytes()).unwrap()
}

/// A part of the root of another stack.
pub(crate) fn of_other_root(part: &str) -> Value {
    let other: Value = serde_json::from_str(OTHER_ROOT).unwrap();
    other[part].clone()
}

impl Recorded {
    pub(crate) fn new(text: &str) -> Self {
        let recorded: Value = serde_json::from_str(text).unwrap();
        let text = |name: &str| recorded[name].as_str().unwrap().to_owned();
        Self {
            digest: text("digest").parse().unwrap(),
            issuer: text("issuer"),
            subject: text("subject"),
            pieces: recorded["pieces"].as_array().unwrap().clone(),
        }
    }

    /// An image without evidence.
    pub(crate) fn about(digest: Digest) -> Self {
        Self {
            digest,
            issuer: String::new(),
            subject: String::new(),
            pieces: Vec::new(),
        }
    }

    /// The bundle whose statement is of this type.
    pub(crate) fn bundle(&self, predicate_type: &str) -> Value {
        let bundles = self.pieces.iter().filter(|piece| piece["form"] == "bundle");
        let mut bundles =
            bundles.map(|piece| serde_json::from_str::<Value>(piece["text"].as_str().unwrap()));
        bundles
            .find_map(|bundle| {
                let bundle = bundle.unwrap();
                let payload = base64_of(&bundle["dsseEnvelope"]["payload"]);
                let statement: Value = serde_json::from_slice(&payload).unwrap();
                (statement["predicateType"] == predicate_type).then_some(bundle)
            })
            .unwrap()
    }

    /// The layer under `.sig` or `.att`: its annotations and its bytes.
    pub(crate) fn layer(&self, form: &str) -> (BTreeMap<String, String>, String) {
        let piece = self.pieces.iter().find(|piece| piece["form"] == form);
        let piece = piece.unwrap();
        let annotations = serde_json::from_value(piece["annotations"].clone()).unwrap();
        (annotations, piece["text"].as_str().unwrap().to_owned())
    }

    /// A bundle as a referrer of this image.
    pub(crate) fn referrer(&self, bundle: &[u8]) -> Evidence {
        let layer = Descriptor::of(MediaType::SIGSTORE_BUNDLE, bundle);
        let config = Descriptor::of(MediaType::OCI_EMPTY, b"{}");
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MediaType::OCI_MANIFEST,
            "config": config,
            "layers": [layer],
            "subject": Descriptor::new(MediaType::new(MediaType::OCI_MANIFEST), self.digest, 7),
        });
        let manifest = RawManifest::new(
            MediaType::new(MediaType::OCI_MANIFEST),
            DigestAlgorithm::Sha256,
            manifest.to_string().into(),
        );
        let blob = EvidenceBlob {
            descriptor: layer,
            bytes: bundle.to_vec().into(),
        };
        Evidence::Referrer {
            manifest,
            blobs: vec![blob],
        }
    }

    /// What is so about the bundle.
    pub(crate) fn examine(&self, root: &TrustedRoot, bundle: &Value) -> SignatureFacts {
        let evidence = self.referrer(bundle.to_string().as_bytes());
        only(root.examine(&self.digest, &evidence))
    }
}

/// A layer under a shared tag.
pub(crate) fn tag_layer(
    form: &str,
    annotations: &BTreeMap<String, String>,
    text: &str,
) -> Evidence {
    let (suffix, media_type) = match form {
        "sig" => (TagSuffix::Sig, MediaType::SIMPLE_SIGNING),
        _ => (TagSuffix::Att, MediaType::DSSE_ENVELOPE),
    };
    let mut descriptor = Descriptor::of(media_type, text.as_bytes());
    descriptor.annotations = annotations.clone();
    Evidence::TagLayer {
        suffix,
        layer: EvidenceBlob {
            descriptor,
            bytes: text.as_bytes().to_vec().into(),
        },
    }
}

pub(crate) fn only(mut facts: Vec<SignatureFacts>) -> SignatureFacts {
    assert_eq!(facts.len(), 1, "{facts:?}");
    facts.remove(0)
}

/// Demands that a signature proves nothing, for this reason, and that nothing is said that isn't proven.
#[track_caller]
pub(crate) fn demand_refused(name: &str, facts: &SignatureFacts, check: CheckSubject, code: Code) {
    demand_unwitnessed(name, facts, check, code);
    assert_eq!(facts.names, [] as [String; 0], "{name}");
    assert_eq!(facts.signed_digest, None, "{name}");
}

/// Demands that a check failed for this reason, and that no log and no time is stated.
#[track_caller]
pub(crate) fn demand_unwitnessed(
    name: &str,
    facts: &SignatureFacts,
    check: CheckSubject,
    code: Code,
) {
    let failed = facts.checks.iter().find(|check| check.failure.is_some());
    let failed = failed.unwrap_or_else(|| panic!("{name}: nothing failed"));
    let failure = failed.failure.as_ref().unwrap();
    assert_eq!(
        (failed.subject, failure.code),
        (check, code),
        "{name}: {}",
        failure.message
    );
    assert_eq!(facts.proven_times, [], "{name}");
    assert_eq!(facts.logs, [], "{name}");
}

pub(crate) fn base64_of(value: &Value) -> Vec<u8> {
    use base64::Engine as _;
    let text = value.as_str().unwrap();
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap()
}

pub(crate) fn base64(bytes: &[u8]) -> Value {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD
        .encode(bytes)
        .into()
}

/// Changes the last byte of a base64 text.
pub(crate) fn flip(value: &mut Value) {
    let mut bytes = base64_of(value);
    *bytes.last_mut().unwrap() ^= 1;
    *value = base64(&bytes);
}
