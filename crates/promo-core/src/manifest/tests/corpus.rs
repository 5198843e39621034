//! The real trees, where they are at hand.

use super::*;

#[test]
fn real_trees_have_the_known_counts() {
    let Some(corpus) = std::env::var_os("PROMO_CORPUS") else {
        println!("PROMO_CORPUS is not set: the real trees were not checked");
        return;
    };
    let corpus = std::path::Path::new(&corpus);
    // The corpus counts the one bad entry with its tag among the digests and tags; a set has left it out.
    for (tree, manifests, images, digests, tags, invalid, edges) in [
        ("k8s-2022", 69, 489, 8_278, 8_336, 1, 43_116),
        ("k8s-2022-legacy", 1, 484, 23_305, 23_897, 0, 97_959),
    ] {
        let set = ManifestSet::load_thin(&corpus.join(tree)).unwrap();
        let summary = set.summary();
        assert_eq!(
            (summary.manifests, summary.images),
            (manifests, images),
            "{tree}"
        );
        assert_eq!(summary.digests + summary.invalid, digests, "{tree}");
        assert_eq!(summary.tags + summary.invalid, tags, "{tree}");
        assert_eq!((summary.invalid, summary.edges), (invalid, edges), "{tree}");
    }
}
