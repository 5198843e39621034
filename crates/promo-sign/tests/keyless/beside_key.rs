//! Logs and timestamps beside signatures by keys: what they prove by the roots that know them, what has to hold, and what of it is
//! carried.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use promo_core::Code;
use promo_core::oci::{Descriptor, Digest, MediaType};
use promo_core::ports::{
    CheckSubject, Evidence, EvidenceSet, ProvenTime, SignatureFacts, SignerFacts, SignerName,
    Verification, Verifier as _, Witness,
};
use promo_core::trust::{
    AboutImage, Judge, KeyValidity, Need, Trust, TrustedSigner, codes as core,
};
use promo_sign::{EvidenceVerifier, KeyVerifier, PublicKey, TrustedRoot, codes};
use serde_json::{Value, json};

use crate::log::{Log, Logged, TAKEN, kept};
use crate::recorded::{
    OTHER_ROOT, Recorded, base64, base64_of, changed_root, demand_unwitnessed, flip, only, root,
    tag_layer,
};

const TIMESTAMPS: &str = include_str!("../fixtures/timestamps.json");
const PUBLIC: &[u8] = include_bytes!("../fixtures/cosign3/cosign.pub");
const BUNDLE: &str = include_str!("../fixtures/cosign3/signature.bundle.json");
const IMAGE: &str = "sha256:342a179c84d9eb723f5755da73715b1b038c60ca294e2f7598db6fe127251174";
const LAYER_PUBLIC: &[u8] = include_bytes!("../fixtures/cosign2/cosign.pub");
const LAYERS: &str = include_str!("../fixtures/cosign2/sig.manifest.json");
const LAYER: &str = include_str!("../fixtures/cosign2/sig.layer0.json");
const ATTESTATION: &str = include_str!("../fixtures/cosign2/att.layer0.json");
const LAYER_IMAGE: &str = "sha256:585abc0eb2df5a60db4f8956bc4b2db46b0d969a2963c963b08034100f92c7c0";

/// The time in the tokens.
const STAMPED: &str = "2026-12-01T11:56:36Z";
const AUTHORITY: &str = "CN=timestamps,O=promo.example";

fn timestamps() -> Value {
    serde_json::from_str(TIMESTAMPS).unwrap()
}

/// A root that knows the log and the authority, and what the recorded stack has.
fn root_of(log: &Log, change: impl FnOnce(&mut Value)) -> TrustedRoot {
    changed_root(|root| {
        root["tlogs"].as_array_mut().unwrap().push(log.trusted());
        let authorities = root["timestampAuthorities"].as_array_mut().unwrap();
        authorities.push(timestamps()["authority"].clone());
        change(root);
    })
}

fn whole_root(log: &Log) -> TrustedRoot {
    root_of(log, |_| {})
}

fn verifier(roots: Vec<TrustedRoot>) -> EvidenceVerifier {
    let keys = [PUBLIC, LAYER_PUBLIC].map(|pem| PublicKey::from_pem(pem).unwrap());
    EvidenceVerifier::new(KeyVerifier::new(keys), roots.into_iter().map(Arc::new))
}

fn set(piece: Evidence) -> EvidenceSet {
    EvidenceSet {
        evidence: vec![piece],
        passed_over: Vec::new(),
    }
}

