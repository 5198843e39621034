//! Referrers, by the API and by the fallback tag.

use std::sync::Arc;

use futures_util::future::join_all;
use promo_core::oci::{DigestAlgorithm, MediaType, RawManifest};
use promo_core::ports::{FailureKind, Registry, SubjectHandling};
use promo_registry::WireRegistry;
use promo_testkit::image::{ArtifactBuilder, BuiltImage, IndexBuilder};
use promo_testkit::registry::{Answer, Fault, Matcher, Operation};
use serde_json::Value;

use crate::support::{Bench, digest};

fn artifact(bench: &Bench, subject: &BuiltImage, number: usize) -> RawManifest {
    let artifact = ArtifactBuilder::new("application/vnd.example.signature")
        .annotation("number", &number.to_string())
        .subject(subject.descriptor())
        .build();
    let state = bench.registry.state();
    for blob in artifact.blobs() {
        state.put_blob("app", blob.bytes.clone());
    }
    RawManifest::new(
        MediaType::new(artifact.media_type()),
        DigestAlgorithm::Sha256,
        artifact.manifest(),
    )
}

async fn attach(wire: &WireRegistry, bench: &Bench, manifest: &RawManifest) -> SubjectHandling {
    let repository = bench.repository("app");
    let reference = manifest.digest().into();
    let put = wire.put_manifest(&repository, &reference, manifest).await;
    put.unwrap().subject
}

#[tokio::test]
async fn a_registry_with_the_api_keeps_referrers_itself() {
    let bench = Bench::new().await;
    let subject = bench.image("app", "v1");
    bench
        .registry
        .switch(|switches| switches.referrers_page_size = Some(2));
    let wire = bench.wire();
    for number in 0..5 {
        let manifest = artifact(&bench, &subject, number);
        let handling = attach(&wire, &bench, &manifest).await;
        assert_eq!(handling, SubjectHandling::ByRegistry);
    }
    assert_eq!(bench.registry.log().len(), 5);
    let repository = bench.repository("app");
    let list = wire
        .referrers(&repository, &digest(subject.digest()))
        .await
        .unwrap();
    assert!(!list.fallback);
    assert_eq!(list.descriptors.len(), 5);
    assert!(
        list.descriptors
            .is_sorted_by_key(|descriptor| descriptor.digest)
    );
    assert_eq!(bench.registry.log().count(Operation::Referrers), 3);
}

#[tokio::test]
async fn without_the_api_the_fallback_tag_is_kept() {
    let bench = Bench::new().await;
    let subject = bench.image("app", "v1");
    bench
        .registry
        .switch(|switches| switches.referrers_api = false);
    let wire = Arc::new(bench.wire());
    let manifests: Vec<_> = (0..8)
        .map(|number| artifact(&bench, &subject, number))
        .collect();
    // All at once: none may be lost.
    let attached = join_all(manifests.iter().map(|it| attach(&wire, &bench, it))).await;
    assert!(
        attached
            .iter()
            .all(|it| *it == SubjectHandling::FallbackTag)
    );
    let repository = bench.repository("app");
    let list = wire
        .referrers(&repository, &digest(subject.digest()))
        .await
        .unwrap();
    assert!(list.fallback);
    assert_eq!(list.descriptors.len(), 8);
    let first = &list.descriptors[0];
    assert_eq!(
        first.artifact_type.as_deref(),
        Some("application/vnd.example.signature")
    );
    let tag = digest(subject.digest()).evidence_tag("").into();
    let written = wire.get_manifest(&repository, &tag).await.unwrap().unwrap();
    let written: Value = serde_json::from_slice(written.bytes()).unwrap();
    let numbered = |it: &Value| it.pointer("/annotations/number").is_some();
    assert!(
        written["manifests"]
            .as_array()
            .unwrap()
            .iter()
            .all(numbered)
    );
    // Once more changes nothing.
    bench.registry.log().clear();
    attach(&wire, &bench, &manifests[0]).await;
    assert_eq!(bench.registry.log().count(Operation::ManifestPut), 1);
    assert_eq!(bench.registry.log().count(Operation::ManifestGet), 1);
}

