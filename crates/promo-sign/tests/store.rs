//! The evidence store against the embedded registry, with and without the referrers API.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use promo_core::identity::Identity;
use promo_core::oci::{Descriptor, Digest, MediaType, Repository};
use promo_core::ports::{
    Attachment, Clock, Evidence, EvidenceForms, EvidenceSet, EvidenceStore as _, SignatureFormat,
    Signer as _, Subject, TagSuffix,
};
use promo_core::trust::AboutImage;
use promo_sign::{ImageSigner, KeyVerifier, OciEvidenceStore, PublicKey, SigningKey, limits};
use promo_testkit::registry::{
    EmbeddedRegistry, Fault, Gate, Matcher, Operation, RegistryOptions, Switches,
};
use support::HttpRegistry;

#[derive(Debug)]
struct Epoch;

impl Clock for Epoch {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

struct World {
    registry: EmbeddedRegistry,
    store: OciEvidenceStore,
    repository: Repository,
    subject: Subject,
}

impl World {
    async fn start(change: impl FnOnce(&mut Switches)) -> Self {
        let options = RegistryOptions::default().switch(change);
        let registry = EmbeddedRegistry::start(options).await.unwrap();
        let repository = format!("{}/team/app", registry.host()).parse().unwrap();
        let digest = Digest::sha256_of(b"an image that is not there yet");
        let media_type = MediaType::new(MediaType::OCI_MANIFEST);
        Self {
            store: OciEvidenceStore::new(Arc::new(HttpRegistry::default())),
            repository,
            registry,
            subject: Subject {
                identity: Identity::new("registry.example/team/app".parse().unwrap()),
                descriptor: Descriptor::new(media_type, digest, 30),
            },
        }
    }

    async fn attach(&self, evidence: &[Evidence]) -> Attachment {
        let subject = &self.subject.descriptor;
        self.store
            .attach(&self.repository, subject, evidence)
            .await
            .unwrap()
    }

    async fn read(&self) -> EvidenceSet {
        let digest = &self.subject.descriptor.digest;
        self.store
            .read(&self.repository, digest, EvidenceForms::ALL)
            .await
            .unwrap()
    }

    async fn lost(&self, evidence: &[Evidence]) -> Vec<Evidence> {
        let digest = &self.subject.descriptor.digest;
        let lost = self.store.lost(&self.repository, digest, evidence).await;
        lost.unwrap()
    }

    fn tag(&self, suffix: &str) -> String {
        self.subject
            .descriptor
            .digest
            .evidence_tag(suffix)
            .to_string()
    }

    async fn signed(&self, key: &Arc<SigningKey>) -> Vec<Evidence> {
        let signer = ImageSigner::new(Arc::clone(key), Arc::new(Epoch));
        signer.sign(&self.subject, signer.formats()).await.unwrap()
    }

