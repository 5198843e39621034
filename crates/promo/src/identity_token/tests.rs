use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use promo_core::ports::{Failure, ServiceAnswer, ServiceMethod, ServiceRequest, Services};

use super::{IdentityTokenSource, NamedSource, RawToken, TokenCommand};
use crate::settings::{Environment, IdentityPlaces};
use crate::{Ending, Error, Promoter};

const AUDIENCE: &str = "sigstore & \"more\"";

fn places(variables: &[(&str, &str)]) -> IdentityPlaces {
    let variables = variables
        .iter()
        .map(|(name, value)| (*name, OsString::from(value)));
    // No file of Google's is found, and its metadata server isn't asked: nobody listens there.
    let google = [("GCE_METADATA_HOST", OsString::from("127.0.0.1:9"))];
    IdentityPlaces::find(&Environment::new(
        "/nowhere".into(),
        variables.chain(google),
    ))
}

/// A service that answers so, and remembers what it was asked.
#[derive(Debug)]
struct Service {
    status: u16,
    body: &'static str,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Services for Service {
    async fn ask(&self, request: &ServiceRequest) -> Result<ServiceAnswer, Failure> {
        assert_eq!(request.method(), ServiceMethod::Get);
        let bearer = request.bearer().unwrap_or_default();
        let asked = format!("{} {bearer}", request.url());
        self.asked.lock().unwrap().push(asked);
        Ok(ServiceAnswer {
            status: self.status,
            location: None,
            body: self.body.into(),
        })
    }
}

fn service(status: u16, body: &'static str) -> Arc<Service> {
    Arc::new(Service {
        status,
        body,
        asked: Mutex::default(),
    })
}

async fn ask_with(
    service: &Arc<Service>,
    source: &IdentityTokenSource,
    places: &IdentityPlaces,
) -> Result<RawToken, Error> {
    let promoter = Promoter::builder()
        .services(Arc::clone(service) as _)
        .build();
    let token = promoter.identity_token(source, places, AUDIENCE).await;
    if let Err(error) = &token {
        let told = format!("{error:?} {error} {}", error.hints().concat());
        assert!(!told.contains("s3cr3t"), "{told}");
    }
    token
}

async fn ask(source: &IdentityTokenSource, places: &IdentityPlaces) -> Result<String, Error> {
    let token = ask_with(&service(500, ""), source, places).await?;
    assert!(!format!("{token:?}").contains(token.expose()));
    Ok(token.expose().to_owned())
}

fn code(token: Result<impl Sized, Error>) -> String {
    let error = token.err().unwrap();
    error.code().as_str().to_owned()
}

const AUTO: IdentityTokenSource = IdentityTokenSource::Auto;

#[tokio::test]
async fn the_variable_comes_before_all_others() {
    let places = places(&[
        ("SIGSTORE_ID_TOKEN", " a.b.c\n"),
        ("GITHUB_ACTIONS", "true"),
        ("BUILDKITE", "true"),
    ]);
    assert_eq!(ask(&AUTO, &places).await.unwrap(), "a.b.c");
    assert!(!format!("{places:?}").contains("a.b.c"));
    let named = IdentityTokenSource::Named(NamedSource::Variable);
    assert_eq!(ask(&named, &places).await.unwrap(), "a.b.c");
}

#[tokio::test]
async fn what_is_no_word_is_no_token() {
    let long = "a".repeat((64 << 10) + 1);
    for (text, problem) in [
        (" \n", "empty"),
        ("s3cr3t s3cr3t", "one word"),
        ("s3cr3t\u{7}", "one word"),
        ("s3cr3t\u{e9}", "one word"),
        (&long, "64 KiB"),
    ] {
        let error = ask(&AUTO, &places(&[("SIGSTORE_ID_TOKEN", text)])).await;
        let error = error.unwrap_err();
        assert_eq!(error.code().as_str(), "PROMO-X056");
        assert!(error.to_string().contains(problem), "{error}");
    }
    let most = "a".repeat(64 << 10);
    let places = places(&[("SIGSTORE_ID_TOKEN", &most)]);
    assert_eq!(ask(&AUTO, &places).await.unwrap(), most);
}

/// The environment of a job of GitHub Actions.
fn github(url: &str) -> IdentityPlaces {
    places(&[
        ("GITHUB_ACTIONS", "true"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", url),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-s3cr3t"),
    ])
}

