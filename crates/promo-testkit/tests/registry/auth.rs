//! Basic authentication, tokens with their scopes, and their end.

use std::time::Duration;

use promo_testkit::digest::sha256;
use promo_testkit::image::ImageBuilder;
use promo_testkit::registry::{Auth, Operation, RegistryOptions};
use reqwest::{Method, Response};

use crate::support::{Bench, error_code, header, json};

async fn bench(auth: Auth) -> Bench {
    let bench = Bench::with(RegistryOptions::default().auth(auth)).await;
    for repository in ["a", "b"] {
        ImageBuilder::seeded(1)
            .build()
            .push_to(&bench.registry.state(), repository, "v1");
    }
    bench
}

impl Bench {
    async fn token(&self, query: &str, user: Option<(&str, &str)>) -> Response {
        let mut request = self.request(Method::GET, &format!("/token?{query}"));
        if let Some((name, password)) = user {
            request = request.basic_auth(name, Some(password));
        }
        request.send().await.unwrap()
    }

    async fn access_token(&self, query: &str, user: Option<(&str, &str)>) -> String {
        let answer = json(self.token(query, user).await).await;
        assert_eq!(answer["token"], answer["access_token"]);
        answer["token"].as_str().unwrap().to_owned()
    }

    async fn with_token(&self, method: Method, path: &str, token: &str) -> Response {
        self.request(method, path)
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
    }

    async fn post_form(&self, form: &str) -> Response {
        let request = self.request(Method::POST, "/token");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(form.to_owned()).send().await.unwrap()
    }
}

#[tokio::test]
async fn basic_authentication_lets_in_who_knows_the_password() {
    let bench = bench(Auth::basic("robot", "secret").reader("guest", "guest")).await;
    let ask = |method: Method, user: &'static str, password: &'static str| {
        let path = if method == Method::GET {
            "/v2/a/manifests/v1"
        } else {
            "/v2/a/blobs/uploads/"
        };
        bench
            .request(method, path)
            .basic_auth(user, Some(password))
            .send()
    };
    let anonymous = bench.get("/v2/").await;
    assert_eq!(anonymous.status(), 401);
    let challenge = format!("Basic realm=\"{}\"", bench.registry.host());
    assert_eq!(header(&anonymous, "www-authenticate"), Some(challenge));
    assert_eq!(
        ask(Method::GET, "robot", "wrong").await.unwrap().status(),
        401
    );
    assert_eq!(
        ask(Method::GET, "robot", "secret").await.unwrap().status(),
        200
    );
    assert_eq!(
        ask(Method::POST, "robot", "secret").await.unwrap().status(),
        202
    );
    assert_eq!(
        ask(Method::GET, "guest", "guest").await.unwrap().status(),
        200
    );
    assert_eq!(
        error_code(ask(Method::POST, "guest", "guest").await.unwrap()).await,
        "DENIED"
    );

    let users: Vec<Option<String>> = bench
        .registry
        .log()
        .entries()
        .into_iter()
        .map(|entry| entry.user)
        .collect();
    let names = users.iter().map(Option::as_deref).collect::<Vec<_>>();
    assert_eq!(
        names,
        [
            None,
            None,
            Some("robot"),
            Some("robot"),
            Some("guest"),
            None
        ]
    );
    let shown = format!("{:?} {:?}", bench.registry, bench.registry.log().entries());
    assert!(
        !shown.contains("secret") && !shown.contains("wrong"),
        "{shown}"
    );
}

#[tokio::test]
async fn anonymous_pull_stops_short_of_a_push() {
    let bench = bench(Auth::basic("robot", "secret").anonymous_pull()).await;
    assert_eq!(bench.get("/v2/a/manifests/v1").await.status(), 200);
    assert_eq!(bench.post("/v2/a/blobs/uploads/").await.status(), 401);
}

