//! What a plan asks of mirrors, and how often it is kept.

use std::collections::BTreeSet;
use std::sync::Arc;

use promo_core::manifest::ManifestSet;
use promo_core::plan::{PlanOptions, Planner, Verdict};
use promo_testkit::tree::TreeShape;

/// The tree has several destinations for each image, which are asked the same.
#[test]
fn what_is_asked_of_the_mirrors_of_an_image_is_kept_once() {
    let tree = TreeShape::small(7).without_blemishes().generate();
    let set = ManifestSet::parse_thin(tree.files()).unwrap();
    let options = PlanOptions::default();
    let planner = Planner::new(&set, &options);
    let wanted = planner.wanted_destinations();
    let summary = planner.plan(None).summary();
    let asked = wanted.repositories.values();
    let questions: usize = asked
        .map(|asked| asked.tags.len() + asked.digests.len())
        .sum();
    assert_eq!(questions as u64, summary.verdicts.get(Verdict::Wanted));
    let kept: BTreeSet<_> = wanted.repositories.values().map(Arc::as_ptr).collect();
    assert_eq!(kept.len() as u64, summary.images);
    assert!(wanted.repositories.len() >= 3 * kept.len());
}
