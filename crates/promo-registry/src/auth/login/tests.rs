use super::*;

fn host(name: &str) -> RegistryHost {
    name.parse().expect("a host")
}

fn login(name: &str) -> Login {
    Login::new(host(name), "me", Secret::new("pass:word")).expect("a login")
}

fn with(content: &str, name: &str) -> String {
    let file = LoginFile::parse("config.json", content.as_bytes());
    file.with(&login(name)).expect("it is written").to_string()
}

/// What is written is found when credentials are looked for.
async fn found(content: &str, name: &str) -> Option<Credential> {
    use crate::auth::{CredentialFiles, CredentialSource};
    let files = CredentialFiles::default().with_file("config.json", content.as_bytes());
    files
        .credentials(&host(name), None)
        .await
        .expect("it is read")
}

#[tokio::test]
async fn what_is_written_is_found() {
    for name in [
        "registry.example.com",
        "127.0.0.1:5000",
        "docker.io",
        "index.docker.io",
    ] {
        for content in [
            "",
            "null",
            "{}",
            "{\"auths\": null}",
            "{\"auths\":{\"https://registry.example.com/v1/\":{\"auth\":\"YTpi\"},\"docker.io\":{\"auth\":\"YTpi\"}}}",
        ] {
            let written = with(content, name);
            assert_eq!(
                found(&written, name).await,
                Some(login(name).credential()),
                "{written}"
            );
            let file = LoginFile::parse("config.json", written.as_bytes());
            let without = file.without(&host(name)).unwrap().expect("it was there");
            assert_eq!(found(&without, name).await, None, "{}", without.as_str());
        }
    }
}

#[test]
fn what_is_not_touched_stays_as_it_was_written() {
    let before = "{\n  \"HttpHeaders\": {\"X\":   1.50},\n  \"auths\": {\n    \"other.example.com\": {\"auth\": \"YTpi\", \"email\":\"a@b\"}\n  },\n  \"big\": 123456789012345678901234567890,\n  \"psFormat\": \"table {{.ID}}\\t\\u00e9\"\n}";
    let entry = "\t\t\"registry.example.com\": {\n\t\t\t\"auth\": \"bWU6cGFzczp3b3Jk\"\n\t\t}\n";
    let other = "\t\t\"other.example.com\": {\"auth\": \"YTpi\", \"email\":\"a@b\"},\n";
    let expected = format!(
        "{{\n\t\"HttpHeaders\": {{\"X\":   1.50}},\n\t\"auths\": {{\n{other}{entry}\t}},\n\t\"big\": 123456789012345678901234567890,\n\t\"psFormat\": \"table {{{{.ID}}}}\\t\\u00e9\"\n}}\n"
    );
    assert_eq!(with(before, "registry.example.com"), expected);
}

#[test]
fn docker_hub_is_kept_as_docker_keeps_it() {
    let text = with(
        "{\"auths\":{\"docker.io\":{\"auth\":\"YTpi\"}}}",
        "docker.io",
    );
    assert!(text.contains("\"https://index.docker.io/v1/\""), "{text}");
    assert!(!text.contains("\"docker.io\""), "{text}");
}

#[test]
fn entries_of_single_repositories_stay() {
    let content =
        "{\"auths\":{\"a.example/team\":{\"auth\":\"YTpi\"},\"a.example\":{\"auth\":\"YTpi\"}}}";
    let file = LoginFile::parse("auth.json", content.as_bytes());
    let without = file
        .without(&host("a.example"))
        .unwrap()
        .expect("one was there");
    assert!(without.contains("a.example/team"), "{}", without.as_str());
    let file = LoginFile::parse("auth.json", without.as_bytes());
    assert!(file.without(&host("a.example")).unwrap().is_none());
}

#[test]
fn who_keeps_a_login_is_read_as_credentials_are() {
    let keeper = |content: &str| {
        let file = LoginFile::parse("config.json", content.as_bytes());
        file.keeper(&host("a.example")).expect("it is read")
    };
    let helper = |name: &str| LoginKeeper::Helper(name.to_owned());
    assert_eq!(keeper(""), LoginKeeper::File);
    assert_eq!(keeper("{\"credsStore\":\"pass\"}"), helper("pass"));
    assert_eq!(keeper("{\"credsStore\":\"\"}"), LoginKeeper::File);
    let of_host =
        "{\"credsStore\":\"pass\",\"credHelpers\":{\"a.example\":\"own\",\"b.example\":\"x\"}}";
    assert_eq!(keeper(of_host), helper("own"));
    let switched_off = "{\"credsStore\":\"pass\",\"credHelpers\":{\"a.example\":\"\"}}";
    assert_eq!(keeper(switched_off), LoginKeeper::File);
}

#[test]
fn a_file_that_is_not_understood_is_not_written() {
    for content in [
        "[]",
        "{\"auths\":",
        "{\"auths\":[]}",
        "{} trailing",
        "\u{0}",
    ] {
        let file = LoginFile::parse("config.json", content.as_bytes());
        let refused = file.with(&login("a.example")).expect_err(content);
        assert_eq!(refused.code().as_str(), "PROMO-R019", "{content}");
    }
}

#[test]
fn what_no_file_can_hold_is_no_login() {
    for (user, password) in [
        ("", "p"),
        ("a:b", "p"),
        ("a\nb", "p"),
        ("<token>", "p"),
        ("a", ""),
    ] {
        let refused = Login::new(host("a.example"), user, Secret::new(password));
        assert!(refused.is_err(), "{user}");
    }
    assert!(!format!("{:?}", login("a.example")).contains("pass:word"));
}
