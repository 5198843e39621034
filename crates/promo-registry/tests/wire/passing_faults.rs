//! Faults that pass: what is asked for again, from where, and when it is enough.

use std::time::Duration;

use promo_core::oci::Digest;
use promo_core::ports::{Event, FailureKind, Registry};
use promo_registry::{Caps, Deadlines, HostSettings, RetrySettings, WireRegistry};
use promo_testkit::registry::{Answer, Auth, Fault, Matcher, Operation};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Bench, digest, download, tag};

/// Reads each small answer once.
async fn read_all(bench: &Bench, wire: &WireRegistry, subject: &str) {
    let repository = bench.repository("app");
    let manifest = wire.get_manifest(&repository, &tag("v1")).await.unwrap();
    assert_eq!(manifest.unwrap().digest().to_string(), subject);
    let tags = wire.tags(&repository, None).await.unwrap().unwrap();
    assert_eq!(tags.tags.len(), 1);
    let referrers = wire.referrers(&repository, &digest(subject)).await;
    assert!(referrers.unwrap().descriptors.is_empty());
    let catalog = wire.catalog(&bench.host(), None).await.unwrap();
    assert_eq!(catalog.repositories.len(), 1);
}

#[tokio::test]
async fn small_answers_that_break_off_are_asked_for_again() {
    for fault in [
        Fault::Truncate { after: 10 },
        Fault::ResetBody { after: 10 },
    ] {
        let bench = Bench::auth(Auth::bearer().user("ann", "secret")).await;
        let image = bench.image("app", "v1");
        let broken = [
            Operation::ManifestGet,
            Operation::TagList,
            Operation::Referrers,
            Operation::Token,
        ];
        for operation in broken {
            // The first question is answered by 401, of which the head is enough.
            let asked = u64::from(operation == Operation::ManifestGet);
            let once = Matcher::on(operation).after(asked).times(1);
            bench.registry.faults().inject(once, fault.clone());
        }
        let wire = bench.wire_as("ann", "secret");
        let repository = bench.repository("app");
        let manifest = wire.get_manifest(&repository, &tag("v1")).await.unwrap();
        assert_eq!(manifest.unwrap().bytes(), &image.manifest());
        let tags = wire.tags(&repository, None).await.unwrap().unwrap();
        assert_eq!(tags.tags.len(), 1);
        let subject = digest(image.digest());
        let referrers = wire.referrers(&repository, &subject).await.unwrap();
        assert!(referrers.descriptors.is_empty());
        let retries = |event: &Event| matches!(event, Event::Retry { .. });
        assert_eq!(bench.events.count(retries), 4, "{fault:?}");
    }
}

#[tokio::test]
async fn what_registries_and_proxies_answer_while_they_are_broken_is_asked_again() {
    for status in [408, 425, 500, 501, 502, 503, 504, 520, 521, 524, 527] {
        let bench = Bench::new().await;
        let image = bench.image("app", "v1");
        let page = Answer::status(status).body("text/html", "<html>a proxy's</html>");
        for operation in [
            Operation::ManifestGet,
            Operation::TagList,
            Operation::Referrers,
            Operation::Catalog,
        ] {
            let once = Matcher::on(operation).times(1);
            let fault = Fault::Answer(page.clone());
            bench.registry.faults().inject(once, fault);
        }
        read_all(&bench, &bench.wire(), image.digest()).await;
        assert_eq!(bench.registry.log().len(), 8, "{status}");
    }
}

/// The registry's own 501 to a question that it needn't know is its answer.
#[tokio::test]
async fn an_operation_that_is_not_offered_is_asked_for_once() {
    let bench = Bench::new().await;
    let image = bench.image("app", "v1");
    let on = Matcher::on(Operation::Referrers);
    bench.registry.faults().inject(on, Fault::status(501));
    let wire = bench.wire();
    let subject = digest(image.digest());
    let asked = wire.referrers(&bench.repository("app"), &subject).await;
    assert!(asked.is_err() || asked.is_ok_and(|list| list.fallback));
    assert_eq!(bench.registry.log().count(Operation::Referrers), 1);
}

