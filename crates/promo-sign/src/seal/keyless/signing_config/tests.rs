use jiff::Timestamp;
use serde_json::{Value, json};

use super::{LogGeneration, SigningServices};
use crate::{Error, codes};

fn now() -> Timestamp {
    "2026-12-01T12:00:00Z".parse().unwrap()
}

fn service(host: &str, version: u32, operator: &str) -> Value {
    json!({
        "url": format!("https://{host}.example"),
        "majorApiVersion": version,
        "validFor": {"start": "2026-01-01T00:00:00Z"},
        "operator": operator,
    })
}

fn config() -> Value {
    json!({
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": [service("fulcio", 1, "us")],
        "rekorTlogUrls": [service("rekor", 1, "us")],
        "tsaUrls": [service("tsa", 1, "us")],
        "rekorTlogConfig": {"selector": "ANY"},
        "tsaConfig": {"selector": "ANY"},
    })
}

fn read(config: &Value) -> Result<SigningServices, Error> {
    SigningServices::from_json(config.to_string().as_bytes(), now())
}

fn logs(config: &Value) -> Vec<String> {
    let services = read(config).unwrap();
    services
        .logs()
        .iter()
        .map(|log| log.url.to_string())
        .collect()
}

#[test]
fn a_configuration_names_what_is_used() {
    let services = read(&config()).unwrap();
    assert_eq!(services.authority().to_string(), "https://fulcio.example/");
    assert_eq!(services.generation(), Some(LogGeneration::One));
    assert_eq!(services.timestamps().len(), 1);
    services.demand_promises().unwrap();
}

#[test]
fn the_highest_version_that_counts_now_is_used() {
    let mut config = config();
    let mut over = service("over", 2, "us");
    over["validFor"] = json!({"start": "2026-01-01T00:00:00Z", "end": "2026-11-30T00:00:00Z"});
    let mut later = service("later", 2, "us");
    later["validFor"] = json!({"start": "2027-01-01T00:00:00Z"});
    let unknown = service("unknown", 3, "us");
    config["rekorTlogUrls"] = json!([service("rekor", 1, "us"), over, later, unknown]);
    assert_eq!(logs(&config), ["https://rekor.example/"]);
    config["rekorTlogUrls"] = json!([service("rekor", 1, "us"), service("rekor2", 2, "us")]);
    assert_eq!(logs(&config), ["https://rekor2.example/"]);
    // `.sig` has no room for a proof.
    let error = read(&config).unwrap().demand_promises().unwrap_err();
    assert_eq!(error.code(), codes::LAYER_NEEDS_PROMISE);
}

#[test]
fn as_many_are_used_as_are_asked_for() {
    let mut config = config();
    config["rekorTlogUrls"] = json!([
        service("a", 2, "us"),
        service("b", 2, "us"),
        service("c", 2, "them"),
    ]);
    assert_eq!(logs(&config), ["https://a.example/"]);
    config["rekorTlogConfig"] = json!({"selector": "EXACT", "count": 2});
    assert_eq!(logs(&config), ["https://a.example/", "https://c.example/"]);
    config["rekorTlogConfig"] = json!({"selector": "ALL"});
    assert_eq!(logs(&config).len(), 3);
    for asked in [
        json!({"selector": "EXACT", "count": 3}),
        json!({"selector": "EXACT", "count": 0}),
        json!({"selector": "EXACT"}),
        json!({"selector": "SERVICE_SELECTOR_UNDEFINED"}),
    ] {
        config["rekorTlogConfig"] = asked;
        assert_eq!(read(&config).unwrap_err().code(), codes::SIGNING_CONFIG);
    }
}

#[test]
fn a_time_has_to_be_witnessed() {
    let mut config = config();
    config["tsaUrls"] = json!([]);
    read(&config).unwrap();
    config["rekorTlogUrls"] = json!([service("rekor2", 2, "us")]);
    assert_eq!(read(&config).unwrap_err().code(), codes::SIGNING_CONFIG);
    config["tsaUrls"] = json!([service("tsa", 1, "us")]);
    read(&config).unwrap();
    config["rekorTlogUrls"] = json!([]);
    assert_eq!(read(&config).unwrap().generation(), None);
}

#[test]
fn what_is_no_configuration_is_refused() {
    let without = |field: &str, value: Value| {
        let mut config = config();
        config[field] = value;
        config.to_string()
    };
    let mut plain = service("fulcio", 1, "us");
    plain["url"] = json!("https://me:secret@fulcio.example");
    for text in [
        "{}".to_owned(),
        "[]".to_owned(),
        without(
            "mediaType",
            json!("application/vnd.dev.sigstore.signingconfig.v0.1+json"),
        ),
        without("caUrls", json!([])),
        without("caUrls", json!([plain])),
        without("caUrls", json!([service("fulcio", 2, "us")])),
        format!("{}{}", config(), " ".repeat(super::MAX_SIGNING_CONFIG)),
    ] {
        let error = SigningServices::from_json(text.as_bytes(), now()).unwrap_err();
        assert_eq!(error.code(), codes::SIGNING_CONFIG, "{text:.100}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn the_public_services_are_known() {
    let services = SigningServices::public(now()).unwrap();
    assert_eq!(
        services.authority().to_string(),
        "https://fulcio.sigstore.dev/"
    );
    assert!(services.generation().is_some());
}
