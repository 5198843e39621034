//! What passes by itself and what doesn't: repetitions, pauses, caps, deadlines and interruptions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use promo_core::ports::{FailureKind, Services};
use promo_registry::{RetrySettings, RevocableServices, Revocation};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use wiremock::ResponseTemplate;

use super::{CAP, World, api, asked, get, post, service};

/// Longer than anything here may take.
const LONG: Duration = Duration::from_secs(3600);

async fn read_head(connection: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.unwrap());
    }
}

/// A service that does this with its connections, numbered from 0.
async fn scripted<F>(does: fn(TcpStream, usize) -> F) -> (String, Arc<AtomicUsize>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let number = counted.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                read_head(&mut connection).await;
                does(connection, number).await;
            });
        }
    });
    (url, count)
}

#[tokio::test]
async fn a_pause_that_is_asked_for_is_kept() {
    let throttled = || ResponseTemplate::new(429).insert_header("Retry-After", "7");
    let answer = ResponseTemplate::new(200).set_body_string("done");
    let server = service(vec![(1, throttled()), (9, answer)]).await;
    let world = World::new();
    let answer = world.ask(&post(&api(&server), "{}")).await.unwrap();
    assert_eq!(answer.body, "done");
    assert_eq!(world.requests(), [(1, Some(429), 0), (2, Some(200), 4)]);
    let paused: Duration = world.time.pauses().iter().sum();
    assert!(paused >= Duration::from_secs(7), "{paused:?}");

    let server = service(vec![(99, throttled())]).await;
    let failure = World::new().ask(&get(&api(&server))).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::RateLimited);
    assert_eq!(failure.code().as_str(), "PROMO-R004");
    assert_eq!(failure.retry_after(), Some(Duration::from_secs(7)));
}

/// Nobody waits for an hour, and what comes next isn't sent.
#[tokio::test]
async fn a_pause_that_is_too_long_is_told() {
    let answer = ResponseTemplate::new(429).insert_header("Retry-After", "3600");
    let server = service(vec![(99, answer)]).await;
    let world = World::new();
    let services = world.builder().build().unwrap().services();
    let failure = services.ask(&get(&api(&server))).await.unwrap_err();
    let failure_of_next = services.ask(&get(&api(&server))).await.unwrap_err();
    for failure in [failure, failure_of_next] {
        assert_eq!(failure.code().as_str(), "PROMO-R034", "{}", failure.chain());
        assert!(failure.chain().contains("requests to services"));
    }
    assert_eq!(asked(&server).await.len(), 1);
}

