//! Who signs, where no key does: an identity token, from where it is said or found.

use super::Promoter;
use crate::error::Result;
use crate::identity_token::{Asking, IdentityTokenSource, RawToken};
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
        let registries = self.registries()?;
        let (network, around) = (&self.settings.network, &self.around);
        let services = registries.services(&self.given.registries, network, around)?;
        let google = |account: Option<&_>| {
            registries.google_identity(places.google.as_ref(), account, network, around)
        };
        let asking = Asking {
            audience,
            job: &places.job,
            services: services.as_ref(),
            google: &google,
        };
        around
            .revocation
            .unless_revoked(source.token(&asking))
            .await?
    }
}
