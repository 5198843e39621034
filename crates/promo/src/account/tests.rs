use std::time::Duration;

use promo_core::ports::{Event, Observer, Operation};

use super::Account;

fn request(host: &str, operation: Operation, status: u16) -> Event {
    Event::Request {
        host: host.to_owned(),
        operation,
        what: "the manifest".to_owned(),
        attempt: 1,
        status: Some(status),
        waited: Duration::from_millis(5),
        took: Duration::from_millis(20),
        read: None,
        sent: 7,
        received: 11,
        http2: false,
    }
}

#[test]
fn each_host_has_its_own_account_and_a_run_its_own_part_of_it() {
    let account = Account::default();
    account.observe(&request("b.example", Operation::ManifestPut, 201));
    account.observe(&request("a.example", Operation::ManifestGet, 429));
    let before = account.hosts();
    let names: Vec<_> = before.iter().map(|it| it.traffic.host.as_str()).collect();
    assert_eq!(names, ["a.example", "b.example"]);
    assert_eq!(before[0].traffic.throttled, 1);
    assert_eq!(before[0].waited, Duration::from_millis(5));

    let host = "a.example".to_owned();
    account.observe(&request(&host, Operation::BlobGet, 200));
    account.observe(&Event::BodyRead {
        host: host.clone(),
        what: "the blob".to_owned(),
        bytes: 100,
        took: Duration::from_millis(1),
        whole: true,
    });
    for granted in [true, false, true] {
        let host = host.clone();
        account.observe(&Event::Mount { host, granted });
    }
    account.observe(&Event::Retry {
        host,
        operation: Operation::BlobGet,
        attempt: 1,
        pause: Duration::ZERO,
    });
    let since = account.since(&before);
    let [only] = since.as_slice() else {
        panic!("{since:?}");
    };
    assert_eq!((only.requests.read, only.requests.total()), (1, 1));
    assert_eq!((only.mounted, only.not_mounted), (2, 1));
    assert_eq!((only.retries, only.throttled), (1, 0));
    assert_eq!((only.sent, only.received), (7, 111));
}