/// A server that gives these answers, one for each connection, then the last one for ever.
async fn scripted(answers: &[&str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let answers: Vec<String> = answers.iter().map(|it| (*it).to_owned()).collect();
    tokio::spawn(async move {
        for number in 0.. {
            let (mut connection, _) = listener.accept().await.unwrap();
            read_head(&mut connection).await;
            let answer = answers.get(number).or(answers.last()).unwrap();
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    host
}

async fn read_head(connection: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.unwrap());
    }
}

/// Before HTTP/1.1 only the end of the connection ends a body.
#[tokio::test]
async fn a_list_that_ends_in_its_middle_is_no_list() {
    let head = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n";
    let whole = format!(r#"{head}{{"name":"app","tags":["v1","v2"]}}"#);
    let cut = format!(r#"{head}{{"name":"app","tags":["v1","#);
    let bench = Bench::new().await;
    let host = scripted(&[&cut, &whole]).await;
    let repository = format!("{host}/app").parse().unwrap();
    let page = bench.wire().tags(&repository, None).await.unwrap();
    assert_eq!(page.unwrap().tags.len(), 2);
    let host = scripted(&[&cut]).await;
    let repository = format!("{host}/app").parse().unwrap();
    let failure = bench.wire().tags(&repository, None).await.unwrap_err();
    assert_eq!(failure.code().as_str(), "PROMO-R036");
}

/// Each page is small, and each leads to another.
#[tokio::test]
async fn a_list_without_end_ends_by_its_bytes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        for number in 0.. {
            let (mut connection, _) = listener.accept().await.unwrap();
            read_head(&mut connection).await;
            let body = format!(
                r#"{{"name":"app","tags":["v1"],"_":"{}"}}"#,
                "x".repeat(1000)
            );
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\
                 Link: </v2/app/tags/list?n=1&last={number}>; rel=\"next\"\r\n\r\n{body}"
            );
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let bench = Bench::new().await;
    let mut caps = Caps::default();
    caps.whole_list = 20_000;
    let wire = bench.builder().caps(caps).build().unwrap();
    let repository = format!("{host}/app").parse().unwrap();
    let mut next = None;
    let mut pages = 0;
    let failure = loop {
        match wire.tags(&repository, next.as_deref()).await {
            Ok(page) => next = page.unwrap().next,
            Err(failure) => break failure,
        }
        pages += 1;
    };
    assert_eq!(failure.kind(), FailureKind::TooLarge, "{}", failure.chain());
    assert_eq!(pages, 19);
    // Begun anew it is counted anew.
    assert!(wire.tags(&repository, None).await.is_ok());
}

#[tokio::test]
async fn a_blob_that_breaks_off_goes_on_from_there() {
    for fault in [
        Fault::Truncate { after: 10_000 },
        Fault::ResetBody { after: 10_000 },
    ] {
        let bench = Bench::new().await;
        let bytes: Vec<u8> = (0..25_000u32).flat_map(u32::to_le_bytes).collect();
        let blob = bench.blob("app", &bytes);
        let twice = Matcher::on(Operation::BlobGet).times(2);
        bench.registry.faults().inject(twice, fault);
        let repository = bench.repository("app");
        let read = download(&bench.wire(), &repository, &blob).await.unwrap();
        assert_eq!(read, bytes);
        let gets = bench.registry.log().of(Operation::BlobGet);
        let ranges: Vec<_> = gets.iter().map(|get| get.headers.get("range")).collect();
        assert_eq!(ranges[0], None);
        assert!(ranges[1].is_some() && ranges[2].is_some(), "{ranges:?}");
        let sent: u64 = gets.iter().map(|get| get.response_bytes).sum();
        assert!(sent < 150_000, "{sent}");
    }
}

/// Registries that don't know ranges, or give another than was asked for.
#[tokio::test]
async fn where_ranges_do_not_work_the_beginning_is_read_again() {
    let bytes: Vec<u8> = (0..25_000u32).flat_map(u32::to_le_bytes).collect();
    let whole = Answer::status(200).body("application/octet-stream", bytes.clone());
    let part = whole
        .clone()
        .header("content-range", "bytes 0-99999/100000");
    let wrong_part = Answer::status(206)
        .body("application/octet-stream", bytes.clone())
        .header("content-range", "bytes 0-99999/100000");
    for (answer, gets) in [
        (whole, 2),
        (part, 2),
        (wrong_part, 3),
        (Answer::status(416), 3),
    ] {
        let bench = Bench::new().await;
        let blob = bench.blob("app", &bytes);
        let faults = bench.registry.faults();
        let first = Matcher::on(Operation::BlobGet).times(1);
        faults.inject(first, Fault::Truncate { after: 10_000 });
        let second = Matcher::on(Operation::BlobGet).after(1).times(1);
        faults.inject(second, Fault::Answer(answer));
        let repository = bench.repository("app");
        let read = download(&bench.wire(), &repository, &blob).await.unwrap();
        assert_eq!(read, bytes);
        assert_eq!(bench.registry.log().count(Operation::BlobGet), gets);
    }
}

/// What goes on is other content than what it began with: the digest of the whole tells.
#[tokio::test]
async fn a_blob_that_goes_on_as_another_is_refused() {
    let bench = Bench::new().await;
    let blob = bench.blob("app", &vec![7; 50_000]);
    let faults = bench.registry.faults();
    let first = Matcher::on(Operation::BlobGet).times(1);
    faults.inject(first, Fault::Truncate { after: 10_000 });
    faults.inject(Matcher::on(Operation::BlobGet).after(1), Fault::Corrupt);
    let failure = download(&bench.wire(), &bench.repository("app"), &blob)
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), FailureKind::DigestMismatch);
}

/// One byte now and then is no answer, however long it goes on.
#[tokio::test]
async fn a_blob_that_trickles_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        read_head(&mut connection).await;
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        while connection.write_all(b"x").await.is_ok() {
            tick.tick().await;
        }
    });
    let bench = Bench::new().await;
    let mut deadlines = Deadlines::default();
    deadlines.read = Duration::from_millis(100);
    deadlines.floor = 10_000;
    let mut retry = RetrySettings::default();
    retry.attempts = 1;
    let wire = bench.builder().deadlines(deadlines).retry(retry);
    let wire = wire.build().unwrap();
    let blob = promo_core::oci::Descriptor::new(
        promo_core::oci::MediaType::new("application/octet-stream"),
        Digest::sha256_of(b"never seen"),
        1_000_000,
    );
    let repository = format!("{host}/app").parse().unwrap();
    let read = download(&wire, &repository, &blob);
    let failure = tokio::time::timeout(Duration::from_secs(60), read).await;
    let failure = failure.expect("it ends by itself").unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Deadline);
}

