//! Policies of several manifests side by side: those of one source registry must be equal.

use std::collections::BTreeMap;

use crate::manifest::finding::quote;
use crate::manifest::kinds::BAD_PROVENANCE;
use crate::manifest::{Finding, PromoterManifest, Provenance};

/// Takes the policies of manifests that share a source registry and differ for unusable, all of them: nobody can tell
/// which one is meant.
pub(in crate::manifest) fn compare_policies(
    manifests: &mut [PromoterManifest],
    findings: &mut Vec<Finding>,
) {
    let mut by_source: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, manifest) in manifests.iter().enumerate() {
        let source = manifest.source().as_str().to_owned();
        by_source.entry(source).or_default().push(index);
    }
    for (source, indexes) in by_source {
        let first = indexes.first().and_then(|index| manifests.get(*index));
        let Some((file, expected)) = first.map(|m| (m.file.clone(), m.provenance.clone())) else {
            continue;
        };
        let differs = |index: &&usize| {
            let other = manifests.get(**index);
            other.is_some_and(|other| other.provenance != expected)
        };
        let different: Vec<usize> = indexes.iter().filter(differs).copied().collect();
        if different.is_empty() {
            continue;
        }
        for manifest in different.iter().filter_map(|index| manifests.get(*index)) {
            findings.push(Finding::new(
                &BAD_PROVENANCE,
                &manifest.file,
                None,
                format!(
                    "the policy of provenance for {} is not that of {file}",
                    quote(&source)
                ),
                "one policy for all manifests with the same source registry",
            ));
        }
        for index in indexes {
            if let Some(manifest) = manifests.get_mut(index) {
                manifest.provenance = Provenance::Unusable;
            }
        }
    }
}
