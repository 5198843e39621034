//! Who signs, where no key does: an identity token, from where it is said or found.

use std::sync::Arc;

use super::Promoter;
use crate::error::Result;
use crate::identity_source::IdentitySource;
use crate::identity_token::{IdentityTokenSource, RawToken};
use crate::settings::IdentityPlaces;

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
