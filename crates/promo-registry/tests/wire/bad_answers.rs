//! Hosts that bend the protocol: connections that end unannounced, heads without measure, bodies where there is none.

use std::time::Duration;

use futures_util::future::join_all;
use promo_core::ports::{FailureKind, Registry};
use promo_testkit::registry::{Fault, Matcher};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::support::{Bench, download, tag, upload};

/// No bad answer may cost longer than this.
const AT_MOST: Duration = Duration::from_secs(60);

/// A server that reads a head and then does with the connection what `answer` says.
async fn server<F>(answer: fn(TcpStream, String) -> F) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                if let Some(head) = read_head(&mut connection).await {
                    answer(connection, head).await;
                }
            });
        }
    });
    host
}

async fn read_head(connection: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

/// It doesn't say that it will, so that the connection looks as if it could be used again.
#[tokio::test]
async fn a_host_that_closes_each_connection_after_one_answer_is_read() {
    let host = server(|mut connection, _| async move {
        let body = r#"{"name":"app","tags":["v1"]}"#;
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        connection.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let bench = Bench::new().await;
    let wire = bench.wire();
    let repository = format!("{host}/app").parse().unwrap();
    let reading = async {
        for _ in 0..20 {
            let page = wire.tags(&repository, None).await.unwrap().unwrap();
            assert_eq!(page.tags.len(), 1);
        }
        let many = join_all((0..50).map(|_| wire.tags(&repository, None))).await;
        assert!(many.into_iter().all(|page| page.is_ok()));
    };
    timeout(AT_MOST, reading).await.unwrap();
}

/// The same for blobs, whose connections are others: each upload and download needs a new one.
#[tokio::test]
async fn blobs_go_to_a_host_that_closes_each_connection_after_one_answer() {
    let bench = Bench::new().await;
    let closes = Fault::header("connection", "close");
    bench.registry.faults().inject(Matcher::any(), closes);
    let (wire, repository) = (bench.wire(), bench.repository("app"));
    let coming_and_going = async {
        for length in [0, 1, 300_000, 300_001] {
            let bytes = vec![7; length];
            let blob = upload(&wire, &repository, &bytes).await.unwrap();
            let read = download(&wire, &repository, &blob).await.unwrap();
            assert_eq!(read, bytes);
        }
    };
    timeout(AT_MOST, coming_and_going).await.unwrap();
    let requests = bench.registry.log().len() as u64;
    assert_eq!(bench.registry.connections(), requests);
}

/// One header of 64 KiB is read; without end they are refused, and not kept.
#[tokio::test]
async fn heads_without_measure_end() {
    let host = server(|mut connection, head| async move {
        let filling = "x".repeat(64 << 10);
        let start =
            format!("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nX-Filling: {filling}\r\n");
        connection.write_all(start.as_bytes()).await.unwrap();
        if !head.contains("/endless/") {
            let end = connection.write_all(b"Connection: close\r\n\r\n").await;
            end.unwrap();
            return;
        }
        let line = format!("X-More: {}\r\n", "y".repeat(8 << 10));
        while connection.write_all(line.as_bytes()).await.is_ok() {}
    })
    .await;
    let bench = Bench::new().await;
    let wire = bench.wire();
    let whole = format!("{host}/app").parse().unwrap();
    assert!(
        wire.head_manifest(&whole, &tag("v1"))
            .await
            .unwrap()
            .is_none()
    );
    let endless = format!("{host}/endless").parse().unwrap();
    let v1 = tag("v1");
    let asked = wire.head_manifest(&endless, &v1);
    let failure = timeout(AT_MOST, asked).await.unwrap().unwrap_err();
    assert_eq!(
        failure.kind(),
        FailureKind::Unavailable,
        "{}",
        failure.chain()
    );
}

/// The body isn't read, not even as the answer to the next request.
#[tokio::test]
async fn a_head_that_is_answered_with_a_body_is_its_head() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let host = server(|mut connection, _| async move {
        let digest = format!("sha256:{}", "a".repeat(64));
        let body = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".repeat(10);
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\n\
             Docker-Content-Digest: {digest}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        connection.write_all(answer.as_bytes()).await.unwrap();
        // It goes on as if nothing were wrong with that.
        while read_head(&mut connection).await.is_some() {
            if connection.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    })
    .await;
    let bench = Bench::new().await;
    let wire = bench.wire();
    let repository = format!("{host}/app").parse().unwrap();
    let asking = async {
        for _ in 0..10 {
            let head = wire.head_manifest(&repository, &tag("v1")).await.unwrap();
            assert_eq!(head.unwrap().digest.to_string(), digest);
        }
    };
    timeout(AT_MOST, asking).await.unwrap();
}
