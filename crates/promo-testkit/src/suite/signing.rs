//! The suites of the `Signer`, `Attester` and `EvidenceStore` ports, and the law that holds signers and
//! verifiers together: what is made is accepted for its subject, and for nothing else.

use std::collections::BTreeSet;

use bytes::Bytes;
use jiff::Timestamp;
use promo_core::identity::Identity;
use promo_core::oci::{
    Descriptor, Digest, DigestAlgorithm, ImageReference, MediaType, RawManifest, Repository,
};
use promo_core::ports::{
    Attester, Evidence, EvidenceBlob, EvidenceForms, EvidenceKind, EvidenceSet, EvidenceStore,
    PromotionRecord, Signer, Subject, TagSuffix, Verification,
};
use promo_core::trust::{AboutImage, Judge};

/// A signer with the judge that trusts it: the law, for each of its formats and for all at once.
/// `stranger` is a judge that trusts others.
///
/// # Panics
/// If the law doesn't hold.
pub async fn signer(signer: &dyn Signer, judge: &Judge, stranger: &Judge) {
    signer.check().await.expect("the signer works");
    let formats = signer.formats();
    assert!(!formats.is_empty(), "a signer makes some format");
    assert_eq!(formats.iter().collect::<BTreeSet<_>>().len(), formats.len());
    let kind = |format| EvidenceKind::Signature { format };
    for subject in subjects() {
        for format in formats {
            let made = signer.sign(&subject, &[*format]).await;
            let made = made.expect("a format that it names");
            let forms = made.iter().map(Evidence::form);
            assert!(forms.eq([format.form()]), "where it is looked for");
            law(judge, stranger, &subject, &made, &[kind(*format)]).await;
        }
        let made = signer.sign(&subject, formats).await.expect("all formats");
        let kinds: Vec<_> = formats.iter().map(|format| kind(*format)).collect();
        law(judge, stranger, &subject, &made, &kinds).await;
        let made = signer.sign(&subject, &[]).await.expect("no format");
        assert_eq!(made, [], "what nobody asked for");
    }
}

/// An attester with the judge that trusts it: the law, for each of its kinds.
///
/// # Panics
/// If the law doesn't hold.
pub async fn attester(attester: &dyn Attester, judge: &Judge, stranger: &Judge) {
    attester.check().await.expect("the attester works");
    let kinds = attester.kinds();
    assert!(!kinds.is_empty(), "an attester makes some kind");
    for subject in subjects() {
        let record = record(&subject);
        let made = attester.attest(&record, &kinds).await.expect("all kinds");
        let mut forms = made.iter().map(Evidence::form);
        let looked_for = attester.forms();
        assert!(
            forms.all(|form| looked_for.contains(form)),
            "where it is looked for"
        );
        law(judge, stranger, &subject, &made, &kinds).await;
        let made = attester.attest(&record, &[]).await.expect("no kind");
        assert_eq!(made, [], "what nobody asked for");
    }
}

/// Images by both digest algorithms, a manifest and an index.
fn subjects() -> Vec<Subject> {
    let subject = |name: &str, algorithm, media_type| Subject {
        identity: identity(name),
        descriptor: Descriptor::new(
            MediaType::new(media_type),
            Digest::of(algorithm, name.as_bytes()),
            name.len() as u64,
        ),
    };
    let (short, long) = (DigestAlgorithm::Sha256, DigestAlgorithm::Sha512);
    vec![
        subject("registry.example/one", short, MediaType::OCI_MANIFEST),
        subject("localhost:5000/team/two", short, MediaType::DOCKER_LIST),
        subject("registry.example/three", long, MediaType::OCI_INDEX),
    ]
}

fn record(subject: &Subject) -> PromotionRecord {
    let digest = subject.descriptor.digest;
    let reference = |repository| ImageReference::new(repository, None, Some(digest));
    PromotionRecord {
        identity: subject.identity.clone(),
        descriptor: subject.descriptor.clone(),
        source: reference(repository("staging.example/image")),
        destination: reference(subject.identity.repository().clone()),
        tags: vec!["v1".parse().expect("a tag")],
        part_of: None,
        time: Timestamp::UNIX_EPOCH,
        builder_id: "https://example.org/promo@1".to_owned(),
        manifest: None,
    }
}

