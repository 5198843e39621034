use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use promo_core::Code;
use promo_core::oci::{Descriptor, Digest, MediaType};
use promo_core::ports::{
    Evidence, EvidenceBlob, EvidenceSet, FailureKind, ServiceAnswer, ServiceRequest, Silent,
    TagSuffix, Verifier as _,
};
use promo_sign::KeyVerifier;

use super::*;
use crate::SystemClock;

fn url(text: &str) -> ServiceUrl {
    ServiceUrl::parse(text).unwrap()
}

#[test]
fn repositories_are_kept_apart() {
    let names = [
        "https://tuf.example",
        "http://tuf.example",
        "https://tuf.example:8443",
        "https://tuf.example/a",
        "https://tuf.example/a/b",
        "https://tuf.example/a_2fb",
        "https://tuf.example/A",
        "https://tuf.example/..",
        "https://tuf.example/?a",
    ]
    .map(|text| folder_name(&url(text)));
    assert_eq!(names[0], "https_3a_2f_2ftuf.example");
    let mut different = names.to_vec();
    different.sort_unstable();
    different.dedup();
    // A dot segment is no path of its own.
    assert_eq!(different.len(), names.len() - 1);
    assert_eq!(names[7], names[0]);
    for name in names {
        assert!(!name.contains('/') && !name.starts_with('.'), "{name}");
    }
    let slash = folder_name(&url("https://tuf.example/a/"));
    assert_eq!(slash, folder_name(&url("https://tuf.example/a")));
}

#[test]
fn files_are_kept_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Folder(folder.path().join("made/when/needed"));
    assert_eq!(kept.load("timestamp.json").unwrap(), None);
    for text in ["one", "another"] {
        for name in ["timestamp.json", "root_history/2.root.json", "a%2Fb.json"] {
            kept.keep(name, text.as_bytes()).unwrap();
            assert_eq!(kept.load(name).unwrap().unwrap(), text.as_bytes());
        }
    }
    let too_large = vec![0; usize::try_from(files::REPOSITORIES.bytes).unwrap() + 1];
    fs::write(kept.0.join("timestamp.json"), too_large).unwrap();
    kept.load("timestamp.json").unwrap_err();
}

#[test]
fn no_name_leads_out_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Folder(folder.path().join("kept"));
    for name in [
        "../a",
        "a/../../b",
        "/a",
        "a//b",
        "",
        ".",
        "a/.b",
        "a\\b",
        "a\0b",
    ] {
        kept.keep(name, b"x").unwrap_err();
        kept.load(name).unwrap_err();
    }
    assert!(!folder.path().join("a").exists());
}

#[test]
fn a_url_is_one_of_a_host() {
    for text in [
        "tuf.example",
        "file:///a",
        "https://user:secret@tuf.example",
    ] {
        let expected = text.parse::<RepositoryUrl>().unwrap_err();
        assert!(expected.starts_with("the URL of a TUF repository"));
        assert!(!expected.contains("secret"));
    }
}

/// Services that can't be reached.
#[derive(Debug, Default)]
struct Gone(AtomicUsize);

const GONE: Code = crate::error::codes::SHARED_KEY;

#[async_trait]
impl Services for Gone {
    async fn ask(&self, _request: &ServiceRequest) -> Result<ServiceAnswer, Failure> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(Failure::new(FailureKind::Unavailable, GONE, "gone"))
    }
}

#[tokio::test]
async fn a_repository_is_asked_when_there_is_evidence_and_once() {
    let services = Arc::new(Gone::default());
    let access = Access {
        services: Arc::clone(&services) as Arc<dyn Services>,
        folder: None,
        clock: Arc::new(SystemClock),
        observer: Arc::new(Silent),
    };
    let repositories = vec![SigstoreRepository::public().unwrap()];
    let verifier = LateVerifier::new(KeyVerifier::new([]), Vec::new(), repositories, access);
    let digest = Digest::sha256_of(b"an image");
    let mut evidence = EvidenceSet {
        evidence: Vec::new(),
        passed_over: Vec::new(),
    };
    let examined = verifier.examine(&digest, &evidence).await.unwrap();
    assert!(examined.is_empty());
    assert_eq!(services.0.load(Ordering::Relaxed), 0);
    evidence.evidence.push(Evidence::TagLayer {
        suffix: TagSuffix::Sig,
        layer: EvidenceBlob {
            descriptor: Descriptor::of(MediaType::OCI_MANIFEST, b"{}"),
            bytes: b"{}".as_slice().into(),
        },
    });
    for _ in 0..2 {
        let failure = verifier.examine(&digest, &evidence).await.unwrap_err();
        assert_eq!(failure.code(), GONE);
        assert_eq!(services.0.load(Ordering::Relaxed), 1);
    }
}
