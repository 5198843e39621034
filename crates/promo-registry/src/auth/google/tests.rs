use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use promo_core::oci::RegistryHost;
use promo_core::ports::Silent;
use promo_testkit::google::{GoogleService, GoogleServices};
use promo_testkit::time::StillTime;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket};

use super::metadata::Metadata;
use super::services::{Services, error_code};
use super::token::AccessToken;
use super::{GoogleCredentialFile, GoogleSettings};
use crate::http::{Backoff, Clients, ConnectionSettings, Hosts, ProxySettings, Sender};
use crate::{Caps, ConnectionLimit, Deadlines, RetrySettings};

#[test]
fn hosts_are_googles_by_whole_labels_and_on_their_own_port() {
    let mut settings = GoogleSettings::default();
    let named: RegistryHost = "mirror.example:5000".parse().unwrap();
    settings.hosts.insert(named);
    for (host, expected) in [
        ("gcr.io", true),
        ("eu.gcr.io", true),
        ("a.b.gcr.io", true),
        ("us-docker.pkg.dev", true),
        ("us-central1-docker.pkg.dev", true),
        ("marketplace.google.com", true),
        ("pkg.dev", false),
        ("google.com", false),
        ("evilgcr.io", false),
        ("evil-pkg.dev", false),
        ("evilgoogle.com", false),
        ("gcr.io.evil.example", false),
        ("us-docker.pkg.dev.evil.example", false),
        ("gcr.io:443", false),
        ("eu.gcr.io:5000", false),
        ("us-docker.pkg.dev:8443", false),
        ("gcr.iox", false),
        ("gcr.example", false),
        ("registry.k8s.io", false),
        ("docker.io", false),
        ("localhost:5000", false),
    ] {
        let host: RegistryHost = host.parse().unwrap();
        settings.every_google_host = true;
        assert_eq!(settings.covers(&host), expected, "{host}");
        settings.every_google_host = false;
        assert!(!settings.covers(&host), "{host}");
        settings.except.insert(host.clone());
        settings.every_google_host = true;
        assert!(!settings.covers(&host), "{host}");
        settings.except.clear();
    }
    for (host, expected) in [
        ("mirror.example:5000", true),
        ("mirror.example", false),
        ("mirror.example:5001", false),
        ("sub.mirror.example:5000", false),
    ] {
        assert_eq!(settings.covers(&host.parse().unwrap()), expected, "{host}");
    }
}

/// The code of the error for a file, which repeats nothing of it.
fn code(content: &str) -> String {
    let error = GoogleCredentialFile::parse("adc.json", content.as_bytes()).unwrap_err();
    let text = format!("{error} {error:?} {:?}", error.hints());
    assert!(text.contains("adc.json"), "{text}");
    assert!(!text.contains("s3cr3t"), "{text}");
    assert_eq!(error.hints().len(), 1);
    error.code().to_string()
}

fn user() -> Value {
    json!({
        "type": "authorized_user",
        "client_id": "s3cr3t",
        "client_secret": "s3cr3t",
        "refresh_token": "s3cr3t",
    })
}

fn external() -> Value {
    json!({
        "type": "external_account",
        "audience": "s3cr3t",
        "subject_token_type": "s3cr3t",
        "token_url": "https://sts.example/token",
        "credential_source": {"file": "s3cr3t"},
    })
}

/// A document with one field changed; taken away if it is null.
fn with(mut document: Value, field: &str, value: Value) -> String {
    let object = document.as_object_mut().unwrap();
    object.remove(field);
    if !value.is_null() {
        object.insert(field.to_owned(), value);
    }
    document.to_string()
}

