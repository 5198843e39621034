//! The bodies for what verifiers read: evidence, trusted roots, and trust documents.
//!
//! What holds is known from the recorded evidence, which cosign made: of anything else nothing may ever count, whatever is changed around it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use jiff::Timestamp;
use promo::trust::{NamedFiles, TrustDocument};
use promo_core::oci::{Descriptor, Digest, DigestAlgorithm, MediaType, RawManifest};
use promo_core::ports::{
    Evidence, EvidenceBlob, EvidenceSet, LogEntry, ProvenTime, ServiceUrl, SignatureFacts,
    TagSuffix, Verifier,
};
use promo_core::trust::{AboutImage, Judge, KeylessSigner, Pattern, Trust, TrustedSigner};
use promo_sign::{EvidenceVerifier, KeyVerifier, PublicKey, SigstoreRepository, TrustedRoot};

const ROOT: &[u8] = include_bytes!("../seeds/trusted_root/own.json");
const KEYS: [&[u8]; 3] = [
    include_bytes!("../../crates/promo-sign/tests/fixtures/cosign2/cosign.pub"),
    include_bytes!("../../crates/promo-sign/tests/fixtures/cosign3/cosign.pub"),
    include_bytes!("../../crates/promo-sign/tests/fixtures/cosign-rsa/cosign.pub"),
];

/// The recorded evidence; as it stands here, each of it holds.
pub(crate) const SEEDS: [&[u8]; 17] = [
    include_bytes!("../seeds/evidence/bundle-1-0.bin"),
    include_bytes!("../seeds/evidence/bundle-1-1.bin"),
    include_bytes!("../seeds/evidence/bundle-1-alone-0.bin"),
    include_bytes!("../seeds/evidence/bundle-1-alone-1.bin"),
    include_bytes!("../seeds/evidence/bundle-2-0.bin"),
    include_bytes!("../seeds/evidence/bundle-2-1.bin"),
    include_bytes!("../seeds/evidence/cosign-rsa-attestation.bin"),
    include_bytes!("../seeds/evidence/cosign-rsa-sig.bin"),
    include_bytes!("../seeds/evidence/cosign-rsa-signature.bin"),
    include_bytes!("../seeds/evidence/cosign2-att.bin"),
    include_bytes!("../seeds/evidence/cosign2-sig.bin"),
    include_bytes!("../seeds/evidence/cosign3-attestation.bin"),
    include_bytes!("../seeds/evidence/cosign3-signature.bin"),
    include_bytes!("../seeds/evidence/tag-2-0.bin"),
    include_bytes!("../seeds/evidence/tag-2-1.bin"),
    include_bytes!("../seeds/evidence/tag-3-0.bin"),
    include_bytes!("../seeds/evidence/tag-3-1.bin"),
];

/// What is known of a signature: nothing may say more of it than the evidence as it was recorded.
#[derive(Debug, Default)]
struct Known {
    times: BTreeSet<ProvenTime>,
    logs: BTreeSet<LogEntry>,
    names: BTreeSet<Vec<String>>,
}

/// By the image, and by what is signed and the signature.
type AllKnown = BTreeMap<(Digest, Digest), Known>;

/// What all bodies use.
struct Recorded {
    keys: Vec<PublicKey>,
    judge: Judge,
    known: AllKnown,
}

fn recorded() -> &'static Recorded {
    static RECORDED: OnceLock<Recorded> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let root = Arc::new(TrustedRoot::from_json(ROOT).expect("a root"));
        let keys: Vec<_> = KEYS
            .iter()
            .map(|pem| PublicKey::from_pem(pem).expect("a key"))
            .collect();
        let verifier = EvidenceVerifier::new(KeyVerifier::new(keys.clone()), [root]);
        let anybody = KeylessSigner {
            issuer: Pattern::expression("(?s).*").expect("an expression"),
            subject: Pattern::expression("(?s).*").expect("an expression"),
            claims: BTreeMap::new(),
        };
        let trust = Trust::in_keys(keys.iter().map(PublicKey::fingerprint)).with_signer(
            "anybody".parse().expect("a name"),
            TrustedSigner::Keyless(anybody),
        );
        let mut known = AllKnown::new();
        for seed in SEEDS {
            let (digest, piece) = piece(seed).expect("a piece of evidence");
            for facts in examined(&verifier, &digest, piece) {
                assert_eq!(facts.failure(), None, "a seed doesn't hold");
                let signed = facts.signed_digest.expect("it is signed");
                let of_it = known.entry((digest, signed)).or_default();
                of_it.times.extend(facts.proven_times);
                of_it.logs.extend(facts.logs);
                of_it.names.insert(facts.names);
            }
        }
        Recorded {
            keys,
            judge: Judge::new(Arc::new(verifier), Arc::new(trust)),
            known,
        }
    })
}

