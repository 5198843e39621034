//! A confirmed run whose signer never showed that it works.

use promo_core::pipeline::Confirmed;

fn confirmed() -> Confirmed {
    Confirmed { signing: None }
}

fn main() {}