#[tokio::test]
async fn a_challenge_says_where_a_token_is_to_be_had_and_for_what() {
    let bench = bench(Auth::bearer().user("robot", "secret")).await;
    let (url, host) = (bench.registry.url(), bench.registry.host());
    let start = format!("Bearer realm=\"{url}/token\",service=\"{host}\"");
    assert_eq!(
        header(&bench.get("/v2/").await, "www-authenticate"),
        Some(start.clone())
    );
    let pull = bench.get("/v2/a/manifests/v1").await;
    assert_eq!(
        header(&pull, "www-authenticate"),
        Some(format!("{start},scope=\"repository:a:pull\""))
    );
    let mount = bench
        .post(&format!(
            "/v2/b/blobs/uploads/?mount={}&from=a",
            sha256(b"")
        ))
        .await;
    let scope = "repository:b:pull,push repository:a:pull";
    assert_eq!(
        header(&mount, "www-authenticate"),
        Some(format!("{start},scope=\"{scope}\""))
    );
}

const SCOPES: &str = "scope=repository:a:pull,push&scope=repository:b:pull%20registry:catalog:*";

#[tokio::test]
async fn a_token_carries_exactly_what_was_granted() {
    let bench = bench(Auth::bearer().user("robot", "secret")).await;
    let token = bench.access_token(SCOPES, Some(("robot", "secret"))).await;
    for (method, path, status) in [
        (Method::POST, "/v2/a/blobs/uploads/", 202),
        (Method::GET, "/v2/b/manifests/v1", 200),
        (Method::POST, "/v2/b/blobs/uploads/", 401),
        (Method::GET, "/v2/_catalog", 200),
        (Method::DELETE, "/v2/a/manifests/v1", 401),
    ] {
        let answer = bench.with_token(method, path, &token).await;
        assert_eq!(answer.status(), status, "{path}");
        if status == 401 {
            let challenge = header(&answer, "www-authenticate").unwrap();
            assert!(
                challenge.ends_with("error=\"insufficient_scope\""),
                "{challenge}"
            );
        }
    }
    let grants = bench.registry.tokens().grants();
    let scopes = [
        "registry:catalog:*",
        "repository:a:pull,push",
        "repository:b:pull",
    ];
    assert_eq!(grants[0].scopes, scopes);
}

#[tokio::test]
async fn a_reader_gets_a_token_that_only_pulls() {
    let bench = bench(Auth::bearer().reader("guest", "guest")).await;
    let token = bench.access_token(SCOPES, Some(("guest", "guest"))).await;
    for (method, path, status) in [
        (Method::POST, "/v2/a/blobs/uploads/", 401),
        (Method::GET, "/v2/a/tags/list", 200),
        (Method::GET, "/v2/_catalog", 401),
    ] {
        assert_eq!(
            bench.with_token(method, path, &token).await.status(),
            status,
            "{path}"
        );
    }
    let grants = bench.registry.tokens().grants();
    assert_eq!(grants[0].scopes, ["repository:a:pull", "repository:b:pull"]);
    assert_eq!(grants[0].user.as_deref(), Some("guest"));
}

#[tokio::test]
async fn tokens_need_the_right_password_unless_everybody_may_pull() {
    let closed = bench(Auth::bearer().user("robot", "secret")).await;
    assert_eq!(
        closed
            .token("scope=repository:a:pull", Some(("robot", "wrong")))
            .await
            .status(),
        401
    );
    assert_eq!(
        closed.token("scope=repository:a:pull", None).await.status(),
        401
    );
    let open = bench(Auth::bearer().anonymous_pull()).await;
    let token = open
        .access_token("scope=repository:a:pull,push", None)
        .await;
    assert_eq!(open.get("/v2/a/manifests/v1").await.status(), 401);
    assert_eq!(
        open.with_token(Method::GET, "/v2/a/manifests/v1", &token)
            .await
            .status(),
        200
    );
    assert_eq!(
        open.with_token(Method::POST, "/v2/a/blobs/uploads/", &token)
            .await
            .status(),
        401
    );
}