/// The entry of a log about the bundle's signature.
fn entry(make: impl FnOnce(&Logged<'_>) -> Value) -> Value {
    let bundle: Value = serde_json::from_str(BUNDLE).unwrap();
    let payload = base64_of(&bundle["dsseEnvelope"]["payload"]);
    let kind = "application/vnd.in-toto+json";
    let head = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
    let key = PublicKey::from_pem(PUBLIC).unwrap();
    make(&Logged {
        payload: &payload,
        signed: &[head.as_bytes(), &payload].concat(),
        signature: &base64_of(&bundle["dsseEnvelope"]["signatures"][0]["sig"]),
        key_pem: &key.to_pem(),
        spki: key.spki(),
    })
}

/// The bundle with this beside its signature.
fn bundle(entries: &[&Value], tokens: &[&str]) -> Value {
    let mut bundle: Value = serde_json::from_str(BUNDLE).unwrap();
    let material = &mut bundle["verificationMaterial"];
    if !entries.is_empty() {
        material["tlogEntries"] = json!(entries);
    }
    if !tokens.is_empty() {
        let all = timestamps();
        let tokens = tokens.iter();
        let tokens: Vec<_> = tokens
            .map(|name| json!({ "signedTimestamp": all[*name] }))
            .collect();
        material["timestampVerificationData"] = json!({ "rfc3161Timestamps": tokens });
    }
    bundle
}

fn piece(bundle: &Value) -> Evidence {
    Recorded::about(IMAGE.parse().unwrap()).referrer(bundle.to_string().as_bytes())
}

async fn facts(roots: Vec<TrustedRoot>, image: &str, piece: Evidence) -> SignatureFacts {
    let digest: Digest = image.parse().unwrap();
    let examined = verifier(roots).examine(&digest, &set(piece)).await.unwrap();
    let [examined] = examined.as_slice() else {
        panic!("{examined:?}");
    };
    let facts = only(examined.signatures.clone());
    assert!(matches!(facts.signer, SignerFacts::Key(_)), "{facts:?}");
    facts
}

fn by_log(log: &Log) -> ProvenTime {
    ProvenTime {
        time: Timestamp::from_second(TAKEN).unwrap(),
        witness: Witness::Log(log.hex()),
    }
}

fn by_authority() -> ProvenTime {
    ProvenTime {
        time: STAMPED.parse().unwrap(),
        witness: Witness::Authority(AUTHORITY.to_owned()),
    }
}

fn checked(facts: &SignatureFacts) -> Vec<CheckSubject> {
    let checks = facts.checks.iter();
    checks.map(|check| check.subject).collect()
}

async fn demand_told(
    log: &Log,
    bundle: &Value,
    times: &[ProvenTime],
    indices: &[u64],
    witnesses: &[CheckSubject],
) {
    let facts = facts(vec![whole_root(log)], IMAGE, piece(bundle)).await;
    assert_eq!(facts.failure(), None);
    assert_eq!(facts.proven_times, times);
    let logs: Vec<_> = facts.logs.iter().map(|found| found.index).collect();
    assert_eq!(logs, indices);
    assert!(facts.logs.iter().all(|found| found.log == log.hex()));
    let mut checks = vec![CheckSubject::Signature];
    checks.extend(witnesses);
    checks.extend([CheckSubject::Statement, CheckSubject::Digest]);
    assert_eq!(checked(&facts), checks);
}

#[tokio::test]
async fn what_holds_beside_a_bundle_is_told() {
    use CheckSubject::{LogContent, LogInclusion, LogPromise, Timestamp};
    let log = Log::new();
    let one = entry(|logged| log.dsse_v1(logged));
    let two = entry(|logged| log.hashed_v2(logged));
    let (taken, stamped) = (by_log(&log), by_authority());
    let checks = [LogPromise, LogInclusion, LogContent, Timestamp];
    demand_told(
        &log,
        &bundle(&[&one], &[]),
        std::slice::from_ref(&taken),
        &[7],
        &checks[..3],
    )
    .await;
    let in_two = bundle(&[&two], &["bundle"]);
    demand_told(
        &log,
        &in_two,
        std::slice::from_ref(&stamped),
        &[1],
        &checks[1..],
    )
    .await;
    demand_told(&log, &bundle(&[&two], &[]), &[], &[1], &checks[1..3]).await;
    let stamped_alone = bundle(&[], &["bundle"]);
    demand_told(
        &log,
        &stamped_alone,
        std::slice::from_ref(&stamped),
        &[],
        &checks[3..],
    )
    .await;
    let all = bundle(&[&one, &two], &["bundle"]);
    demand_told(&log, &all, &[taken, stamped], &[1, 7], &checks).await;
}

fn layer(annotations: &[(&str, String)]) -> Evidence {
    let image: Value = serde_json::from_str(LAYERS).unwrap();
    let signed = "dev.cosignproject.cosign/signature";
    let signature = image["layers"][0]["annotations"][signed].as_str().unwrap();
    let mut all = BTreeMap::from([(signed.to_owned(), signature.to_owned())]);
    let more = annotations.iter();
    all.extend(more.map(|(name, value)| ((*name).to_owned(), value.clone())));
    tag_layer("sig", &all, LAYER)
}

/// The layer with an entry of a log and a timestamp.
fn witnessed_layer(log: &Log) -> Evidence {
    let image: Value = serde_json::from_str(LAYERS).unwrap();
    let signature = &image["layers"][0]["annotations"]["dev.cosignproject.cosign/signature"];
    let key = PublicKey::from_pem(LAYER_PUBLIC).unwrap();
    let entry = log.hashed_v1(&Logged {
        payload: LAYER.as_bytes(),
        signed: LAYER.as_bytes(),
        signature: &base64_of(signature),
        key_pem: &key.to_pem(),
        spki: key.spki(),
    });
    let token = json!({ "SignedRFC3161Timestamp": timestamps()["layer"] });
    layer(&[
        ("dev.sigstore.cosign/bundle", kept(&entry)),
        ("dev.sigstore.cosign/rfc3161timestamp", token.to_string()),
    ])
}

#[tokio::test]
async fn what_holds_beside_a_layer_is_told() {
    let log = Log::new();
    let found = facts(vec![whole_root(&log)], LAYER_IMAGE, witnessed_layer(&log)).await;
    assert_eq!(found.failure(), None);
    // Its own token is a second younger.
    let stamped = ProvenTime {
        time: "2026-12-01T11:56:37Z".parse().unwrap(),
        ..by_authority()
    };
    assert_eq!(found.proven_times, [by_log(&log), stamped]);
    assert_eq!((found.logs.len(), found.logs[0].index), (1, 7));
    // Its name is still read.
    assert_eq!(found.names.len(), 1);
    let other = json!({ "SignedRFC3161Timestamp": timestamps()["bundle"] });
    let other = layer(&[("dev.sigstore.cosign/rfc3161timestamp", other.to_string())]);
    let found = facts(vec![whole_root(&log)], LAYER_IMAGE, other).await;
    assert_eq!(found.failure().unwrap().code, codes::TIMESTAMP);
}

/// A layer under `.att` with an entry of this log, which is about the second value instead of the layer's own payload.
fn witnessed_attestation(log: &Log, payload: Option<&[u8]>) -> Evidence {
    let envelope: Value = serde_json::from_str(ATTESTATION).unwrap();
    let own = base64_of(&envelope["payload"]);
    let key = PublicKey::from_pem(LAYER_PUBLIC).unwrap();
    let entry = log.dsse_v1(&Logged {
        payload: payload.unwrap_or(&own),
        signed: &[],
        signature: &base64_of(&envelope["signatures"][0]["sig"]),
        key_pem: &key.to_pem(),
        spki: key.spki(),
    });
    let kept = ("dev.sigstore.cosign/bundle".to_owned(), kept(&entry));
    tag_layer("att", &BTreeMap::from([kept]), ATTESTATION)
}

#[tokio::test]
async fn what_holds_beside_an_attestation_layer_is_told() {
    let log = Log::new();
    let piece = witnessed_attestation(&log, None);
    let found = facts(vec![whole_root(&log)], LAYER_IMAGE, piece.clone()).await;
    assert_eq!((found.failure(), found.logs.len()), (None, 1));
    assert_eq!(found.proven_times, [by_log(&log)]);
    let other = witnessed_attestation(&log, Some(b"{}"));
    let other = facts(vec![whole_root(&log)], LAYER_IMAGE, other).await;
    demand_unwitnessed(
        "another",
        &other,
        CheckSubject::LogContent,
        codes::LOG_CONTENT,
    );
    let any = KeyValidity::default;
    let found = judged(
        vec![whole_root(&log)],
        any(),
        Need::default(),
        LAYER_IMAGE,
        piece,
    )
    .await;
    let subject = Descriptor::new(
        MediaType::new(MediaType::OCI_MANIFEST),
        LAYER_IMAGE.parse().unwrap(),
        7,
    );
    let carried = verifier(vec![whole_root(&log)]).carried(&found.accepted[0], &subject);
    let carried = facts(vec![whole_root(&log)], LAYER_IMAGE, carried.unwrap()).await;
    assert_eq!(carried.proven_times, [by_log(&log)]);
}

#[tokio::test]
async fn what_no_root_knows_is_not_judged() {
    let log = Log::new();
    let entry = entry(|logged| log.dsse_v1(logged));
    let mut broken = entry.clone();
    flip(&mut broken["inclusionPromise"]["signedEntryTimestamp"]);
    let mut odd = entry.clone();
    odd["kindVersion"]["kind"] = "rekord".into();
    let plain = facts(vec![], IMAGE, piece(&bundle(&[], &[]))).await;
    let other = || TrustedRoot::from_json(OTHER_ROOT.as_bytes()).unwrap();
    let cases = [
        (vec![], bundle(&[&entry], &["bundle"])),
        (vec![], bundle(&[&broken], &["other"])),
        (vec![root(), other()], bundle(&[&entry], &["bundle"])),
        (vec![root()], bundle(&[&broken], &["other"])),
        // Of a kind that nobody can read here, by a log that is known.
        (vec![whole_root(&log)], bundle(&[&odd], &[])),
        // More than is read.
        (vec![whole_root(&log)], bundle(&[&entry; 17], &[])),
    ];
    for (roots, bundle) in cases {
        assert_eq!(facts(roots, IMAGE, piece(&bundle)).await, plain);
    }
    // Beside what isn't known, what is known is told.
    let known = Log::new();
    let both = [&entry, &self::entry(|logged| known.dsse_v1(logged))];
    let bundle = bundle(&both, &[]);
    for roots in [
        vec![other(), whole_root(&known)],
        vec![whole_root(&known), other()],
    ] {
        let found = facts(roots, IMAGE, piece(&bundle)).await;
        assert_eq!(found.failure(), None);
        assert_eq!(found.proven_times, [by_log(&known)]);
    }
}

/// What is changed of a bundle that holds, and how that is refused.
type Change = (&'static str, fn(&mut Value), CheckSubject, Code);

fn first(bundle: &mut Value) -> &mut Value {
    &mut bundle["verificationMaterial"]["tlogEntries"][0]
}

const CHANGES: [Change; 9] = [
    (
        "the promise",
        |bundle| flip(&mut first(bundle)["inclusionPromise"]["signedEntryTimestamp"]),
        CheckSubject::LogPromise,
        codes::LOG_PROMISE,
    ),
    (
        "the time that a promise is about",
        |bundle| first(bundle)["integratedTime"] = (TAKEN - 1).to_string().into(),
        CheckSubject::LogPromise,
        codes::LOG_PROMISE,
    ),
    (
        "a hash of the proof",
        |bundle| flip(&mut first(bundle)["inclusionProof"]["hashes"][0]),
        CheckSubject::LogInclusion,
        codes::LOG_INCLUSION,
    ),
    (
        "the root of the proof",
        |bundle| flip(&mut first(bundle)["inclusionProof"]["rootHash"]),
        CheckSubject::LogInclusion,
        codes::LOG_HEAD,
    ),
    (
        "the signature of the head",
        |bundle| {
            let head = &mut first(bundle)["inclusionProof"]["checkpoint"]["envelope"];
            let text = head.as_str().unwrap().trim_end().to_owned();
            let (body, signature) = text.rsplit_once(' ').unwrap();
            let mut signature = Value::from(signature);
            flip(&mut signature);
            *head = format!("{body} {}\n", signature.as_str().unwrap()).into();
        },
        CheckSubject::LogInclusion,
        codes::LOG_HEAD,
    ),
    (
        "neither a promise nor a proof",
        |bundle| {
            let entry = first(bundle).as_object_mut().unwrap();
            entry.remove("inclusionPromise");
            entry.remove("inclusionProof");
        },
        CheckSubject::LogInclusion,
        codes::LOG_INCLUSION,
    ),
    (
        "the timestamp of another signature",
        |bundle| {
            let tokens = json!([{ "signedTimestamp": timestamps()["other"] }]);
            bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"] =
                tokens;
        },
        CheckSubject::Timestamp,
        codes::TIMESTAMP,
    ),
    (
        "the timestamp",
        |bundle| {
            let tokens = &mut bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"];
            flip(&mut tokens[0]["signedTimestamp"]);
        },
        CheckSubject::Timestamp,
        codes::TIMESTAMP,
    ),
    (
        "the entry of another signature beside the right one",
        |bundle| {
            // It names the same log, whose promise is about other bytes.
            let mut other = first(bundle).clone();
            other["canonicalizedBody"] = base64(b"{}");
            let entries = bundle["verificationMaterial"]["tlogEntries"].as_array_mut();
            entries.unwrap().push(other);
        },
        CheckSubject::LogInclusion,
        codes::LOG_INCLUSION,
    ),
];

#[tokio::test]
async fn each_change_of_what_a_root_knows_is_refused_with_its_reason() {
    let log = Log::new();
    let whole = bundle(&[&entry(|logged| log.dsse_v1(logged))], &["bundle"]);
    for (name, change, check, code) in CHANGES {
        let mut changed = whole.clone();
        change(&mut changed);
        assert_ne!(changed, whole, "{name}");
        let found = facts(vec![whole_root(&log)], IMAGE, piece(&changed)).await;
        demand_unwitnessed(name, &found, check, code);
    }
}

/// Entries that the log has signed well, about something else.
#[tokio::test]
async fn entries_about_something_else_are_refused() {
    let log = Log::new();
    let key = promo_sign::SigningKey::generate().unwrap();
    let pem = key.public_key().to_pem();
    let others: [fn(&Log, &Logged<'_>) -> Value; 3] = [
        |log, logged| log.dsse_v1(logged),
        |log, logged| log.hashed_v2(logged),
        |log, logged| log.hashed_v1(logged),
    ];
    for (number, make) in others.into_iter().enumerate() {
        let of_another_key = entry(|logged| {
            let other = Logged {
                key_pem: &pem,
                spki: key.public_key().spki(),
                ..*logged
            };
            make(&log, &other)
        });
        let of_another_signature = entry(|logged| {
            let other = Logged {
                signature: b"another signature",
                ..*logged
            };
            make(&log, &other)
        });
        let of_another_statement = entry(|logged| {
            let other = Logged {
                payload: b"{}",
                signed: b"{}",
                ..*logged
            };
            make(&log, &other)
        });
        for other in [of_another_key, of_another_signature, of_another_statement] {
            let found = facts(
                vec![whole_root(&log)],
                IMAGE,
                piece(&bundle(&[&other], &[])),
            )
            .await;
            let name = format!("entry {number}");
            demand_unwitnessed(&name, &found, CheckSubject::LogContent, codes::LOG_CONTENT);
        }
    }
}

#[tokio::test]
async fn windows_of_logs_and_authorities_count() {
    let log = Log::new();
    let both = bundle(&[&entry(|logged| log.dsse_v1(logged))], &["bundle"]);
    let stamped = bundle(&[], &["bundle"]);
    let ended = |log: &Log| {
        root_of(log, |root| {
            let logs = root["tlogs"].as_array_mut().unwrap();
            logs.last_mut().unwrap()["publicKey"]["validFor"]["end"] =
                "2026-01-02T00:00:00Z".into();
        })
    };
    let found = facts(vec![ended(&log)], IMAGE, piece(&both)).await;
    demand_unwitnessed(
        "an ended log",
        &found,
        CheckSubject::LogPromise,
        codes::LOG_KEY,
    );
    let retired = root_of(&log, |root| {
        let all = root["timestampAuthorities"].as_array_mut().unwrap();
        all.last_mut().unwrap()["validFor"]["end"] = "2026-01-02T00:00:00Z".into();
    });
    let found = facts(vec![retired], IMAGE, piece(&stamped)).await;
    demand_unwitnessed(
        "a retired authority",
        &found,
        CheckSubject::Timestamp,
        codes::TIMESTAMP,
    );
    // Another root knows the same, and by that it holds; in any order.
    for roots in [
        vec![ended(&log), whole_root(&log)],
        vec![whole_root(&log), ended(&log)],
    ] {
        let found = facts(roots, IMAGE, piece(&both)).await;
        assert_eq!((found.failure(), found.logs.len()), (None, 1));
    }
    // One that knows less doesn't overrule.
    let authority_alone = || {
        changed_root(|root| {
            let all = root["timestampAuthorities"].as_array_mut().unwrap();
            all.push(timestamps()["authority"].clone());
        })
    };
    for roots in [
        vec![ended(&log), authority_alone()],
        vec![authority_alone(), ended(&log)],
    ] {
        let found = facts(roots, IMAGE, piece(&both)).await;
        demand_unwitnessed(
            "a root of less",
            &found,
            CheckSubject::LogPromise,
            codes::LOG_KEY,
        );
    }
}

async fn judged(
    roots: Vec<TrustedRoot>,
    validity: KeyValidity,
    need: Need,
    image: &str,
    piece: Evidence,
) -> Verification {
    let digest: Digest = image.parse().unwrap();
    let mut trust = Trust::nobody().with_signature(need);
    for (name, pem) in [("bundles", PUBLIC), ("layers", LAYER_PUBLIC)] {
        let name: SignerName = name.parse().unwrap();
        let key = PublicKey::from_pem(pem).unwrap().fingerprint();
        trust = trust.with_signer(name, TrustedSigner::Key { key, validity });
    }
    let judge = Judge::new(Arc::new(verifier(roots)), Arc::new(trust));
    let about = AboutImage {
        digest: &digest,
        identity: None,
        now: "2027-01-01T00:00:00Z".parse().unwrap(),
    };
    judge.verify(about, &set(piece)).await.unwrap()
}

#[tokio::test]
async fn the_bounds_of_a_key_are_held_against_the_time_that_is_proven() {
    let log = Log::new();
    let witnessed = bundle(&[&entry(|logged| log.dsse_v1(logged))], &["bundle"]);
    let plain = bundle(&[], &[]);
    let until = |text: &str| KeyValidity {
        until: Some(text.parse().unwrap()),
        ..KeyValidity::default()
    };
    let (ended, ended_before) = (until("2026-12-02T00:00:00Z"), until("2026-01-02T00:00:00Z"));
    let strict = Need {
        log: true,
        timestamp: true,
        ..Need::default()
    };
    for (bundle, roots, validity, need, expected) in [
        (&witnessed, true, ended, Need::default(), None),
        (&witnessed, true, ended, strict.clone(), None),
        (
            &witnessed,
            true,
            ended_before,
            Need::default(),
            Some(core::KEY_ENDED),
        ),
        (
            &witnessed,
            false,
            ended,
            Need::default(),
            Some(core::KEY_ENDED),
        ),
        (&plain, true, ended, Need::default(), Some(core::KEY_ENDED)),
        (
            &plain,
            true,
            KeyValidity::default(),
            strict.clone(),
            Some(core::LOG_REQUIRED),
        ),
        (
            &witnessed,
            false,
            KeyValidity::default(),
            strict,
            Some(core::LOG_REQUIRED),
        ),
    ] {
        let roots = if roots {
            vec![whole_root(&log)]
        } else {
            vec![]
        };
        let found = judged(roots, validity, need, IMAGE, piece(bundle)).await;
        let refused = found.refused.first().map(|refused| refused.code);
        assert_eq!(
            (found.accepted.len(), refused),
            (usize::from(expected.is_none()), expected)
        );
    }
}

#[tokio::test]
async fn what_holds_is_carried_and_nothing_else() {
    let log = Log::new();
    let unknown = Log::new();
    let entries = [
        &entry(|logged| log.dsse_v1(logged)),
        &entry(|logged| unknown.dsse_v1(logged)),
    ];
    let mut with_junk = bundle(&entries, &["bundle"]);
    with_junk["junk"] = "junk".into();
    with_junk["verificationMaterial"]["publicKey"]["hint"] = "junk".into();
    let Evidence::TagLayer { suffix, mut layer } = witnessed_layer(&log) else {
        panic!("a layer");
    };
    let junk = ("junk".to_owned(), "junk".to_owned());
    layer.descriptor.annotations.extend([junk]);
    let layer = Evidence::TagLayer { suffix, layer };
    for (image, piece) in [(IMAGE, piece(&with_junk)), (LAYER_IMAGE, layer)] {
        let digest: Digest = image.parse().unwrap();
        let subject = Descriptor::new(MediaType::new(MediaType::OCI_MANIFEST), digest, 7);
        let need = Need::default;
        let any = KeyValidity::default;
        let found = judged(vec![whole_root(&log)], any(), need(), image, piece).await;
        let [accepted] = found.accepted.as_slice() else {
            panic!("{found:?}");
        };
        let with_root = verifier(vec![whole_root(&log)]);
        let carried = with_root.carried(accepted, &subject).unwrap();
        let text = format!("{carried:?}");
        assert!(
            !text.contains("junk") && !text.contains(&unknown.hex()),
            "{text}"
        );
        let again = judged(
            vec![whole_root(&log)],
            any(),
            need(),
            image,
            carried.clone(),
        )
        .await;
        let [again] = again.accepted.as_slice() else {
            panic!("{again:?}");
        };
        assert_eq!(again.signed_digest, accepted.signed_digest);
        assert_eq!(again.proven_time, accepted.proven_time);
        assert!(again.proven_time.is_some());
        // What was carried once is carried as it is.
        assert_eq!(with_root.carried(again, &subject).unwrap(), carried);
        let one = facts(vec![whole_root(&log)], image, carried.clone()).await;
        assert_eq!((one.logs.len(), one.proven_times.len()), (1, 2));
        // Without a root nothing beside the signature holds, so it goes alone.
        let alone = verifier(vec![]).carried(accepted, &subject).unwrap();
        assert_ne!(alone, carried);
        let plain = facts(vec![whole_root(&log)], image, alone).await;
        assert_eq!((plain.failure(), plain.proven_times.len()), (None, 0));
    }
}
