//! A repository's files over the [`Services`] port. What can't be got stands aside as the failure that it is, since the verifier
//! only knows texts.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use promo_core::ports::{Failure, ServiceRequest, ServiceUrl, Services};
use sigstore_tuf::transport::FetchFuture;
use sigstore_tuf::{Error, Repository};

use crate::seal::refused;

/// What is asked for, as errors say it.
const FILE: &str = "a file of the TUF repository";

/// The failure that ended a question, if it was one of the network.
#[derive(Clone, Default)]
pub(super) struct Lost(Arc<Mutex<Option<Failure>>>);

impl Lost {
    pub(super) fn take(&self) -> Option<Failure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, failure: Failure) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
    }
}

impl fmt::Debug for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lost")
    }
}

/// The files below a URL: metadata right there, documents in `targets/`.
pub(super) struct OverServices {
    url: ServiceUrl,
    services: Arc<dyn Services>,
    lost: Lost,
}

impl OverServices {
    pub(super) fn new(url: ServiceUrl, services: Arc<dyn Services>, lost: Lost) -> Self {
        Self {
            url,
            services,
            lost,
        }
    }

    async fn file(&self, path: &str, cap: u64) -> Result<Option<Vec<u8>>, Error> {
        let request = ServiceRequest::get(self.url.below(path), FILE, cap);
        let answer = self.services.ask(&request).await;
        let failure = match answer {
            Ok(answer) if answer.is_success() => return Ok(Some(answer.body.into())),
            // Stores of objects say 403 for what isn't there, as those do who may not list them.
            Ok(answer) if matches!(answer.status, 403 | 404) => return Ok(None),
            Ok(answer) => refused(&request, &answer).into(),
            Err(failure) => failure,
        };
        self.lost.put(failure);
        Err(Error::transport(path))
    }
}

impl Repository for OverServices {
    fn fetch_metadata<'a>(&'a self, name: &'a str, max_length: u64) -> FetchFuture<'a> {
        Box::pin(self.file(name, max_length))
    }

    fn fetch_target<'a>(&'a self, path: &'a str, max_length: u64) -> FetchFuture<'a> {
        Box::pin(async move { self.file(&format!("targets/{path}"), max_length).await })
    }
}
