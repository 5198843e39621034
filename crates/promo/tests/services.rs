//! Services that are no registries, as a promoter reaches them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use promo::Promoter;
use promo_core::ports::{
    Failure, FailureKind, RequestClass, ServiceAnswer, ServiceRequest, ServiceUrl, Services,
};
use promo_testkit::registry::{EmbeddedRegistry, RegistryOptions};

/// A host that answers `GET /v2/`, as a registry does.
async fn host() -> EmbeddedRegistry {
    EmbeddedRegistry::start(RegistryOptions::default())
        .await
        .unwrap()
}

fn question(host: &EmbeddedRegistry) -> ServiceRequest {
    let url = ServiceUrl::parse(&format!("{}/v2/", host.url())).unwrap();
    ServiceRequest::get(url, "whether it is there", 1000)
}

/// Answers everything itself.
#[derive(Debug, Default)]
struct OfOnesOwn(AtomicUsize);

#[async_trait]
impl Services for OfOnesOwn {
    async fn ask(&self, _: &ServiceRequest) -> Result<ServiceAnswer, Failure> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(ServiceAnswer {
            status: 418,
            location: None,
            body: Vec::new().into(),
        })
    }
}

#[tokio::test]
async fn services_are_asked_over_the_transport_and_counted() {
    let host = host().await;
    let promoter = Promoter::builder().build();
    for _ in 0..2 {
        let services = promoter.services().unwrap();
        let answer = services.ask(&question(&host)).await.unwrap();
        assert_eq!(answer.status, 200);
    }
    assert_eq!(host.connections(), 1, "one transport");
    let account = promoter.hosts();
    assert_eq!(account[0].traffic.host, host.host());
    assert_eq!(account[0].traffic.requests.get(RequestClass::Service), 2);
}

/// What a program brings for registries is not asked for what is none.
#[tokio::test]
async fn services_go_past_a_registry_that_was_given() {
    let host = host().await;
    let registry = Promoter::builder().build().registry().unwrap();
    let promoter = Promoter::builder().registry(registry).build();
    let services = promoter.services().unwrap();
    let answer = services.ask(&question(&host)).await.unwrap();
    assert_eq!(answer.status, 200);
    let account = promoter.hosts();
    assert_eq!(account[0].traffic.requests.get(RequestClass::Service), 1);
}

#[tokio::test]
async fn services_of_ones_own_are_asked_in_their_place_until_an_interruption() {
    let host = host().await;
    let own = Arc::new(OfOnesOwn::default());
    let promoter = Promoter::builder().services(Arc::clone(&own) as _).build();
    let services = promoter.services().unwrap();
    let answer = services.ask(&question(&host)).await.unwrap();
    assert_eq!(answer.status, 418);
    promoter.revocation().revoke();
    let failure = services.ask(&question(&host)).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Interrupted);
    assert_eq!(own.0.load(Ordering::Relaxed), 1);
    assert!(host.log().is_empty());
}
