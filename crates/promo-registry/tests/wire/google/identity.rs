//! Identity tokens: from each kind of credentials, and what has none to give.

use std::sync::Arc;

use promo_core::ports::{Failure, FailureKind};
use promo_registry::auth::{GoogleSettings, Secret, ServiceAccount};
use promo_testkit::google::GoogleService;
use serde_json::{Value, json};

use super::{World, gcloud, printed};

const AUDIENCE: &str = "sigstore & more";
const TARGET: &str = "target@project.example";

impl World {
    async fn identity(
        &self,
        settings: &GoogleSettings,
        account: Option<&str>,
    ) -> Result<Option<String>, Failure> {
        let account = account.map(|email| {
            let account = ServiceAccount::parse(email).unwrap();
            account.at(&self.google.iam_url()).unwrap()
        });
        let wire = self.bench.builder().build().unwrap();
        let identity = wire.google_identity(settings, account.as_ref()).unwrap();
        assert!(!format!("{identity:?}").contains("s3cr3t"));
        let token = identity.token(AUDIENCE).await?;
        Ok(token.as_ref().map(Secret::expose).map(str::to_owned))
    }

    async fn identity_of(
        &self,
        file: &Value,
        account: Option<&str>,
    ) -> Result<Option<String>, Failure> {
        self.identity(&self.with_file(file), account).await
    }

    fn expected(&self) -> String {
        self.google.identity_token(AUDIENCE)
    }
}

#[tokio::test]
async fn every_kind_of_service_account_has_one() {
    use GoogleService::{
        Assertion, Exchange, IdentityImpersonation, MetadataIdentity, MetadataRoot, Refresh,
        Subject,
    };

    let world = World::new().await;
    let google = &world.google;
    let mut external = google.external_account_file(&google.subject_url());
    external["service_account_impersonation_url"] = google.impersonation_url().into();
    let through_user = google.impersonation_file(&google.user_file());
    let through_service = google.impersonation_file(&google.service_account_file());
    for (settings, asked) in [
        (
            world.with_file(&google.service_account_file()),
            vec![Assertion],
        ),
        (
            world.with_file(&external),
            vec![Subject, Exchange, IdentityImpersonation],
        ),
        (
            world.with_file(&through_user),
            vec![Refresh, IdentityImpersonation],
        ),
        (
            world.with_file(&through_service),
            vec![Assertion, IdentityImpersonation],
        ),
        (world.with_metadata(), vec![MetadataIdentity]),
    ] {
        let before = google.log().len();
        let token = world.identity(&settings, None).await.unwrap();
        assert_eq!(token, Some(world.expected()), "{asked:?}");
        assert_eq!(world.asked()[before..], asked);
    }
    assert_eq!(google.count(MetadataRoot), 0);
}

#[tokio::test]
async fn whoever_may_act_as_an_account_has_its_identity() {
    use GoogleService::{IdentityImpersonation, MetadataToken, Refresh};

    let folder = tempfile::tempdir().unwrap();
    let world = World::new().await;
    let google = &world.google;
    let mut external = google.external_account_file(&google.subject_url());
    external["subject_token_type"] = "urn:ietf:params:oauth:token-type:jwt".into();
    for (settings, asked) in [
        (world.with_user(), vec![Refresh, IdentityImpersonation]),
        (
            world.with_metadata(),
            vec![MetadataToken, IdentityImpersonation],
        ),
    ] {
        let before = google.log().len();
        let token = world.identity(&settings, Some(TARGET)).await.unwrap();
        assert_eq!(token, Some(world.expected()));
        assert_eq!(world.asked()[before..], asked);
    }
    let token = world.identity_of(&external, Some(TARGET)).await;
    assert_eq!(token.unwrap(), Some(world.expected()));
    // The access token that was handed out last is one that gcloud may have as well.
    let mut settings = world.settings();
    let script = printed(&google.access_token(), "2026-01-01T01:00:00Z");
    settings.gcloud = Some(gcloud(folder.path(), &script));
    let token = world.identity(&settings, Some(TARGET)).await.unwrap();
    assert_eq!(token, Some(world.expected()));
    // Without a name nothing of gcloud's is used: it may be a person's.
    assert_eq!(world.identity(&settings, None).await.unwrap(), None);
}