#[tokio::test]
async fn github_is_asked_for_the_audience() {
    let service = service(200, r#"{"count": 1, "value": "a.b.c"}"#);
    let places = github("https://github.example/token?api-version=2.0");
    let token = ask_with(&service, &AUTO, &places).await.unwrap();
    assert_eq!(token.expose(), "a.b.c");
    let asked = service.asked.lock().unwrap().clone();
    let url = "https://github.example/token?api-version=2.0&audience=sigstore+%26+%22more%22";
    assert_eq!(asked, [format!("{url} request-s3cr3t")]);
    assert!(!format!("{places:?}").contains("s3cr3t"));
}

/// The same by promo's own transport.
#[tokio::test]
async fn github_is_asked_over_the_transport() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/token?x=1", server.local_addr().unwrap());
    let serving = tokio::task::spawn_blocking(move || {
        use std::io::{BufRead as _, Write as _};
        let (mut connection, _) = server.accept().unwrap();
        let lines = std::io::BufReader::new(connection.try_clone().unwrap()).lines();
        let head: Vec<String> = lines
            .map(Result::unwrap)
            .take_while(|line| !line.is_empty())
            .collect();
        let body = r#"{"value":"a.b.c"}"#;
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        connection.write_all(answer.as_bytes()).unwrap();
        head
    });
    let promoter = Promoter::builder().build();
    let places = github(&url);
    let token = promoter.identity_token(&AUTO, &places, "sigstore").await;
    assert_eq!(token.unwrap().expose(), "a.b.c");
    let head = serving.await.unwrap();
    assert_eq!(head[0], "GET /token?x=1&audience=sigstore HTTP/1.1");
    let bearer = "authorization: Bearer request-s3cr3t";
    assert!(head.iter().any(|line| line == bearer), "{head:?}");
}

#[tokio::test]
async fn a_job_of_github_without_the_permission_is_told_which() {
    for variables in [
        vec![("GITHUB_ACTIONS", "true")],
        vec![("ACTIONS_ID_TOKEN_REQUEST_URL", "https://github.example/")],
        vec![("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-s3cr3t")],
    ] {
        let error = ask(&AUTO, &places(&variables)).await.unwrap_err();
        assert_eq!(error.code().as_str(), "PROMO-X053");
        assert!(error.hints().concat().contains("id-token: write"));
    }
    let places = github("https://github.example/");
    let error = ask_with(&service(403, "s3cr3t"), &AUTO, &places).await;
    let error = error.unwrap_err();
    assert_eq!(error.code().as_str(), "PROMO-X055");
    assert_eq!(error.ending(), Ending::Authentication);
    assert!(error.hints().concat().contains("id-token: write"));
}

