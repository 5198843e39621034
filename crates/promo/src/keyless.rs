//! Keyless signing put together: the documents of a sigstore, where tokens come from, and what seals with them.
//!
//! The documents come from a TUF repository, the public sigstore's unless settings name another one, or from files. What is sealed
//! is verified by the trusted root before it leaves, so documents that are too old sign nothing instead of something that nobody
//! can verify.

use std::sync::Arc;

use async_trait::async_trait;
use promo_core::ports::{Clock, Event, Failure, FailureKind, SignatureFormat};
use promo_sign::{
    IdentityToken, IdentityTokens, KeylessSealer, Seal, SigningServices, SigstoreRepository,
    TrustedRoot,
};
use tokio::sync::Mutex;

use crate::error::{Error, Result};
use crate::files;
use crate::identity_source::IdentitySource;
use crate::public_files::{key_error, trusted_root};
use crate::settings::{KeylessSettings, SigstoreSource};
use crate::tuf;

/// What it takes besides settings.
pub(crate) struct Around {
    /// Access to repositories, and by the same services to those that sign.
    pub(crate) tuf: tuf::Access,
    pub(crate) tokens: IdentitySource,
}

/// What seals, with its first certificate. The observer is told whose that is.
pub(crate) async fn seal(
    settings: &KeylessSettings,
    formats: &[SignatureFormat],
    around: Around,
) -> Result<Seal> {
    let tokens = Tokens {
        source: around.tokens,
        clock: Arc::clone(&around.tuf.clock),
        first: Mutex::default(),
    };
    // Who has none is told before anybody is asked for documents.
    let first = tokens.token().await?;
    *tokens.first.lock().await = Some(first);
    let (services, root) = documents(settings, &around.tuf).await?;
    if formats != [SignatureFormat::Bundle] {
        services.demand_promises()?;
    }
    let tuf::Access {
        services: transport,
        clock,
        observer,
        ..
    } = around.tuf;
    let sealer = KeylessSealer::new(services, Arc::new(root), Arc::new(tokens), transport, clock);
    let holder = sealer.holder().await?;
    let seal = Seal::keyless(Arc::new(sealer), &holder);
    observer.observe(&Event::Signer {
        subject: holder.subject,
        issuer: holder.issuer,
    });
    Ok(seal)
}

async fn documents(
    settings: &KeylessSettings,
    access: &tuf::Access,
) -> Result<(SigningServices, TrustedRoot)> {
    let repository = match settings.sigstore() {
        SigstoreSource::Documents(own) => {
            let json = files::read(own.signing_config(), &files::SETTINGS)?;
            let services = SigningServices::from_json(&json, access.clock.now());
            let services = services.map_err(|error| key_error(own.signing_config(), error))?;
            return Ok((services, trusted_root(own.trusted_root())?));
        }
        SigstoreSource::Public => SigstoreRepository::public()?,
        SigstoreSource::Repository(own) => own.repository()?,
    };
    let mut documents = access.read(&repository).await?;
    Ok((
        documents.signing_services().await?,
        documents.trusted_root().await?,
    ))
}

/// Tokens from where settings say, read as they come.
#[derive(Debug)]
struct Tokens {
    source: IdentitySource,
    clock: Arc<dyn Clock>,
    /// The one that was asked for first, until it is taken.
    first: Mutex<Option<IdentityToken>>,
}

#[async_trait]
impl IdentityTokens for Tokens {
    async fn token(&self) -> Result<IdentityToken, Failure> {
        if let Some(first) = self.first.lock().await.take() {
            return Ok(first);
        }
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
