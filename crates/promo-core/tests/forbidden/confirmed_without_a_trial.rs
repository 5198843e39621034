use promo_core::pipeline::Confirmed;

fn confirmed() -> Confirmed {
    Confirmed { signing: None }
}

fn main() {}
