//! Generated trees load, and hold what was counted.

use promo_core::inventory::RepositoryInventory;
use promo_core::manifest::ManifestSet;

use super::*;

fn assert_expected(tree: &GeneratedTree) -> ManifestSet {
    let set = ManifestSet::parse_thin(tree.files()).unwrap();
    let (summary, expected) = (set.summary(), tree.expected());
    let found = Expected {
        manifests: summary.manifests,
        images: summary.images,
        tags: summary.tags,
        edges: summary.edges,
        invalid: summary.invalid,
    };
    assert_eq!(found, expected);
    set
}

#[test]
fn the_shape_is_that_of_the_largest_public_tree() {
    let tree = TreeShape::june_2024(1).generate();
    let set = assert_expected(&tree);
    let summary = set.summary();
    assert_eq!((summary.manifests, summary.invalid), (75, 1));
    assert_eq!((summary.tags, summary.edges), (20_086, 720_478));
    assert!((822..=824).contains(&summary.images), "{summary:?}");
    assert!((19_900..20_086).contains(&summary.digests), "{summary:?}");
    assert!(
        (2_000_000..2_600_000).contains(&tree.size()),
        "{}",
        tree.size()
    );
    let mut destinations: Vec<usize> = set
        .manifests()
        .iter()
        .map(|m| m.destinations().len())
        .collect();
    destinations.sort_unstable();
    assert_eq!(destinations[71..], [22, 44, 44, 66]);
    let codes: std::collections::BTreeSet<_> =
        set.findings().iter().map(|f| f.code.as_str()).collect();
    assert!(
        codes.contains("PROMO-M052")
            && codes.contains("PROMO-M060")
            && codes.contains("PROMO-M061")
    );
}

#[test]
fn the_same_shape_gives_the_same_bytes_and_another_seed_others() {
    let tree = |seed| TreeShape::small(seed).generate();
    assert_eq!(tree(1).files(), tree(1).files());
    assert_ne!(tree(1).files(), tree(2).files());
    let dir = tempfile::tempdir().unwrap();
    tree(1).write_to(dir.path()).unwrap();
    let read = ManifestSet::load_thin(dir.path()).unwrap();
    assert_eq!(read, ManifestSet::parse_thin(tree(1).files()).unwrap());
}

#[test]
fn any_seed_and_size_loads_as_counted() {
    for seed in 0..20 {
        assert_expected(&TreeShape::small(seed).generate());
        let clean = assert_expected(
            &TreeShape::small(seed)
                .without_blemishes()
                .times(2)
                .generate(),
        );
        assert_eq!(clean.findings(), []);
    }
}

#[test]
fn a_plain_manifest_has_so_many_edges() {
    let plain = TreeShape::plain(3, 22, 80, 2_000);
    let summary = ManifestSet::parse_plain("plain.yaml", &plain)
        .unwrap()
        .summary();
    assert_eq!(
        (summary.images, summary.tags, summary.edges),
        (80, 2_000, 44_000)
    );
}

#[test]
fn the_inventory_holds_the_share_that_was_asked() {
    let set = ManifestSet::parse_thin(TreeShape::small(5).generate().files()).unwrap();
    let held = |sources, published| {
        let inventory = Holdings {
            seed: 1,
            sources,
            published,
        }
        .inventory(&set);
        let count = |(_, content): (_, &RepositoryInventory)| match content {
            RepositoryInventory::Read(content) => content.tags().count(),
            _ => 0,
        };
        inventory.repositories().map(count).sum::<usize>() as u64
    };
    let summary = set.summary();
    assert_eq!(held(1000, 1000), summary.tags + summary.edges);
    assert_eq!(held(1000, 0), summary.tags);
    let half = held(0, 500);
    assert!(
        half > summary.edges / 3 && half < summary.edges * 2 / 3,
        "{half}"
    );
}