#[tokio::test]
async fn refresh_tokens_and_passwords_are_exchanged_by_post() {
    let auth = Auth::bearer()
        .user("robot", "secret")
        .refresh_token("robot", "identity");
    let bench = bench(auth).await;
    let form = "grant_type=refresh_token&refresh_token=identity&service=x&scope=repository:a:pull";
    let answer = json(bench.post_form(form).await).await;
    assert_eq!(
        (&answer["scope"], &answer["expires_in"]),
        (&"repository:a:pull".into(), &300.into())
    );
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(
        bench
            .with_token(Method::GET, "/v2/a/tags/list", token)
            .await
            .status(),
        200
    );

    let form = "grant_type=password&username=robot&password=secret&access_type=offline&scope=repository:a:pull";
    let refresh = json(bench.post_form(form).await).await["refresh_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let again = format!("grant_type=refresh_token&refresh_token={refresh}&scope=repository:b:pull");
    assert_eq!(
        json(bench.post_form(&again).await).await["scope"],
        "repository:b:pull"
    );
    for wrong in [
        "grant_type=refresh_token&refresh_token=no",
        "grant_type=password&username=robot&password=no",
    ] {
        assert_eq!(bench.post_form(wrong).await.status(), 401);
    }
    assert_eq!(bench.post_form("grant_type=magic").await.status(), 400);
}

#[tokio::test]
async fn tokens_end_by_revocation_use_and_time() {
    let auth = Auth::bearer().user("robot", "secret").token_uses(2);
    let limited = bench(auth).await;
    let user = Some(("robot", "secret"));
    let scope = "scope=repository:a:pull";
    let token = limited.access_token(scope, user).await;
    let ask = || limited.with_token(Method::GET, "/v2/a/tags/list", &token);
    assert_eq!(
        (ask().await.status().as_u16(), ask().await.status().as_u16()),
        (200, 200)
    );
    let ended = ask().await;
    assert!(
        header(&ended, "www-authenticate")
            .unwrap()
            .ends_with("error=\"invalid_token\"")
    );

    let token = limited.access_token(scope, user).await;
    limited.registry.tokens().revoke_all();
    assert_eq!(
        limited
            .with_token(Method::GET, "/v2/a/tags/list", &token)
            .await
            .status(),
        401
    );

    let expired = bench(
        Auth::bearer()
            .user("robot", "secret")
            .expires_in(Duration::ZERO),
    )
    .await;
    let token = expired.access_token(scope, user).await;
    assert_eq!(
        expired
            .with_token(Method::GET, "/v2/a/tags/list", &token)
            .await
            .status(),
        401
    );
}

#[tokio::test]
async fn a_mount_needs_pull_on_its_source() {
    let bench = bench(Auth::bearer().user("robot", "secret")).await;
    let user = Some(("robot", "secret"));
    let digest = bench.registry.state().put_blob("a", "only in a");
    let mount = format!("/v2/b/blobs/uploads/?mount={digest}&from=a");
    let narrow = bench
        .access_token("scope=repository:b:pull,push", user)
        .await;
    let wide = bench
        .access_token("scope=repository:b:pull,push&scope=repository:a:pull", user)
        .await;
    assert_eq!(
        bench
            .with_token(Method::POST, &mount, &narrow)
            .await
            .status(),
        202
    );
    bench
        .registry
        .switch(|switches| switches.challenge_mount_source = true);
    assert_eq!(
        bench
            .with_token(Method::POST, &mount, &narrow)
            .await
            .status(),
        401
    );
    assert!(!bench.registry.state().has_blob("b", &digest));
    assert_eq!(
        bench.with_token(Method::POST, &mount, &wide).await.status(),
        201
    );
    assert!(bench.registry.state().has_blob("b", &digest));
}

#[tokio::test]
async fn one_registry_can_issue_the_tokens_of_another() {
    let issuer = bench(Auth::bearer().user("robot", "secret")).await;
    let auth = Auth::bearer().realm(&format!("{}/token", issuer.registry.url()));
    let options = RegistryOptions::default()
        .auth(auth)
        .tokens(issuer.registry.tokens());
    let bench = Bench::with(options).await;
    let token = issuer
        .access_token("scope=repository:a:pull", Some(("robot", "secret")))
        .await;
    assert_eq!(
        bench
            .with_token(Method::GET, "/v2/a/tags/list", &token)
            .await
            .status(),
        404
    );
    assert_eq!(
        bench
            .with_token(Method::GET, "/v2/b/tags/list", &token)
            .await
            .status(),
        401
    );
}

#[tokio::test]
async fn realm_and_service_can_be_anything() {
    let auth = Auth::bearer()
        .user("robot", "secret")
        .realm("https://evil.example/token")
        .service("them");
    let bench = bench(auth).await;
    let challenge = header(&bench.get("/v2/").await, "www-authenticate");
    assert_eq!(
        challenge.as_deref(),
        Some("Bearer realm=\"https://evil.example/token\",service=\"them\"")
    );
    assert_eq!(bench.registry.log().count(Operation::Token), 0);
}
