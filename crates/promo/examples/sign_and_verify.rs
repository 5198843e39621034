//! Signs an image with a key in memory, and verifies it as anybody can.
//!
//! `cargo run -p promo --example sign_and_verify -- IMAGE`

#![expect(clippy::print_stdout, reason = "an example speaks to the terminal")]

use std::sync::Arc;

use promo::{Extent, Promoter, SystemClock, image, keys};
use promo_core::evidence::{Demand, VerificationDocument};
use promo_core::ports::{Clock, SignatureFormat};
use promo_core::predicate::PROMOTION_PREDICATE_TYPE;
use promo_sign::{KeyVerifier, SigningKey};

/// Signs and verifies; the registry keeps the signatures.
pub(crate) async fn sign_and_verify(text: &str) -> promo::Result<VerificationDocument> {
    let images = image::references(&[text.to_owned()])?;
    let key = Arc::new(SigningKey::generate()?);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let formats = [SignatureFormat::Bundle, SignatureFormat::Sig];
    let signing = keys::signing_with(&key, &formats, PROMOTION_PREDICATE_TYPE, &clock)?;
    let promoter = Promoter::builder().signing(signing).build();
    promoter
        .sign(images.clone(), None, Extent::Confirmed)
        .await?;
    let judge = KeyVerifier::new([key.public_key().clone()]).trusting_all();
    promoter.verify(images, &judge, &Demand::default()).await
}

#[tokio::main]
async fn main() -> promo::Result<()> {
    let image = std::env::args().nth(1).unwrap_or_default();
    let found = sign_and_verify(&image).await?;
    println!("accepted: {}", found.accepted);
    Ok(())
}