#[tokio::test]
async fn of_github_only_a_token_over_a_safe_way_is_taken() {
    for (status, body, expected) in [
        (200, "<html>s3cr3t", "PROMO-X056"),
        (200, "{}", "PROMO-X056"),
        (200, r#"{"value": ""}"#, "PROMO-X056"),
        (302, "", "PROMO-X055"),
        (404, "", "PROMO-X055"),
    ] {
        let places = github("https://github.example/");
        let token = ask_with(&service(status, body), &AUTO, &places).await;
        assert_eq!(code(token), expected, "{status} {body}");
    }
    for url in [
        "http://github.example/",
        "github.example",
        "https://a:b@github.example/",
    ] {
        let service = service(200, r#"{"value": "a.b.c"}"#);
        let token = ask_with(&service, &AUTO, &github(url)).await;
        assert_eq!(code(token), "PROMO-X055", "{url}");
        assert!(service.asked.lock().unwrap().is_empty(), "nothing was sent");
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_by_its_name() {
    let empty = places(&[("SIGSTORE_ID_TOKEN", ""), ("BUILDKITE", "false")]);
    for named in NamedSource::ALL {
        let source = IdentityTokenSource::Named(named);
        // Nobody listens where Google's metadata server is said to be.
        if named == NamedSource::Google {
            continue;
        }
        let error = ask(&source, &empty).await.unwrap_err();
        assert_eq!(error.code().as_str(), "PROMO-X053");
        assert_eq!(error.ending(), Ending::Usage);
        assert_eq!(error.hints().len(), 1, "{named:?}");
    }
    let nobody = IdentityPlaces::default();
    let error = ask(&AUTO, &nobody).await.unwrap_err();
    assert_eq!(error.code().as_str(), "PROMO-X053");
    let named = IdentityTokenSource::Named(NamedSource::Google);
    assert_eq!(code(ask(&named, &nobody).await), "PROMO-X053");
}

#[tokio::test]
async fn a_file_is_read_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let source = IdentityTokenSource::File(path.clone());
    let nobody = IdentityPlaces::default();
    for token in ["a.b.c", "d.e.f"] {
        std::fs::write(&path, format!("{token}\n")).unwrap();
        assert_eq!(ask(&source, &nobody).await.unwrap(), token);
    }
    std::fs::write(&path, "").unwrap();
    assert_eq!(code(ask(&source, &nobody).await), "PROMO-X056");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(code(ask(&source, &nobody).await), "PROMO-X004");
    let folder = IdentityTokenSource::File(folder.path().to_owned());
    assert_eq!(code(ask(&folder, &nobody).await), "PROMO-X004");
}

#[test]
fn commands_are_named_so_that_no_change_can_bring_its_own() {
    for words in [
        &[][..],
        &[""],
        &["./mint"],
        &["tools/mint", "x"],
        &["../mint"],
        &[".."],
    ] {
        let words = words.iter().map(|&word| word.to_owned());
        let error = Error::from(TokenCommand::new(words).unwrap_err());
        assert_eq!(error.code().as_str(), "PROMO-X001");
        assert_eq!(error.ending(), Ending::Usage);
    }
    let words = ["/usr/bin/mint", "--password=s3cr3t"].map(str::to_owned);
    let command = TokenCommand::new(words).unwrap();
    assert_eq!(command.program(), "/usr/bin/mint");
    assert!(!format!("{command:?}").contains("s3cr3t"));
}

/// Writes a program that writes its arguments, one a line, to `asked` and then runs a script.
#[cfg(unix)]
fn program(folder: &Path, name: &str, script: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;

    let path = folder.join(name);
    let asked = folder.join("asked");
    let text = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" > '{}'\n{script}\n",
        asked.display()
    );
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[cfg(unix)]
#[tokio::test]
async fn build_services_are_asked_by_their_own_programs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    program(folder.path(), "buildkite-agent", "echo a.b.c");
    program(folder.path(), "circleci", "printf d.e.f");
    let claims = r#"{"aud":"sigstore & \"more\""}"#;
    for (variable, arguments, token) in [
        (
            "BUILDKITE",
            vec!["oidc", "request-token", "--audience", AUDIENCE],
            "a.b.c",
        ),
        (
            "CIRCLECI",
            vec!["run", "oidc", "get", "--root-issuer", "--claims", claims],
            "d.e.f",
        ),
    ] {
        let places = places(&[(variable, "true"), ("PATH", path)]);
        assert_eq!(ask(&AUTO, &places).await.unwrap(), token);
        let asked = std::fs::read_to_string(folder.path().join("asked")).unwrap();
        assert_eq!(asked.lines().collect::<Vec<_>>(), arguments);
    }
}

/// The next source would be somebody else.
#[cfg(unix)]
#[tokio::test]
async fn a_program_that_fails_is_an_error_and_no_other_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    program(folder.path(), "circleci", "echo a.b.c");
    let both = [("BUILDKITE", "true"), ("CIRCLECI", "true"), ("PATH", path)];
    let error = ask(&AUTO, &places(&both)).await.unwrap_err();
    assert_eq!(error.code().as_str(), "PROMO-X055", "{error}");
    assert!(error.to_string().contains("buildkite-agent"), "{error}");

    let script = "echo s3cr3t; echo 'the token s3cr3t is no good: run `agent login`' >&2; exit 1";
    program(folder.path(), "buildkite-agent", script);
    let error = ask(&AUTO, &places(&both)).await.unwrap_err();
    assert_eq!(error.code().as_str(), "PROMO-X055");
    assert!(error.hints().concat().contains("agent login"));
    program(folder.path(), "buildkite-agent", "exit 0");
    assert_eq!(code(ask(&AUTO, &places(&both)).await), "PROMO-X056");
}

#[cfg(unix)]
#[tokio::test]
async fn a_command_is_run_without_a_shell() {
    let folder = tempfile::tempdir().unwrap();
    let mint = program(folder.path(), "mint", "echo a.b.c");
    let path = folder.path().to_str().unwrap();
    let places = places(&[("PATH", path)]);
    for name in ["mint", mint.to_str().unwrap()] {
        let words = [name, "$HOME", "a b", "; exit 1"].map(str::to_owned);
        let command = TokenCommand::new(words).unwrap();
        let source = IdentityTokenSource::Command(command);
        assert_eq!(ask(&source, &places).await.unwrap(), "a.b.c");
        let asked = std::fs::read_to_string(folder.path().join("asked")).unwrap();
        assert_eq!(asked, "$HOME\na b\n; exit 1\n");
    }
    for (name, script) in [("endless", "yes s3cr3t"), ("fails", "echo s3cr3t; exit 3")] {
        program(folder.path(), name, script);
        let source = IdentityTokenSource::Command(TokenCommand::new([name.to_owned()]).unwrap());
        assert_eq!(code(ask(&source, &places).await), "PROMO-X055", "{name}");
    }
    let missing = TokenCommand::new(["missing".to_owned()]).unwrap();
    let error = ask(&IdentityTokenSource::Command(missing), &places).await;
    assert!(error.unwrap_err().to_string().contains("folders of PATH"));
}

/// Whoever presses Ctrl-C doesn't wait for the program, nor does it go on.
#[cfg(unix)]
#[tokio::test]
async fn an_interruption_ends_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    let script = format!(
        "exec 3> '{}'; echo here >&3; exec sleep 600",
        fifo.display()
    );
    let mint = program(folder.path(), "mint", &script);
    let command = TokenCommand::new([mint.to_str().unwrap().to_owned()]).unwrap();
    let source = IdentityTokenSource::Command(command);
    let promoter = Promoter::builder().build();
    let nobody = IdentityPlaces::default();
    // It ends only when the program is gone, which has the FIFO open.
    let (tell, told) = tokio::sync::oneshot::channel();
    let reader = tokio::task::spawn_blocking(move || {
        use std::io::{BufRead as _, Read as _};
        let mut fifo = std::io::BufReader::new(std::fs::File::open(fifo).unwrap());
        let mut line = String::new();
        fifo.read_line(&mut line).unwrap();
        tell.send(()).unwrap();
        fifo.read_to_string(&mut line).unwrap();
        line
    });
    let revocation = promoter.revocation();
    let interrupt = async {
        told.await.unwrap();
        revocation.revoke();
    };
    let asked = promoter.identity_token(&source, &nobody, AUDIENCE);
    let (token, ()) = tokio::join!(asked, interrupt);
    let error = token.unwrap_err();
    assert_eq!(error.code().as_str(), "PROMO-R039");
    let read = tokio::time::timeout(std::time::Duration::from_secs(60), reader).await;
    assert_eq!(read.unwrap().unwrap(), "here\n");
}

