//! Who signs, where no key does: an identity token, from where it is said or found.

use std::sync::Arc;

use promo_core::ports::Services;

use super::Promoter;
use crate::connect::{Registries, Surroundings};
use crate::error::Result;
use crate::identity_token::{Asking, IdentityTokenSource, RawToken};
use crate::settings::{IdentityPlaces, NetworkSettings};

/// A source of identity tokens with all that it takes to ask it, for as long as a run lasts.
#[derive(Debug)]
pub(crate) struct IdentitySource {
    source: IdentityTokenSource,
    places: IdentityPlaces,
    registries: Arc<Registries>,
    services: Arc<dyn Services>,
    network: NetworkSettings,
    around: Surroundings,
}

impl IdentitySource {
    /// A token for this audience, asked for anew.
    pub(crate) async fn token(&self, audience: &str) -> Result<RawToken> {
        let Self {
            places,
            network,
            around,
            ..
        } = self;
        let google = |account: Option<&_>| {
            self.registries
                .google_identity(places.google.as_ref(), account, network, around)
        };
        let asking = Asking {
            audience,
            job: &places.job,
            services: self.services.as_ref(),
            google: &google,
        };
        around
            .revocation
            .unless_revoked(self.source.token(&asking))
            .await?
    }
}

impl Promoter {
    /// An identity token for an audience, such as `sigstore`, asked for anew each time.
    ///
    /// # Errors
    ///
    /// `PROMO-X053`: there is no such source. `PROMO-X055`, `PROMO-X056`, `PROMO-X004`, `PROMO-R…`: it gives no token. And as
    /// [`Self::services`].
    pub async fn identity_token(
        &self,
        source: &IdentityTokenSource,
        places: &IdentityPlaces,
        audience: &str,
    ) -> Result<RawToken> {
        self.identity_source(source, places)?.token(audience).await
    }

    pub(super) fn identity_source(
        &self,
        source: &IdentityTokenSource,
        places: &IdentityPlaces,
    ) -> Result<IdentitySource> {
        Ok(IdentitySource {
            source: source.clone(),
            places: places.clone(),
            registries: Arc::clone(self.registries()?),
            services: self.services()?,
            network: self.settings.network.clone(),
            around: self.around.clone(),
        })
    }
}
