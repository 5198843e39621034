//! What observers are told of requests, held against the registry's own log.

use promo_core::ports::{Event, Operation, Registry};
use promo_testkit::registry::{Fault, Matcher, Operation as Asked};

use crate::support::{Bench, download, tag, upload};

/// What is told of a request but for its times, which only have to be there.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    operation: Operation,
    attempt: u32,
    status: Option<u16>,
    sent: u64,
    received: u64,
    is_read: bool,
}

fn requests(bench: &Bench) -> Vec<Told> {
    let host = bench.registry.host();
    let told = |event: &Event| match event {
        Event::Request {
            host: told,
            operation,
            what,
            attempt,
            status,
            took,
            read,
            sent,
            received,
            ..
        } => {
            assert_eq!(*told, host);
            assert!(!what.contains("://") && !what.contains('?'), "{what}");
            assert!(read.is_none_or(|read| read >= *took));
            Some(Told {
                operation: *operation,
                attempt: *attempt,
                status: *status,
                sent: *sent,
                received: *received,
                is_read: read.is_some(),
            })
        }
        _ => None,
    };
    bench.events.kept().iter().filter_map(told).collect()
}

#[tokio::test]
async fn each_try_is_told_with_its_number_and_its_bytes() {
    let bench = Bench::new().await;
    let image = bench.image("app", "v1");
    let faults = bench.registry.faults();
    let nth = |before| Matcher::on(Asked::ManifestGet).after(before).times(1);
    faults.inject(nth(0), Fault::too_many_requests(1));
    faults.inject(nth(1), Fault::status(503));
    faults.inject(nth(2), Fault::Reset);
    let repository = bench.repository("app");
    let read = bench.wire().get_manifest(&repository, &tag("v1")).await;
    let size = read.unwrap().unwrap().bytes().len() as u64;
    assert_eq!(size, image.manifest().len() as u64);
    let told = requests(&bench);
    let expected = [(1, Some(429)), (2, Some(503)), (3, None), (4, Some(200))];
    let found: Vec<_> = told.iter().map(|it| (it.attempt, it.status)).collect();
    assert_eq!(found, expected);
    let last = told.last().unwrap();
    assert_eq!((last.received, last.is_read), (size, true));
    assert!(told[..3].iter().all(|it| it.received == 0 && !it.is_read));
    assert_eq!(bench.registry.log().len(), told.len());
}

#[tokio::test]
async fn streams_are_told_when_they_are_over() {
    let bench = Bench::new().await;
    let wire = bench.wire();
    let bytes = vec![7; 300_000];
    let repository = bench.repository("app");
    let blob = upload(&wire, &repository, &bytes).await.unwrap();
    let put = requests(&bench);
    let put = put.iter().find(|it| it.operation == Operation::BlobPut);
    assert_eq!(put.unwrap().sent, blob.size);
    download(&wire, &repository, &blob).await.unwrap();
    // Nobody reads the second to its end.
    drop(wire.get_blob(&repository, &blob).await.unwrap().unwrap());

    let events = bench.events.kept();
    let bodies: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::BodyRead {
                what, bytes, whole, ..
            } => {
                assert_eq!(*what, format!("the blob {repository}@{}", blob.digest));
                Some((*whole, *bytes))
            }
            _ => None,
        })
        .collect();
    assert_eq!(bodies.len(), 2, "{bodies:?}");
    assert_eq!(bodies[0], (true, blob.size));
    assert!(!bodies[1].0, "{bodies:?}");
    let received = events.iter().map(|event| match event {
        Event::BytesReceived { bytes, .. } => *bytes,
        _ => 0,
    });
    let told: u64 = bodies.iter().map(|(_, bytes)| bytes).sum();
    assert_eq!(received.sum::<u64>(), told);
}

#[tokio::test]
async fn mounts_are_told_granted_or_refused() {
    let bench = Bench::new().await;
    let blob = bench.blob("from", b"a blob");
    let wire = bench.wire();
    let (from, to) = (bench.repository("from"), bench.repository("to"));
    wire.mount_blob(&to, &blob.digest, &from).await.unwrap();
    let nowhere = bench.repository("nowhere");
    wire.mount_blob(&bench.repository("other"), &blob.digest, &nowhere)
        .await
        .unwrap();
    let mounts = |event: &Event| match event {
        Event::Mount { granted, .. } => Some(*granted),
        _ => None,
    };
    let mounts: Vec<_> = bench.events.kept().iter().filter_map(mounts).collect();
    assert_eq!(mounts, [true, false]);
}