#[tokio::test]
async fn entries_of_others_stay_as_they_are() {
    let bench = Bench::new().await;
    let subject = bench.image("app", "v1");
    bench
        .registry
        .switch(|switches| switches.referrers_api = false);
    let fallback = digest(subject.digest()).evidence_tag("").to_string();
    let state = bench.registry.state();
    let theirs = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_INDEX,
        "x-custom": {"kept": true},
        "manifests": [{
            "mediaType": MediaType::OCI_MANIFEST,
            "digest": subject.digest(), "size": 5, "data": "aGVsbG8=", "x": 1
        }],
    });
    let index = state.put_manifest("app", MediaType::OCI_INDEX, theirs.to_string());
    state.tag("app", &fallback, &index);
    let wire = bench.wire();
    attach(&wire, &bench, &artifact(&bench, &subject, 1)).await;
    let standing = state.manifest("app", &fallback).unwrap();
    let standing: Value = serde_json::from_slice(&standing.bytes).unwrap();
    assert_eq!(standing["x-custom"], theirs["x-custom"]);
    assert_eq!(standing["manifests"][0], theirs["manifests"][0]);
    assert_eq!(standing["manifests"].as_array().unwrap().len(), 2);
    // What is no index is not overwritten.
    state.tag("app", &fallback, subject.digest());
    let manifest = artifact(&bench, &subject, 2);
    let repository = bench.repository("app");
    let put = wire
        .put_manifest(&repository, &manifest.digest().into(), &manifest)
        .await;
    assert_eq!(put.unwrap_err().kind(), FailureKind::Malformed);
    assert_eq!(
        state.tag_digest("app", &fallback).as_deref(),
        Some(subject.digest())
    );
}

/// As GitLab answers: the tag is taken for the digest, also where no such tag is.
fn alias(subject: &BuiltImage) -> Fault {
    let answer = Answer::status(200).body(subject.media_type(), subject.manifest());
    Fault::Answer(answer.header("docker-content-digest", subject.digest()))
}

#[tokio::test]
async fn a_fallback_tag_that_is_the_image_lists_nothing() {
    let bench = Bench::new().await;
    let child = bench.image("app", "child");
    let subject = IndexBuilder::new().image(child.clone()).build();
    subject.push_to(&bench.registry.state(), "app", "v1");
    bench
        .registry
        .switch(|switches| switches.referrers_api = false);
    let fallback = digest(subject.digest()).evidence_tag("").to_string();
    let reads = Matcher::on(Operation::ManifestGet).reference(&fallback);
    let (wire, repository) = (bench.wire(), bench.repository("app"));
    let faults = bench.registry.faults();
    let always = faults.inject(reads.clone(), alias(&subject));
    let list = wire
        .referrers(&repository, &digest(subject.digest()))
        .await
        .unwrap();
    assert!(list.descriptors.is_empty());
    // Where it stays the image whatever is put, no list can be kept.
    let manifest = artifact(&bench, &subject, 1);
    let put = wire
        .put_manifest(&repository, &manifest.digest().into(), &manifest)
        .await;
    assert_eq!(put.unwrap_err().code().as_str(), "PROMO-R069");
    always.remove();
    let state = bench.registry.state();
    assert!(state.delete_tag("app", &fallback));
    let refused = Matcher::on(Operation::ManifestPut)
        .reference(&fallback)
        .times(1);
    faults.inject(reads.clone().times(2), alias(&subject));
    faults.inject(refused, Fault::status(400));
    let put = wire
        .put_manifest(&repository, &manifest.digest().into(), &manifest)
        .await;
    assert_eq!(put.unwrap_err().code().as_str(), "PROMO-R069");
    // Where the tag is what is put, a list of our own is begun, and the platforms stay out of it.
    attach(&wire, &bench, &manifest).await;
    let standing = state.manifest("app", &fallback).unwrap();
    let standing: Value = serde_json::from_slice(&standing.bytes).unwrap();
    let entries = standing["manifests"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "{standing}");
    assert_eq!(entries[0]["digest"], manifest.digest().to_string());
}

