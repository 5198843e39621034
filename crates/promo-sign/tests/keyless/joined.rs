//! Keys and certificates together: whose word counts, by which root, and what of accepted evidence may be carried.

use std::sync::Arc;

use jiff::Timestamp;
use promo_core::oci::{Descriptor, MediaType};
use promo_core::ports::{
    AcceptedEvidence, Evidence, EvidenceSet, SignerFacts, SignerName, Verification, Verifier as _,
};
use promo_core::trust::{AboutImage, Judge, KeylessSigner, Need, Pattern, Trust, TrustedSigner};
use promo_sign::{EvidenceVerifier, KeyVerifier, SigningKey, TrustedRoot};
use serde_json::Value;

use crate::recorded::{
    CONTROL, ONE, ONE_ALONE, OTHER_ROOT, Recorded, SIGNATURE, TAG_THREE, TAG_TWO, TWO, base64,
    root, tag_layer,
};

fn verifier(roots: Vec<TrustedRoot>) -> EvidenceVerifier {
    let key = SigningKey::generate().unwrap();
    let keys = KeyVerifier::new([key.public_key().clone()]);
    EvidenceVerifier::new(keys, roots.into_iter().map(Arc::new))
}

fn other_root() -> TrustedRoot {
    TrustedRoot::from_json(OTHER_ROOT.as_bytes()).unwrap()
}

fn set(piece: Evidence) -> EvidenceSet {
    EvidenceSet {
        evidence: vec![piece],
        passed_over: Vec::new(),
    }
}

async fn judged(recorded: &Recorded, subject: &str, need: Need, piece: Evidence) -> Verification {
    let signer = KeylessSigner {
        issuer: Pattern::exact(recorded.issuer.as_str()),
        subject: Pattern::exact(subject),
        claims: [].into(),
    };
    let name: SignerName = "release".parse().unwrap();
    let trust = Trust::nobody()
        .with_signer(name, TrustedSigner::Keyless(signer))
        .with_signature(need);
    let judge = Judge::new(Arc::new(verifier(vec![root()])), Arc::new(trust));
    let about = AboutImage {
        digest: &recorded.digest,
        identity: None,
        now: Timestamp::now(),
    };
    judge.verify(about, &set(piece)).await.unwrap()
}

/// Each signature and attestation that was recorded.
fn pieces() -> Vec<(Recorded, Evidence)> {
    let mut pieces = Vec::new();
    for text in [ONE, ONE_ALONE, TWO] {
        let recorded = Recorded::new(text);
        for predicate_type in [SIGNATURE, CONTROL] {
            let bundle = recorded.bundle(predicate_type).to_string();
            pieces.push((recorded.clone(), recorded.referrer(bundle.as_bytes())));
        }
    }
    for text in [TAG_TWO, TAG_THREE] {
        let recorded = Recorded::new(text);
        for form in ["sig", "att"] {
            let (annotations, bytes) = recorded.layer(form);
            pieces.push((recorded.clone(), tag_layer(form, &annotations, &bytes)));
        }
    }
    pieces
}

#[tokio::test]
async fn whoever_is_trusted_is_accepted_and_others_are_strangers() {
    let need = Need {
        log: true,
        timestamp: true,
        ..Need::default()
    };
    for (recorded, piece) in pieces() {
        let found = judged(&recorded, &recorded.subject, need.clone(), piece.clone()).await;
        assert_eq!((found.accepted.len(), &found.refused), (1, &vec![]));
        let found = judged(&recorded, "somebody@promo.example", need.clone(), piece).await;
        assert_eq!((found.accepted, found.unknown.len()), (vec![], 1));
    }
}

#[tokio::test]
async fn what_is_carried_holds_as_it_did_and_nothing_is_beside_it() {
    for (recorded, piece) in pieces() {
        let found = judged(
            &recorded,
            &recorded.subject,
            Need::default(),
            with_junk(&piece),
        )
        .await;
        let [accepted] = found.accepted.as_slice() else {
            panic!("{found:?}");
        };
        let carried = carried(&recorded, accepted);
        assert!(!format!("{carried:?}").contains("junk"));
        let again = judged(
            &recorded,
            &recorded.subject,
            Need::default(),
            carried.clone(),
        )
        .await;
        let [again] = again.accepted.as_slice() else {
            panic!("{again:?}");
        };
        assert_eq!(again.signed_digest, accepted.signed_digest);
        assert_eq!(again.proven_time, accepted.proven_time);
        assert_eq!(again.kind, accepted.kind);
        // What was carried once is carried as it is.
        assert_eq!(self::carried(&recorded, again), carried);
        let other = AcceptedEvidence {
            signed_digest: recorded.digest,
            ..again.clone()
        };
        let subject = subject(&recorded);
        assert!(verifier(vec![]).carried(&other, &subject).is_err());
    }
}

fn carried(recorded: &Recorded, accepted: &AcceptedEvidence) -> Evidence {
    let verifier = verifier(vec![root()]);
    verifier.carried(accepted, &subject(recorded)).unwrap()
}

fn subject(recorded: &Recorded) -> Descriptor {
    Descriptor::new(MediaType::new(MediaType::OCI_MANIFEST), recorded.digest, 7)
}

/// The same with something beside it that nobody has signed.
fn with_junk(piece: &Evidence) -> Evidence {
    match piece.clone() {
        Evidence::TagLayer { suffix, mut layer } => {
            let junk = ("junk".to_owned(), "junk".to_owned());
            layer.descriptor.annotations.extend([junk]);
            Evidence::TagLayer { suffix, layer }
        }
        Evidence::Referrer { blobs, manifest } => {
            let mut bundle: Value = serde_json::from_slice(&blobs[0].bytes).unwrap();
            bundle["junk"] = "junk".into();
            bundle["verificationMaterial"]["junk"] = base64(b"junk");
            let manifest: Value = serde_json::from_slice(manifest.bytes()).unwrap();
            let digest = manifest["subject"]["digest"].as_str().unwrap();
            Recorded::about(digest.parse().unwrap()).referrer(bundle.to_string().as_bytes())
        }
    }
}

#[tokio::test]
async fn the_root_that_knows_a_certificate_tells_of_it() {
    let recorded = Recorded::new(TWO);
    let bundle = recorded.bundle(SIGNATURE).to_string();
    let evidence = set(recorded.referrer(bundle.as_bytes()));
    for roots in [vec![root(), other_root()], vec![other_root(), root()]] {
        let examined = verifier(roots).examine(&recorded.digest, &evidence).await;
        let examined = examined.unwrap();
        let [facts] = examined[0].signatures.as_slice() else {
            panic!("{examined:?}");
        };
        assert_eq!(facts.failure(), None);
    }
    // Without a root nobody is proven.
    let examined = verifier(vec![]).examine(&recorded.digest, &evidence).await;
    let facts = &examined.unwrap()[0].signatures[0];
    assert!(matches!(facts.signer, SignerFacts::Unproven { .. }));
    assert!(facts.failure().is_some());
}
