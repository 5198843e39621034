use promo_core::pipeline::{PromotedImage, SignedImage};

fn signed(image: PromotedImage) -> SignedImage {
    SignedImage(image)
}

fn main() {}