    /// Puts the image that cosign 2 signed twice under the `.sig` tag of our subject's digest.
    fn put_foreign(&self, suffix: &str) -> Vec<u8> {
        let state = self.registry.state();
        let blobs: [&[u8]; 3] = [
            include_bytes!("fixtures/cosign2/sig.config.json"),
            include_bytes!("fixtures/cosign2/sig.layer0.json"),
            include_bytes!("fixtures/cosign2/sig.layer1.json"),
        ];
        for blob in blobs {
            state.put_blob("team/app", blob);
        }
        let manifest = include_bytes!("fixtures/cosign2/sig.manifest.json");
        let digest = state.put_manifest("team/app", MediaType::OCI_MANIFEST, manifest.as_slice());
        state.tag("team/app", &self.tag(suffix), &digest);
        manifest.to_vec()
    }
}

fn key() -> Arc<SigningKey> {
    Arc::new(SigningKey::generate().unwrap())
}

#[tokio::test]
async fn what_is_attached_is_read_byte_for_byte_and_written_once() {
    for api in [true, false] {
        let world = World::start(|switches| switches.referrers_api = api).await;
        let key = key();
        let evidence = world.signed(&key).await;
        assert_eq!(world.read().await, EvidenceSet::default());
        let done = world.attach(&evidence).await;
        assert_eq!((done.written, done.already_there), (2, 0));
        let set = world.read().await;
        assert_eq!(set.evidence, evidence, "referrers API: {api}");
        assert_eq!(set.passed_over, []);
        world.registry.log().clear();
        let done = world.attach(&evidence).await;
        assert_eq!((done.written, done.already_there), (0, 2));
        assert!(world.registry.log().writes().is_empty());
        let judge = KeyVerifier::new([key.public_key().clone()])
            .trusting_all()
            .requiring_names();
        let digest = &world.subject.descriptor.digest;
        let found = judge
            .verify(
                AboutImage {
                    digest,
                    identity: Some(&world.subject.identity),
                    now: Timestamp::UNIX_EPOCH,
                },
                &set,
            )
            .await
            .unwrap();
        assert_eq!(found.accepted.len(), 2);
    }
}

#[tokio::test]
async fn requests_are_as_few_as_can_be() {
    let world = World::start(|_| ()).await;
    let evidence = world.signed(&key()).await;
    world.registry.log().clear();
    world.read().await;
    assert_eq!(world.registry.log().len(), 3, "referrers, .sig, .att");
    world.registry.log().clear();
    world.attach(&evidence).await;
    let counts = world.registry.log().counts();
    let count = |operation| counts.get(&operation).copied().unwrap_or_default();
    // The empty config and the bundle; the payload and the config of the image of signatures.
    assert_eq!(count(Operation::UploadStart), 4);
    assert_eq!(count(Operation::BlobPut), 4);
    // The bundle's manifest and the tag; the tag is read before and after.
    assert_eq!(count(Operation::ManifestPut), 2);
    assert_eq!(count(Operation::ManifestGet), 2);
    // Who refers to the image was just read.
    assert_eq!(count(Operation::Referrers), 0);
    assert_eq!(counts.values().sum::<usize>(), 12);
    world.registry.log().clear();
    let more = world.signed(&key()).await;
    world.attach(&more).await;
    assert_eq!(
        world.registry.log().count(Operation::UploadStart),
        3,
        "the empty config is there"
    );
    assert_eq!(
        world.registry.log().count(Operation::Referrers),
        0,
        "it is known what refers to the image"
    );
    // Another run knows nothing, and asks.
    let store = OciEvidenceStore::new(Arc::new(HttpRegistry::default()));
    world.registry.log().clear();
    let subject = &world.subject.descriptor;
    let done = store
        .attach(&world.repository, subject, &more)
        .await
        .unwrap();
    assert_eq!((done.written, done.already_there), (0, 2));
    assert_eq!(world.registry.log().len(), 2, "referrers and the tag");
    // Looking again: a bundle and the list, the tag, and what was sent and not read: a bundle and a payload.
    for requests in [5, 3] {
        world.registry.log().clear();
        assert_eq!(world.lost(&more).await, []);
        assert_eq!(world.registry.log().len(), requests);
    }
}

/// What doesn't depend on another request doesn't wait for it: both are on their way at the same time.
async fn side_by_side(world: &World, work: impl Future<Output = ()>, requests: [Matcher; 2]) {
    let gates = requests.map(|request| world.registry.faults().pause(request.times(1)));
    let both = async {
        for gate in &gates {
            gate.reached().await;
        }
        gates.iter().for_each(Gate::release);
    };
    let both = tokio::time::timeout(Duration::from_secs(20), both);
    let (reached, ()) = tokio::join!(
        async {
            let reached = both.await;
            gates.iter().for_each(Gate::release);
            reached
        },
        work
    );
    reached.unwrap();
}

#[tokio::test]
async fn no_request_waits_for_one_that_it_does_not_need() {
    let world = World::start(|_| ()).await;
    let evidence = world.signed(&key()).await;
    let tag = |suffix| Matcher::on(Operation::ManifestGet).reference(&world.tag(suffix));
    let list = || Matcher::on(Operation::Referrers);
    let read = || async { drop(world.read().await) };
    side_by_side(&world, read(), [list(), tag(".sig")]).await;
    side_by_side(&world, read(), [list(), tag(".att")]).await;

    let put = |reference: &str| Matcher::on(Operation::ManifestPut).reference(reference);
    let Evidence::Referrer { manifest, .. } = &evidence[0] else {
        panic!("no bundle");
    };
    let bundle = manifest.digest().to_string();
    let puts = [put(&bundle), put(&world.tag(".sig"))];
    let attach = async { assert_eq!(world.attach(&evidence).await.written, 2) };
    side_by_side(&world, attach, puts).await;

    let look = || async { assert_eq!(world.lost(&evidence).await, []) };
    let blob = Matcher::on(Operation::BlobGet);
    let manifest = Matcher::on(Operation::ManifestGet).reference(&bundle);
    side_by_side(&world, look(), [blob, manifest]).await;
    side_by_side(&world, look(), [list(), tag(".sig")]).await;
}

#[tokio::test]
async fn what_is_gone_is_found_and_attached_again() {
    for api in [true, false] {
        let world = World::start(|switches| switches.referrers_api = api).await;
        let evidence = world.signed(&key()).await;
        assert_eq!(
            world.lost(&evidence).await,
            evidence,
            "nothing was attached"
        );
        let (state, tag) = (world.registry.state(), world.tag(".sig"));
        let Evidence::Referrer { manifest, .. } = &evidence[0] else {
            panic!("no bundle");
        };
        let Evidence::TagLayer { layer, .. } = &evidence[1] else {
            panic!("no layer");
        };
        let bundle = manifest.digest().to_string();
        let payload = layer.descriptor.digest.to_string();
        let losses: [(&dyn Fn() -> bool, &[Evidence]); 3] = [
            (&|| state.delete_blob("team/app", &payload), &evidence[1..]),
            (
                &|| state.delete_manifest("team/app", &bundle),
                &evidence[..1],
            ),
            (&|| state.delete_tag("team/app", &tag), &evidence[1..]),
        ];
        for (lose, lost) in losses {
            world.attach(&evidence).await;
            assert!(lose());
            assert_eq!(world.lost(&evidence).await, lost, "referrers API: {api}");
            world.attach(&evidence).await;
            assert_eq!(world.lost(&evidence).await, []);
            assert_eq!(world.read().await.evidence, evidence);
        }
    }
}

#[tokio::test]
async fn foreign_signatures_are_kept_byte_for_byte() {
    let world = World::start(|_| ()).await;
    let before = world.put_foreign(".sig");
    let evidence = world.signed(&key()).await.remove(1);
    let found = world.read().await.evidence;
    assert_eq!(found.len(), 2);
    let done = world.attach(std::slice::from_ref(&evidence)).await;
    assert_eq!((done.written, done.already_there), (1, 0));
    let after = world
        .registry
        .state()
        .manifest("team/app", &world.tag(".sig"))
        .unwrap();
    let after = String::from_utf8(after.bytes.to_vec()).unwrap();
    let before = String::from_utf8(before).unwrap();
    let layers = |text: &str| text[text.find("\"layers\":[").unwrap()..].to_owned();
    let kept = layers(&before);
    let kept = kept.strip_suffix("]}").unwrap();
    assert!(layers(&after).starts_with(kept), "{after}");
    let mut all = found;
    all.push(evidence);
    assert_eq!(world.read().await.evidence, all);
    let config: serde_json::Value = serde_json::from_str(&after).unwrap();
    let config = config["config"]["digest"].as_str().unwrap();
    let config = world.registry.state().blob("team/app", config).unwrap();
    let config: serde_json::Value = serde_json::from_slice(&config).unwrap();
    assert_eq!(config["rootfs"]["diff_ids"].as_array().unwrap().len(), 3);
    assert_eq!(config["history"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn what_cosign_made_can_be_carried_to_another_repository() {
    let world = World::start(|_| ()).await;
    world.put_foreign(".sig");
    let found = world.read().await;
    let other: Repository = format!("{}/mirror/app", world.registry.host())
        .parse()
        .unwrap();
    let subject = &world.subject.descriptor;
    let done = world
        .store
        .attach(&other, subject, &found.evidence)
        .await
        .unwrap();
    assert_eq!(done.written, 2);
    let carried = world
        .store
        .read(&other, &subject.digest, EvidenceForms::ALL)
        .await
        .unwrap();
    assert_eq!(carried, found);
    let public = PublicKey::from_pem(include_bytes!("fixtures/cosign2/cosign.pub")).unwrap();
    let digest = "sha256:585abc0eb2df5a60db4f8956bc4b2db46b0d969a2963c963b08034100f92c7c0";
    let digest: Digest = digest.parse().unwrap();
    let verification = KeyVerifier::new([public])
        .trusting_all()
        .verify(
            AboutImage {
                digest: &digest,
                identity: None,
                now: Timestamp::UNIX_EPOCH,
            },
            &carried,
        )
        .await
        .unwrap();
    assert_eq!(verification.accepted.len(), 2);
}

#[tokio::test]
async fn attachers_at_the_same_time_lose_nothing() {
    let world = World::start(|_| ()).await;
    let mut pieces = Vec::new();
    for _ in 0..8 {
        pieces.push(world.signed(&key()).await);
    }
    let attached = pieces.iter().map(|evidence| world.attach(evidence));
    let done = futures_util::future::join_all(attached).await;
    assert!(done.iter().all(|done| done.written == 2));
    let set = world.read().await;
    for evidence in pieces.iter().flatten() {
        assert!(set.evidence.contains(evidence));
    }
    assert_eq!(set.evidence.len(), 16);
}

#[tokio::test]
async fn what_another_program_overwrote_is_attached_again() {
    let world = World::start(|_| ()).await;
    let evidence = world.signed(&key()).await.remove(1);
    // The read back after the put is held until another program has overwritten the tag.
    let tag = world.tag(".sig");
    let reads = Matcher::on(Operation::ManifestGet)
        .reference(&tag)
        .after(2)
        .times(1);
    let gate = world.registry.faults().pause(reads);
    let attach = world.attach(std::slice::from_ref(&evidence));
    let interfere = async {
        gate.reached().await;
        world.put_foreign(".sig");
        gate.release();
    };
    let (done, ()) = tokio::join!(attach, interfere);
    assert_eq!((done.written, done.already_there), (1, 0));
    let found = world.read().await.evidence;
    assert_eq!(found.len(), 3, "theirs and ours");
    assert_eq!(found.last(), Some(&evidence));
}

/// Another run, which knows nothing of ours.
async fn another_run(world: &World, evidence: &Evidence) {
    let store = OciEvidenceStore::new(Arc::new(HttpRegistry::default()));
    let subject = &world.subject.descriptor;
    let evidence = std::slice::from_ref(evidence);
    let done = store.attach(&world.repository, subject, evidence).await;
    assert_eq!(done.unwrap().written, 1);
}

#[tokio::test]
async fn what_another_run_wrote_while_ours_was_prepared_stays() {
    let world = World::start(|_| ()).await;
    let ours = world.signed(&key()).await.remove(1);
    let theirs = world.signed(&key()).await.remove(1);
    world.read().await;
    // The payload is sent, then the config that goes with the layers that were seen.
    let config = Matcher::on(Operation::BlobPut).after(1).times(1);
    let gate = world.registry.faults().pause(config);
    let attach = world.attach(std::slice::from_ref(&ours));
    let interfere = async {
        gate.reached().await;
        another_run(&world, &theirs).await;
        gate.release();
    };
    tokio::join!(attach, interfere);
    assert_eq!(world.read().await.evidence, [theirs, ours]);
}

#[tokio::test]
async fn what_a_stale_put_of_another_run_replaced_is_found_when_it_is_looked_at_again() {
    let world = World::start(|_| ()).await;
    let ours = world.signed(&key()).await.remove(1);
    let theirs = world.signed(&key()).await.remove(1);
    let put = Matcher::on(Operation::ManifestPut).times(1);
    let gate = world.registry.faults().pause(put);
    let interfere = another_run(&world, &theirs);
    let attach = async {
        gate.reached().await;
        world.attach(std::slice::from_ref(&ours)).await;
        assert_eq!(world.lost(std::slice::from_ref(&ours)).await, []);
        gate.release();
    };
    tokio::join!(interfere, attach);
    assert_eq!(world.read().await.evidence, std::slice::from_ref(&theirs));
    let lost = world.lost(std::slice::from_ref(&ours)).await;
    assert_eq!(lost, std::slice::from_ref(&ours));
    world.attach(&lost).await;
    assert_eq!(world.read().await.evidence, [theirs, ours]);
}

#[tokio::test]
async fn a_tag_that_is_not_shown_for_a_moment_loses_nothing() {
    // The first read finds it; then it is not shown once, and once so often that it is believed to be gone.
    for times in [1, 9] {
        let world = World::start(|_| ()).await;
        world.put_foreign(".sig");
        let found = world.read().await.evidence;
        assert_eq!(found.len(), 2);
        let tag = world.tag(".sig");
        let reads = Matcher::on(Operation::ManifestGet).reference(&tag);
        let fault = world
            .registry
            .faults()
            .inject(reads.times(times), Fault::status(404));
        let ours = world.signed(&key()).await.remove(1);
        let subject = &world.subject.descriptor;
        let attached = world
            .store
            .attach(&world.repository, subject, std::slice::from_ref(&ours))
            .await;
        assert!(fault.hits() > 0);
        fault.remove();
        let after = world.read().await.evidence;
        assert!(found.iter().all(|theirs| after.contains(theirs)), "{times}");
        assert!(attached.is_err() || after.contains(&ours), "{times}");
    }
}

#[tokio::test]
async fn an_evidence_tag_that_holds_something_else_is_left_alone() {
    let world = World::start(|_| ()).await;
    let evidence = world.signed(&key()).await.remove(1);
    let state = world.registry.state();
    let index = br#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
    let image = br#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}]}"#;
    let cases: [(&str, &[u8]); 3] = [
        (MediaType::OCI_INDEX, index),
        (MediaType::OCI_MANIFEST, image),
        (MediaType::OCI_MANIFEST, b"{}"),
    ];
    for (media_type, bytes) in cases {
        let digest = state.put_manifest("team/app", media_type, bytes);
        state.tag("team/app", &world.tag(".sig"), &digest);
        world.registry.log().clear();
        let subject = &world.subject.descriptor;
        let pieces = std::slice::from_ref(&evidence);
        let failure = world
            .store
            .attach(&world.repository, subject, pieces)
            .await
            .unwrap_err();
        assert_eq!(failure.code().as_str(), "PROMO-S020");
        assert!(world.registry.log().writes().is_empty());
        let set = world.read().await;
        assert_eq!((set.evidence.len(), set.passed_over.len()), (0, 1));
    }
}

#[tokio::test]
async fn referrers_that_are_no_evidence_are_passed_over() {
    let world = World::start(|_| ()).await;
    let state = world.registry.state();
    let digest = world.subject.descriptor.digest;
    let referrer = |layer_type: &str, layer: &str, size: u64| {
        serde_json::json!({
            "schemaVersion": 2,
            "mediaType": MediaType::OCI_MANIFEST,
            "artifactType": MediaType::SIGSTORE_BUNDLE,
            "config": Descriptor::of(MediaType::OCI_EMPTY, b"{}"),
            "layers": [{"mediaType": layer_type, "digest": layer, "size": size}],
            "subject": world.subject.descriptor,
        })
        .to_string()
    };
    let missing = Digest::sha256_of(b"missing").to_string();
    let small = state.put_blob("team/app", b"{}".as_slice());
    let manifests = [
        referrer("text/spdx", &small, 2),
        referrer(MediaType::SIGSTORE_BUNDLE, &missing, 2),
        referrer(MediaType::SIGSTORE_BUNDLE, &missing, 17 * 1024 * 1024),
        referrer(MediaType::SIGSTORE_BUNDLE, &small, 3),
        referrer(MediaType::SIGSTORE_BUNDLE, &small, 2),
    ];
    for manifest in manifests {
        state.put_manifest("team/app", MediaType::OCI_MANIFEST, manifest);
    }
    assert_eq!(state.referrers("team/app", &digest.to_string()).len(), 5);
    let set = world.read().await;
    assert_eq!((set.evidence.len(), set.passed_over.len()), (1, 4));
    // It has the form of evidence, but nobody signed it.
    let judge = KeyVerifier::new([key().public_key().clone()]).trusting_all();
    let about = AboutImage {
        digest: &digest,
        identity: None,
        now: Timestamp::UNIX_EPOCH,
    };
    let found = judge.verify(about, &set).await.unwrap();
    assert_eq!((found.accepted.len(), found.unknown.len()), (0, 1));
}

/// The registry client can't send a blob again, since its bytes went away with the first try: a registry that asked to send
/// less got no evidence.
#[tokio::test]
async fn a_blob_that_came_at_a_bad_time_is_sent_again() {
    for (times, status) in [(5, 429), (1, 503)] {
        let world = World::start(|_| {}).await;
        let evidence = world.signed(&key()).await;
        let puts = Matcher::on(Operation::BlobPut).times(times);
        world.registry.faults().inject(puts, Fault::status(status));
        world.attach(&evidence).await;
        assert_eq!(world.lost(&evidence).await, [], "{status}");
    }
}

#[tokio::test]
async fn what_can_not_be_read_is_an_error_not_an_absence() {
    let world = World::start(|_| ()).await;
    let evidence = world.signed(&key()).await;
    world.attach(&evidence).await;
    let digest = &world.subject.descriptor.digest;
    for operation in [
        Operation::Referrers,
        Operation::ManifestGet,
        Operation::BlobGet,
    ] {
        let once = Matcher::on(operation).times(1);
        world.registry.faults().inject(once, Fault::status(503));
        let failure = world
            .store
            .read(&world.repository, digest, EvidenceForms::ALL)
            .await
            .unwrap_err();
        assert_eq!(failure.status(), Some(503));
        assert_eq!(world.read().await.evidence.len(), 2);
    }
}

#[tokio::test]
async fn too_many_referrers_are_not_read_in_part() {
    let world = World::start(|_| ()).await;
    let state = world.registry.state();
    for number in 0..=1000 {
        let manifest = serde_json::json!({
            "schemaVersion": 2,
            "mediaType": MediaType::OCI_MANIFEST,
            "config": Descriptor::of(MediaType::OCI_EMPTY, b"{}"),
            "layers": [],
            "subject": world.subject.descriptor,
            "annotations": {"number": number.to_string()},
        });
        state.put_manifest("team/app", MediaType::OCI_MANIFEST, manifest.to_string());
    }
    let digest = &world.subject.descriptor.digest;
    let failure = world
        .store
        .read(&world.repository, digest, EvidenceForms::ALL)
        .await
        .unwrap_err();
    assert_eq!(failure.code().as_str(), "PROMO-S022");
}

/// A list of referrers, under its tag, of which nothing is there; and the layers of `.sig` likewise.
fn list_what_is_not_there(world: &World, entries: u32) {
    let state = world.registry.state();
    let missing = |number: u32| Descriptor::of(MediaType::OCI_MANIFEST, &number.to_be_bytes());
    let manifests: Vec<Descriptor> = (0..entries).map(missing).collect();
    let list = serde_json::json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX, "manifests": manifests,
    });
    let layer = |number: u32| Descriptor::of(MediaType::SIMPLE_SIGNING, &number.to_be_bytes());
    let layers: Vec<Descriptor> = (0..entries).map(layer).collect();
    let signatures = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_MANIFEST,
        "config": Descriptor::of(MediaType::OCI_CONFIG, b"{}"),
        "layers": layers,
    });
    for (suffix, media_type, document) in [
        ("", MediaType::OCI_INDEX, list),
        (".sig", MediaType::OCI_MANIFEST, signatures),
    ] {
        let digest = state.put_manifest("team/app", media_type, document.to_string());
        state.tag("team/app", &world.tag(suffix), &digest);
    }
}

