//! A dry run is turned into a confirmed one.

use promo_core::pipeline::{Confirmed, DryRun};

fn confirmed(dry: DryRun) -> Confirmed {
    dry.into()
}

fn main() {}