#[tokio::test]
async fn credentials_without_an_identity_are_told_with_what_to_do() {
    let world = World::new().await;
    let google = &world.google;
    let external = google.external_account_file(&google.subject_url());
    for file in [google.user_file(), external] {
        let failure = world.identity_of(&file, None).await.unwrap_err();
        assert_eq!(failure.code().as_str(), "PROMO-R078");
        assert_eq!(failure.kind(), FailureKind::Configuration);
        assert!(failure.hints().concat().contains("service account"));
        assert!(failure.chain().contains("adc.json"));
    }
    assert!(google.log().is_empty(), "nothing was asked");

    let mut file = google.impersonation_file(&google.user_file());
    file["service_account_impersonation_url"] = google.iam_url().into();
    let failure = world.identity_of(&file, None).await.unwrap_err();
    assert_eq!(failure.code().as_str(), "PROMO-R026");
    assert!(google.log().is_empty(), "nothing was asked");
}

/// Whoever signs must not be somebody else than was meant: no other way is gone.
#[tokio::test]
async fn a_way_that_fails_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new().await;
    let google = &world.google;
    google.switch(|it| it.revoked = true);
    let script = printed(&google.access_token(), "2026-01-01T01:00:00Z");
    for file in [
        google.service_account_file(),
        google.impersonation_file(&google.user_file()),
    ] {
        let mut settings = world.with_file(&file);
        settings.gcloud = Some(gcloud(folder.path(), &script));
        for account in [None, Some(TARGET)] {
            let failure = world.identity(&settings, account).await.unwrap_err();
            assert_eq!(failure.code().as_str(), "PROMO-R018");
            assert_eq!(failure.kind(), FailureKind::Unauthenticated);
            let told = format!("{failure:?} {}", failure.chain());
            assert!(told.contains("invalid_grant"), "{told}");
            assert!(
                !told.contains("s3cr3t") && !told.contains("revoked"),
                "{told}"
            );
        }
    }
    google.switch(|it| {
        it.revoked = false;
        it.failures = 100;
    });
    let failure = world.identity(&world.with_metadata(), None).await;
    assert_eq!(failure.unwrap_err().code().as_str(), "PROMO-R005");
}

#[tokio::test]
async fn where_nothing_is_there_is_none() {
    let world = World::new().await;
    let settings = world.settings();
    assert_eq!(world.identity(&settings, None).await.unwrap(), None);
    assert_eq!(world.identity(&settings, Some(TARGET)).await.unwrap(), None);
    world.google.switch(|it| it.machine_account = false);
    let settings = world.with_metadata();
    assert_eq!(world.identity(&settings, None).await.unwrap(), None);
    world.google.switch(|it| {
        it.machine_account = true;
        it.metadata_flavor = false;
    });
    assert_eq!(world.identity(&settings, None).await.unwrap(), None);
}

/// A token for an audience is all that it may answer.
#[tokio::test]
async fn an_access_token_is_taken_for_no_identity() {
    use wiremock::matchers::any;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    let world = World::new().await;
    for body in [
        json!({"access_token": "ya29.s3cr3t", "expires_in": 3600}),
        json!({"id_token": ""}),
        json!({"id_token": 7}),
        json!("ya29.s3cr3t"),
    ] {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(200).set_body_json(body);
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let mut file = world.google.service_account_file();
        file["token_uri"] = server.uri().into();
        let failure = world.identity_of(&file, None).await.unwrap_err();
        assert_eq!(
            failure.kind(),
            FailureKind::Malformed,
            "{}",
            failure.chain()
        );
        assert!(!failure.chain().contains("s3cr3t"));
    }
}

#[tokio::test]
async fn accounts_are_named_by_what_fits_into_a_path() {
    for email in [
        "",
        "a/b@x.example",
        "..",
        "a@b:generateAccessToken",
        "a b@x",
        "a@x?y",
        "ä@x",
    ] {
        let error = ServiceAccount::parse(email).unwrap_err();
        assert_eq!(error.code().as_str(), "PROMO-R021", "{email}");
    }
    for url in [
        "http://iam.example/",
        "iam.example",
        "https://ann:pass@iam.example/",
    ] {
        let account = ServiceAccount::parse(TARGET).unwrap();
        assert_eq!(account.at(url).unwrap_err().code().as_str(), "PROMO-R021");
    }
    let time = Arc::new(promo_testkit::time::StillTime);
    let wire = promo_registry::WireRegistry::builder(Arc::clone(&time) as _, time);
    let account = ServiceAccount::parse(TARGET).unwrap();
    let settings = GoogleSettings::default();
    let wire = wire.build().unwrap();
    let identity = wire.google_identity(&settings, Some(&account)).unwrap();
    let shown = format!("{identity:?}");
    let path = "/v1/projects/-/serviceAccounts/target@project.example:generateIdToken";
    assert!(
        shown.contains("iamcredentials.googleapis.com") && shown.contains(path),
        "{shown}"
    );
}
