//! What a phase took is used again.

use promo_core::pipeline::Signed;

async fn attest(signed: Signed) {
    let _once = signed.attest().await;
    let _twice = signed.attest().await;
}

fn main() {}
