//! A registry and a client for it, as most tests need them.

use promo_testkit::registry::{EmbeddedRegistry, RegistryOptions};
use reqwest::{Method, RequestBuilder, Response};

pub(crate) struct Bench {
    pub(crate) registry: EmbeddedRegistry,
    pub(crate) client: reqwest::Client,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(RegistryOptions::default()).await
    }

    pub(crate) async fn with(options: RegistryOptions) -> Self {
        // What other crates of the workspace turn on for their tests must not decode anything here.
        let client = reqwest::Client::builder()
            .no_gzip()
            .no_deflate()
            .no_brotli()
            .no_zstd()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        Self {
            registry: EmbeddedRegistry::start(options).await.unwrap(),
            client: client.build().unwrap(),
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.registry.url()))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn head(&self, path: &str) -> Response {
        self.request(Method::HEAD, path).send().await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Response {
        self.request(Method::DELETE, path).send().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str) -> Response {
        self.request(Method::POST, path).send().await.unwrap()
    }

    pub(crate) async fn put_manifest(
        &self,
        path: &str,
        media_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> Response {
        let request = self
            .request(Method::PUT, path)
            .header("content-type", media_type);
        request.body(body).send().await.unwrap()
    }

    /// Opens a session and returns its path.
    pub(crate) async fn open(&self, repository: &str) -> String {
        let answer = self.post(&format!("/v2/{repository}/blobs/uploads/")).await;
        assert_eq!(answer.status(), 202);
        header(&answer, "location").unwrap()
    }
}

pub(crate) fn header(answer: &Response, name: &str) -> Option<String> {
    Some(answer.headers().get(name)?.to_str().unwrap().to_owned())
}

/// The code of the first error of an envelope.
pub(crate) async fn error_code(answer: Response) -> String {
    let envelope: serde_json::Value =
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    envelope["errors"][0]["code"].as_str().unwrap().to_owned()
}

pub(crate) async fn json(answer: Response) -> serde_json::Value {
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}
