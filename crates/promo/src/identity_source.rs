//! A source of identity tokens for as long as a run lasts: where tokens come from, and the connections over which they are asked for.

use std::sync::Arc;

use promo_core::ports::Services;

use crate::connect::{Registries, Surroundings};
use crate::error::Result;
use crate::identity_token::{Asking, IdentityTokenSource, RawToken};
use crate::settings::{IdentityPlaces, NetworkSettings};

/// A source of identity tokens with all that it takes to ask it, for as long as a run lasts.
#[derive(Debug)]
pub(crate) struct IdentitySource {
    pub(crate) source: IdentityTokenSource,
    pub(crate) places: IdentityPlaces,
    pub(crate) registries: Arc<Registries>,
    pub(crate) services: Arc<dyn Services>,
    pub(crate) network: NetworkSettings,
    pub(crate) around: Surroundings,
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