#[tokio::test]
async fn what_is_no_list_of_referrers_lists_nothing_and_is_not_added_to() {
    let bench = Bench::new().await;
    let subject = bench.image("app", "v1");
    bench
        .registry
        .switch(|switches| switches.referrers_api = false);
    let fallback = digest(subject.digest()).evidence_tag("").to_string();
    let state = bench.registry.state();
    let platforms = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_INDEX,
        "manifests": [{
            "mediaType": MediaType::OCI_MANIFEST, "digest": subject.digest(), "size": 5,
            "platform": {"architecture": "amd64", "os": "linux"}
        }],
    });
    let others = [
        (MediaType::OCI_INDEX, platforms.to_string(), 1),
        (
            MediaType::DOCKER_LIST,
            platforms
                .to_string()
                .replace("oci.image.index.v1", "docker.distribution.manifest.list.v2"),
            0,
        ),
        (
            "application/vnd.example",
            r#"{"mediaType":"application/vnd.example"}"#.to_owned(),
            0,
        ),
    ];
    let (wire, repository) = (bench.wire(), bench.repository("app"));
    for (media_type, document, listed) in others {
        let other = state.put_manifest("app", media_type, document);
        state.tag("app", &fallback, &other);
        let list = wire
            .referrers(&repository, &digest(subject.digest()))
            .await
            .unwrap();
        assert_eq!(list.descriptors.len(), listed, "{media_type}");
        let manifest = artifact(&bench, &subject, 1);
        let put = wire
            .put_manifest(&repository, &manifest.digest().into(), &manifest)
            .await;
        assert_eq!(
            put.unwrap_err().code().as_str(),
            "PROMO-R069",
            "{media_type}"
        );
        assert_eq!(state.tag_digest("app", &fallback).as_ref(), Some(&other));
    }
}

#[tokio::test]
async fn an_entry_that_somebody_overwrites_is_put_again() {
    let bench = Bench::new().await;
    let subject = bench.image("app", "v1");
    bench
        .registry
        .switch(|switches| switches.referrers_api = false);
    let fallback = digest(subject.digest()).evidence_tag("").to_string();
    let ours = artifact(&bench, &subject, 1);
    let theirs = format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[]}}"#,
        MediaType::OCI_INDEX
    );
    let state = bench.registry.state();
    let index = state.put_manifest("app", MediaType::OCI_INDEX, theirs);
    // The tag is read, put, read back. Before it is read back, somebody overwrites it.
    let read_back = Matcher::on(Operation::ManifestGet)
        .reference(&fallback)
        .after(1)
        .times(1);
    let gate = bench.registry.faults().pause(read_back);
    let wire = Arc::new(bench.wire());
    let attaching = {
        let (wire, ours, repository) = (Arc::clone(&wire), ours.clone(), bench.repository("app"));
        tokio::spawn(async move {
            let put = wire
                .put_manifest(&repository, &ours.digest().into(), &ours)
                .await;
            put.unwrap()
        })
    };
    gate.reached().await;
    state.tag("app", &fallback, &index);
    gate.release();
    let put = attaching.await.unwrap();
    assert_eq!(put.subject, SubjectHandling::FallbackTag);
    let repository = bench.repository("app");
    let list = wire
        .referrers(&repository, &digest(subject.digest()))
        .await
        .unwrap();
    assert_eq!(list.descriptors.len(), 1);
}