/// A variable's name and what is done with Google's credentials, over the transport itself.
#[tokio::test]
async fn google_is_asked_over_the_transport() {
    use promo_testkit::google::{GoogleService, GoogleServices};

    let google = GoogleServices::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("adc.json");
    let name = file.to_str().unwrap();
    let with = |file: Option<&str>| {
        let host = google.host();
        let mut variables = vec![("GCE_METADATA_HOST", host)];
        variables.extend(file.map(|file| ("GOOGLE_APPLICATION_CREDENTIALS", file.to_owned())));
        IdentityPlaces::find(&Environment::new("/nowhere".into(), variables))
    };
    let expected = google.identity_token(AUDIENCE);
    assert_eq!(ask(&AUTO, &with(None)).await.unwrap(), expected);
    assert_eq!(google.count(GoogleService::MetadataIdentity), 1);

    std::fs::write(&file, google.user_file().to_string()).unwrap();
    let error = ask(&AUTO, &with(Some(name))).await.unwrap_err();
    assert_eq!(error.code().as_str(), "PROMO-R078");
    assert_eq!(error.ending(), Ending::Usage);
    let account = promo_registry::auth::ServiceAccount::parse("target@project.example");
    let account = account.unwrap().at(&google.iam_url()).unwrap();
    let source = IdentityTokenSource::GoogleAccount(account);
    assert_eq!(ask(&source, &with(Some(name))).await.unwrap(), expected);
    std::fs::write(&file, "s3cr3t").unwrap();
    assert_eq!(code(ask(&AUTO, &with(Some(name))).await), "PROMO-R026");
    assert_eq!(google.count(GoogleService::MetadataIdentity), 1);
}