#[tokio::test]
async fn a_host_that_says_nothing_is_not_waited_for_again_and_again() {
    let bench = Bench::new().await;
    bench.image("app", "v1");
    let mut deadlines = Deadlines::default();
    deadlines.request = Duration::from_millis(50);
    deadlines.silence = Duration::from_millis(100);
    deadlines.give_up = Duration::from_secs(3);
    let wire = bench.builder().deadlines(deadlines).build().unwrap();
    let gate = bench.registry.faults().pause(Matcher::any());
    let repository = bench.repository("app");
    let v1 = tag("v1");
    let failure = wire.head_manifest(&repository, &v1).await.unwrap_err();
    assert_eq!(failure.code().as_str(), "PROMO-R035", "{}", failure.chain());
    // Without this it would be four for each: here all but one now and then fail without being sent.
    for _ in 0..100 {
        wire.head_manifest(&repository, &v1).await.unwrap_err();
    }
    let asked = bench.registry.log().len();
    assert!(asked < 10, "{asked} requests");
    gate.release();
    let back = async {
        while wire.head_manifest(&repository, &v1).await.is_err() {
            bench.time.advance(Duration::from_secs(10));
        }
    };
    tokio::time::timeout(Duration::from_secs(60), back)
        .await
        .expect("it is found out that the host is back");
}

#[tokio::test]
async fn plain_http_and_https_taken_for_each_other_name_the_setting() {
    let bench = Bench::new().await;
    bench.image("app", "v1");
    let mut settings = HostSettings::default();
    settings.plain_http = Some(false);
    let host = bench.host();
    let wire = bench
        .builder()
        .host(host.clone(), settings)
        .build()
        .unwrap();
    let repository = bench.repository("app");
    let failure = wire.head_manifest(&repository, &tag("v1")).await;
    let hints = failure.unwrap_err().hints().join("\n");
    assert!(hints.contains("`plain-http = true`"), "{hints}");
    assert!(hints.contains(&format!("[registry.\"{host}\"]")), "{hints}");

    let words = "Client sent an HTTP request to an HTTPS server.\n";
    let answer = Answer::status(400).body("text/plain", words);
    let faults = bench.registry.faults();
    faults.inject(Matcher::any(), Fault::Answer(answer));
    let failure = bench.wire().get_manifest(&repository, &tag("v1")).await;
    let hints = failure.unwrap_err().hints().join("\n");
    assert!(hints.contains("`plain-http = false`"), "{hints}");
}
