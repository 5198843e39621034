//! Signing, verifying and attesting container images, with keys and keyless, in the forms that cosign reads.
//!
//! It implements the ports of `promo_core::ports`: [`KeySealer`] and [`KeylessSealer`] seal for [`ImageSigner`] and
//! [`PromotionAttester`]; [`KeyVerifier`] and [`EvidenceVerifier`] verify; [`OciEvidenceStore`] keeps. The law that holds them together: what the signer
//! and the attester make, the verifier with the matching key accepts, for that subject and no other.
//!
//! Nothing here reads files, the environment or a clock; nothing decides whether missing evidence
//! matters: a [`promo_core::ports::Verification`] says what was found, the caller's policy decides.
//!
//! ```
//! use std::sync::Arc;
//!
//! use promo_core::identity::Identity;
//! use promo_core::oci::{Descriptor, MediaType};
//! use promo_core::ports::{Clock, EvidenceSet, Signer, Subject};
//! use promo_core::trust::AboutImage;
//! use promo_sign::{ImageSigner, KeyVerifier, Password, SigningKey, generate_key_pair};
//!
//! # #[derive(Debug)]
//! # struct Epoch;
//! # impl Clock for Epoch {
//! #     fn now(&self) -> jiff::Timestamp {
//! #         jiff::Timestamp::UNIX_EPOCH
//! #     }
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let clock = Arc::new(Epoch);
//! let password = Password::new("correct horse");
//! let pair = generate_key_pair(&password)?; // what `cosign.key` and `cosign.pub` hold
//! let key = SigningKey::from_pem(pair.private().as_bytes(), Some(&password))?;
//! let judge = KeyVerifier::new([key.public_key().clone()]).trusting_all();
//! let signer = ImageSigner::new(Arc::new(key), clock);
//!
//! let subject = Subject {
//!     identity: Identity::new("registry.example/app".parse()?),
//!     descriptor: Descriptor::of(MediaType::OCI_MANIFEST, b"{}"),
//! };
//! let evidence = signer.sign(&subject, signer.formats()).await?;
//!
//! let set = EvidenceSet { evidence, passed_over: Vec::new() };
//! let about = AboutImage {
//!     digest: &subject.descriptor.digest,
//!     identity: Some(&subject.identity),
//!     now: jiff::Timestamp::UNIX_EPOCH,
//! };
//! let found = judge.verify(about, &set).await?;
//! assert_eq!(found.accepted.len(), 2); // a bundle and a layer for the `.sig` tag
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod attester;
mod bundle;
pub mod codes;
mod envelope;
mod error;
mod evidence_verifier;
mod json;
pub mod key;
mod keyless;
pub mod limits;
pub mod link;
mod manifest;
mod refusal;
mod repository;
mod seal;
mod signer;
mod simple_signing;
mod statement;
mod store;
mod verifier;

pub use attester::PromotionAttester;
pub use error::Error;
pub use evidence_verifier::EvidenceVerifier;
pub use key::{KeyPairPem, Password, PublicKey, SigningKey, generate_key_pair};
pub use keyless::TrustedRoot;
pub use repository::{RepositoryCache, SigstoreDocuments, SigstoreRepository};
pub use seal::{
    IdentityToken, IdentityTokens, KeySealer, KeylessSealer, LogGeneration, Seal, SigningServices,
};
pub use signer::ImageSigner;
pub use statement::SIGNATURE_PREDICATE_TYPE;
pub use store::OciEvidenceStore;
pub use verifier::KeyVerifier;

/// The README's examples, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
