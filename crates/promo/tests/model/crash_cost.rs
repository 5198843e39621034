//! What a crash costs: as many requests as the images take that were under way, or as the shard does that it fell into, and
//! those of a run that finds nothing to do. That the laws hold is the seeds' affair.

use std::collections::BTreeMap;
use std::sync::Arc;

use promo_testkit::world::{HostSettings, World};

use crate::case::{Case, Content, Image, STAGING};
use crate::laws::Laws;
use crate::process::{AsTheyAre, Process};
use crate::world::{self, Wanted};

const IMAGES: u64 = 40;
const AT_ONCE: usize = 8;
/// So many places of a run are tried.
const CRASHES: u64 = 7;

/// Many images for one mirror, that nothing befalls.
fn case(shard: usize) -> Case {
    let image = |number| Image {
        name: "app",
        content: Content::Single(number),
        tags: vec![format!("v{number}")],
    };
    Case {
        staging: HostSettings::new(STAGING),
        mirrors: vec![HostSettings::new("mirror1.example")],
        images: (0..IMAGES).map(image).collect(),
        standing: Vec::new(),
        disturbed: Vec::new(),
        one_identity: true,
        recursive: false,
        concurrency: AT_ONCE,
        shard,
        methods: BTreeMap::new(),
    }
}

/// What runs send.
struct Requests {
    /// A run that is killed after so many requests, if it is, and the run that completes it.
    until_whole: u64,
    /// One more, which finds nothing to do.
    idle: u64,
}

async fn run(case: &Case, killed_after: u64) -> Requests {
    let wanted = Arc::new(Wanted::of(case));
    let laws = Arc::new(Laws::new(case, Arc::clone(&wanted)));
    let world: World = world::filled(case, &wanted, laws.clone());
    let set = world::manifests(case, &wanted);
    let start = || Process::start(case, &world, &AsTheyAre);
    let process = start();
    let is_whole = tokio::select! {
        biased;
        report = process.run(&set) => report.is_ok(),
        () = world.reached(killed_after) => {
            process.kill();
            false
        }
    };
    if !is_whole {
        start().run(&set).await.unwrap();
    }
    let (until_whole, writes) = (world.requests(), world.writes());
    start().run(&set).await.unwrap();
    assert_eq!(world.writes(), writes, "killed after {killed_after}");
    laws.check().unwrap();
    Requests {
        until_whole,
        idle: world.requests() - until_whole,
    }
}

/// The dearest of many crashes, and what it may cost at the most.
async fn dearest(shard: usize) -> (u64, u64) {
    let case = case(shard);
    let undisturbed = run(&case, u64::MAX).await;
    let whole = undisturbed.until_whole;
    let mut dearest = 0;
    for crash in 1..=CRASHES {
        let crashed = run(&case, whole * crash / (CRASHES + 1)).await;
        dearest = dearest.max(crashed.until_whole.saturating_sub(whole));
    }
    let under_way = whole * shard.min(AT_ONCE) as u64 / IMAGES;
    (dearest, under_way + undisturbed.idle)
}

#[tokio::test(start_paused = true)]
async fn a_crash_costs_no_more_than_was_under_way() {
    for shard in [40, 5] {
        let (cost, most) = dearest(shard).await;
        assert!(
            cost <= most,
            "in shards of {shard} a crash costs {cost} requests, not {most}"
        );
    }
}
