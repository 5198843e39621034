//! Transfers against sources that fail and readers that dawdle: what a test must decide piece by piece, which no
//! registry over HTTP allows.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use promo_core::Code;
use promo_core::oci::{ManifestReference, MediaType, RawManifest};
use promo_core::ports::{
    BlobStream, Capabilities, Failure, FailureKind, ManifestHead, Mount, PutManifest, ReferrerList,
    TagPage, UploadSession,
};
use tokio::time::{Instant, sleep};

use super::*;

/// A source of so many pieces, which may end with an error.
#[derive(Debug, Default)]
struct Pieces {
    count: usize,
    fails: bool,
    opened: AtomicUsize,
    read: Arc<AtomicUsize>,
}

fn unexpected<T>() -> Result<T, Failure> {
    panic!("a transfer only gets blobs")
}

#[async_trait]
impl Registry for Pieces {
    fn capabilities(&self) -> Capabilities {
        Capabilities::BASE
    }

    async fn get_blob(
        &self,
        _: &Repository,
        _: &Descriptor,
    ) -> Result<Option<BlobStream>, Failure> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        let read = Arc::clone(&self.read);
        let piece = Bytes::from(vec![7; PIECE]);
        let pieces = stream::iter(0..self.count).map(move |_| {
            read.fetch_add(1, Ordering::SeqCst);
            Ok(piece.clone())
        });
        let altered = || {
            Failure::new(
                FailureKind::DigestMismatch,
                Code::new("PROMO-T000"),
                "altered",
            )
        };
        let end = self.fails.then(|| Err(altered()));
        Ok(Some(Box::pin(pieces.chain(stream::iter(end)))))
    }

    async fn put_blob(
        &self,
        _: &Repository,
        _: &Descriptor,
        _: UploadSession,
        _: BlobStream,
    ) -> Result<(), Failure> {
        unexpected()
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

/// A source, and the transfers from it.
struct World {
    source: Arc<Pieces>,
    transfers: Transfers,
    described: usize,
}

/// What a reader got.
struct Got {
    bytes: usize,
    failure: Option<Failure>,
    ending: Option<Ending>,
    after: Duration,
}

impl World {
    fn new(pieces: usize) -> Self {
        Self::of(Pieces {
            count: pieces,
            ..Pieces::default()
        })
    }

    fn of(source: Pieces) -> Self {
        let described = source.count;
        let source = Arc::new(source);
        let registry: Arc<dyn Registry> = source.clone();
        Self {
            transfers: Transfers::new(registry, &CopySettings::default()),
            source,
            described,
        }
    }

    fn join(&self, host: &str, expected: &[&str]) -> Reader {
        let bytes = (self.described * PIECE) as u64;
        let blob = Descriptor::new(
            MediaType::new("application/octet-stream"),
            Digest::sha256_of(b"not looked at"),
            bytes,
        );
        self.transfers.join(&Wish {
            source: &"source.example/app".parse().unwrap(),
            blob: &blob,
            destination: &destination(host),
            among: 1,
            opened_in: Duration::ZERO,
            expected: expected
                .iter()
                .filter(|&&other| other != host)
                .map(|other| destination(other))
                .collect(),
        })
    }

    fn opened(&self) -> usize {
        self.source.opened.load(Ordering::SeqCst)
    }

    fn read(&self) -> usize {
        self.source.read.load(Ordering::SeqCst)
    }
}

fn destination(host: &str) -> Repository {
    format!("{host}/app").parse().unwrap()
}

/// Reads all, with a pause before each piece.
async fn read(reader: Reader, pause: Duration) -> Got {
    let begun = Instant::now();
    let (mut body, watch) = reader.into_body(&destination("a.example"), Digest::sha256_of(b""));
    let (mut bytes, mut failure) = (0, None);
    loop {
        if !pause.is_zero() {
            sleep(pause).await;
        }
        match body.next().await {
            Some(Ok(piece)) => bytes += piece.len(),
            Some(Err(error)) => failure = Some(error),
            None => break,
        }
    }
    Got {
        bytes,
        failure,
        ending: watch.ending(),
        after: begun.elapsed(),
    }
}

const HOSTS: [&str; 3] = ["a.example", "b.example", "c.example"];
const MIB: usize = (1 << 20) / PIECE;

#[tokio::test(start_paused = true)]
async fn all_readers_get_all_bytes_from_one_reading() {
    let world = World::new(100);
    let readers = HOSTS.map(|host| read(world.join(host, &HOSTS), Duration::ZERO));
    for got in join_all(readers).await {
        assert_eq!(got.bytes, 100 * PIECE);
        assert_eq!(got.ending, Some(Ending::Whole));
        assert_eq!(got.after, Duration::ZERO);
    }
    assert_eq!((world.opened(), world.read()), (1, 100));
}

/// The bytes were wrong: all of them have come, but the last piece is not handed on.
#[tokio::test]
async fn the_last_piece_is_held_back_until_the_source_is_whole() {
    let world = World::of(Pieces {
        count: 10,
        fails: true,
        ..Pieces::default()
    });
    let readers = HOSTS.map(|host| read(world.join(host, &HOSTS), Duration::ZERO));
    for got in join_all(readers).await {
        assert_eq!(got.bytes, 9 * PIECE);
        assert_eq!(got.ending, None);
        assert_eq!(got.failure.unwrap().code().as_str(), "PROMO-R054");
    }
    assert_eq!(world.read(), 10);
}

#[tokio::test]
async fn another_length_than_described_completes_nothing() {
    for described in [9, 11] {
        let mut world = World::new(10);
        world.described = described;
        let reader = world.join("a.example", &[]);
        let buffer = Arc::clone(&reader.buffer);
        let got = read(reader, Duration::ZERO).await;
        assert!(got.bytes < described * PIECE, "{}", got.bytes);
        assert_eq!(got.ending, None);
        let buffer::Source::Failed(failure) = buffer.source() else {
            panic!("{buffer:?}");
        };
        assert_eq!(failure.code().as_str(), "PROMO-R051");
    }
}

/// A quick reader waits a second for one that takes a mebibyte in a second, and never again.
#[tokio::test(start_paused = true)]
async fn who_is_much_slower_than_the_others_is_left_behind_and_reads_alone() {
    let world = World::new(100 * MIB);
    let slow = read(
        world.join("slow.example", &HOSTS[..1]),
        Duration::from_millis(250),
    );
    let quick = read(world.join("a.example", &[]), Duration::ZERO);
    let (slow, quick) = futures_util::join!(slow, quick);
    assert_eq!(
        (quick.bytes, quick.ending),
        (100 * MIB * PIECE, Some(Ending::Whole))
    );
    assert!(
        quick.after < Duration::from_millis(1500),
        "{:?}",
        quick.after
    );
    assert_eq!(slow.ending, Some(Ending::LeftBehind));
    assert_eq!(slow.failure.unwrap().code().as_str(), "PROMO-R053");

    // Now it doesn't share a reading, and may take its time.
    let quick = world.join("a.example", &["slow.example"]);
    let slow = world.join("slow.example", &["a.example"]);
    let slow = read(slow, Duration::from_millis(250));
    let (quick, slow) = futures_util::join!(read(quick, Duration::ZERO), slow);
    assert_eq!(quick.after, Duration::ZERO);
    assert_eq!(
        (slow.bytes, slow.ending),
        (100 * MIB * PIECE, Some(Ending::Whole))
    );
    assert_eq!(world.opened(), 3);
}

#[tokio::test(start_paused = true)]
async fn who_is_more_than_half_as_quick_is_not_left_behind() {
    let world = World::new(200 * MIB);
    let slow = read(
        world.join("b.example", &HOSTS[..1]),
        Duration::from_millis(90),
    );
    let quick = read(world.join("a.example", &[]), Duration::from_millis(50));
    let (slow, quick) = futures_util::join!(slow, quick);
    assert_eq!(slow.ending, Some(Ending::Whole));
    assert_eq!(quick.ending, Some(Ending::Whole));
    assert_eq!(world.read(), 200 * MIB);
}

/// No more is read than fits into the buffer: half a mebibyte if nobody waits, eight while somebody does.
#[tokio::test(start_paused = true)]
async fn the_slowest_bounds_what_is_read() {
    let world = World::new(100 * MIB);
    let idle = world.join("b.example", &HOSTS[..1]);
    let reader = world.join("a.example", &[]);
    let (mut body, _watch) = reader.into_body(&destination("a.example"), Digest::sha256_of(b""));
    sleep(Duration::from_secs(3600)).await;
    // One is held back, one is offered.
    assert_eq!(world.read(), MIB / 2 + 2);
    let taking = async { while body.next().await.is_some() {} };
    tokio::select! {
        () = taking => panic!("the other reader takes nothing"),
        () = sleep(Duration::from_millis(900)) => {}
    }
    assert_eq!(world.read(), 8 * MIB + 2);
    drop(idle);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_come_in_time_is_not_waited_for_again() {
    let world = World::new(10);
    let late = ["late.example"];
    let got = read(world.join("a.example", &late), Duration::ZERO).await;
    assert_eq!(got.ending, Some(Ending::Whole));
    assert_eq!(got.after, Duration::from_secs(1));
    let got = read(world.join("a.example", &late), Duration::ZERO).await;
    assert_eq!(got.after, Duration::ZERO);
    sleep(Duration::from_secs(2)).await;
    let got = read(world.join("a.example", &late), Duration::ZERO).await;
    assert_eq!(got.after, Duration::from_secs(1));
    // The second time it is left alone for longer.
    sleep(Duration::from_secs(3)).await;
    let got = read(world.join("a.example", &late), Duration::ZERO).await;
    assert_eq!(got.after, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn who_passes_is_not_waited_for() {
    let world = World::new(10);
    let reader = read(world.join("a.example", &HOSTS[..2]), Duration::ZERO);
    let blob = Digest::sha256_of(b"not looked at");
    let source = "source.example/app".parse().unwrap();
    let passing = async {
        world
            .transfers
            .pass(&source, &blob, &destination("b.example"));
    };
    let (got, ()) = futures_util::join!(reader, passing);
    assert_eq!(got.after, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn who_comes_when_the_beginning_is_gone_gets_a_reading_of_its_own() {
    let world = World::new(100);
    let first = read(world.join("a.example", &[]), Duration::from_millis(10));
    let second = async {
        sleep(Duration::from_millis(100)).await;
        read(world.join("b.example", &[]), Duration::ZERO).await
    };
    let (first, second) = futures_util::join!(first, second);
    assert_eq!((first.bytes, second.bytes), (100 * PIECE, 100 * PIECE));
    assert_eq!(world.opened(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_nobody_listens_to_is_not_read_on() {
    let world = World::new(100 * MIB);
    let (mut body, watch) = world
        .join("a.example", &[])
        .into_body(&destination("a.example"), Digest::sha256_of(b""));
    body.next().await.unwrap().unwrap();
    drop((body, watch));
    sleep(Duration::from_secs(1)).await;
    assert!(world.read() <= MIB + 3, "{}", world.read());
    assert_eq!(world.transfers.pieces.available_permits(), 128);
    assert!(lock(&world.transfers.running).is_empty());
}

/// Buffers of half a mebibyte in all: one transfer at a time, and none grows.
#[tokio::test(start_paused = true)]
async fn all_buffers_together_are_bounded() {
    let mut world = World::new(2 * MIB);
    let settings = CopySettings {
        buffers: 1 << 19,
        ..CopySettings::default()
    };
    let registry: Arc<dyn Registry> = world.source.clone();
    world.transfers = Transfers::new(registry, &settings);
    world.transfers.hosts.set_apart("a.example");
    let pause = Duration::from_millis(1);
    let first = read(world.join("a.example", &[]), pause);
    let second = read(world.join("a.example", &[]), pause);
    let third = async {
        sleep(pause * 4).await;
        world.opened()
    };
    let (first, second, opened) = futures_util::join!(first, second, third);
    assert_eq!(opened, 1);
    assert_eq!(
        (first.bytes, second.bytes),
        (2 * MIB * PIECE, 2 * MIB * PIECE)
    );
}