#[tokio::test]
async fn what_is_listed_and_not_there_ends_a_reading_up_to_a_bound() {
    let world = World::start(|switches| switches.referrers_api = false).await;
    list_what_is_not_there(&world, 1000);
    let digest = &world.subject.descriptor.digest;

    let read = world.store.read_bounded(&world.repository, digest).await;

    let read = read.unwrap();
    let (bound, at_once) = (limits::MAX_MISSING, limits::CONCURRENCY);
    assert_eq!(read.set.evidence, []);
    assert_eq!(
        read.set.passed_over.len(),
        2 * bound,
        "of each list as many"
    );
    assert_eq!(
        read.unread,
        2 * (1000 - bound as u64),
        "the rest is counted"
    );
    let log = world.registry.log();
    // What was on its way when the bound was reached was asked for in vain.
    let most = bound + at_once;
    assert!(log.count(Operation::BlobGet) <= most, "{:?}", log.counts());
    // Three tags beside them.
    let manifests = log.count(Operation::ManifestGet);
    assert!(manifests <= most + 3, "{:?}", log.counts());
    assert!(log.peak_in_flight() <= at_once as u64);
}

/// Where it is all or nothing, all of it is asked for.
#[tokio::test]
async fn what_is_listed_and_not_there_keeps_nothing_from_being_read_whole() {
    let world = World::start(|switches| switches.referrers_api = false).await;
    list_what_is_not_there(&world, 300);

    let set = world.read().await;

    assert_eq!(set.evidence, []);
    assert_eq!(set.passed_over.len(), 2 * 300);
}

