//! A dry run goes on to promote.

use promo_core::pipeline::{DryRun, Validated};

async fn publish(validated: Validated<DryRun>) {
    let _published = validated.promote().await;
}

fn main() {}