#[tokio::test]
async fn a_list_that_is_not_shown_or_shown_as_it_was_loses_nothing() {
    for times in [1, 100] {
        let bench = Bench::new().await;
        let subject = bench.image("app", "v1");
        bench
            .registry
            .switch(|switches| switches.referrers_api = false);
        let fallback = digest(subject.digest()).evidence_tag("").to_string();
        // Another run lists one; ours reads it, adds one, and then it isn't shown, or an older state is.
        attach(&bench.wire(), &bench, &artifact(&bench, &subject, 1)).await;
        let wire = bench.wire();
        let (repository, subject_digest) = (bench.repository("app"), digest(subject.digest()));
        let seen = wire.referrers(&repository, &subject_digest).await.unwrap();
        assert_eq!(seen.descriptors.len(), 1);
        let state = bench.registry.state();
        let older = state.tag_digest("app", &fallback).unwrap();
        attach(&wire, &bench, &artifact(&bench, &subject, 2)).await;
        state.tag("app", &fallback, &older);
        let faults = bench.registry.faults();
        let reads = Matcher::on(Operation::ManifestGet).reference(&fallback);
        let fault = faults.inject(reads.times(times), Fault::status(404));
        let third = artifact(&bench, &subject, 3);
        let put = wire
            .put_manifest(&repository, &third.digest().into(), &third)
            .await;
        // A tag that is never shown again can't be confirmed; it was not written with less for that.
        assert_eq!(put.is_ok(), times == 1);
        assert!(fault.hits() > 0);
        fault.remove();
        let list = wire.referrers(&repository, &subject_digest).await.unwrap();
        assert_eq!(list.descriptors.len(), 3, "{times}");
    }
}

#[tokio::test]
async fn what_is_no_answer_is_not_taken_for_no_referrers() {
    let bench = Bench::new().await;
    let subject = bench.image("app", "v1");
    let id = digest(subject.digest());
    let repository = bench.repository("app");
    let refused = [
        (Fault::status(403), FailureKind::Forbidden),
        (Fault::too_many_requests(1), FailureKind::RateLimited),
        (Fault::status(500), FailureKind::Unavailable),
        (Fault::Body("{}".into()), FailureKind::Malformed),
        (
            Fault::Body(r#"{"manifests":[{"digest":"md5:1"}]}"#.into()),
            FailureKind::Malformed,
        ),
    ];
    for (fault, kind) in refused {
        // At the API, and at the fallback tag of a registry without it.
        for (api, operation) in [
            (true, Operation::Referrers),
            (false, Operation::ManifestGet),
        ] {
            bench.registry.faults().clear();
            bench
                .registry
                .switch(|switches| switches.referrers_api = api);
            if !api {
                let state = bench.registry.state();
                let index = r#"{"schemaVersion":2,"manifests":[]}"#;
                let index = state.put_manifest("app", MediaType::OCI_INDEX, index);
                state.tag("app", &id.evidence_tag("").to_string(), &index);
            }
            bench
                .registry
                .faults()
                .inject(Matcher::on(operation), fault.clone());
            let wire = bench.wire();
            let failure = wire.referrers(&repository, &id).await.unwrap_err();
            let malformed = matches!(fault, Fault::Body(_)) && !api;
            if !malformed {
                assert_eq!(failure.kind(), kind, "{fault:?}");
            }
        }
    }
    // A registry that says that it knows no such thing has none.
    bench.registry.faults().clear();
    bench
        .registry
        .faults()
        .inject(Matcher::on(Operation::Referrers), Fault::status(405));
    let list = bench.wire().referrers(&repository, &id).await.unwrap();
    assert!(list.fallback);
}

/// A PUT of the tag is not repeated blindly: what somebody else put meanwhile is read first.
#[tokio::test]
async fn the_tag_is_read_again_before_its_put_is_repeated() {
    for fault in [
        Fault::too_many_requests(20),
        Fault::status(503),
        Fault::Reset,
    ] {
        let bench = Bench::new().await;
        let subject = bench.image("app", "v1");
        bench
            .registry
            .switch(|switches| switches.referrers_api = false);
        let fallback = digest(subject.digest()).evidence_tag("").to_string();
        let put = Matcher::on(Operation::ManifestPut)
            .reference(&fallback)
            .times(1);
        let gate = bench.registry.faults().pause(put.clone());
        bench.registry.faults().inject(put, fault);
        let (wire, others) = (bench.wire(), bench.wire());
        let ours = artifact(&bench, &subject, 1);
        let theirs = artifact(&bench, &subject, 2);
        let attaching = attach(&wire, &bench, &ours);
        let meddle = async {
            gate.reached().await;
            attach(&others, &bench, &theirs).await;
            gate.release();
        };
        tokio::join!(attaching, meddle);
        let repository = bench.repository("app");
        let list = wire.referrers(&repository, &digest(subject.digest())).await;
        assert_eq!(list.unwrap().descriptors.len(), 2);
    }
}
