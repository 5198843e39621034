//! Google's services as a client meets them: what they give, for what, and what the switches change.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use promo_testkit::google::{GoogleService, GoogleServices};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;

const TOKEN: &str = "/computeMetadata/v1/instance/service-accounts/default/token";

async fn send(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let document = serde_json::from_slice(&answer.bytes().await.unwrap());
    (status, document.unwrap())
}

/// A refresh request with what stands in a file.
fn refresh(file: &Value) -> RequestBuilder {
    let url = file["token_uri"].as_str().unwrap();
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "refresh_token");
    for field in ["client_id", "client_secret", "refresh_token"] {
        form.append_pair(field, file[field].as_str().unwrap());
    }
    Client::new().post(url).body(form.finish())
}

#[tokio::test]
async fn the_metadata_server_wants_its_header() {
    let google = GoogleServices::start().await.unwrap();
    let url = format!("http://{}{TOKEN}", google.host());
    let with_header = || Client::new().get(&url).header("Metadata-Flavor", "Google");
    let (status, document) = send(with_header()).await;
    assert_eq!(status, 200);
    assert_eq!(document["access_token"], google.access_token());
    assert_eq!(document["expires_in"], 3600);
    assert_eq!(send(Client::new().get(&url)).await.0, 400);
    google.switch(|it| it.machine_account = false);
    assert_eq!(send(with_header()).await.0, 404);
    assert_eq!(google.count(GoogleService::MetadataToken), 3);
}

#[tokio::test]
async fn a_refresh_token_must_be_the_right_one() {
    let google = GoogleServices::start().await.unwrap();
    google.switch(|it| it.hand_out(&["one", "two"]));
    let file = google.user_file();
    for expected in ["one", "two", "two"] {
        assert_eq!(send(refresh(&file)).await.1["access_token"], expected);
    }
    let mut wrong = file.clone();
    wrong["refresh_token"] = "another".into();
    assert_eq!(send(refresh(&wrong)).await.0, 400);
    google.switch(|it| it.revoked = true);
    let (status, document) = send(refresh(&file)).await;
    assert_eq!((status, &document["error"]), (400, &"invalid_grant".into()));
    let statuses: Vec<u16> = google.log().iter().map(|asked| asked.status).collect();
    assert_eq!(statuses, [200, 200, 200, 400, 400]);
}

#[tokio::test]
async fn failures_end_after_their_number() {
    let google = GoogleServices::start().await.unwrap();
    google.switch(|it| it.failures = 1);
    let file = google.user_file();
    assert_eq!(send(refresh(&file)).await.0, 500);
    assert_eq!(send(refresh(&file)).await.0, 200);
}
