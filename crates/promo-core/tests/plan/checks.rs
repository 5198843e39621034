//! Checks from outside: what they are asked, how often, and what becomes of an edge that they object to.

use std::sync::{Arc, Mutex};

use promo_core::manifest::ManifestSet;
use promo_core::plan::{PlanCheck, PlanOptions, PlannedEdge, Planner, SavedPlan, Verdict};
use promo_core::ports::Objection;

use crate::generate::{
    RawImage, RawInventory, RawManifest, RawRepository, inventory, manifest_set,
};

/// Remembers what it was asked, and objects to one tag.
#[derive(Debug, Default)]
struct Asked(Mutex<Vec<String>>);

impl PlanCheck for Asked {
    fn check(&self, edge: &PlannedEdge<'_>) -> Option<Objection> {
        let tag = edge.tag().map_or("-", |tag| tag.as_str()).to_owned();
        let objects = tag == "latest";
        self.0.lock().unwrap().push(tag);
        objects.then(|| Objection::new("it says nothing"))
    }
}

#[derive(Debug)]
struct Clumsy;

impl PlanCheck for Clumsy {
    fn check(&self, _: &PlannedEdge<'_>) -> Option<Objection> {
        panic!("a defect of the check")
    }
}

/// One digest under four tags, of which `v1` is published.
fn world() -> (ManifestSet, RawInventory) {
    let set = manifest_set(&[RawManifest {
        source: "gcr.io/staging",
        destinations: vec!["us.gcr.io/prod"],
        images: vec![RawImage {
            name: "a",
            digests: vec![(0, vec!["v1", "latest", "_", "1.10"])],
        }],
    }]);
    let holds = |tags: &[(&'static str, usize)]| RawRepository::Read {
        complete: true,
        tags: tags.iter().map(|(tag, n)| (*tag, Some(*n))).collect(),
        digests: [(0, true)].into(),
    };
    let known = [
        ("gcr.io/staging/a", holds(&[])),
        ("us.gcr.io/prod/a", holds(&[("v1", 0)])),
    ];
    let known = known.map(|(name, holds)| (name.to_owned(), holds));
    (set, known.into())
}

fn with(check: Arc<dyn PlanCheck>) -> PlanOptions {
    let mut options = PlanOptions::default();
    options.checks = vec![check];
    options
}

#[test]
fn each_edge_that_would_be_done_is_asked_about_once() {
    let (set, known) = world();
    let known = inventory(&known);
    let asked = Arc::new(Asked::default());
    let options = with(Arc::clone(&asked) as _);

    // What has to be known doesn't depend on it.
    let plain = PlanOptions::default();
    let wanted = Planner::new(&set, &options).wanted_destinations();
    assert_eq!(wanted, Planner::new(&set, &plain).wanted_destinations());
    let sources = Planner::new(&set, &options).wanted_sources(&known);
    assert_eq!(sources, Planner::new(&set, &plain).wanted_sources(&known));
    assert!(asked.0.lock().unwrap().is_empty());

    let plan = Planner::new(&set, &options).plan(Some(&known));
    let mut tags = std::mem::take(&mut *asked.0.lock().unwrap());
    tags.sort();
    assert_eq!(tags, ["1.10", "_", "latest"]);
    let refused: Vec<_> = plan
        .edges()
        .filter(|edge| edge.verdict() == Verdict::Refused)
        .map(|edge| {
            let tag = edge.tag().unwrap();
            format!("{} {tag}: {}", edge.code(), edge.reason())
        })
        .collect();
    assert_eq!(refused, ["PROMO-P016 latest: it says nothing"]);

    let document = serde_json::to_vec(&plan.to_document(&promo_core::plan::PlanInputs::default()));
    let saved = SavedPlan::from_json(&document.unwrap()).unwrap().plan;
    let codes: Vec<_> = saved.edges().map(|edge| edge.code().to_string()).collect();
    assert!(codes.contains(&"PROMO-P016".to_owned()), "{codes:?}");
}

#[test]
fn a_check_that_panics_refuses() {
    let (set, known) = world();
    let plan = Planner::new(&set, &with(Arc::new(Clumsy))).plan(Some(&inventory(&known)));
    let verdicts = plan.verdicts();
    assert_eq!(verdicts.get(Verdict::Refused), 3);
    assert_eq!(verdicts.get(Verdict::Present), 1);
    assert!(plan.work().is_empty());
}