/// Examines evidence in each form: any bytes end in facts, what holds was recorded, and says nothing that wasn't; what is
/// accepted can be carried, and is then accepted as the same.
///
/// The form and the image's digest stand before the first NUL, the manifest of a referrer or the annotations of a layer before
/// the second, and the bundle or the layer after it.
pub fn evidence(data: &[u8]) {
    let Some((digest, piece)) = piece(data) else {
        return;
    };
    let Recorded { judge, known, .. } = recorded();
    let about = AboutImage {
        digest: &digest,
        identity: None,
        now: Timestamp::MAX,
    };
    let set = |piece| EvidenceSet {
        evidence: vec![piece],
        passed_over: Vec::new(),
    };
    let first = set(piece);
    let judged = now(judge.judge(about, &first)).expect("it is judged");
    for facts in judged.iter().flat_map(|piece| &piece.examined.signatures) {
        demand_known(known, &digest, facts);
    }
    let found = now(judge.verify(about, &first)).expect("it is judged");
    let subject = Descriptor::new(MediaType::new(MediaType::OCI_MANIFEST), digest, 7);
    for accepted in found.accepted {
        let carried = judge.carried(&accepted, &subject);
        let carried = set(carried.expect("what is accepted can be carried"));
        let again = now(judge.verify(about, &carried)).expect("it is judged");
        let [again] = again.accepted.as_slice() else {
            panic!("what is carried isn't accepted: {again:?}");
        };
        assert_eq!(again.signed_digest, accepted.signed_digest);
        assert_eq!(again.signer, accepted.signer);
    }
}

/// Reads a trusted root: any bytes are refused, or make a root by which the recorded evidence holds as it was recorded, or not at all.
pub fn trusted_root(data: &[u8]) {
    let Ok(root) = TrustedRoot::from_json(data) else {
        return;
    };
    for seed in SEEDS {
        let (digest, piece) = piece(seed).expect("a piece of evidence");
        for facts in root.examine(&digest, &piece) {
            if facts.failure().is_none() {
                let signed = facts.signed_digest.expect("what holds is signed");
                assert!(recorded().known.contains_key(&(digest, signed)));
            }
        }
    }
}

/// Understands a trust document: any text is refused with a place in it, or decides about the recorded evidence, and twice the same.
pub fn trust(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let path = Path::new("trust.toml");
    let document = match TrustDocument::parse(path, text, &Given) {
        Ok(document) => document,
        Err(promo::Error::TrustDocument { line, .. }) => {
            let lines = text.split('\n').count();
            assert!(line >= 1 && line <= lines, "line {line} of {lines}");
            return;
        }
        Err(_) => return,
    };
    assert!(!document.trust().signers().is_empty(), "nobody is trusted");
    let judge = document.judge();
    let (digest, piece) = piece(SEEDS[0]).expect("a piece of evidence");
    let about = AboutImage {
        digest: &digest,
        identity: None,
        now: Timestamp::MAX,
    };
    let set = EvidenceSet {
        evidence: vec![piece],
        passed_over: Vec::new(),
    };
    let decided = || {
        let found = now(judge.verify(about, &set)).expect("it is judged");
        let met = document.trust().signature().met(&found.accepted);
        format!("{found:?} {met:?}")
    };
    assert_eq!(decided(), decided(), "a document decides in two ways");
}

/// What documents name: a key by its number, and one root.
struct Given;

impl NamedFiles for Given {
    fn public_key(&self, path: &Path) -> promo::Result<PublicKey> {
        let keys = &recorded().keys;
        let number: usize = path
            .to_str()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        Ok(keys[number % keys.len()].clone())
    }

