//! Hosts, repositories and token servers that never answer: what they cost, and whom they hold up. Time is virtual.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use promo_core::oci::Repository;
use promo_core::ports::{FailureKind, Registry};
use promo_registry::WireRegistry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::support::{OwnTime, tag};

/// A request is given up after this.
const DEADLINE: Duration = Duration::from_secs(60);
/// And sent so often.
const ATTEMPTS: u32 = 4;
/// What others may wait at the most because of one that hangs.
const SHORT: Duration = Duration::from_secs(5);

/// A server in the runtime of the test. `answer` says what is answered to a path; none hangs for ever.
async fn server(answer: fn(&str, &str) -> Option<String>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let paths: Arc<Mutex<Vec<String>>> = Arc::default();
    let (log, name) = (Arc::clone(&paths), host.clone());
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection, name.clone(), Arc::clone(&log), answer));
        }
    });
    (host, paths)
}

async fn serve(
    mut connection: TcpStream,
    host: String,
    log: Arc<Mutex<Vec<String>>>,
    answer: fn(&str, &str) -> Option<String>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match connection.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    log.lock().unwrap().push(path.clone());
    match answer(&path, &host) {
        Some(text) => connection.write_all(text.as_bytes()).await.unwrap(),
        None => std::future::pending().await,
    }
}

fn wire() -> WireRegistry {
    let time = OwnTime::new();
    WireRegistry::builder(Arc::clone(&time) as _, time)
        .build()
        .unwrap()
}

fn repository(host: &str, name: &str) -> Repository {
    format!("{host}/{name}").parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn many_repositories_of_a_host_that_hangs_hang_together() {
    let (host, _) = server(|_, _| None).await;
    let (wire, v1) = (wire(), tag("v1"));
    let began = Instant::now();
    let names: Vec<Repository> = (0..12)
        .map(|n| repository(&host, &format!("r{n}")))
        .collect();
    let heads = join_all(names.iter().map(|name| wire.head_manifest(name, &v1))).await;
    for head in heads {
        assert_eq!(head.unwrap_err().kind(), FailureKind::Deadline);
    }
    let took = began.elapsed();
    assert!(took < DEADLINE * ATTEMPTS + SHORT, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_repository_that_hangs_does_not_hold_up_others() {
    let answer = |path: &str, _: &str| {
        let nothing_there =
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        (!path.contains("/hangs/")).then(|| nothing_there.to_owned())
    };
    let (host, paths) = server(answer).await;
    let (wire, v1) = (wire(), tag("v1"));
    let began = Instant::now();
    let (hangs, names) = (
        repository(&host, "hangs"),
        [repository(&host, "a"), repository(&host, "b")],
    );
    let ended = AtomicUsize::new(0);
    let others = join_all(names.iter().map(|name| async {
        assert!(wire.head_manifest(name, &v1).await.unwrap().is_none());
        ended.fetch_add(1, Ordering::Relaxed);
        began.elapsed()
    }));
    // `join!` polls in order: the one that hangs is the first to be sent.
    let (head, took) = tokio::join!(wire.head_manifest(&hangs, &v1), others);
    assert_eq!(head.unwrap_err().kind(), FailureKind::Deadline);
    assert!(took.iter().all(|took| *took < SHORT), "{took:?}");
    assert!(paths.lock().unwrap()[0].contains("/hangs/"));
}

#[tokio::test(start_paused = true)]
async fn a_token_server_that_hangs_is_asked_twice_and_holds_up_one_repository() {
    let answer = |path: &str, host: &str| match path.split_once("scope=") {
        Some((_, scope)) if scope.contains("hangs") => None,
        Some(_) => {
            let body = r#"{"token":"good"}"#;
            let length = body.len();
            Some(format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            ))
        }
        None => Some(format!(
            "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\nWWW-Authenticate: Bearer realm=\"http://{host}/token\"\r\n\r\n"
        )),
    };
    let (host, paths) = server(answer).await;
    let (wire, v1) = (wire(), tag("v1"));
    let (hangs, opens) = (repository(&host, "hangs"), repository(&host, "opens"));
    let began = Instant::now();
    let many = join_all((0..20).map(|_| wire.head_manifest(&hangs, &v1)));
    let other = async {
        // This registry accepts no token: what counts is how soon it says so.
        let head = wire.head_manifest(&opens, &v1).await;
        assert_eq!(head.unwrap_err().kind(), FailureKind::Unauthenticated);
        began.elapsed()
    };
    let (heads, took) = tokio::join!(many, other);
    for head in heads {
        assert_eq!(head.unwrap_err().kind(), FailureKind::Deadline);
    }
    assert!(took < SHORT, "{took:?}");
    assert!(began.elapsed() < DEADLINE * 2 + SHORT);
    // Who comes later learns it at once.
    let late = wire.head_manifest(&hangs, &v1).await;
    assert_eq!(late.unwrap_err().kind(), FailureKind::Deadline);
    let paths = paths.lock().unwrap();
    let asked = paths.iter().filter(|path| path.contains("hangs%3Apull"));
    assert_eq!(asked.count(), 2, "{paths:?}");
}
