//! [`SigstoreRepository`]: the documents of a sigstore from its TUF repository, which says who may replace them and until when
//! they count (The Update Framework, version 1.0).
//!
//! `sigstore-tuf` verifies; here its questions go over the [`Services`] port, and what was verified is kept in a
//! [`RepositoryCache`], from which it is verified again while the repository can't be reached. Trust begins with a root that
//! the caller brings: nothing is ever believed because it was cached.

mod cache;
mod over_services;

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use promo_core::ports::{Failure, ServiceUrl, Services};
use promo_core::with_causes;
use sigstore_tuf::{Repository, StoreRepository, TrustedMetadataSet, Updater, UpdaterConfig};

pub use cache::RepositoryCache;

use crate::{Error, SigningServices, TrustedRoot};
use cache::Kept;
use over_services::{Lost, OverServices};

/// The largest root of a repository that is read.
const MAX_REPOSITORY_ROOT: usize = 512_000;
/// The largest document that is read, as those from files are bounded.
const MAX_DOCUMENT: u64 = 1024 * 1024;
/// The names of the documents, as sigstore's repositories have them.
const TRUSTED_ROOT: &str = "trusted_root.json";
const SIGNING_CONFIG: &str = "signing_config.v0.2.json";
/// Where the public sigstore has its own.
const PUBLIC_URL: &str = "https://tuf-repo-cdn.sigstore.dev";
/// Its root of version 16. Those that came later are found from it, each signed as the one before demands.
const PUBLIC_ROOT: &[u8] = include_bytes!("public_root.json");

/// The TUF repository of a sigstore, and the root by which it is believed.
#[derive(Clone)]
pub struct SigstoreRepository {
    url: ServiceUrl,
    root: Arc<[u8]>,
}

/// What a repository says now.
#[derive(Debug)]
pub struct SigstoreDocuments {
    url: ServiceUrl,
    updater: Updater,
    now: Timestamp,
    lost: Lost,
    missed: Option<Failure>,
}

impl SigstoreRepository {
    /// A repository at `url`, and its `root.json`, of whatever version.
    ///
    /// # Errors
    ///
    /// `PROMO-S066`: it is no root, too large, or not signed as it demands itself.
    pub fn new(url: ServiceUrl, root: &[u8]) -> Result<Self, Error> {
        let refused = |reason: String| Error::Repository {
            url: url.clone(),
            reason,
        };
        if root.len() > MAX_REPOSITORY_ROOT {
            return Err(refused(format!(
                "its root has more than {MAX_REPOSITORY_ROOT} bytes"
            )));
        }
        TrustedMetadataSet::from_root(root)
            .map_err(|error| refused(format!("its root can't be used: {}", with_causes(&error))))?;
        Ok(Self {
            url,
            root: root.into(),
        })
    }

    /// That of the public sigstore.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn public() -> Result<Self, Error> {
        let url = ServiceUrl::parse(PUBLIC_URL).map_err(|error| Error::TrustedRoot {
            reason: error.to_string(),
        })?;
        Self::mirror_of_public(url)
    }

    /// A mirror of the public sigstore's, which is believed as far as the public root goes.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn mirror_of_public(url: ServiceUrl) -> Result<Self, Error> {
        Self::new(url, PUBLIC_ROOT)
    }

    /// Where it is.
    pub const fn url(&self) -> &ServiceUrl {
        &self.url
    }

    /// What it says now: its root, and what follows from it, each read only if it is newer than what was kept.
    ///
    /// If it can't be reached, what was kept counts as long as it isn't expired.
    ///
    /// # Errors
    ///
    /// `PROMO-S066`: what it says isn't signed as it must be, is older than what was seen before, or expired. What the port says
    /// if it can't be reached and nothing was kept that counts.
    pub async fn read(
        &self,
        services: Arc<dyn Services>,
        cache: Option<Arc<dyn RepositoryCache>>,
        now: Timestamp,
    ) -> Result<SigstoreDocuments, Failure> {
        let lost = Lost::default();
        let repository = OverServices::new(self.url.clone(), services, lost.clone());
        let kept = cache.map(Kept);
        let mut updater = self.updater(repository, kept.clone())?;
        let Err(error) = updater.refresh(now).await else {
            return Ok(self.documents(updater, now, lost, None));
        };
        let Some(missed) = lost.take() else {
            return Err(self.refused(&error).into());
        };
        let Some(kept) = kept else {
            return Err(missed);
        };
        let mut offline = self.updater(StoreRepository::new(kept.clone()), Some(kept))?;
        match offline.refresh(now).await {
            Ok(()) => Ok(self.documents(offline, now, lost, Some(missed))),
            Err(_) => Err(missed),
        }
    }

    fn updater(
        &self,
        repository: impl Repository + 'static,
        kept: Option<Kept>,
    ) -> Result<Updater, Error> {
        let updater = Updater::new(repository, &self.root);
        let mut config = UpdaterConfig::default();
        config.target_max_length = MAX_DOCUMENT;
        let updater = updater.map_err(|error| self.refused(&error))?;
        let updater = updater.with_config(config);
        Ok(match kept {
            Some(kept) => updater.with_store(kept),
            None => updater,
        })
    }

    fn documents(
        &self,
        updater: Updater,
        now: Timestamp,
        lost: Lost,
        missed: Option<Failure>,
    ) -> SigstoreDocuments {
        SigstoreDocuments {
            url: self.url.clone(),
            updater,
            now,
            lost,
            missed,
        }
    }

    fn refused(&self, error: &sigstore_tuf::Error) -> Error {
        refused(&self.url, error)
    }
}

impl fmt::Debug for SigstoreRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigstoreRepository")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl SigstoreDocuments {
    /// The authorities and logs of the sigstore.
    ///
    /// # Errors
    ///
    /// `PROMO-S066`: the repository has none. `PROMO-S040`: it can't be used. What the port says if it can't be reached.
    pub async fn trusted_root(&mut self) -> Result<TrustedRoot, Failure> {
        let json = self.document(TRUSTED_ROOT).await?;
        Ok(TrustedRoot::from_json(&json)?)
    }

    /// The services that sealing takes.
    ///
    /// # Errors
    ///
    /// `PROMO-S066`: the repository has none. `PROMO-S060`: they can't be used. What the port says if it can't be reached.
    pub async fn signing_services(&mut self) -> Result<SigningServices, Failure> {
        let json = self.document(SIGNING_CONFIG).await?;
        Ok(SigningServices::from_json(&json, self.now)?)
    }

    /// Why the repository could not be asked, where what it said before counts.
    pub const fn missed(&self) -> Option<&Failure> {
        self.missed.as_ref()
    }

    async fn document(&mut self, name: &str) -> Result<Vec<u8>, Failure> {
        let found = self.updater.get_target(name, self.now).await;
        found.map_err(|error| {
            let lost = self.lost.take();
            lost.unwrap_or_else(|| refused(&self.url, &error).into())
        })
    }
}

fn refused(url: &ServiceUrl, error: &sigstore_tuf::Error) -> Error {
    Error::Repository {
        url: url.clone(),
        reason: with_causes(error),
    }
}

#[cfg(test)]
mod tests;