async fn law(
    own: &Judge,
    stranger: &Judge,
    subject: &Subject,
    made: &[Evidence],
    kinds: &[EvidenceKind],
) {
    for piece in made {
        sound(piece, &subject.descriptor);
    }
    let digest = &subject.descriptor.digest;
    let held = judged(own, digest, &subject.identity, made).await;
    let accepted: Vec<_> = held.accepted.iter().map(|it| it.kind.clone()).collect();
    assert_eq!(accepted, kinds, "in the order asked for: {held:?}");
    assert_eq!((&held.unknown[..], &held.refused[..]), (&[][..], &[][..]));
    let same: Vec<_> = held.accepted.into_iter().map(|it| it.evidence).collect();
    assert_eq!(same, made, "the very bytes that were judged");

    let other = Digest::sha256_of(b"another image");
    let found = judged(own, &other, &subject.identity, made).await;
    assert_eq!(found.accepted, [], "for another digest");
    let other = identity("registry.example/another");
    let found = judged(own, digest, &other, made).await;
    assert_eq!(found.accepted, [], "for another identity");
    let found = judged(stranger, digest, &subject.identity, made).await;
    assert_eq!(
        found.accepted,
        [],
        "by a verifier that doesn't know the signer"
    );
    assert_eq!(found.unknown.len(), made.len(), "they are unknown to it");
    for piece in made {
        let found = judged(own, digest, &subject.identity, &[spoiled(piece)]).await;
        assert_eq!(found.accepted, [], "with bytes that were not signed");
    }
}

async fn judged(
    by: &Judge,
    digest: &Digest,
    identity: &Identity,
    evidence: &[Evidence],
) -> Verification {
    let set = EvidenceSet {
        evidence: evidence.to_vec(),
        passed_over: Vec::new(),
    };
    let about = AboutImage {
        digest,
        identity: Some(identity),
        now: Timestamp::UNIX_EPOCH,
    };
    let found = by.verify(about, &set).await;
    found.expect("a judgement")
}

/// Whether a piece fits its own descriptors and is about the subject.
fn sound(piece: &Evidence, subject: &Descriptor) {
    let blobs = match piece {
        Evidence::Referrer { manifest, blobs } => {
            let document: serde_json::Value =
                serde_json::from_slice(manifest.bytes()).expect("a manifest is JSON");
            let found = document.get("subject").cloned().unwrap_or_default();
            let found: Descriptor = serde_json::from_value(found).expect("a subject");
            assert_eq!(found, *subject, "the subject as it was given");
            blobs.clone()
        }
        Evidence::TagLayer { layer, .. } => vec![layer.clone()],
    };
    for blob in blobs {
        assert!(blob.descriptor.digest.matches(&blob.bytes));
        assert_eq!(blob.descriptor.size, blob.bytes.len() as u64);
    }
}

/// The same piece with its last blob changed, under a descriptor that fits it.
fn spoiled(piece: &Evidence) -> Evidence {
    let spoil = |blob: &EvidenceBlob| {
        let text = String::from_utf8_lossy(&blob.bytes).replacen("sha", "shb", 1);
        let mut bytes = text.into_bytes();
        if bytes == blob.bytes {
            bytes = base64_changed(bytes);
        }
        let mut descriptor = Descriptor::of(blob.descriptor.media_type.as_str(), &bytes);
        descriptor
            .annotations
            .clone_from(&blob.descriptor.annotations);
        EvidenceBlob {
            descriptor,
            bytes: bytes.into(),
        }
    };
    match piece {
        Evidence::TagLayer { suffix, layer } => Evidence::TagLayer {
            suffix: *suffix,
            layer: spoil(layer),
        },
        Evidence::Referrer { manifest, blobs } => {
            let mut blobs = blobs.clone();
            let last = blobs.pop().expect("a referrer has blobs");
            let changed = spoil(&last);
            let text = String::from_utf8_lossy(manifest.bytes()).replace(
                &last.descriptor.digest.to_string(),
                &changed.descriptor.digest.to_string(),
            );
            blobs.push(changed);
            Evidence::Referrer {
                manifest: raw(text),
                blobs,
            }
        }
    }
}

/// A payload inside of base64: the first character of the longest run of such characters is changed.
fn base64_changed(mut bytes: Vec<u8>) -> Vec<u8> {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    let runs = bytes.split(|byte| !is_base64(byte));
    let longest = runs.max_by_key(|run| run.len()).unwrap_or_default();
    let at = longest.as_ptr().addr() - bytes.as_ptr().addr();
    if let Some(byte) = bytes.get_mut(at + 8) {
        *byte = if *byte == b'A' { b'B' } else { b'A' };
    }
    bytes
}