#[tokio::test]
async fn a_service_that_is_broken_is_asked_again_and_told_at_last() {
    let broken = || ResponseTemplate::new(503).set_body_string(r#"{"message":"later"}"#);
    let answer = ResponseTemplate::new(200);
    let server = service(vec![(2, broken()), (9, answer)]).await;
    let world = World::new();
    let answer = world.ask(&post(&api(&server), "{}")).await.unwrap();
    assert!(answer.is_success());
    assert_eq!(world.statuses(), [Some(503), Some(503), Some(200)]);

    for status in [500, 502, 503, 504, 507] {
        let answer = ResponseTemplate::new(status).set_body_string(r#"{"message":"later"}"#);
        let server = service(vec![(99, answer)]).await;
        let failure = World::new().ask(&get(&api(&server))).await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Unavailable);
        assert_eq!(failure.code().as_str(), "PROMO-R005");
        assert_eq!(failure.status(), Some(status));
        let chain = failure.chain();
        assert!(
            chain.contains("what it has") && chain.contains("later"),
            "{chain}"
        );
        let tries = if status == 507 { 1 } else { 4 };
        assert_eq!(asked(&server).await.len(), tries, "{status}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_again() {
    let (url, count) = scripted(|mut connection, number| async move {
        let text: &[u8] = match number {
            0 => b"",
            // In the middle of the body.
            1 => b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
            _ => b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole",
        };
        connection.write_all(text).await.unwrap();
    })
    .await;
    let world = World::new();
    let answer = world.ask(&post(&url, "")).await.unwrap();
    assert_eq!(answer.body, "whole");
    assert_eq!(count.load(Ordering::Relaxed), 3);
    assert_eq!(world.statuses(), [None, Some(200), Some(200)]);

    let (url, count) = scripted(|_, _| async {}).await;
    let failure = World::new().ask(&get(&url)).await.unwrap_err();
    assert_eq!(failure.code().as_str(), "PROMO-R006", "{}", failure.chain());
    assert_eq!(count.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn an_answer_has_a_cap_of_its_own() {
    let full = usize::try_from(CAP).unwrap();
    for (length, is_taken) in [(full, true), (full + 1, false)] {
        let answer = ResponseTemplate::new(200).set_body_bytes(vec![b'x'; length]);
        let server = service(vec![(9, answer)]).await;
        let answer = World::new().ask(&get(&api(&server))).await;
        match answer {
            Ok(answer) => assert!(is_taken && answer.body.len() == length),
            Err(failure) => {
                assert!(!is_taken, "{}", failure.chain());
                assert_eq!(failure.code().as_str(), "PROMO-R010");
            }
        }
        assert_eq!(asked(&server).await.len(), 1);
    }
    // Of a refusal, more than that may be said, and not all of it is read.
    let answer = ResponseTemplate::new(400).set_body_bytes(vec![b'x'; 200_000]);
    let server = service(vec![(9, answer)]).await;
    let answer = World::new().ask(&get(&api(&server))).await.unwrap();
    assert_eq!(answer.body.len(), 64 << 10);
}

#[tokio::test]
async fn an_encoded_answer_is_refused() {
    let answer = ResponseTemplate::new(200).insert_header("Content-Encoding", "gzip");
    let server = service(vec![(9, answer.set_body_string("x"))]).await;
    let failure = World::new().ask(&get(&api(&server))).await.unwrap_err();
    assert_eq!(failure.code().as_str(), "PROMO-R015");
}

/// A log may take its time for an entry; a byte now and then is none.
#[tokio::test(start_paused = true)]
async fn an_answer_has_a_minute() {
    let (url, _) = scripted(|mut connection, _| async move {
        sleep(Duration::from_secs(50)).await;
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nentry";
        connection.write_all(text).await.unwrap();
    })
    .await;
    let answer = World::new().ask(&post(&url, "")).await.unwrap();
    assert_eq!(answer.body, "entry");

    let (url, _) = scripted(|mut connection, _| async move {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n";
        let mut sent = connection.write_all(head).await;
        while sent.is_ok() {
            sleep(Duration::from_secs(1)).await;
            sent = connection.write_all(b"x").await;
        }
    })
    .await;
    let world = World::new();
    let mut retry = RetrySettings::default();
    retry.attempts = 1;
    let services = world.builder().retry(retry).build().unwrap().services();
    let began = Instant::now();
    let request = get(&url);
    let asked = timeout(LONG, services.ask(&request)).await;
    let failure = asked.expect("it ends by itself").unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Deadline, "{}", failure.chain());
    assert!(
        began.elapsed() <= Duration::from_secs(61),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn an_interruption_ends_what_is_asked() {
    let (url, count) = scripted(|_connection, _| std::future::pending()).await;
    let revocation = Revocation::default();
    let world = World::new();
    let services = world.builder().build().unwrap().services();
    let services = RevocableServices::new(services, revocation.clone());
    let request = get(&url);
    let began = Instant::now();
    let revoke = async {
        while count.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        revocation.revoke();
    };
    let (asked, ()) = tokio::join!(services.ask(&request), revoke);
    for answer in [asked, services.ask(&request).await] {
        let failure = answer.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Interrupted);
        assert_eq!(failure.code().as_str(), "PROMO-R039");
    }
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(count.load(Ordering::Relaxed), 1);
}
