use promo_core::pipeline::{Confirmed, Planned};

async fn publish(planned: Planned<Confirmed>) {
    let _published = planned.publish().await;
}

fn main() {}
