//! Hosts that take the bytes of an upload slowly, or none any longer, or answer so, and sources that are slow instead. Time is
//! virtual.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use promo_core::oci::{Descriptor, Repository};
use promo_core::ports::{BlobStream, Failure, FailureKind, Registry};
use promo_registry::{RetrySettings, WireRegistry};
use promo_testkit::registry::RegistryOptions;
use promo_testkit::tls::{Authority, Protocols};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, timeout};

use crate::support::{Bench, OwnTime, pieces, tag};
use crate::tls::encrypted;

/// How long an upload may stand still.
const IDLE: Duration = Duration::from_secs(120);
/// More than any buffer on the way holds.
const LARGE: usize = 24 << 20;
/// Longer than anything here may take.
const LONG: Duration = Duration::from_secs(3600);

/// How a host takes a body.
#[derive(Clone, Copy)]
struct Taking {
    /// So many bytes at once,
    at_once: usize,
    /// then none for so long.
    pause: Duration,
}

/// A registry that opens uploads, and takes their bytes so.
fn taking(how: Taking) -> Repository {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(16).unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection, how));
        }
    });
    format!("{host}/app").parse().unwrap()
}

async fn serve(mut connection: TcpStream, how: Taking) {
    let Some(head) = read_head(&mut connection).await else {
        return;
    };
    if head.starts_with(b"POST") {
        let answer = "HTTP/1.1 202 Accepted\r\nLocation: /v2/app/blobs/uploads/1\r\n\
                      Content-Length: 0\r\nConnection: close\r\n\r\n";
        connection.write_all(answer.as_bytes()).await.unwrap();
        return;
    }
    let mut bytes = vec![0; how.at_once];
    while connection.read_exact(&mut bytes).await.is_ok() {
        sleep(how.pause).await;
    }
}

async fn read_head(connection: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.ok()?);
    }
    Some(head)
}

fn wire() -> WireRegistry {
    let time = OwnTime::new();
    let wire = WireRegistry::builder(Arc::clone(&time) as _, time);
    wire.build().unwrap()
}

async fn put(
    wire: &WireRegistry,
    repository: &Repository,
    bytes: &[u8],
    body: BlobStream,
) -> Result<(), Failure> {
    let blob = Descriptor::of("application/octet-stream", bytes);
    let session = wire.start_upload(repository).await?;
    let put = wire.put_blob(repository, &blob, session, body);
    timeout(LONG, put).await.expect("it ends by itself")
}

/// Whether it is told as standing still (PROMO-R007) or as too slow (PROMO-R038) follows from how much the system's buffers
/// took in the last window, which no test can know; `intake` is tested for that by itself.
fn took_too_little(failure: &Failure) {
    let code = failure.code().as_str();
    let chain = failure.chain();
    assert!(["PROMO-R007", "PROMO-R038"].contains(&code), "{chain}");
    assert_eq!(failure.kind(), FailureKind::Deadline, "{chain}");
}

/// Some bytes now and then are no upload, however long that goes on.
#[tokio::test(start_paused = true)]
async fn an_upload_that_trickles_is_too_slow() {
    let repository = taking(Taking {
        at_once: 100,
        pause: Duration::from_secs(1),
    });
    let bytes = vec![7; LARGE];
    let began = Instant::now();
    let failure = put(&wire(), &repository, &bytes, pieces(&bytes, 1000)).await;
    took_too_little(&failure.unwrap_err());
    assert!(began.elapsed() < IDLE * 2, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_trickles_over_http2_is_too_slow() {
    let authority = Authority::new().unwrap();
    let options = RegistryOptions::default().tls(authority.server(Protocols::Http2).unwrap());
    let bench = Bench::with(options).await;
    let wire = bench.builder().host(bench.host(), encrypted());
    let wire = wire.extra_roots(authority.pem()).build().unwrap();
    bench
        .registry
        .switch(|switches| switches.bandwidth = NonZeroU64::new(200));
    let bytes = vec![7; LARGE];
    let body = pieces(&bytes, 1000);
    let failure = put(&wire, &bench.repository("app"), &bytes, body).await;
    took_too_little(&failure.unwrap_err());
}

/// It had taken bytes before: that renews nothing.
#[tokio::test(start_paused = true)]
async fn an_upload_that_stands_still_is_noticed_in_one_idle_time() {
    let repository = taking(Taking {
        at_once: LARGE / 2,
        pause: LONG * 10,
    });
    let bytes = vec![7; LARGE];
    let began = Instant::now();
    let failure = put(&wire(), &repository, &bytes, pieces(&bytes, 100_000)).await;
    took_too_little(&failure.unwrap_err());
    let took = began.elapsed();
    assert!(took < IDLE + Duration::from_secs(5), "{took:?}");
}

/// Who has nothing to take doesn't take too little.
#[tokio::test(start_paused = true)]
async fn a_slow_source_is_not_held_against_the_host() {
    let bench = Bench::new().await;
    let bytes = vec![7; 5000];
    let thousands: Vec<_> = bytes.chunks(1000).map(Bytes::copy_from_slice).collect();
    let slow = stream::iter(thousands)
        .then(|piece| async {
            sleep(IDLE * 2).await;
            Ok(piece)
        })
        .boxed();
    put(&bench.wire(), &bench.repository("app"), &bytes, slow)
        .await
        .unwrap();
}

/// A small answer has a deadline as a whole: neither its head nor its body lives on a byte per second.
#[tokio::test(start_paused = true)]
async fn a_small_answer_that_trickles_ends_by_its_deadline() {
    let length = 1_000_000;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    for at_once in [head, String::new()] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let at_once = at_once.clone();
                tokio::spawn(async move {
                    read_head(&mut connection).await.unwrap();
                    let mut sent = connection.write_all(at_once.as_bytes()).await;
                    // As a head it is the beginning of a header without end.
                    let mut next = if at_once.is_empty() {
                        b"HTTP/1.1 200 OK\r\nX-Filling: ".as_slice()
                    } else {
                        b"{".as_slice()
                    };
                    while sent.is_ok() {
                        sleep(Duration::from_secs(1)).await;
                        sent = connection.write_all(next).await;
                        next = b"x";
                    }
                });
            }
        });
        let time = OwnTime::new();
        let mut retry = RetrySettings::default();
        retry.attempts = 2;
        let wire = WireRegistry::builder(Arc::clone(&time) as _, time).retry(retry);
        let wire = wire.build().unwrap();
        let repository: Repository = format!("{host}/app").parse().unwrap();
        let began = Instant::now();
        let v1 = tag("v1");
        let asked = timeout(LONG, wire.get_manifest(&repository, &v1)).await;
        let failure = asked.expect("it ends by itself").unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Deadline, "{}", failure.chain());
        assert!(began.elapsed() < IDLE * 2, "{:?}", began.elapsed());
    }
}
