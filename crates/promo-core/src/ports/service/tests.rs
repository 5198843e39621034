use super::{ServiceRequest, ServiceUrl, ServiceUrlError};

fn url(text: &str) -> ServiceUrl {
    ServiceUrl::parse(text).unwrap()
}

#[test]
fn only_hosts_over_http_are_services() {
    for (text, error) in [
        ("", ServiceUrlError::NoUrl),
        ("fulcio.example", ServiceUrlError::NoUrl),
        ("file:///etc/passwd", ServiceUrlError::NoHost),
        ("ftp://fulcio.example", ServiceUrlError::NoHost),
        (
            "https://me:secret@fulcio.example",
            ServiceUrlError::Credentials,
        ),
        ("https://me@fulcio.example", ServiceUrlError::Credentials),
    ] {
        assert_eq!(ServiceUrl::parse(text), Err(error), "{text}");
    }
}

#[test]
fn what_is_below_is_appended() {
    for (base, whole) in [
        ("https://log.example", "https://log.example/api/v1/log"),
        ("https://log.example/", "https://log.example/api/v1/log"),
        (
            "https://log.example/of/us",
            "https://log.example/of/us/api/v1/log",
        ),
        (
            "https://log.example/of/us/?a=b#c",
            "https://log.example/of/us/api/v1/log",
        ),
    ] {
        assert_eq!(url(base).below("api/v1/log").to_string(), whole);
    }
    let asked = url("https://issuer.example/token?a=b").with_parameter("audience", "sig store");
    assert_eq!(
        asked.to_string(),
        "https://issuer.example/token?a=b&audience=sig+store"
    );
}

#[test]
fn secrets_stay_on_this_machine_or_go_over_https() {
    for (text, keeps) in [
        ("https://fulcio.example", true),
        ("http://127.0.0.1:5555", true),
        ("http://[::1]:5555", true),
        ("http://localhost:5555", true),
        ("http://fulcio.example", false),
        ("http://10.0.0.1", false),
        ("http://localhost.example", false),
    ] {
        assert_eq!(url(text).keeps_secrets(), keeps, "{text}");
    }
}

#[test]
fn nothing_secret_is_printed() {
    let request = ServiceRequest::post(
        url("https://fulcio.example"),
        "a certificate",
        1000,
        "application/json",
        "{\"token\":\"in-the-body\"}",
    );
    let request = request
        .with_bearer("in-the-head")
        .with_secret("in-the-body");
    let printed = format!("{request:?}");
    assert!(!printed.contains("in-the"), "{printed}");
    let mut secrets: Vec<_> = request.secrets().collect();
    secrets.sort_unstable();
    assert_eq!(secrets, ["in-the-body", "in-the-head"]);
}
