//! A plan is published, and nothing in between is done.

use promo_core::pipeline::{Confirmed, Planned};

async fn publish(planned: Planned<Confirmed>) {
    let _published = planned.publish().await;
}

fn main() {}