/// What every evidence store does, in a repository that has nothing yet. The subject is not there either.
///
/// # Panics
/// If the store doesn't.
pub async fn evidence_store(store: &dyn EvidenceStore, repository: &Repository) {
    let subject = Descriptor::of(MediaType::OCI_MANIFEST, b"a subject that is not there");
    assert_eq!(read(store, repository, &subject).await, []);
    let first = [
        referrer(&subject, "one"),
        layer(TagSuffix::Sig, "payload", "b25l"),
        layer(TagSuffix::Sig, "payload", "dHdv"),
        layer(TagSuffix::Att, "statement", ""),
    ];
    attach(store, repository, &subject, &first, 4).await;
    assert_eq!(read(store, repository, &subject).await, first);
    attach(store, repository, &subject, &first, 0).await;
    for piece in &first {
        let forms = EvidenceForms::default().with(piece.form());
        let read = store.read(repository, &subject.digest, forms).await;
        let read = read.expect("what is there can be read").evidence;
        let of_form = first.iter().filter(|it| it.form() == piece.form());
        assert!(read.iter().eq(of_form), "the form that was asked for alone");
    }

    let more = [
        layer(TagSuffix::Sig, "another payload", "b25l"),
        layer(TagSuffix::Sig, "payload", "dHdv"),
    ];
    attach(store, repository, &subject, &more, 1).await;
    let [one, sig, second, att] = &first;
    let [third, _] = &more;
    let all = [one, sig, second, third, att].map(Clone::clone);
    assert_eq!(read(store, repository, &subject).await, all, "appended");

    let other = Descriptor::of(MediaType::OCI_MANIFEST, b"another subject");
    assert_eq!(
        read(store, repository, &other).await,
        [],
        "about another digest"
    );
    let misplaced = store.attach(repository, &other, &all).await;
    assert!(misplaced.is_err(), "a referrer of another subject");
    side_by_side(store, repository).await;
}

/// Attached at the same time: nothing is lost.
async fn side_by_side(store: &dyn EvidenceStore, repository: &Repository) {
    let subject = Descriptor::of(MediaType::OCI_MANIFEST, b"a subject of many");
    let pieces: Vec<[Evidence; 2]> = ["1", "2", "3", "4"]
        .map(|name| {
            [
                referrer(&subject, name),
                layer(TagSuffix::Sig, name, "c2ln"),
            ]
        })
        .into();
    let attached = pieces
        .iter()
        .map(|piece| attach(store, repository, &subject, piece, 2));
    futures_util::future::join_all(attached).await;
    let found = read(store, repository, &subject).await;
    assert_eq!(found.len(), 8);
    for piece in pieces.iter().flatten() {
        assert!(found.contains(piece), "lost: {piece:?}");
    }
}

async fn read(
    store: &dyn EvidenceStore,
    repository: &Repository,
    subject: &Descriptor,
) -> Vec<Evidence> {
    let set = store
        .read(repository, &subject.digest, EvidenceForms::ALL)
        .await;
    let set = set.expect("what is there can be read");
    assert_eq!(set.passed_over, [], "all of it is evidence");
    set.evidence
}

async fn attach(
    store: &dyn EvidenceStore,
    repository: &Repository,
    subject: &Descriptor,
    evidence: &[Evidence],
    new: u64,
) {
    let done = store.attach(repository, subject, evidence).await;
    let done = done.expect("it can be attached");
    assert_eq!(done.written, new, "pieces that were not there");
    assert_eq!(done.already_there, evidence.len() as u64 - new);
}

fn referrer(subject: &Descriptor, name: &str) -> Evidence {
    let bundle = blob(
        MediaType::SIGSTORE_BUNDLE,
        format!("{{\"name\":\"{name}\"}}"),
    );
    let config = blob(MediaType::OCI_EMPTY, "{}");
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_MANIFEST,
        "artifactType": MediaType::SIGSTORE_BUNDLE,
        "config": config.descriptor,
        "layers": [bundle.descriptor],
        "subject": subject,
    });
    Evidence::Referrer {
        manifest: raw(manifest.to_string()),
        blobs: vec![config, bundle],
    }
}

fn layer(suffix: TagSuffix, payload: &str, signature: &str) -> Evidence {
    let media_type = match suffix {
        TagSuffix::Sig => MediaType::SIMPLE_SIGNING,
        TagSuffix::Att => MediaType::DSSE_ENVELOPE,
    };
    let mut layer = blob(media_type, format!("{{\"payload\":\"{payload}\"}}"));
    let annotation = "dev.cosignproject.cosign/signature".to_owned();
    layer
        .descriptor
        .annotations
        .insert(annotation, signature.to_owned());
    Evidence::TagLayer { suffix, layer }
}

fn blob(media_type: &str, bytes: impl Into<Bytes>) -> EvidenceBlob {
    let bytes = bytes.into();
    EvidenceBlob {
        descriptor: Descriptor::of(media_type, &bytes),
        bytes,
    }
}

fn raw(manifest: String) -> RawManifest {
    let media_type = MediaType::new(MediaType::OCI_MANIFEST);
    RawManifest::new(media_type, DigestAlgorithm::Sha256, manifest.into())
}

fn identity(name: &str) -> Identity {
    Identity::new(repository(name))
}

fn repository(name: &str) -> Repository {
    name.parse().expect("a repository")
}