    fn trusted_root(&self, _path: &Path) -> promo::Result<TrustedRoot> {
        Ok(TrustedRoot::from_json(ROOT).expect("a root"))
    }

    fn repository(
        &self,
        url: ServiceUrl,
        _root: Option<&Path>,
    ) -> promo::Result<SigstoreRepository> {
        Ok(SigstoreRepository::mirror_of_public(url)?)
    }
}

fn demand_known(known: &AllKnown, digest: &Digest, facts: &SignatureFacts) {
    if facts.failure().is_some() {
        assert!(facts.proven_times.is_empty() && facts.logs.is_empty());
        return;
    }
    let signed = facts.signed_digest.expect("what holds is signed");
    let Some(known) = known.get(&(*digest, signed)) else {
        panic!("it counts, and nobody has signed it: {facts:?}");
    };
    let mut times = facts.proven_times.iter();
    assert!(times.all(|time| known.times.contains(time)));
    assert!(facts.logs.iter().all(|log| known.logs.contains(log)));
    assert!(known.names.contains(&facts.names));
}

/// The digest of the image, and the piece of evidence.
fn piece(data: &[u8]) -> Option<(Digest, Evidence)> {
    let mut parts = data.splitn(3, |byte| *byte == 0);
    let (head, beside, body) = (parts.next()?, parts.next()?, parts.next()?);
    let (form, digest) = std::str::from_utf8(head).ok()?.split_once(' ')?;
    let digest: Digest = digest.parse().ok()?;
    let evidence = match form {
        "sig" => layer(
            TagSuffix::Sig,
            MediaType::SIMPLE_SIGNING,
            annotations(beside)?,
            body,
        ),
        "att" => layer(
            TagSuffix::Att,
            MediaType::DSSE_ENVELOPE,
            annotations(beside)?,
            body,
        ),
        "bundle" => referrer(&manifest(digest, body), body),
        "referrer" => referrer(beside, body),
        _ => return None,
    };
    Some((digest, evidence))
}

fn annotations(json: &[u8]) -> Option<BTreeMap<String, String>> {
    serde_json::from_slice(json).ok()
}

fn layer(
    suffix: TagSuffix,
    media_type: &'static str,
    annotations: BTreeMap<String, String>,
    body: &[u8],
) -> Evidence {
    let mut descriptor = Descriptor::of(media_type, body);
    descriptor.annotations = annotations;
    Evidence::TagLayer {
        suffix,
        layer: EvidenceBlob {
            descriptor,
            bytes: body.to_vec().into(),
        },
    }
}

/// The manifest that cosign writes around a bundle.
fn manifest(digest: Digest, bundle: &[u8]) -> Vec<u8> {
    let subject = Descriptor::new(MediaType::new(MediaType::OCI_MANIFEST), digest, 7);
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_MANIFEST,
        "config": Descriptor::of(MediaType::OCI_EMPTY, b"{}"),
        "layers": [Descriptor::of(MediaType::SIGSTORE_BUNDLE, bundle)],
        "subject": subject,
    });
    manifest.to_string().into_bytes()
}

fn referrer(manifest: &[u8], body: &[u8]) -> Evidence {
    Evidence::Referrer {
        manifest: RawManifest::new(
            MediaType::new(MediaType::OCI_MANIFEST),
            DigestAlgorithm::Sha256,
            manifest.to_vec().into(),
        ),
        blobs: vec![EvidenceBlob {
            descriptor: Descriptor::of(MediaType::SIGSTORE_BUNDLE, body),
            bytes: body.to_vec().into(),
        }],
    }
}

/// What examines waits for nothing.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it waits"),
    }
}

fn examined(verifier: &EvidenceVerifier, digest: &Digest, piece: Evidence) -> Vec<SignatureFacts> {
    let set = EvidenceSet {
        evidence: vec![piece],
        passed_over: Vec::new(),
    };
    let examined = now(verifier.examine(digest, &set)).expect("it is examined");
    let signatures = examined.into_iter().flat_map(|piece| piece.signatures);
    signatures.collect()
}