#[tokio::test]
async fn evidence_is_held_in_memory_up_to_a_limit() {
    let world = World::start(|_| ()).await;
    let state = world.registry.state();
    for number in 0..5_u8 {
        let bytes = vec![number; 15 * 1024 * 1024];
        let bundle = Descriptor::of(MediaType::SIGSTORE_BUNDLE, &bytes);
        state.put_blob("team/app", bytes);
        let manifest = serde_json::json!({
            "schemaVersion": 2,
            "mediaType": MediaType::OCI_MANIFEST,
            "config": Descriptor::of(MediaType::OCI_EMPTY, b"{}"),
            "layers": [bundle],
            "subject": world.subject.descriptor,
        });
        state.put_manifest("team/app", MediaType::OCI_MANIFEST, manifest.to_string());
    }
    let digest = &world.subject.descriptor.digest;
    let read = world
        .store
        .read(&world.repository, digest, EvidenceForms::ALL)
        .await;
    assert_eq!(read.unwrap_err().code().as_str(), "PROMO-S022");
}

#[tokio::test]
async fn evidence_for_another_image_or_with_other_bytes_is_not_attached() {
    let world = World::start(|_| ()).await;
    let evidence = world.signed(&key()).await;
    let media_type = MediaType::new(MediaType::OCI_MANIFEST);
    let other = Descriptor::new(media_type, Digest::sha256_of(b"another"), 7);
    let refused = world
        .store
        .attach(&world.repository, &other, &evidence)
        .await
        .unwrap_err();
    assert_eq!(refused.code().as_str(), "PROMO-S023");
    let Evidence::TagLayer { layer, .. } = evidence[1].clone() else {
        panic!("no layer");
    };
    let mut changed = layer.clone();
    changed.bytes = "{}".into();
    let wrong = [
        Evidence::TagLayer {
            suffix: TagSuffix::Sig,
            layer: changed,
        },
        Evidence::TagLayer {
            suffix: TagSuffix::Att,
            layer,
        },
    ];
    for piece in wrong {
        let subject = &world.subject.descriptor;
        let refused = world
            .store
            .attach(&world.repository, subject, &[piece])
            .await
            .unwrap_err();
        assert_eq!(refused.code().as_str(), "PROMO-S023");
    }
    assert!(world.registry.log().writes().is_empty());
}

#[tokio::test]
async fn a_registry_that_wants_the_subject_first_is_reported_as_it_is() {
    let world = World::start(|switches| switches.missing_subject = Some(400)).await;
    let signer = ImageSigner::new(key(), Arc::new(Epoch));
    let signer = signer.with_formats(vec![SignatureFormat::Bundle]).unwrap();
    let evidence = signer.sign(&world.subject, signer.formats()).await.unwrap();
    let subject = &world.subject.descriptor;
    let failure = world
        .store
        .attach(&world.repository, subject, &evidence)
        .await
        .unwrap_err();
    assert_eq!(failure.status(), Some(400));
}
