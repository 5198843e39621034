//! The ways to a Google token, in the order in which they are asked. Each is a module of its own; this one only
//! says which there are, and which has been complained about.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use super::identity::{self, NoIdentity};
use super::metadata::Metadata;
use super::services::Services;
use super::token::AccessToken;
use super::{GoogleCredentialFile, GoogleSettings, exchange, gcloud};
use crate::Error;
use crate::auth::Secret;

/// A way to a token.
#[derive(Debug)]
pub(super) struct Way {
    kind: Kind,
    told: AtomicBool,
}

#[derive(Debug)]
enum Kind {
    File(GoogleCredentialFile),
    Metadata(Metadata),
    Gcloud(PathBuf),
}

impl Way {
    /// The ways that the settings allow. As in Google's own libraries, the metadata server is asked only where there
    /// is no file.
    pub(super) fn of(settings: &GoogleSettings) -> Result<Vec<Self>, Error> {
        let metadata = Metadata::at(&settings.metadata)?;
        let first = match &settings.default_credentials {
            Some(file) => Some(Kind::File(file.clone())),
            None => metadata.map(Kind::Metadata),
        };
        let last = settings.gcloud.clone().map(Kind::Gcloud);
        let way = |kind| Self {
            kind,
            told: AtomicBool::new(false),
        };
        Ok(first.into_iter().chain(last).map(way).collect())
    }

    /// A token; none if this way has none to give.
    pub(super) async fn token(&self, services: &Services) -> Result<Option<AccessToken>, Error> {
        match &self.kind {
            Kind::File(file) => exchange::token(file, services).await.map(Some),
            Kind::Metadata(metadata) => metadata.token(services).await,
            Kind::Gcloud(program) => gcloud::token(program, services.now()).await.map(Some),
        }
    }

    /// An identity token of the way's own account for an audience; none if this way has none to give.
    pub(super) async fn identity(
        &self,
        services: &Services,
        audience: &str,
    ) -> Result<Option<Secret>, NoIdentity> {
        match &self.kind {
            Kind::File(file) => identity::of_file(file, services, audience).await.map(Some),
            Kind::Metadata(metadata) => {
                let body = metadata.identity(services, audience).await?;
                body.map(|body| identity::of_machine(&body)).transpose()
            }
            // Who is logged in there may be a person, who has none; a service account has to be named.
            Kind::Gcloud(_) => Ok(None),
        }
    }

    /// Whether its failure has been told already. From now on it has.
    pub(super) fn is_told(&self) -> bool {
        self.told.swap(true, Ordering::Relaxed)
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::File(_) => "the credentials file",
            Kind::Metadata(_) => "the metadata server",
            Kind::Gcloud(_) => "gcloud",
        })
    }
}
