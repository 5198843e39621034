//! The bodies of the fuzz targets, as plain functions of bytes: libFuzzer drives them, and so do the tests of this crate,
//! which run them over the seeds and over changed seeds on any machine.
//!
//! A body panics if a promise is broken, and does nothing else.

#![forbid(unsafe_code)]

mod evidence;

pub use evidence::{evidence, trust, trusted_root};

use promo_core::manifest::{ManifestSet, TreeFiles};
use promo_core::oci::RegistryPath;
use promo_core::plan::{SavedPlan, actionable, recheck};
use promo_core::snapshot::Snapshot;

/// Parses promoter manifests, plain and thin: any bytes end in a value or in findings, and the same bytes in the same.
///
/// In a thin tree the promoter manifest stands before the first NUL, and the images after it.
pub fn manifest(data: &[u8]) {
    let plain = || ManifestSet::parse_plain("promoter-manifest.yaml", data);
    assert_eq!(
        format!("{:?}", plain()),
        format!("{:?}", plain()),
        "a plain manifest is parsed in two ways"
    );
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let mut tree = TreeFiles::new();
    tree.insert(
        "manifests/team/promoter-manifest.yaml",
        parts.next().unwrap_or_default(),
    );
    tree.insert("images/team/images.yaml", parts.next().unwrap_or_default());
    let thin = || ManifestSet::parse_thin(&tree);
    assert_eq!(
        format!("{:?}", thin()),
        format!("{:?}", thin()),
        "a thin tree is parsed in two ways"
    );
}

/// Loads a saved plan: any bytes are refused, or make a plan that can be looked at, held against itself and shown.
pub fn saved_plan(data: &[u8]) {
    let Ok(SavedPlan { plan, inputs, .. }) = SavedPlan::from_json(data) else {
        return;
    };
    let wanted = actionable(&plan);
    for edge in plan.edges() {
        assert!(wanted.contains(&edge.key()) || !edge.verdict().is_actionable());
        assert!(!edge.code().as_str().is_empty() && edge.reason().len() <= data.len() + 10_000);
    }
    let rechecked = recheck(&plan, &plan);
    assert!(rechecked.unwanted.is_empty(), "a plan lacks its own edges");
    assert_eq!(actionable(&rechecked.plan), wanted);
    assert!(
        plan.cost()
            .is_none_or(|cost| cost.images <= plan.work().len() as u64)
    );
    serde_json::to_vec(&plan.to_document(&inputs)).expect("a plan can always be written");
}

/// Reads a snapshot in each of its forms: any bytes are refused, or make a snapshot that is the same when it is written
/// and read once more.
pub fn snapshot(data: &[u8]) {
    let registry: RegistryPath = "registry.example/prod".parse().expect("a registry");
    let text = std::str::from_utf8(data);
    let of_csv = text.map(|text| Snapshot::from_csv(text, &registry));
    let of_yaml = Snapshot::from_yaml("snapshot.yaml", data, &registry);
    if let Ok(snapshot) = &of_yaml {
        let again = Snapshot::from_yaml("again.yaml", snapshot.to_yaml().as_bytes(), &registry);
        assert_eq!(again.as_ref().ok(), Some(snapshot));
    }
    let of_json = Snapshot::from_json(data);
    for snapshot in [of_csv.ok().and_then(Result::ok), of_yaml.ok(), of_json.ok()] {
        let Some(snapshot) = snapshot else { continue };
        let json = serde_json::to_vec(&snapshot.to_document()).expect("it can be written");
        assert_eq!(Snapshot::from_json(&json).ok().as_ref(), Some(&snapshot));
        let csv = Snapshot::from_csv(&snapshot.to_csv(), snapshot.registry());
        let csv = csv.expect("what was written can be read");
        assert!(csv.records().eq(snapshot.records()), "CSV loses something");
        let _inventory = snapshot.assume_whole().to_inventory();
    }
}

#[cfg(test)]
mod tests;
