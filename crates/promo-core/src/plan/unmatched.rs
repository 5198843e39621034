//! Patterns that select nothing of the promoter manifests, and what was perhaps meant: a misspelt name must not look like
//! nothing to do.

use std::collections::BTreeMap;

use super::Selection;
use super::options::Patterns;
use crate::manifest::{ManifestSet, PromoterManifest};

/// How many names are offered.
const OFFERED: usize = 3;

/// Why a selection selects nothing that promoter manifests name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unmatched {
    /// A pattern matches no image.
    #[error("no image of the promoter manifests matches `{pattern}`")]
    Image {
        /// The pattern.
        pattern: String,
        /// How many images there are.
        count: usize,
        /// Names that are near, the nearest first.
        nearest: Vec<String>,
    },
    /// A pattern matches no destination.
    #[error("no destination of the promoter manifests matches `{pattern}`")]
    Destination {
        /// The pattern.
        pattern: String,
        /// How many destination registries there are.
        count: usize,
        /// Registries that are near, the nearest first.
        nearest: Vec<String>,
    },
    /// The images that are selected go to none of the destinations that are.
    #[error("none of the selected images goes to a selected destination")]
    Together,
}

impl Selection {
    /// Whether one of the patterns, or all of them together, select nothing of a set. What a diff or a list of edges selects
    /// doesn't matter: that nothing changed is no mistake.
    pub fn unmatched(&self, set: &ManifestSet) -> Option<Unmatched> {
        let (images, destinations) = self.patterns();
        if let Some(patterns) = images
            && let Some(pattern) = unmatched_image(patterns, set)
        {
            let names: BTreeMap<String, Vec<String>> = each_image(set).collect();
            let (count, nearest) = nearest(pattern, &names);
            let pattern = pattern.to_owned();
            return Some(Unmatched::Image {
                pattern,
                count,
                nearest,
            });
        }
        if let Some(patterns) = destinations
            && let Some(pattern) = unmatched_destination(patterns, set)
        {
            let (count, nearest) = nearest(pattern, &registries(set));
            let pattern = pattern.to_owned();
            return Some(Unmatched::Destination {
                pattern,
                count,
                nearest,
            });
        }
        let both = images.is_some() && destinations.is_some();
        (both && !self.meets(set)).then_some(Unmatched::Together)
    }

    /// Whether an image that is selected goes to a destination that is.
    fn meets(&self, set: &ManifestSet) -> bool {
        set.manifests().iter().any(|manifest| {
            manifest.images().iter().any(|image| {
                let source = manifest.source().join_checked(image.name());
                self.has_image(image.name(), &source)
                    && manifest.destinations().iter().any(|registry| {
                        self.has_destination(registry, &registry.join_checked(image.name()))
                    })
            })
        })
    }
}

/// The images by name, with the names that a pattern can match.
fn each_image(set: &ManifestSet) -> impl Iterator<Item = (String, Vec<String>)> {
    set.manifests().iter().flat_map(|manifest| {
        manifest.images().iter().map(|image| {
            let source = manifest.source().join_checked(image.name());
            let name = image.name().to_owned();
            (name.clone(), vec![name, source.as_str().to_owned()])
        })
    })
}

fn registries(set: &ManifestSet) -> BTreeMap<String, Vec<String>> {
    let manifests = set.manifests().iter();
    let all = manifests.flat_map(PromoterManifest::destinations);
    let names = |name: &str, host: &str| (name.to_owned(), vec![host.to_owned(), name.to_owned()]);
    all.map(|registry| names(registry.as_str(), registry.host_str()))
        .collect()
}

fn unmatched_image<'p>(patterns: &'p Patterns, set: &ManifestSet) -> Option<&'p str> {
    let names = each_image(set).flat_map(|(_, names)| names);
    patterns.unmatched(names)
}

fn unmatched_destination<'p>(patterns: &'p Patterns, set: &ManifestSet) -> Option<&'p str> {
    let names = set.manifests().iter().flat_map(|manifest| {
        manifest.destinations().iter().flat_map(|registry| {
            let joined = |image: &str| registry.join_checked(image).as_str().to_owned();
            let repositories = manifest.images().iter().map(move |i| joined(i.name()));
            let own = [registry.host_str().to_owned(), registry.as_str().to_owned()];
            own.into_iter().chain(repositories)
        })
    });
    patterns.unmatched(names)
}

/// How many names there are, and the nearest of them.
fn nearest(pattern: &str, names: &BTreeMap<String, Vec<String>>) -> (usize, Vec<String>) {
    let wanted: Vec<char> = pattern
        .chars()
        .filter(|c| !"*?[]{}\\".contains(*c))
        .collect();
    let distance = |known: &Vec<String>| known.iter().map(|name| distance(&wanted, name)).min();
    let mut ranked: Vec<_> = names
        .iter()
        .map(|(name, known)| (distance(known), name))
        .collect();
    ranked.sort();
    let offered = ranked.into_iter().take(OFFERED);
    (names.len(), offered.map(|(_, name)| name.clone()).collect())
}

/// How many characters have to be changed, put in or taken out.
fn distance(wanted: &[char], name: &str) -> usize {
    let mut row: Vec<usize> = (0..=wanted.len()).collect();
    for (line, character) in (1..).zip(name.chars()) {
        let mut diagonal = std::mem::replace(&mut row, vec![line])
            .into_iter()
            .peekable();
        for one in wanted {
            let (Some(before), Some(above)) = (diagonal.next(), diagonal.peek()) else {
                break;
            };
            let left = row.last().copied().unwrap_or(line);
            let changed = before + usize::from(*one != character);
            row.push(changed.min(left + 1).min(above + 1));
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}
