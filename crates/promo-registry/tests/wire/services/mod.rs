//! Services that are no registries, asked over the wire: what is sent, what comes back as an answer, and what as a failure.

mod failures;
mod secrets;
mod ways;

use std::sync::Arc;

use promo_core::ports::{Event, Failure, Operation, ServiceAnswer, ServiceRequest, ServiceUrl};
use promo_registry::{WireRegistry, WireRegistryBuilder};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{Events, OwnTime};

/// The most that an answer may have here.
const CAP: u64 = 100;

/// A transport, with its time and what it tells.
struct World {
    time: Arc<OwnTime>,
    events: Arc<Events>,
}

impl World {
    fn new() -> Self {
        Self {
            time: OwnTime::new(),
            events: Arc::default(),
        }
    }

    fn builder(&self) -> WireRegistryBuilder {
        WireRegistry::builder(Arc::clone(&self.time) as _, Arc::clone(&self.time) as _)
            .observer(Arc::clone(&self.events) as _)
    }

    async fn ask(&self, request: &ServiceRequest) -> Result<ServiceAnswer, Failure> {
        self.builder()
            .build()
            .unwrap()
            .services()
            .ask(request)
            .await
    }

    /// Of each request that was told: its number, its status, how many bytes came.
    fn requests(&self) -> Vec<(u32, Option<u16>, u64)> {
        let told = |event: Event| match event {
            Event::Request {
                operation,
                attempt,
                status,
                received,
                ..
            } => {
                assert_eq!(operation, Operation::Service);
                Some((attempt, status, received))
            }
            _ => None,
        };
        self.events.kept().into_iter().filter_map(told).collect()
    }

    fn statuses(&self) -> Vec<Option<u16>> {
        let requests = self.requests().into_iter();
        requests.map(|(_, status, _)| status).collect()
    }
}

fn url(text: &str) -> ServiceUrl {
    ServiceUrl::parse(text).unwrap()
}

fn get(text: &str) -> ServiceRequest {
    ServiceRequest::get(url(text), "what it has", CAP)
}

fn post(text: &str, body: &'static str) -> ServiceRequest {
    ServiceRequest::post(url(text), "what it makes", CAP, "application/json", body)
}

/// A service that answers so; each answer in its turn as often as it says, and the last from then on.
async fn service(answers: Vec<(u64, ResponseTemplate)>) -> MockServer {
    let server = MockServer::start().await;
    for (times, answer) in answers {
        let mock = Mock::given(path("/api")).respond_with(answer);
        mock.up_to_n_times(times).mount(&server).await;
    }
    server
}

fn api(server: &MockServer) -> String {
    format!("{}/api", server.uri())
}

async fn asked(server: &MockServer) -> Vec<wiremock::Request> {
    server.received_requests().await.unwrap()
}
