//! Signing, verifying and attesting container images with keys, in the forms that cosign reads.
//!
//! It implements the ports of `promo_core::ports`: [`KeySigner`], [`KeyVerifier`],
//! [`PromotionAttester`] and [`OciEvidenceStore`]. The law that holds them together: what the signer
//! and the attester make, the verifier with the matching key accepts, for that subject and no other.
//!
//! Nothing here reads files, the environment or a clock; nothing decides whether missing evidence
//! matters: a [`promo_core::ports::Verification`] says what was found, the caller's policy decides.

#![forbid(unsafe_code)]

mod attester;
mod bundle;
mod error;
mod json;
pub mod key;
pub mod link;
mod manifest;
pub mod refusal;
mod signer;
mod simple_signing;
mod statement;
mod store;
mod verifier;

pub use attester::{PROMOTION_PREDICATE_TYPE, PromotionAttester};
pub use error::{CODES, CodeEntry, Error};
pub use key::{KeyPairPem, Password, PublicKey, SigningKey, generate_key_pair};
pub use signer::KeySigner;
pub use statement::SIGNATURE_PREDICATE_TYPE;
pub use store::OciEvidenceStore;
pub use verifier::KeyVerifier;
