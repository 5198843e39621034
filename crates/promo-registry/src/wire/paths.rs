//! The URLs of OCI Distribution 1.1, and on whose behalf they are asked.

use ::http::Method;
use promo_core::oci::{RegistryHost, Repository};
use promo_core::ports::Operation;
use url::Url;

use super::WireRegistry;
use crate::Error;
use crate::auth::{Access, Scopes};
use crate::dialect::Dialect;
use crate::http::{Request, same_origin};

/// The name of a repository at its registry's API.
pub(super) fn api_name(repository: &Repository) -> String {
    let name = repository.name();
    match Dialect::of_name(repository.host_str()).library {
        Some(library) if !name.contains('/') => format!("{library}/{name}"),
        _ => name.to_owned(),
    }
}

/// To read a repository.
pub(super) fn to_pull(repository: &Repository) -> Access {
    access(repository, Scopes::pull(&api_name(repository)))
}

/// To read and write a repository.
pub(super) fn to_push(repository: &Repository) -> Access {
    access(repository, Scopes::push(&api_name(repository)))
}

/// To write `repository` and take over from `from`.
pub(super) fn to_mount(repository: &Repository, from: &Repository) -> Access {
    let scopes = Scopes::mount(&api_name(repository), &api_name(from));
    access(repository, scopes)
}

fn access(repository: &Repository, scopes: Scopes) -> Access {
    Access {
        host: repository.host(),
        repository: Some(repository.clone()),
        scopes,
    }
}

impl WireRegistry {
    /// A request about something in a repository: `/v2/NAME/RESOURCE`.
    pub(super) fn request(
        &self,
        operation: Operation,
        method: Method,
        repository: &Repository,
        resource: &str,
        what: String,
    ) -> Result<Request, Error> {
        let path = format!("/v2/{}/{resource}", api_name(repository));
        let url = self.url(&repository.host(), &path, &what)?;
        Ok(Request::new(operation, method, url, what))
    }

    /// A path and query at a host, which can't lead away from it.
    pub(super) fn url(&self, host: &RegistryHost, path: &str, what: &str) -> Result<Url, Error> {
        let endpoint = self.exchange.sender.hosts.endpoint(host)?;
        let url = endpoint
            .join(path)
            .ok()
            .filter(|url| same_origin(url, &endpoint));
        url.ok_or_else(|| {
            Error::malformed(host.as_str(), what, "the path makes no URL of the host")
        })
    }
}