#[test]
fn files_that_are_good_are_read() {
    let impersonated = json!({
        "type": "impersonated_service_account",
        "service_account_impersonation_url": "https://iam.example/x:generateAccessToken",
        "source_credentials": user(),
    });
    for content in [
        user().to_string(),
        external().to_string(),
        impersonated.to_string(),
        with(user(), "token_uri", "http://127.0.0.1:80/token".into()),
        with(user(), "token_uri", "http://[::1]:80/token".into()),
        with(user(), "token_uri", "http://localhost:80/token".into()),
        with(user(), "quota_project_id", "p".into()),
    ] {
        let file = GoogleCredentialFile::parse("adc.json", content.as_bytes()).unwrap();
        let shown = format!("{file:?}");
        let secrets = ["client_secret: [secret]", "refresh_token: [secret]"];
        assert!(
            !content.contains("refresh") || secrets.iter().all(|it| shown.contains(it)),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn keys_are_read_in_both_forms() {
    let google = GoogleServices::start().await.unwrap();
    let file = google.service_account_file();
    let pem = file["private_key"].as_str().unwrap();
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let whole = STANDARD.decode(text).unwrap();
    // The form of old tools, PKCS #1, stands within the other behind 26 bytes.
    let old = STANDARD.encode(&whole[26..]);
    let old = format!("-----BEGIN RSA PRIVATE KEY-----\n{old}\n-----END RSA PRIVATE KEY-----\n");
    for key in [pem, &old] {
        let content = with(file.clone(), "private_key", key.into());
        let file = GoogleCredentialFile::parse("adc.json", content.as_bytes()).unwrap();
        assert!(format!("{file:?}").contains("SigningKey([secret])"));
    }
}

#[test]
fn files_that_are_wrong_are_told_by_code() {
    let pem = "-----BEGIN PRIVATE KEY-----\nczNjcjN0\n-----END PRIVATE KEY-----\n";
    let service = json!({"type": "service_account", "client_email": "x", "private_key": pem});
    let url = |url: &str| with(user(), "token_uri", url.into());
    let source = |source: Value| with(external(), "credential_source", source);
    for content in [
        "s3cr3t".to_owned(),
        "{}".to_owned(),
        r#"{"type": ["s3cr3t"]}"#.to_owned(),
        with(user(), "client_id", Value::Null),
        with(user(), "client_secret", Value::Null),
        with(user(), "refresh_token", Value::Null),
        with(user(), "refresh_token", "".into()),
        with(user(), "refresh_token", 12.into()),
        url("s3cr3t"),
        url("http://s3cr3t.example/token"),
        url("ftp://s3cr3t.example/token"),
        url("https://ann:s3cr3t@x.example/token"),
        url("http://127.0.0.1.s3cr3t.example/token"),
        service.to_string(),
        with(service.clone(), "private_key", "s3cr3t".into()),
        with(service, "private_key", Value::Null),
        with(external(), "audience", Value::Null),
        with(external(), "token_url", Value::Null),
        with(external(), "token_url", "http://x.example/s3cr3t".into()),
        with(external(), "credential_source", Value::Null),
        source(json!({"url": "http://169.254.169.254/s3cr3t"})),
        source(json!({"url": "https://x.example", "headers": {"a b": "s3cr3t"}})),
        source(json!({"url": "https://x.example", "headers": {"a": "s3cr3t\n"}})),
        source(json!({"file": "s3cr3t", "format": {"type": "json"}})),
        json!({"type": "impersonated_service_account", "source_credentials": user()}).to_string(),
        with(
            external(),
            "service_account_impersonation_url",
            "http://x.example/".into(),
        ),
    ] {
        assert_eq!(code(&content), "PROMO-R026", "{content}");
    }
    for content in [
        with(user(), "type", "s3cr3t".into()),
        with(user(), "type", "gdch_service_account".into()),
        source(json!({"executable": {"command": "s3cr3t"}})),
        source(json!({"environment_id": "aws1", "url": "http://169.254.169.254/x"})),
        source(json!({"file": "s3cr3t", "format": {"type": "s3cr3t"}})),
        source(json!({"certificate": {}})),
        json!({
            "type": "impersonated_service_account",
            "service_account_impersonation_url": "https://iam.example/x",
            "source_credentials": external(),
        })
        .to_string(),
    ] {
        assert_eq!(code(&content), "PROMO-R027", "{content}");
    }
}

#[test]
fn tokens_last_as_long_as_they_say_but_for_a_minute() {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let life = |body: &str| {
        let token = AccessToken::read(body.as_bytes(), now).ok()?;
        assert_eq!(token.text.expose(), "t");
        Some(token.used_until.duration_since(now).as_secs())
    };
    for (body, expected) in [
        (r#"{"access_token":"t","expires_in":3600}"#, Some(3540)),
        (r#"{"token":"t","expires_in":3600}"#, Some(3540)),
        (
            r#"{"accessToken":"t","expireTime":"2026-01-01T01:00:00Z"}"#,
            Some(3540),
        ),
        (
            r#"{"accessToken":"t","expireTime":"2025-12-31T00:00:00Z"}"#,
            None,
        ),
        (r#"{"access_token":"t","expires_in":100}"#, Some(50)),
        (r#"{"access_token":"t"}"#, Some(240)),
        (r#"{"access_token":"t","expires_in":1e300}"#, Some(86_340)),
        (r#"{"access_token":"t","expires_in":0}"#, None),
        (r#"{"access_token":"t","expires_in":-1}"#, None),
        (r#"{"access_token":"","expires_in":100}"#, None),
        (r#"{"expires_in":100}"#, None),
        ("t", None),
    ] {
        assert_eq!(life(body), expected, "{body}");
    }
}

#[test]
fn of_a_refusal_only_a_word_is_told() {
    let long = format!(r#"{{"error":"{}"}}"#, "x".repeat(65));
    for (body, expected) in [
        (
            r#"{"error":"invalid_grant","error_description":"s3cr3t"}"#,
            Some("invalid_grant"),
        ),
        (
            r#"{"error":{"code":403,"message":"s3cr3t","status":"PERMISSION_DENIED"}}"#,
            Some("PERMISSION_DENIED"),
        ),
        (r#"{"error":"1//s3cr3t"}"#, None),
        (r#"{"error":"no token for s3cr3t"}"#, None),
        (r#"{"error":""}"#, None),
        (&long, None),
        (r#"{"error":403}"#, None),
        ("s3cr3t", None),
    ] {
        assert_eq!(error_code(body.as_bytes()).as_deref(), expected, "{body}");
    }
}

fn services() -> Services {
    let clients = Clients::new(ConnectionSettings {
        user_agent: "promo".to_owned(),
        extra_roots: Vec::new(),
        certificates: BTreeMap::new(),
        versions: BTreeMap::new(),
        proxies: ProxySettings::default(),
        connect_deadline: Duration::from_secs(10),
        limit: ConnectionLimit::default(),
    });
    let retry = RetrySettings::default();
    let time = Arc::new(StillTime);
    let clock = Arc::<StillTime>::clone(&time);
    let settings = (retry, &Deadlines::default());
    let hosts = Hosts::new(BTreeMap::new(), settings, clock, time, Arc::new(Silent));
    Services {
        sender: Arc::new(Sender {
            clients: clients.unwrap(),
            hosts,
            backoff: Backoff::new(retry, 0),
            deadlines: Deadlines::default(),
            sent: Arc::default(),
            caps: Caps::default(),
        }),
        caps: Caps::default(),
    }
}

#[tokio::test]
async fn a_metadata_server_is_looked_for_once() {
    let services = services();
    let google = GoogleServices::start().await.unwrap();
    let metadata = Metadata::looked_for(&google.host()).unwrap();
    for _ in 0..2 {
        let token = metadata.token(&services).await.unwrap().unwrap();
        assert_eq!(token.text.expose(), google.access_token());
    }
    assert_eq!(google.count(GoogleService::MetadataRoot), 1);
    assert_eq!(google.count(GoogleService::MetadataToken), 2);
}

#[tokio::test]
async fn what_answers_without_the_header_is_asked_nothing_more() {
    let services = services();
    let google = GoogleServices::start().await.unwrap();
    google.switch(|it| it.metadata_flavor = false);
    let metadata = Metadata::looked_for(&google.host()).unwrap();
    for _ in 0..2 {
        assert!(metadata.token(&services).await.unwrap().is_none());
    }
    assert_eq!(google.log().len(), 1);
}

#[tokio::test]
async fn a_machine_without_a_metadata_server_asks_in_vain_once() -> io::Result<()> {
    let services = services();
    // Bound, but not listening yet.
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let address = socket.local_addr()?;
    let metadata = Metadata::looked_for(&address.to_string()).unwrap();
    assert!(metadata.token(&services).await.unwrap().is_none());
    // It could be found now, but isn't looked for again.
    let listener = socket.listen(1)?.into_std()?;
    assert!(metadata.token(&services).await.unwrap().is_none());
    let asked = listener.accept().unwrap_err();
    assert_eq!(asked.kind(), io::ErrorKind::WouldBlock);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn one_that_never_answers_costs_a_short_time() -> io::Result<()> {
    let services = services();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let metadata = Metadata::looked_for(&listener.local_addr()?.to_string()).unwrap();
    let started = tokio::time::Instant::now();
    assert!(metadata.token(&services).await.unwrap().is_none());
    let spent = started.elapsed();
    assert!(spent <= Duration::from_millis(2100), "{spent:?}");
    assert!(metadata.token(&services).await.unwrap().is_none());
    assert_eq!(started.elapsed(), spent);
    Ok(())
}
