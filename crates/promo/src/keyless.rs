//! Keyless signing put together: the documents of a sigstore, where tokens come from, and what seals with them.
//!
//! The public sigstore's documents are those that stand in the library; they are as old as it is. What is sealed is verified by
//! the trusted root before it leaves, so documents that are too old sign nothing instead of something that nobody can verify.

use std::sync::Arc;

use async_trait::async_trait;
use promo_core::ports::{Clock, Event, Failure, FailureKind, Observer, Services, SignatureFormat};
use promo_sign::{
    IdentityToken, IdentityTokens, KeylessSealer, Seal, SigningServices, TrustedRoot,
};

use crate::error::{Error, Result};
use crate::files;
use crate::identity_source::IdentitySource;
use crate::public_files::{key_error, trusted_root};
use crate::settings::KeylessSettings;

/// What it takes besides settings.
pub(crate) struct Around<'a> {
    pub(crate) services: Arc<dyn Services>,
    pub(crate) tokens: IdentitySource,
    pub(crate) clock: &'a Arc<dyn Clock>,
    pub(crate) observer: &'a dyn Observer,
}

/// What seals, with its first certificate. The observer is told whose that is.
pub(crate) async fn seal(
    settings: &KeylessSettings,
    formats: &[SignatureFormat],
    around: Around<'_>,
) -> Result<Seal> {
    let (services, root) = documents(settings, around.clock)?;
    if formats != [SignatureFormat::Bundle] {
        services.demand_promises()?;
    }
    let tokens = Tokens {
        source: around.tokens,
        clock: Arc::clone(around.clock),
    };
    let clock = Arc::clone(around.clock);
    let sealer = KeylessSealer::new(
        services,
        Arc::new(root),
        Arc::new(tokens),
        around.services,
        clock,
    );
    let holder = sealer.holder().await?;
    let seal = Seal::keyless(Arc::new(sealer), &holder);
    around.observer.observe(&Event::Signer {
        subject: holder.subject,
        issuer: holder.issuer,
    });
    Ok(seal)
}

fn documents(
    settings: &KeylessSettings,
    clock: &Arc<dyn Clock>,
) -> Result<(SigningServices, TrustedRoot)> {
    let now = clock.now();
    match settings.own_sigstore() {
        None => Ok((SigningServices::public(now)?, TrustedRoot::public()?)),
        Some(own) => {
            let json = files::read(own.signing_config(), &files::SETTINGS)?;
            let services = SigningServices::from_json(&json, now);
            let services = services.map_err(|error| key_error(own.signing_config(), error))?;
            Ok((services, trusted_root(own.trusted_root())?))
        }
    }
}

/// Tokens from where settings say, read as they come.
#[derive(Debug)]
struct Tokens {
    source: IdentitySource,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl IdentityTokens for Tokens {
    async fn token(&self) -> Result<IdentityToken, Failure> {
        let token = self.source.token(AUDIENCE).await.map_err(failure)?;
        Ok(IdentityToken::parse(token.expose(), self.clock.now())?)
    }
}

/// For whom tokens are to be: what authorities of certificates expect unless they are told otherwise.
const AUDIENCE: &str = "sigstore";

/// An error of this crate, for the port.
fn failure(error: Error) -> Failure {
    let mut failure = Failure::new(FailureKind::Signing, error.code(), error.to_string());
    for hint in error.hints() {
        failure = failure.with_hint(hint);
    }
    failure.with_error(error)
}
