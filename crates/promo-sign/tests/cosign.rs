//! Evidence that cosign made, judged by our verifier. The fixtures' README says how they were made.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use promo_core::identity::Identity;
use promo_core::oci::{Descriptor, Digest, DigestAlgorithm, MediaType, RawManifest};
use promo_core::ports::{
    Evidence, EvidenceBlob, EvidenceKind, EvidenceSet, SignatureFormat, TagSuffix, Verification,
};
use promo_core::trust::{AboutImage, Judge};
use promo_sign::{KeyVerifier, Password, PublicKey, SigningKey, codes};

macro_rules! fixture {
    ($path:literal) => {
        include_bytes!(concat!("fixtures/", $path)).as_slice()
    };
}

const COSIGN2_IMAGE: &str =
    "sha256:585abc0eb2df5a60db4f8956bc4b2db46b0d969a2963c963b08034100f92c7c0";
const COSIGN3_IMAGE: &str =
    "sha256:342a179c84d9eb723f5755da73715b1b038c60ca294e2f7598db6fe127251174";
const RSA_IMAGE: &str = "sha256:5bdbab604154c49a504a8e9d860de3f2c6e4c152dff7a97f7be5166ac6444678";

/// The layers of an image under a tag, with the annotations that stand in its manifest.
fn tag_layers(suffix: TagSuffix, manifest: &[u8], layers: &[&'static [u8]]) -> Vec<Evidence> {
    let manifest: serde_json::Value = serde_json::from_slice(manifest).unwrap();
    let descriptors: Vec<Descriptor> = serde_json::from_value(manifest["layers"].clone()).unwrap();
    assert_eq!(descriptors.len(), layers.len());
    let pairs = descriptors.into_iter().zip(layers);
    pairs
        .map(|(descriptor, bytes)| Evidence::TagLayer {
            suffix,
            layer: EvidenceBlob {
                descriptor,
                bytes: (*bytes).into(),
            },
        })
        .collect()
}

fn referrer(manifest: &'static [u8], bundle: &'static [u8]) -> Evidence {
    let media_type = MediaType::new(MediaType::OCI_MANIFEST);
    Evidence::Referrer {
        manifest: RawManifest::new(media_type, DigestAlgorithm::Sha256, manifest.into()),
        blobs: vec![EvidenceBlob {
            descriptor: Descriptor::of(MediaType::SIGSTORE_BUNDLE, bundle),
            bytes: bundle.into(),
        }],
    }
}

fn cosign2() -> Vec<Evidence> {
    let layers = [
        fixture!("cosign2/sig.layer0.json"),
        fixture!("cosign2/sig.layer1.json"),
    ];
    let mut evidence = tag_layers(
        TagSuffix::Sig,
        fixture!("cosign2/sig.manifest.json"),
        &layers,
    );
    let layers = [fixture!("cosign2/att.layer0.json")];
    evidence.extend(tag_layers(
        TagSuffix::Att,
        fixture!("cosign2/att.manifest.json"),
        &layers,
    ));
    evidence
}

fn cosign3() -> Vec<Evidence> {
    vec![
        referrer(
            fixture!("cosign3/signature.manifest.json"),
            fixture!("cosign3/signature.bundle.json"),
        ),
        referrer(
            fixture!("cosign3/attestation.manifest.json"),
            fixture!("cosign3/attestation.bundle.json"),
        ),
    ]
}

/// By cosign 2 under `.sig`, by cosign 3 in bundles.
fn rsa() -> Vec<Evidence> {
    let mut evidence = tag_layers(
        TagSuffix::Sig,
        fixture!("cosign-rsa/sig.manifest.json"),
        &[fixture!("cosign-rsa/sig.layer0.json")],
    );
    evidence.extend([
        referrer(
            fixture!("cosign-rsa/signature.manifest.json"),
            fixture!("cosign-rsa/signature.bundle.json"),
        ),
        referrer(
            fixture!("cosign-rsa/attestation.manifest.json"),
            fixture!("cosign-rsa/attestation.bundle.json"),
        ),
    ]);
    evidence
}

/// The same piece with one byte of what it holds changed, sound in all its digests.
fn changed(piece: &Evidence, at: usize) -> Evidence {
    let changed = |blob: &EvidenceBlob| {
        let mut bytes = blob.bytes.to_vec();
        bytes[at] ^= 1;
        let mut descriptor = blob.descriptor.clone();
        descriptor.digest = Digest::sha256_of(&bytes);
        EvidenceBlob {
            descriptor,
            bytes: bytes.into(),
        }
    };
    match piece {
        Evidence::TagLayer { suffix, layer } => Evidence::TagLayer {
            suffix: *suffix,
            layer: changed(layer),
        },
        Evidence::Referrer { manifest, blobs } => {
            let blob = changed(&blobs[0]);
            let mut image: serde_json::Value = serde_json::from_slice(manifest.bytes()).unwrap();
            image["layers"][0]["digest"] = blob.descriptor.digest.to_string().into();
            let bytes = serde_json::to_vec(&image).unwrap().into();
            let media_type = manifest.media_type().clone();
            Evidence::Referrer {
                manifest: RawManifest::new(media_type, DigestAlgorithm::Sha256, bytes),
                blobs: vec![blob],
            }
        }
    }
}

/// Where the signed payload and the signature stand in a piece: in a bundle both, in base64.
fn signed_places(piece: &Evidence) -> Vec<usize> {
    let bytes = match piece {
        Evidence::TagLayer { layer, .. } => return (0..layer.bytes.len()).collect(),
        Evidence::Referrer { blobs, .. } => &blobs[0].bytes,
    };
    let text = std::str::from_utf8(bytes).unwrap();
    let bundle: serde_json::Value = serde_json::from_str(text).unwrap();
    let envelope = &bundle["dsseEnvelope"];
    [&envelope["payload"], &envelope["signatures"][0]["sig"]]
        .into_iter()
        .flat_map(|value| {
            let value = value.as_str().unwrap();
            let begin = text.find(value).unwrap();
            // The last letters of base64 may differ where the bytes don't.
            begin..begin + value.trim_end_matches('=').len() - 1
        })
        .collect()
}

async fn judge(
    by: &Judge,
    digest: &str,
    identity: Option<&str>,
    evidence: Vec<Evidence>,
) -> Verification {
    let set = EvidenceSet {
        evidence,
        passed_over: Vec::new(),
    };
    let identity = identity.map(|name| Identity::new(name.parse().unwrap()));
    let digest: Digest = digest.parse().unwrap();
    by.verify(
        AboutImage {
            digest: &digest,
            identity: identity.as_ref(),
            now: jiff::Timestamp::UNIX_EPOCH,
        },
        &set,
    )
    .await
    .unwrap()
}

fn verifier(pem: &[u8]) -> Judge {
    KeyVerifier::new([PublicKey::from_pem(pem).unwrap()]).trusting_all()
}

fn kinds(found: &Verification) -> Vec<EvidenceKind> {
    found
        .accepted
        .iter()
        .map(|piece| piece.kind.clone())
        .collect()
}

fn attestation() -> EvidenceKind {
    EvidenceKind::Attestation {
        predicate_type: "https://example.org/p/v1".to_owned(),
    }
}

fn signature(format: SignatureFormat) -> EvidenceKind {
    EvidenceKind::Signature { format }
}

#[tokio::test]
async fn what_cosign_2_made_is_accepted_with_its_key() {
    let verifier = verifier(fixture!("cosign2/cosign.pub"));
    let found = judge(&verifier, COSIGN2_IMAGE, None, cosign2()).await;
    let sig = signature(SignatureFormat::Sig);
    assert_eq!(kinds(&found), [sig.clone(), sig.clone(), attestation()]);
    let identity = Some("registry.example/app");
    let found = judge(&verifier, COSIGN2_IMAGE, identity, cosign2()).await;
    assert_eq!(kinds(&found), [sig]);
    // One signature and the attestation are under the name that cosign spoke to.
    let codes: Vec<_> = found.refused.iter().map(|refused| refused.code).collect();
    assert_eq!(codes, [codes::OTHER_NAME; 2]);
}

#[tokio::test]
async fn what_cosign_3_made_is_accepted_with_its_key() {
    let verifier = verifier(fixture!("cosign3/cosign.pub"));
    let bundle = signature(SignatureFormat::Bundle);
    let found = judge(&verifier, COSIGN3_IMAGE, None, cosign3()).await;
    assert_eq!(kinds(&found), [bundle.clone(), attestation()]);
    assert_eq!(
        found.accepted[0].time, None,
        "nobody signed when it was made"
    );
    // cosign 3 names nothing in the bundle of a signature, but the image in that of an attestation.
    let identity = Some("registry.example/app");
    let found = judge(&verifier, COSIGN3_IMAGE, identity, cosign3()).await;
    assert_eq!(kinds(&found), [bundle]);
    assert_eq!(found.refused[0].code, codes::OTHER_NAME);
}

#[tokio::test]
async fn what_cosign_made_with_an_rsa_key_is_accepted_unless_a_byte_of_it_is_changed() {
    let verifier = verifier(fixture!("cosign-rsa/cosign.pub"));
    let found = judge(&verifier, RSA_IMAGE, None, rsa()).await;
    let bundle = signature(SignatureFormat::Bundle);
    let wanted = [signature(SignatureFormat::Sig), bundle, attestation()];
    assert_eq!(kinds(&found), wanted);
    for piece in rsa() {
        for at in signed_places(&piece) {
            let found = judge(&verifier, RSA_IMAGE, None, vec![changed(&piece, at)]).await;
            assert_eq!(found.accepted, [], "byte {at} of {piece:?}");
        }
    }
}

#[tokio::test]
async fn another_byte_in_the_rsa_signature_of_a_layer_is_refused() {
    let verifier = verifier(fixture!("cosign-rsa/cosign.pub"));
    let manifest = String::from_utf8(fixture!("cosign-rsa/sig.manifest.json").to_vec()).unwrap();
    let layers = [fixture!("cosign-rsa/sig.layer0.json")];
    for (from, to) in [("DJgAxJ", "DJgAxK"), ("vtG+G", "vtG/G")] {
        let other = manifest.replace(from, to);
        assert_ne!(other, manifest);
        let evidence = tag_layers(TagSuffix::Sig, other.as_bytes(), &layers);
        let found = judge(&verifier, RSA_IMAGE, None, evidence).await;
        assert_eq!((found.accepted.len(), found.unknown.len()), (0, 1));
    }
}

#[test]
fn promo_does_not_sign_with_the_rsa_key_and_says_so() {
    let key = fixture!("cosign-rsa/cosign.key");
    let refused = SigningKey::from_pem(key, Some(&Password::new("fixture"))).unwrap_err();
    let hint = refused.hints().concat();
    assert!(hint.contains("RSA"), "{hint}");
}

#[tokio::test]
async fn another_key_or_image_is_not_accepted() {
    let other = verifier(fixture!("cosign3/cosign.pub"));
    let found = judge(&other, COSIGN2_IMAGE, None, cosign2()).await;
    assert_eq!((found.accepted.len(), found.unknown.len()), (0, 3));
    let other = verifier(fixture!("cosign2/cosign.pub"));
    let found = judge(&other, COSIGN3_IMAGE, None, cosign3()).await;
    assert_eq!((found.accepted.len(), found.unknown.len()), (0, 2));
    let verifier = verifier(fixture!("cosign3/cosign.pub"));
    let found = judge(&verifier, COSIGN2_IMAGE, None, cosign3()).await;
    let codes: Vec<_> = found.refused.iter().map(|refused| refused.code).collect();
    assert_eq!(codes, [codes::DIGEST; 2]);
    assert_eq!(found.accepted, []);
}

#[test]
fn private_keys_of_both_versions_are_read() {
    let password = Password::new("fixture");
    let pairs = [
        (
            fixture!("cosign2/cosign.key"),
            fixture!("cosign2/cosign.pub"),
        ),
        (
            fixture!("cosign3/cosign.key"),
            fixture!("cosign3/cosign.pub"),
        ),
    ];
    for (private, public) in pairs {
        let key = SigningKey::from_pem(private, Some(&password)).unwrap();
        assert_eq!(*key.public_key(), PublicKey::from_pem(public).unwrap());
    }
}
