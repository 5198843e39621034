//! The fan-out against uploads that dawdle, lie and stop: what a test must decide piece by piece, which
//! no registry over HTTP allows.

use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use async_trait::async_trait;
use promo_core::Code;
use promo_core::oci::{Digest, ManifestReference, RawManifest};
use promo_core::ports::{
    Capabilities, FailureKind, ManifestHead, Mount, PutManifest, ReferrerList, TagPage,
};

use super::*;

/// What an upload does with its body.
#[derive(Debug, Clone, Copy)]
enum Taker {
    /// Takes all of it.
    All,
    /// Takes this many pieces and then nothing for ever.
    Stops(usize),
    /// Says that all is well after this many pieces.
    Lies(usize),
}

/// Uploads by the names of their repositories, with what they took.
#[derive(Debug, Default)]
struct Takers {
    takers: Vec<(&'static str, Taker)>,
    taken: Mutex<Vec<(String, Vec<u8>)>>,
}

impl Takers {
    fn new(takers: &[(&'static str, Taker)]) -> Self {
        Self {
            takers: takers.to_vec(),
            taken: Mutex::default(),
        }
    }

    fn uploads(&self) -> Vec<Upload> {
        let upload = |(name, _): &(&str, Taker)| Upload {
            repository: format!("mirror.example/{name}").parse().unwrap(),
            session: UploadSession::new("https://mirror.example/upload"),
        };
        self.takers.iter().map(upload).collect()
    }

    fn taken(&self, name: &str) -> usize {
        let taken = self.taken.lock().unwrap();
        let whole = taken.iter().filter(|(taker, _)| taker == name);
        whole.map(|(_, bytes)| bytes.len()).sum()
    }
}

fn unexpected<T>() -> Result<T, Failure> {
    panic!("the fan-out only puts blobs")
}

#[async_trait]
impl Registry for Takers {
    fn capabilities(&self) -> Capabilities {
        Capabilities::BASE
    }

    async fn put_blob(
        &self,
        repository: &Repository,
        _blob: &Descriptor,
        _session: UploadSession,
        mut body: BlobStream,
    ) -> Result<(), Failure> {
        let name = repository.name();
        let (_, taker) = self
            .takers
            .iter()
            .find(|(known, _)| *known == name)
            .unwrap();
        let mut pieces = 0;
        loop {
            match taker {
                Taker::Stops(after) if pieces == *after => std::future::pending().await,
                Taker::Lies(after) if pieces == *after => return Ok(()),
                _ => {}
            }
            let Some(piece) = body.next().await else {
                return Ok(());
            };
            let piece = piece?;
            let mut taken = self.taken.lock().unwrap();
            taken.push((name.to_owned(), piece.to_vec()));
            pieces += 1;
        }
    }

    async fn head_manifest(
        &self,
        _: &Repository,
        _: &ManifestReference,
    ) -> Result<Option<ManifestHead>, Failure> {
        unexpected()
    }

    async fn get_manifest(
        &self,
        _: &Repository,
        _: &ManifestReference,
    ) -> Result<Option<RawManifest>, Failure> {
        unexpected()
    }

    async fn put_manifest(
        &self,
        _: &Repository,
        _: &ManifestReference,
        _: &RawManifest,
    ) -> Result<PutManifest, Failure> {
        unexpected()
    }

    async fn blob_size(&self, _: &Repository, _: &Digest) -> Result<Option<u64>, Failure> {
        unexpected()
    }

    async fn get_blob(
        &self,
        _: &Repository,
        _: &Descriptor,
    ) -> Result<Option<BlobStream>, Failure> {
        unexpected()
    }

    async fn start_upload(&self, _: &Repository) -> Result<UploadSession, Failure> {
        unexpected()
    }

    async fn cancel_upload(&self, _: &Repository, _: UploadSession) -> Result<(), Failure> {
        unexpected()
    }

    async fn mount_blob(
        &self,
        _: &Repository,
        _: &Digest,
        _: &Repository,
    ) -> Result<Mount, Failure> {
        unexpected()
    }

    async fn tags(&self, _: &Repository, _: Option<&str>) -> Result<Option<TagPage>, Failure> {
        unexpected()
    }

    async fn referrers(&self, _: &Repository, _: &Digest) -> Result<ReferrerList, Failure> {
        unexpected()
    }
}

const PIECES: usize = 100;
const SIZE: usize = 1000;

/// A source of so many pieces that counts how many were taken from it, and may end with an error.
fn source(pieces: usize, fails: bool, read: &Arc<AtomicUsize>) -> BlobStream {
    let read = Arc::clone(read);
    let bytes = stream::iter(0..pieces).map(move |_| {
        read.fetch_add(1, Ordering::SeqCst);
        Ok(Bytes::from(vec![7; SIZE]))
    });
    let end = fails.then(|| {
        Err(Failure::new(
            FailureKind::DigestMismatch,
            Code::new("PROMO-T000"),
            "altered",
        ))
    });
    Box::pin(bytes.chain(stream::iter(end)))
}

struct Outcome {
    result: Result<Vec<Result<(), Failure>>, Failure>,
    read: usize,
}

async fn run(takers: &Takers, pieces: usize, fails: bool) -> Outcome {
    let read = Arc::default();
    let source = source(pieces, fails, &read);
    let result = transfer(takers, source).await;
    Outcome {
        result,
        read: read.load(Ordering::SeqCst),
    }
}

async fn transfer(takers: &Takers, bytes: BlobStream) -> Result<Vec<Result<(), Failure>>, Failure> {
    let blob = Descriptor::new(
        promo_core::oci::MediaType::new("application/octet-stream"),
        Digest::sha256_of(b"not looked at"),
        (PIECES * SIZE) as u64,
    );
    let transfer = Transfer {
        registry: takers,
        source: &"source.example/app".parse().unwrap(),
        blob: &blob,
        stall: Duration::from_secs(60),
    };
    transfer.run(bytes, takers.uploads()).await
}

#[tokio::test]
async fn all_uploads_get_all_bytes_from_one_reading() {
    let takers = Takers::new(&[("a", Taker::All), ("b", Taker::All), ("c", Taker::All)]);
    let outcome = run(&takers, PIECES, false).await;
    assert!(outcome.result.unwrap().iter().all(Result::is_ok));
    assert_eq!(outcome.read, PIECES);
    for name in ["a", "b", "c"] {
        assert_eq!(takers.taken(name), PIECES * SIZE);
    }
}

/// The bytes were wrong: all of them have come, but the last piece is not handed on.
#[tokio::test]
async fn the_last_piece_is_held_back_until_the_source_is_whole() {
    let takers = Takers::new(&[("a", Taker::All), ("b", Taker::All)]);
    let outcome = run(&takers, PIECES, true).await;
    let failure = outcome.result.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::DigestMismatch);
    assert_eq!(takers.taken("a"), (PIECES - 1) * SIZE);
    assert_eq!(takers.taken("b"), (PIECES - 1) * SIZE);
}

#[tokio::test]
async fn another_length_than_described_completes_nothing() {
    for pieces in [PIECES - 1, PIECES + 1] {
        let takers = Takers::new(&[("a", Taker::All)]);
        let outcome = run(&takers, pieces, false).await;
        let failure = outcome.result.unwrap_err();
        assert_eq!(failure.code().as_str(), "PROMO-R051");
        assert!(takers.taken("a") < PIECES * SIZE);
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_takes_nothing_is_left_behind() {
    let takers = Takers::new(&[("slow", Taker::Stops(10)), ("quick", Taker::All)]);
    let outcome = run(&takers, PIECES, false).await;
    let results = outcome.result.unwrap();
    let failure = results[0].as_ref().unwrap_err();
    assert_eq!(failure.code().as_str(), "PROMO-R053");
    assert!(results[1].is_ok());
    assert_eq!(takers.taken("quick"), PIECES * SIZE);
}

/// While one upload takes nothing, no more is read than fits into its queue.
#[tokio::test(start_paused = true)]
async fn the_slowest_upload_bounds_what_is_read() {
    let takers = Takers::new(&[("slow", Taker::Stops(10)), ("quick", Taker::All)]);
    let read = Arc::default();
    let sending = transfer(&takers, source(PIECES, false, &read));
    let enough = async {
        for _ in 0..10_000 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        _ = sending => panic!("one upload never ends"),
        () = enough => {}
    }
    // Ten were taken; the queue, the piece that is offered and the one held back are what else was read.
    assert_eq!(read.load(Ordering::SeqCst), 10 + QUEUE + 2);
}

#[tokio::test]
async fn an_upload_that_is_acknowledged_too_early_has_failed() {
    let takers = Takers::new(&[("liar", Taker::Lies(PIECES - 1)), ("b", Taker::All)]);
    let outcome = run(&takers, PIECES, false).await;
    let results = outcome.result.unwrap();
    let failure = results[0].as_ref().unwrap_err();
    assert_eq!(failure.code().as_str(), "PROMO-R052");
    assert!(results[1].is_ok());
}

#[tokio::test]
async fn a_source_that_nobody_listens_to_is_not_read_on() {
    let takers = Takers::new(&[("liar", Taker::Lies(0))]);
    let outcome = run(&takers, PIECES, false).await;
    assert!(outcome.result.unwrap()[0].is_err());
    assert!(outcome.read < PIECES);
}
