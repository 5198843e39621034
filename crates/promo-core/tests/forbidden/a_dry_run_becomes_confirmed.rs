use promo_core::pipeline::{Confirmed, DryRun};

fn confirmed(dry: DryRun) -> Confirmed {
    dry.into()
}

fn main() {}
