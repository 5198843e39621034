//! Attestations before signatures.

use promo_core::pipeline::Promoted;

async fn attest(promoted: Promoted) {
    let _attested = promoted.attest().await;
}

fn main() {}
