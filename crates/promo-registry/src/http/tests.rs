use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::{LINK, RETRY_AFTER};
use ::http::{HeaderMap, HeaderValue};
use promo_core::oci::RegistryHost;
use promo_core::ports::{Clock, Silent};
use promo_testkit::time::StillTime;
use reqwest::dns::Resolve;
use url::Url;

use super::address::{GuardedResolver, Network, OutOfReach};
use super::{
    Backoff, Hosts, ProxySettings, Reach, UnreadableLink, check_location, next_link, retry_after,
    shown,
};
use crate::{Deadlines, HostSettings, LocationRule, RetrySettings};

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[test]
fn networks_are_told_apart() {
    for (address, network) in [
        ("8.8.8.8", Network::Public),
        ("127.0.0.1", Network::Loopback),
        ("127.8.8.8", Network::Loopback),
        ("0.0.0.0", Network::Loopback),
        ("10.0.0.1", Network::Private),
        ("172.16.0.1", Network::Private),
        ("172.32.0.1", Network::Public),
        ("192.168.1.1", Network::Private),
        ("100.64.0.1", Network::Private),
        ("198.18.0.1", Network::Private),
        ("224.0.0.1", Network::Private),
        ("255.255.255.255", Network::Private),
        ("169.254.169.254", Network::LinkLocal),
        ("::1", Network::Loopback),
        ("::", Network::Loopback),
        ("fe80::1", Network::LinkLocal),
        ("fd00::1", Network::Private),
        ("2606:4700::1", Network::Public),
        ("::ffff:10.0.0.1", Network::Private),
        ("::ffff:8.8.8.8", Network::Public),
        ("64:ff9b::a9fe:a9fe", Network::LinkLocal),
        ("2002:7f00:1::", Network::Loopback),
    ] {
        assert_eq!(Network::of(address.parse().unwrap()), network, "{address}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table of cases")]
fn locations_are_held_to_the_rules() {
    let public = Reach::Like(Network::Public);
    let private = Reach::Like(Network::Private);
    let loopback = Reach::Like(Network::Loopback);
    let from = "https://r.example/v2/";
    let cases = [
        (from, "https://cdn.example/x", public, None),
        (
            from,
            "http://r.example/x",
            public,
            Some(LocationRule::Downgrade),
        ),
        (
            from,
            "http://cdn.example/x",
            public,
            Some(LocationRule::Downgrade),
        ),
        (
            from,
            "file:///etc/passwd",
            public,
            Some(LocationRule::Scheme),
        ),
        (
            from,
            "https://127.0.0.1/x",
            public,
            Some(LocationRule::PrivateAddress),
        ),
        (
            from,
            "https://127.1/x",
            public,
            Some(LocationRule::PrivateAddress),
        ),
        (
            from,
            "https://2130706433/x",
            public,
            Some(LocationRule::PrivateAddress),
        ),
        (
            from,
            "https://localhost/x",
            public,
            Some(LocationRule::PrivateAddress),
        ),
        (
            from,
            "https://a.localhost./x",
            public,
            Some(LocationRule::PrivateAddress),
        ),
        (
            from,
            "https://10.0.0.1/x",
            public,
            Some(LocationRule::PrivateAddress),
        ),
        (from, "https://10.0.0.1/x", private, None),
        (
            from,
            "https://169.254.169.254/x",
            private,
            Some(LocationRule::PrivateAddress),
        ),
        (
            from,
            "https://127.0.0.1/x",
            private,
            Some(LocationRule::PrivateAddress),
        ),
        (
            from,
            "https://u@cdn.example/x",
            public,
            Some(LocationRule::Credentials),
        ),
        (
            "http://127.0.0.1:5000/",
            "http://127.0.0.1:5001/",
            loopback,
            None,
        ),
        (
            "http://127.0.0.1:5000/",
            "http://10.0.0.1/",
            loopback,
            Some(LocationRule::PrivateAddress),
        ),
        ("http://r.example/", "https://cdn.example/", public, None),
    ];
    for (from, to, reach, expected) in cases {
        let found = check_location(&url(from), &url(to), reach).err();
        assert_eq!(found, expected, "{from} to {to}");
    }
    assert_eq!(
        shown(&url("https://h.example:8443/p?secret=1#x")),
        "https://h.example:8443"
    );
}

#[tokio::test]
async fn names_are_judged_by_what_they_resolve_to() {
    let resolve = |reach| async move {
        let name = "localhost".parse().unwrap();
        GuardedResolver { reach }.resolve(name).await
    };
    let Err(refused) = resolve(Reach::Like(Network::Public)).await else {
        panic!("localhost was taken for a public host");
    };
    assert!(refused.is::<OutOfReach>());
    assert!(resolve(Reach::Like(Network::Loopback)).await.is_ok());
}

#[test]
fn links_are_found_among_others() {
    let link = |values: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(LINK, HeaderValue::from_str(value).unwrap());
        }
        next_link(&headers)
    };
    for (values, expected) in [
        (&[r#"</v2/a?n=1>; rel="next""#][..], Some("/v2/a?n=1")),
        (&["</v2/a>;rel=next"], Some("/v2/a")),
        (
            &[r#"</p>; rel="prev", </v2/a,b>; title="x, y"; REL="Next last""#],
            Some("/v2/a,b"),
        ),
        (&[r#"</p>; rel="prev""#, r#"</n>; rel="next""#], Some("/n")),
        (&[r#"</p>; rel="nextish""#], None),
        // As crane and skopeo read them.
        (&["</n?last=b>"], Some("/n?last=b")),
        (&[r#"/n?last=b; rel="next""#], Some("/n?last=b")),
        (&["", "</n>; rel='next'"], Some("/n")),
        (&["garbage", "</n>; rel=next"], Some("/n")),
        (&["", " "], None),
        (&[], None),
    ] {
        let found = link(values);
        assert_eq!(found, Ok(expected.map(str::to_owned)), "{values:?}");
    }
    for value in ["</p", "garbage", "/n", "/a b; rel=next", "rel=next", "<"] {
        assert_eq!(link(&[value]), Err(UnreadableLink), "{value}");
    }
    let mut headers = HeaderMap::new();
    headers.append(
        LINK,
        HeaderValue::from_bytes(b"</n?last=\xff>; rel=next").unwrap(),
    );
    assert_eq!(next_link(&headers), Err(UnreadableLink));
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let after = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(value).unwrap());
        retry_after(&headers, now)
    };
    assert_eq!(after("120"), Some(Duration::from_secs(120)));
    let date = "Thu, 01 Jan 2026 00:01:30 GMT";
    assert_eq!(after(date), Some(Duration::from_secs(90)));
    for date in [
        "Thursday, 01-Jan-26 00:01:30 GMT",
        "Thu Jan  1 00:01:30 2026",
        // The wrong day of the week.
        "Mon, 01 Jan 2026 00:01:30 GMT",
    ] {
        assert_eq!(after(date), Some(Duration::from_secs(90)), "{date}");
    }
    assert_eq!(after("1.5"), Some(Duration::from_millis(1500)));
    assert_eq!(after("30s"), Some(Duration::from_secs(30)));
    assert_eq!(after("5, 30,"), Some(Duration::from_secs(30)));
    // The second of the epoch at which we may come again.
    assert_eq!(after("1767225690"), Some(Duration::from_secs(90)));
    assert_eq!(after("86400"), Some(Duration::from_secs(86_400)));
    for nonsense in [
        "",
        " ",
        ",",
        "soon",
        "-5",
        "0",
        "NaN",
        "inf",
        "1e3",
        "0x10",
        "99999999999",
        "99999999999999999999999999",
        "Wed, 31 Dec 2025 23:00:00 GMT",
        "Thu, 01 Jan 2126 00:00:00 GMT",
    ] {
        assert_eq!(after(nonsense), None, "{nonsense}");
    }
    assert_eq!(retry_after(&HeaderMap::new(), now), None);
    let mut twice = HeaderMap::new();
    for value in ["later", "20", "10"] {
        twice.append(RETRY_AFTER, HeaderValue::from_static(value));
    }
    assert_eq!(retry_after(&twice, now), Some(Duration::from_secs(20)));
}

/// Settings and pauses of one name hold for the others.
#[test]
fn docker_hub_has_one_budget_by_three_names() {
    let mut of_one = HostSettings::default();
    of_one.budget.requests_per_second = Some(7.0);
    let hosts = hosts([("index.docker.io".parse().unwrap(), of_one)].into());
    let first = hosts.budget("docker.io");
    for name in ["index.docker.io", "registry-1.docker.io"] {
        assert!(Arc::ptr_eq(&first, &hosts.budget(name)), "{name}");
    }
    assert!(format!("{first:?}").contains("ceiling: 7.0"), "{first:?}");
    let elsewhere = hosts.budget_elsewhere("docker.io");
    assert!(!Arc::ptr_eq(&first, &elsewhere));
    let same = hosts.budget_elsewhere("docker.io");
    assert!(Arc::ptr_eq(&elsewhere, &same));
}

#[test]
fn a_documented_quota_is_kept_to_unless_the_user_says_otherwise() {
    let mut told = HostSettings::default();
    told.budget.requests_per_second = Some(5.0);
    let hosts = hosts([("eu.gcr.io".parse().unwrap(), told)].into());
    for (host, ceiling) in [
        ("us-docker.pkg.dev", "ceiling: 1000.0"),
        ("gcr.io", "ceiling: 1000.0"),
        ("eu.gcr.io", "ceiling: 5.0"),
        ("registry.example", "cycle: None"),
        // A quota over six hours is no rate.
        ("docker.io", "cycle: None"),
    ] {
        let budget = format!("{:?}", hosts.budget(host));
        assert!(budget.contains(ceiling), "{budget}");
    }
}

fn hosts(settings: BTreeMap<RegistryHost, HostSettings>) -> Hosts {
    let (retry, deadlines) = (RetrySettings::default(), Deadlines::default());
    let time = Arc::new(StillTime);
    let clock = Arc::clone(&time) as Arc<dyn Clock>;
    Hosts::new(settings, (retry, &deadlines), clock, time, Arc::new(Silent))
}

#[test]
fn pauses_grow_up_to_the_longest_and_have_jitter() {
    let settings = RetrySettings {
        base: Duration::from_secs(1),
        longest: Duration::from_secs(5),
        ..RetrySettings::default()
    };
    let backoff = Backoff::new(settings, 7);
    for (attempt, longest) in [(1, 1), (2, 2), (3, 4), (4, 5), (40, 5)] {
        let pauses: Vec<_> = (0..50).map(|_| backoff.pause(attempt)).collect();
        let bound = Duration::from_secs(longest);
        assert!(pauses.iter().all(|pause| *pause <= bound));
        assert!(pauses.iter().any(|pause| *pause > bound / 2));
        assert!(pauses.iter().any(|pause| *pause < bound / 2));
    }
    let again = Backoff::new(settings, 7);
    assert_eq!(Backoff::new(settings, 7).pause(3), again.pause(3));
}

#[test]
fn proxies_are_chosen_by_scheme_and_exceptions() {
    let proxies = ProxySettings::default()
        .with_http("proxy.example:3128")
        .unwrap()
        .with_https("http://ann:s3cr3t@proxy.example:3129")
        .unwrap()
        .with_exceptions(
            [
                ".internal",
                "r.example:5000",
                "10.0.0.0/8",
                "[fd00::]/8",
                "192.168.1.1",
            ]
            .map(str::to_owned),
        );
    for (target, port) in [
        ("http://r.example/", Some(3128)),
        ("https://r.example/", Some(3129)),
        ("https://r.example:5000/", None),
        ("https://a.internal/", None),
        ("https://internal/", None),
        ("https://not-internal/", Some(3129)),
        ("https://10.9.9.9/", None),
        ("https://11.0.0.1/", Some(3129)),
        ("https://192.168.1.1/", None),
        ("https://192.168.1.10/", Some(3129)),
        ("https://[fd12::1]/", None),
        ("https://[2606::1]/", Some(3129)),
    ] {
        let found = proxies.for_url(&url(target)).and_then(Url::port);
        assert_eq!(found, port, "{target}");
    }
    assert!(!format!("{proxies:?}").contains("s3cr3t"));
    let all = proxies.with_exceptions(["*".to_owned()]);
    assert_eq!(all.for_url(&url("https://r.example/")), None);
    assert!(ProxySettings::default().with_http("socks5://x:1").is_err());
    assert!(ProxySettings::default().with_http("http://").is_err());
}
